"""LambdaCallback."""

import pytest

from torchkeras_lite.callbacks import CallbackList, LambdaCallback


def test_functions_are_hooks():
    calls = []
    callback = LambdaCallback(
        lambda epoch, logs: calls.append(("begin", epoch)),
        on_test_batch_end=lambda batch, logs: calls.append(("test", batch, logs["loss"])),
        on_batch_end=lambda batch, logs: calls.append(("older", batch)),
        colour="red",
    )
    callbacks = CallbackList([callback])
    assert callbacks.wants_test_batch_end and callbacks.wants_train_batch_end and not callbacks.wants_train_batch_begin
    callbacks.on_epoch_begin(2)
    callbacks.on_test_batch_end(3, {"loss": 1})
    callbacks.on_train_batch_end(4)
    callbacks.on_epoch_end(2)
    assert calls == [("begin", 2), ("test", 3, 1.0), ("older", 4)] and callback.colour == "red"


def test_a_name_that_is_no_hook():
    with pytest.raises(TypeError, match=r"'on_epoch_ends', which is no hook.*on_epoch_end"):
        LambdaCallback(on_epoch_ends=print)
