"""Callbacks beside the real Keras: the same bytes on the screen, the same decisions."""

import io
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras

from torchkeras_lite import callbacks as ours
from torchkeras_lite.callbacks import progress

FEW = settings(max_examples=200, deadline=None, database=None)


class Variable:
    """A weight to whoever asks for `.value` and `.assign`, and to nobody else."""

    def __init__(self):
        self.value = torch.zeros(2)

    def assign(self, value):
        self.value = torch.as_tensor(value).clone()


class Model:
    """As much of a model as callbacks touch."""

    def __init__(self, library, directions=()):
        metrics = [SimpleNamespace(name=name, _direction=direction) for name, direction in directions]
        if library is keras:
            from keras.src.trainers.compile_utils import MetricsList

            self.metrics = [MetricsList(metrics)]
        else:
            self.metrics = metrics
        self.stop_training = False
        self.weights = [Variable()]
        self.saved = []

    def get_weights(self):
        return [variable.value.numpy().copy() for variable in self.weights]

    def set_weights(self, weights):
        for variable, value in zip(self.weights, weights, strict=True):
            variable.assign(value)

    def save(self, path, overwrite=True):
        self.saved.append(("model", path, float(self.weights[0].value[0])))

    def save_weights(self, path, overwrite=True):
        self.saved.append(("weights", path, float(self.weights[0].value[0])))


def stop_the_clock(patch):
    """Time passes only where a test says so, for both of them."""
    now = SimpleNamespace(value=1000.0)
    for module in (progress, keras.src.utils.progbar):
        patch.setattr(module, "time", SimpleNamespace(time=lambda: now.value))
    return now


@pytest.fixture
def clock(monkeypatch):
    return stop_the_clock(monkeypatch)


def callback_list(library, callbacks, **arguments):
    """A CallbackList of either library; Keras's without its threads, which print whenever they get round to it."""
    module = library.callbacks if library is keras else library
    made = module.CallbackList(callbacks, **arguments)
    if library is keras:
        made._async_train = made._async_test = made._async_predict = False
    return made


class Terminal(io.StringIO):
    """In a file, Keras writes the signs for a terminal too; we do not (tests/callbacks/test_progress.py)."""

    def isatty(self):
        return True


def shown(monkeypatch, run, *args):
    """What `run(*args)` writes."""
    stream = Terminal()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        patch.setenv("TERM", "xterm")
        run(*args)
    return stream.getvalue()


# ---------------------------------------------------------------- the progress bar

values = st.one_of(st.floats(-1e3, 1e3), st.floats(-1e-2, 1e-2), st.just(float("nan")), st.just(0.0), st.just(float("inf")))
durations = st.one_of(st.floats(0, 2e-4), st.floats(0, 0.2), st.floats(0, 3), st.floats(0, 3000))
names = st.sampled_from(["loss", "accuracy", "a"])


@FEW
@given(
    target=st.one_of(st.none(), st.integers(1, 1200)),
    verbose=st.sampled_from([0, 1, 2]),
    width=st.integers(0, 40),
    interval=st.sampled_from([0, 0.05, 1]),
    metrics=st.sampled_from(
        [{}, {"stateful_metrics": ["loss"]}, {"stateless_metrics": ["loss"]}, {"stateless_metrics": set()}]
    ),
    steps=st.lists(st.tuples(st.integers(1, 30), durations, st.lists(st.tuples(names, values), max_size=3)), max_size=12),
    finalize=st.booleans(),
)
def test_progbar(target, verbose, width, interval, metrics, steps, finalize):
    with pytest.MonkeyPatch.context() as patch:
        now = stop_the_clock(patch)

        def run(progbar):
            now.value = 1000.0
            bar = progbar(target, width=width, verbose=verbose, interval=interval, unit_name="sample", **metrics)
            current = 0
            for count, seconds, shown in steps:
                now.value += seconds
                current += count
                if target is not None and current > target:
                    return
                bar.update(current, shown)
            if finalize:
                bar.update(current, [("loss", 0.5)], finalize=True)
                bar.add(1)

        assert shown(patch, run, ours.Progbar) == shown(patch, run, keras.utils.Progbar)


