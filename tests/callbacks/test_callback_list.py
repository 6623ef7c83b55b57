"""Which hooks are called, in which order, with what; and what it costs when nobody listens."""

import pytest
import torch

from torchkeras_lite.callbacks import Callback, CallbackList, History, ProgbarLogger
from torchkeras_lite.callbacks.base import HOOKS
from torchkeras_lite.logs import Logs


class Model:
    history = None
    stop_training = False


def recorder(name, calls, hooks):
    """A callback that overrides `hooks` and notes each call."""

    def hook(which):
        return lambda self, *args, **kwargs: calls.append((name, which, *args, *kwargs.values()))

    return type(name, (Callback,), {which: hook(which) for which in hooks})()


def run(callbacks):
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_train_batch_begin(0)
    callbacks.on_train_batch_end(0, {"loss": torch.tensor(1.0)})
    callbacks.on_test_begin()
    callbacks.on_test_batch_begin(0)
    callbacks.on_test_batch_end(0, {"loss": torch.tensor(2.0)})
    callbacks.on_test_end({"loss": torch.tensor(3.0)})
    callbacks.on_epoch_end(0, {"loss": torch.tensor(4.0), "acc": 0.5})
    callbacks.on_train_end({"loss": 5})
    callbacks.on_predict_begin()
    callbacks.on_predict_batch_begin(0)
    callbacks.on_predict_batch_end(0, {"outputs": torch.ones(2)})
    callbacks.on_predict_end()


def test_all_hooks_in_order_with_their_arguments():
    calls = []
    own = [name for name in HOOKS if name not in ("on_batch_begin", "on_batch_end")]
    run(CallbackList([recorder("a", calls, own), recorder("b", calls, own)], model=Model()))
    order = """train_begin epoch_begin train_batch_begin train_batch_end test_begin test_batch_begin test_batch_end
        test_end epoch_end train_end predict_begin predict_batch_begin predict_batch_end predict_end"""
    assert [call[:2] for call in calls[::2]] == [("a", f"on_{name}") for name in order.split()]
    assert [call[0] for call in calls] == ["a", "b"] * 14
    assert [call[2:-1] for call in calls[::2]] == [(), (0,), (0,), (0,), (), (0,), (0,), (), (0,), (), (), (0,), (0,), ()]
    logs = [call[-1] for call in calls[::2]]
    assert all(isinstance(one, dict) for one in logs)
    assert [one.get("loss") for one in logs[:10]] == [None, None, None, 1.0, None, None, 2.0, 3.0, 4.0, 5.0]
    assert list(logs[8]) == ["acc", "loss"] and logs[12]["outputs"].tolist() == [1.0, 1.0]
    assert calls[16][-1] is calls[17][-1]  # what one callback adds, the next one sees


def test_hooks_that_nobody_overrides_are_not_called():
    class Quiet(Callback):
        def on_epoch_end(self, epoch, logs=None):
            pass

    callbacks = CallbackList([Quiet()], add_history=True)
    assert not any(getattr(callbacks, name) for name in vars(callbacks) if name.startswith("wants_"))
    called = []
    callbacks._hooks = {name: [lambda *a, _n=name, **k: called.append(_n)] * len(h) for name, h in callbacks._hooks.items()}
    run(callbacks)
    assert called == ["on_train_begin", "on_epoch_end", "on_epoch_end"]  # History, Quiet and History


@pytest.mark.parametrize(
    "hook, flag",
    [
        ("on_batch_begin", "wants_train_batch_begin"),
        ("on_batch_end", "wants_train_batch_end"),
        *((f"on_{kind}_batch_{moment}", f"wants_{kind}_batch_{moment}")
          for kind in ("train", "test", "predict") for moment in ("begin", "end")),
    ],
)  # fmt: skip
def test_flags_say_who_listens(hook, flag):
    callbacks = CallbackList([recorder("a", [], [hook])])
    assert [name for name in vars(callbacks) if name.startswith("wants_") and getattr(callbacks, name)] == [flag]


