"""Steps told of in groups, and runs that are cut off: by Ctrl-C, by a full disk, by a device without memory."""

import errno
import gc
import os
import weakref

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers
from torchkeras_lite.models.feeding import Gathered

X = np.arange(40, dtype="float32").reshape(20, 2) / 40
Y = X.sum(1, keepdims=True)


def small(**arguments):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, "tanh"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"], **arguments)
    return model


class Told(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.told = []

    def on_train_batch_begin(self, batch, logs=None):
        self.told.append(("begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(("end", batch, dict(logs)))

    on_test_batch_begin = on_predict_batch_begin = on_train_batch_begin
    on_test_batch_end = on_train_batch_end

    def on_predict_batch_end(self, batch, logs=None):
        self.told.append(("end", batch, logs["outputs"].shape[0]))


def numbers(told):
    return [event[:2] for event in told]


# ---------------------------------------------------------------- steps_per_execution


@pytest.mark.parametrize("each", [1, 2, 3, 5, 7, "auto"])
def test_callbacks_are_told_of_groups_and_the_numbers_stay(each):
    """The numbers are those of Keras on TensorFlow and JAX: 0 and k - 1, k and 2k - 1, ..., also behind the last batch."""
    size = 1 if each == "auto" else each
    groups = [[("begin", i), ("end", i + size - 1)] for i in range(0, 5, size)]
    expected = [event for group in groups for event in group]
    plain, grouped = small(), small(steps_per_execution=each)
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0}
    one, some = Told(), Told()
    history = plain.fit(X, Y, epochs=2, callbacks=[one], **arguments).history
    assert grouped.fit(X, Y, epochs=2, callbacks=[some], **arguments).history == history
    assert numbers(some.told) == expected * 2
    for (_, batch, logs), (_, _, seen) in zip(one.told[1:10:2][size - 1 :: size], some.told[1::2], strict=False):
        assert seen == logs, batch
    assert some.told[len(expected) - 1][2] == one.told[9][2]  # the last group of an epoch may be short
    del arguments["shuffle"]
    for act in (lambda m, **more: m.evaluate(X, Y, **more), lambda m, **more: m.predict(X, **more).tolist()):
        one, some = Told(), Told()
        assert act(plain, callbacks=[one], **arguments) == act(grouped, callbacks=[some], **arguments)
        assert numbers(some.told) == expected
    assert [event[2] for event in some.told[1::2]] == [4 * min(size, 5 - i) for i in range(0, 5, size)]


def test_predictions_go_into_one_array_batch_by_batch():
    gathered = Gathered(10)
    for start in (0, 4, 8):
        gathered.add({"a": torch.arange(start, min(start + 4, 10)), "b": torch.ones(min(4, 10 - start), 2)})
        assert gathered.batches == [] and [len(target) for target in gathered.targets] == [10, 10]
    found = gathered.numpy()
    np.testing.assert_array_equal(found["a"], np.arange(10))
    assert found["b"].shape == (10, 2) and np.shares_memory(found["a"], gathered.targets[0].numpy())


def test_training_stops_behind_a_group():
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    model = small(steps_per_execution=3)
    model.fit(X, Y, batch_size=2, epochs=4, verbose=0, callbacks=[Stop()])
    assert model.optimizer.iterations == 3


def test_groups_over_a_generator_and_steps_per_epoch():
    told = Told()
    batches = ((X[:2], Y[:2]) for _ in range(10))
    model = small(steps_per_execution=2)
    model.fit(batches, steps_per_epoch=3, epochs=2, verbose=0, callbacks=[told])
    assert numbers(told.told) == [("begin", 0), ("end", 1), ("begin", 2), ("end", 3)] * 2
    assert model.optimizer.iterations == 6


@pytest.mark.parametrize("each", [0, -1, 1.5, "all", None, True])
def test_groups_that_cannot_be(each):
    with pytest.raises(ValueError, match="steps_per_execution"):
        small(steps_per_execution=each)


# ---------------------------------------------------------------- Ctrl-C


class CutOff(callbacks.Callback):
    """Ctrl-C in the second epoch, at a hook."""

    def __init__(self, hook="on_train_batch_end", error=KeyboardInterrupt):
        super().__init__()
        self.epoch, self.error = 0, error
        setattr(self, hook, self._cut)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def _cut(self, *args, **kwargs):
        if self.epoch == 1:
            raise self.error


def test_the_history_up_to_then_and_the_weights_stay():
    whole, cut = small(), small()
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0, "validation_data": (X, Y)}
    history = whole.fit(X, Y, epochs=1, **arguments).history
    whole.train_on_batch(X[:4], Y[:4])
    with pytest.raises(KeyboardInterrupt):
        cut.fit(X, Y, epochs=5, callbacks=[CutOff()], **arguments)
    assert cut.history.history == history and cut.history.epoch == [0]
    for ours, expected in zip(cut.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)
    cut.fit(X, Y, initial_epoch=1, epochs=2, **arguments)  # and goes on


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_epoch_that_is_over_is_in_the_history(error):
    """A callback in front of the history fails: what the epoch came to is not lost."""
    model = small()
    with pytest.raises(error):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[CutOff("on_epoch_end", error)])
    assert model.history.epoch == [0, 1] and len(model.history.history["loss"]) == 2
    listed = callbacks.CallbackList([callbacks.History(), CutOff("on_epoch_end", error)], model=model, verbose=0)
    listed.on_epoch_begin(1)
    with pytest.raises(error):
        listed.on_epoch_end(1, {"loss": 1.0})
    assert listed.history.history == {"loss": [1.0]}  # once