@pytest.fixture
def look_half_as_often(monkeypatch):
    """Our bar in `fit` looks ten times a second, Keras's twenty times. What they show is the same."""
    bar = keras.utils.Progbar
    monkeypatch.setattr(keras.src.callbacks.progbar_logger, "Progbar", lambda **arguments: bar(interval=0.1, **arguments))


def train(library, verbose, epochs, steps, now, seconds):
    callbacks = callback_list(
        library, [], add_history=True, add_progbar=True, model=Model(library), verbose=verbose, epochs=epochs, steps=steps
    )
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for step in range(7):
            callbacks.on_train_batch_begin(step)
            now.value += seconds
            logs = {"loss": torch.tensor(1 / (1 + step)), "accuracy": torch.tensor(step / 7)}
            callbacks.on_train_batch_end(step, logs)
        callbacks.on_test_begin()
        for step in range(3):
            callbacks.on_test_batch_begin(step)
            callbacks.on_test_batch_end(step, {"loss": torch.tensor(0.1)})
        callbacks.on_test_end({"loss": torch.tensor(0.1)})
        callbacks.on_epoch_end(epoch, {**logs, "val_loss": torch.tensor(0.1 * epoch)})
    callbacks.on_train_end({"loss": 1.0})
    return callbacks


def evaluate(library, verbose, steps, now, kind):
    callbacks = callback_list(library, [], add_history=True, add_progbar=verbose != 0, verbose=verbose, epochs=1, steps=steps)
    logs = {"loss": torch.tensor(0.25)} if kind == "test" else {"outputs": torch.ones(3)}
    getattr(callbacks, f"on_{kind}_begin")()
    for step in range(5):
        getattr(callbacks, f"on_{kind}_batch_begin")(step)
        now.value += 0.03
        getattr(callbacks, f"on_{kind}_batch_end")(step, logs)
    getattr(callbacks, f"on_{kind}_end")(*([logs] if kind == "test" else []))


@pytest.mark.parametrize("steps", [7, None])
@pytest.mark.parametrize("epochs", [1, 2])
@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
@pytest.mark.parametrize("seconds", [0.001, 0.06, 40])
def test_the_screen_of_fit(verbose, epochs, steps, seconds, clock, look_half_as_often, monkeypatch):
    start, screens = clock.value, []
    for library in (ours, keras):
        clock.value = start
        screens.append(shown(monkeypatch, train, library, verbose, epochs, steps, clock, seconds))
    assert screens[0] == screens[1]
    assert bool(screens[0]) == (verbose != 0)


@pytest.mark.parametrize("steps", [5, None])
@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
@pytest.mark.parametrize("kind", ["test", "predict"])
def test_the_screen_of_evaluate_and_predict(kind, verbose, steps, clock, look_half_as_often, monkeypatch):
    start, screens = clock.value, []
    for library in (ours, keras):
        clock.value = start
        screens.append(shown(monkeypatch, evaluate, library, verbose, steps, clock, kind))
    assert screens[0] == screens[1]


def test_a_file_that_knows_only_ascii(clock, monkeypatch):
    screens = []
    for progbar in (ours.Progbar, keras.utils.Progbar):
        raw = io.BytesIO()
        stream = type("Terminal", (io.TextIOWrapper,), {"isatty": lambda self: True})(raw, encoding="ascii")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setenv("TERM", "xterm")
            progbar(10).update(3, [("loss", 0.5)])
        screens.append(raw.getvalue())
    assert screens[0] == screens[1] and b"=" in screens[0]


def test_the_history(clock, monkeypatch):
    histories = []
    for library in (ours, keras):
        holder = []
        shown(monkeypatch, lambda lib=library, to=holder: to.append(train(lib, 0, 3, 7, clock, 0.1)))
        histories.append(holder[0]._history)
    mine, theirs = histories
    assert list(mine.history.items()) == list(theirs.history.items())
    assert mine.epoch == theirs.epoch and mine.params == theirs.params
    assert {type(value) for value in mine.history["loss"]} == {float}