def test_the_older_names_of_the_batch_hooks():
    calls = []

    class Both(Callback):
        def on_train_batch_end(self, batch, logs=None):
            calls.append(("both", batch))
            super().on_train_batch_end(batch, logs)

        def on_batch_end(self, batch, logs=None):
            calls.append(("older", batch, logs["loss"]))

    class Newer(Callback):
        def on_train_batch_end(self, batch, logs=None):
            calls.append("newer")

        def on_batch_end(self, batch, logs=None):
            raise AssertionError("the newer hook does not call the older one by itself")

    callbacks = CallbackList([Both(), Newer(), recorder("only", calls, ["on_batch_end"])])
    callbacks.on_train_batch_end(7, {"loss": 1})
    assert calls == [("both", 7), ("older", 7, 1.0), "newer", ("only", "on_batch_end", 7, {"loss": 1.0})]


def test_params_and_model_reach_everybody():
    class Forgetful(Callback):
        def __init__(self):
            self.seen = []

        def on_train_begin(self, logs=None):
            self.seen.append((self.model, self.params))

    model, forgetful, history = Model(), Forgetful(), History()
    callbacks = CallbackList(
        [forgetful, [history]], add_history=True, add_progbar=True, model=model, verbose=0, epochs=3, steps=4
    )
    callbacks.on_train_begin()
    assert forgetful.seen == [(model, {"verbose": 0, "epochs": 3, "steps": 4})]
    assert [type(c) for c in callbacks.callbacks] == [Forgetful, History, ProgbarLogger]
    assert model.history is history is callbacks.history and callbacks.model is model and history.params == callbacks.params


def test_the_model_inside_a_wrapper_for_several_processes(monkeypatch):
    from torchkeras_lite.callbacks import base

    class Wrapper:
        module = Model()

    monkeypatch.setattr(base, "DistributedDataParallel", Wrapper)
    callback = Callback()
    callback.set_model(Wrapper())
    assert callback.model is Wrapper.module
    callback.model = plain = Model()
    assert callback.model is plain


def test_logs_made_before_are_handed_on():
    seen = []
    logs = Logs(acc=0.5, loss=torch.tensor(1.0))
    CallbackList([recorder("a", seen, ["on_train_batch_end"])]).on_train_batch_end(0, logs)
    assert seen[0][-1] is logs
    CallbackList([recorder("a", seen, ["on_test_end"])]).on_test_end(Logs(b=1, a=torch.tensor(2.0)))
    assert list(seen[1][-1].items()) == [("a", 2.0), ("b", 1.0)]


def test_append():
    model, calls = Model(), []
    callbacks = CallbackList(model=model, epochs=2)
    added = recorder("late", calls, ["on_test_batch_end"])
    callbacks.append(added)
    assert callbacks.wants_test_batch_end and added.model is model and added.params == {"epochs": 2}
    callbacks.on_test_batch_end(0)
    assert calls == [("late", "on_test_batch_end", 0, {})]


def test_logs_of_batches_are_given_by_name():
    calls = []

    class ByName(Callback):
        def on_test_batch_end(self, batch, *, logs):
            calls.append((batch, logs["loss"]))

    CallbackList([ByName()]).on_test_batch_end(1, {"loss": 2})
    assert calls == [(1, 2.0)]


def test_hooks_set_on_the_object_before_fit_count():
    calls, callback = [], Callback()
    callback.on_batch_end = lambda batch, logs: calls.append(batch)
    CallbackList([callback]).on_train_batch_end(3)
    assert calls == [3]


def test_what_is_no_callback():
    with pytest.raises(TypeError, match=r"History is a class: make one with History\(\.\.\.\)"):
        CallbackList([History])
    with pytest.raises(AttributeError, match=r"'early'.*type str.*LambdaCallback"):
        CallbackList([History(), "early"])
    with pytest.raises(AttributeError, match="holds None"):
        CallbackList([None])


def test_history_keeps_lists_of_floats():
    history, model = History(), Model()
    callbacks = CallbackList([history], model=model, verbose=0, epochs=2, steps=1)
    callbacks.on_train_begin()
    for epoch in (3, 4):
        callbacks.on_epoch_end(epoch, {"val_loss": torch.tensor(epoch), "loss": (torch.tensor(1.0), 2)})
    assert list(history.history.items()) == [("loss", [0.5, 0.5]), ("val_loss", [3.0, 4.0])]
    assert history.epoch == [3, 4] and model.history is history and history.params == {"verbose": 0, "epochs": 2, "steps": 1}
    callbacks.on_train_begin()
    assert history.epoch == [] and history.history["loss"] == [0.5, 0.5]