def test_a_file_of_lines_is_closed_and_whole(tmp_path):
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    with pytest.raises(KeyboardInterrupt):
        small().fit(X, Y, epochs=3, verbose=0, callbacks=[logger, CutOff()])
    assert logger.csv_file is None
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 2  # the heading and one epoch


@pytest.mark.parametrize("call", ["fit", "evaluate"])
def test_swapped_weights_come_back(call):
    model = small()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    model.fit(X, Y, epochs=1, verbose=0)
    model.optimizer.ema_overwrite_frequency = None
    kept = [weight.copy() for weight in model.get_weights()]
    cut = CutOff("on_test_batch_end")
    cut.epoch = 1
    with pytest.raises(KeyboardInterrupt):
        if call == "evaluate":
            model.evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights(), cut])
        else:
            model.optimizer.learning_rate = 0.0
            arguments = {"epochs": 3, "initial_epoch": 1, "verbose": 0, "validation_data": (X, Y)}
            model.fit(X, Y, callbacks=[callbacks.SwapEMAWeights(), cut], **arguments)
    for now, before in zip(model.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(now, before)


def test_the_profiler_is_stopped_and_events_are_on_the_disk(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for turn in range(2):  # a profiler that still ran would not let the second one begin
        board = callbacks.TensorBoard(tmp_path / str(turn), profile_batch=(7, 100), update_freq="batch")
        with pytest.raises(KeyboardInterrupt):
            small().fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[board, CutOff("on_epoch_end")])
        found = accumulator.EventAccumulator(str(tmp_path / str(turn) / "train")).Reload()
        assert len(found.Scalars("batch_loss")) == 10


# ---------------------------------------------------------------- a full disk


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("where", ["fsync", "write"])
def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch, weights_only, where):
    path = tmp_path / ("w.weights.h5" if weights_only else "m.keras")
    kept = callbacks.ModelCheckpoint(path, save_weights_only=weights_only)
    model = small()
    model.fit(X, Y, verbose=0, callbacks=[kept])
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        if where == "write":
            import zipfile

            import h5py

            patch.setattr(h5py.Group, "create_dataset", full)
            patch.setattr(zipfile.ZipFile, "writestr", full)
            patch.setattr(zipfile.ZipFile, "open", full)
        with pytest.raises(OSError, match="No space left") as caught:
            model.fit(X, Y, verbose=0, epochs=2, callbacks=[kept])
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]
    assert model.optimizer.iterations == 2 and len(model.history.history["loss"]) == 1
    model.fit(X, Y, verbose=0, callbacks=[kept])
    assert path.read_bytes() != before


# ---------------------------------------------------------------- no memory


class Hungry(layers.Layer):
    """Fails as a device without memory does, the third time it is called in a step."""

    calls, activations = 0, None

    def call(self, x):
        y = x * 2.0
        if len(x):
            self.calls += 1
            if self.calls == 3:
                Hungry.activations = weakref.ref(y)
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nMore about it.")
        return y


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "train_on_batch"])
@pytest.mark.parametrize("source", ["arrays", "generator"])
def test_no_memory(call, source):
    model = keras.Sequential([keras.Input((2,)), Hungry(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.layers[0].calls = {"train_on_batch": 2}.get(call, 0)
    data = (X, Y)[: 1 if call == "predict" else 2]
    if source == "generator" and call != "train_on_batch":
        data = (((X[:4], Y[:4]) for _ in range(5)),)
    arguments = {} if call == "train_on_batch" else {"verbose": 0, **({"batch_size": 4} if source == "arrays" else {})}
    with pytest.raises(torch.OutOfMemoryError) as caught:
        getattr(model, call)(*data, **arguments)
    said = str(caught.value)
    rows = 20 if call == "train_on_batch" else 4
    ways_out = ("smaller `batch_size`", "gradient_accumulation_steps", "mixed_bfloat16")
    for words in (f"a batch of {rows} rows", *ways_out, "20.00 GiB"):
        assert words in said
    assert "More about it" not in said and "Tried to allocate" in str(caught.value.__cause__)
    gc.collect()
    assert Hungry.activations() is None  # what the step held is free, although the error is still there
    assert all(parameter.grad is None for parameter in model.parameters())
    model.fit(X, Y, batch_size=4, verbose=0)