# ---------------------------------------------------------------- decisions

series = st.lists(
    st.one_of(st.integers(0, 6).map(lambda n: n / 4), st.just(float("nan")), st.just(None)), min_size=1, max_size=12
)


def quietly(run, *args, **kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = run(*args, **kwargs)
    return result, [warning.category for warning in caught]


def logs_of(value, name):
    return {"loss": 0.5} if value is None else {"loss": 0.5, name: value}


def stop(library, metrics, name, direction, twice, **arguments):
    module = library.callbacks if library is keras else library
    model = Model(library, [(name.removeprefix("val_"), direction)] if direction else ())
    callback = module.EarlyStopping(monitor=name, **arguments)
    callbacks = callback_list(library, [callback], model=model, epochs=len(metrics))
    trace = []
    for _ in range(1 + twice):
        model.stop_training = False
        callbacks.on_train_begin()
        for epoch, value in enumerate(metrics):
            model.weights[0].assign(torch.full((2,), float(epoch)))
            callbacks.on_epoch_end(epoch, logs_of(value, name))
            trace.append((callback.wait, callback.best, callback.best_epoch, callback.stopped_epoch, model.stop_training))
            if model.stop_training:
                break
        callbacks.on_train_end()
        trace.append(model.get_weights()[0].tolist())
    return repr(trace)


@FEW
@given(
    metrics=series,
    name=st.sampled_from(["val_loss", "loss_of_mine", "val_accuracy"]),
    direction=st.sampled_from([None, "up", "down"]),
    mode=st.sampled_from(["auto", "min", "max", "largest"]),
    min_delta=st.sampled_from([0, 0.25, -0.25]),
    patience=st.integers(0, 4),
    baseline=st.sampled_from([None, 0.5]),
    restore=st.booleans(),
    start=st.integers(0, 3),
    twice=st.booleans(),
    verbose=st.sampled_from([0, 1]),
)
def test_early_stopping(metrics, name, direction, mode, min_delta, patience, baseline, restore, start, twice, verbose):
    if metrics[0] is None and direction is None and mode in ("auto", "largest"):
        return  # for a name that is not in the logs Keras asks for a direction; we say what there is
    arguments = {
        "mode": mode,
        "min_delta": min_delta,
        "patience": patience,
        "baseline": baseline,
        "restore_best_weights": restore,
        "start_from_epoch": start,
        "verbose": verbose,
    }
    results = []
    for library in (ours, keras):
        with pytest.MonkeyPatch.context() as patch:
            holder = []

            def run(library=library, holder=holder):
                try:
                    holder.append(quietly(stop, library, metrics, name, direction, twice, **arguments))
                except ValueError as error:
                    holder.append(type(error))

            screen = shown(patch, run)
        results.append((holder, screen))
    assert results[0] == results[1]


def checkpoint(library, metrics, template, extension, batches, direction, **arguments):
    module = library.callbacks if library is keras else library
    model = Model(library, [("accuracy", direction)] if direction else ())
    callback = module.ModelCheckpoint(template + extension, **arguments)
    callbacks = callback_list(library, [callback], model=model)
    callbacks.on_train_begin()
    step = 0
    try:
        for epoch, value in enumerate(metrics):
            callbacks.on_epoch_begin(epoch)
            for batch in range(batches):
                step += 1
                model.weights[0].assign(torch.full((2,), float(step)))
                callbacks.on_train_batch_end(batch, {"loss": 1 / step})
            callbacks.on_epoch_end(epoch, logs_of(value, "val_accuracy"))
    except (KeyError, ValueError) as error:
        return type(error), model.saved
    callbacks.on_train_end()
    return repr(callback.best), model.saved


@FEW
@given(
    metrics=series,
    template=st.sampled_from(["w", "{epoch:02d}-{loss:.3f}", "{epoch}-{val_accuracy:.2f}", "{epoch}-{batch:02d}"]),
    weights_only=st.booleans(),
    best_only=st.booleans(),
    mode=st.sampled_from(["auto", "min", "max"]),
    direction=st.sampled_from([None, "up", "down"]),
    save_freq=st.sampled_from(["epoch", 1, 2, 5]),
    batches=st.integers(1, 4),
    threshold=st.sampled_from([None, 0.5]),
    verbose=st.sampled_from([0, 1]),
)
def test_model_checkpoint(metrics, template, weights_only, best_only, mode, direction, save_freq, batches, threshold, verbose):
    if best_only and save_freq != "epoch":
        return  # Keras compares before it knows the direction, and fails
    if not best_only and mode == "auto" and direction is None:
        return  # Keras asks for a direction that nothing depends on
    if best_only and mode == "auto" and direction is None and metrics[0] is None:
        return  # as with EarlyStopping
    arguments = {
        "monitor": "val_accuracy",
        "save_weights_only": weights_only,
        "save_best_only": best_only,
        "mode": mode,
        "save_freq": save_freq,
        "initial_value_threshold": threshold,
        "verbose": verbose,
    }
    extension = ".weights.h5" if weights_only else ".keras"
    results = []
    for library in (ours, keras):
        with pytest.MonkeyPatch.context() as patch:
            holder = []
            screen = shown(
                patch,
                lambda lib=library, to=holder: to.append(
                    quietly(checkpoint, lib, metrics, template, extension, batches, direction, **arguments)
                ),
            )
        results.append((holder, screen))
    assert results[0] == results[1]


# ---------------------------------------------------------------- signatures and order of calls


@pytest.mark.parametrize(
    "name", ["Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "ModelCheckpoint", "ProgbarLogger"]
)
def test_signatures_and_hooks(name):
    import inspect

    mine, theirs = getattr(ours, name), getattr(keras.callbacks, name)
    assert inspect.signature(mine.__init__) == inspect.signature(theirs.__init__)
    assert {hook for hook in dir(theirs) if hook.startswith(("on_", "set_"))} <= set(dir(mine))
    for hook in dir(theirs):
        if hook.startswith("on_"):
            assert inspect.signature(getattr(mine, hook)) == inspect.signature(getattr(theirs, hook))


def test_the_signature_of_progbar():
    import inspect

    assert inspect.signature(ours.Progbar) == inspect.signature(keras.utils.Progbar)
    assert np.isclose(ours.Progbar(3).interval, keras.utils.Progbar(3).interval)


def test_order_of_calls():
    def calls_of(library):
        module = library.callbacks if library is keras else library
        calls = []

        class Old(module.Callback):
            def on_batch_begin(self, batch, logs=None):
                calls.append(("old begin", batch, dict(logs)))

            def on_batch_end(self, batch, logs=None):
                calls.append(("old end", batch, dict(logs)))

        class New(module.Callback):
            def on_train_batch_end(self, batch, logs=None):
                calls.append(("new end", batch, dict(logs)))
                logs["seen"] = 1.0

            def on_batch_end(self, batch, logs=None):
                calls.append("never")

            def on_epoch_end(self, epoch, logs=None):
                calls.append(("epoch", epoch, list(logs.items())))

        lambdas = module.LambdaCallback(
            on_train_batch_end=lambda batch, logs: calls.append(("lambda", batch, dict(logs))),
            on_test_end=lambda logs: calls.append(("test", dict(logs))),
            on_train_begin=lambda logs: calls.append(("train", logs)),
        )
        callbacks = callback_list(library, [Old(), New(), lambdas], model=Model(library))
        callbacks.on_train_begin()
        for batch in range(2):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, {"loss": torch.tensor(0.5), "acc": {"b": 1, "a": torch.tensor(2.0)}})
        callbacks.on_test_begin()
        callbacks.on_test_end({"loss": np.float32(3)})
        callbacks.on_epoch_end(4, {"val_loss": 1, "loss": torch.tensor(0.25), "extra": None})
        callbacks.on_batch_begin(9)
        callbacks.on_batch_end(9, {"loss": 1})
        callbacks.on_train_end()
        return calls

    assert calls_of(ours) == calls_of(keras)
