"""Callbacks that set the learning rate, or write the logs down, beside the real Keras."""

import os
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras

from torchkeras_lite import callbacks as ours


def trace(callback, values, monitor="val_loss", rate=0.1):
    """The rates that a callback sets, and the logs it leaves, over epochs with these values."""
    model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=rate, name="sgd"), metrics=[], stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    found = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        logs = {"loss": 0.0} if value is None else {"loss": 0.0, monitor: value}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            callback.on_epoch_end(epoch, logs)
        found.append((float(model.optimizer.learning_rate), logs, len(caught)))
    callback.on_train_end()
    return found


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-2, 2).map(lambda v: round(v, 2))), min_size=1, max_size=12),
    st.fixed_dictionaries(
        {
            "factor": st.sampled_from([0.1, 0.5]),
            "patience": st.integers(0, 3),
            "cooldown": st.integers(0, 2),
            "min_delta": st.sampled_from([0, 1e-4, 0.5]),
            "min_lr": st.sampled_from([0.0, 0.02]),
            "mode": st.sampled_from(["min", "max"]),
        }
    ),
)
def test_plateaus(values, arguments):
    found = [trace(library.ReduceLROnPlateau(**arguments), values) for library in (ours, keras.callbacks)]
    assert found[0] == found[1]


@pytest.mark.parametrize("schedule", [lambda epoch: 0.5**epoch, lambda epoch, rate: rate * 0.9])
def test_schedules(schedule, capsys):
    found, shown = [], []
    for library in (ours, keras.callbacks):
        found.append(trace(library.LearningRateScheduler(schedule, verbose=1), [1.0, 2.0, 3.0]))
        shown.append(capsys.readouterr().out)
    assert found[0] == found[1] and shown[0] == shown[1]
    for library in (ours, keras.callbacks):
        with pytest.raises(ValueError, match="should be a float"):
            trace(library.LearningRateScheduler(lambda epoch: "high"), [1.0])


def test_a_factor_that_makes_it_larger():
    with pytest.raises(ValueError, match=r"factor >= 1.0"):
        ours.ReduceLROnPlateau(factor=1.0)


@pytest.mark.parametrize("append", [False, True])
def test_lines_of_a_file(append, tmp_path):
    written = []
    for name, library in (("ours", ours), ("theirs", keras.callbacks)):
        path = tmp_path / name
        for epochs in ([{"loss": 0.5, "acc": np.float32(0.25)}, {"loss": 0.4, "val_loss": 1.0}], [{"loss": [1, 2]}]):
            callback = library.CSVLogger(str(path), separator=";", append=append)
            callback.on_train_begin()
            for epoch, logs in enumerate(epochs):
                callback.on_epoch_end(epoch, logs)
            callback.on_train_end()
        written.append(path.read_bytes().replace(b"\r\n", os.linesep.encode()))
    assert written[0] == written[1]


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 1.0])
def test_a_loss_that_is_no_number(loss, capsys):
    shown = []
    for library in (ours, keras.callbacks):
        callback, model = library.TerminateOnNaN(), SimpleNamespace(stop_training=False)
        callback.set_model(model)
        callback.on_batch_end(3, {"loss": loss})
        shown.append((model.stop_training, capsys.readouterr().out))
    assert shown[0] == shown[1]
    if not np.isfinite(loss):
        with pytest.raises(RuntimeError, match="batch 3"):
            ours.TerminateOnNaN(raise_error=True).on_batch_end(3, {"loss": loss})
