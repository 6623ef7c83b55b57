"""TensorBoard: what its own reader finds in the files."""

import os

import numpy as np
import pytest

import torchkeras_lite as keras

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
X = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def fitted(tmp_path, **settings):
    x = keras.Input((4,), name="entry")
    model = keras.Model(x, keras.layers.Dense(1, name="exit")(keras.layers.Dense(3, name="middle")(x)))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    callback = keras.callbacks.TensorBoard(tmp_path, **settings)
    history = model.fit(X, Y, epochs=3, batch_size=8, validation_data=(X, Y), verbose=0, callbacks=[callback])
    return model, history.history


def read(folder):
    everything = {accumulator.SCALARS: 0, accumulator.HISTOGRAMS: 0}
    return accumulator.EventAccumulator(str(folder), size_guidance=everything).Reload()


def curve(found, name):
    return [event.value for event in found.Scalars(name)]


def test_curves(tmp_path):
    _, history = fitted(tmp_path)
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    np.testing.assert_allclose(curve(train, "epoch_loss"), history["loss"], rtol=1e-6)
    np.testing.assert_allclose(curve(train, "epoch_learning_rate"), [0.05] * 3, rtol=1e-6)
    np.testing.assert_allclose(curve(validation, "epoch_loss"), history["val_loss"], rtol=1e-6)
    vs = validation.Scalars("evaluation_loss_vs_iterations")
    assert [event.step for event in vs] == [4, 8, 12]
    assert "batch_loss" not in train.Tags()["scalars"]


def test_batches_pace_and_weights(tmp_path):
    model, _ = fitted(tmp_path, update_freq=2, write_steps_per_second=True, histogram_freq=2, write_images=True)
    train = read(tmp_path / "train")
    assert [event.step for event in train.Scalars("batch_loss")] == [0, 2, 4, 6, 8, 10]
    assert min(curve(train, "epoch_steps_per_second")) > 0
    assert [event.step for event in train.Histograms("middle/kernel/histogram")] == [0, 2]
    last = train.Histograms("exit/bias/histogram")[-1].histogram_value
    assert last.min == pytest.approx(model.get_layer("exit").bias.numpy()[0], rel=1e-4) and last.num == 1
    assert "middle/kernel/image" in train.Tags()["images"]


def test_the_graph(tmp_path):
    fitted(tmp_path)
    nodes = {node.name: (node.op, list(node.input)) for node in read(tmp_path / "train").Graph().node}
    assert nodes == {"entry": ("InputLayer", []), "middle": ("Dense", ["entry"]), "exit": ("Dense", ["middle"])}


def test_the_profiler_watches_the_batches_asked_for(tmp_path):
    fitted(tmp_path, profile_batch=(2, 3))
    assert os.listdir(tmp_path / "plugins" / "profile")


@pytest.mark.parametrize("value", [-1, (3, 2), "a", (1, 2, 3)])
def test_batches_that_are_none(value):
    with pytest.raises(ValueError, match="profile_batch"):
        keras.callbacks.TensorBoard(profile_batch=value)
