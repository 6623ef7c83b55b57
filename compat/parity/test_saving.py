"""Whole models in files that both libraries open, each the other's."""

import numpy as np
import pytest
from oracle import keras as real

import torchkeras_lite as mine

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def dense(k):
    model = k.Sequential([k.layers.Input((4,)), k.layers.Dense(3, activation="relu"), k.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def branches(k):
    x = k.Input((4,))
    h = k.layers.Dense(5)(x) * 2 + 1
    model = k.Model(x, k.layers.Add()([k.layers.Dense(1)(h), k.layers.Dense(1)(k.layers.Concatenate()([x, h]))]))
    rate = k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model.compile(k.optimizers.SGD(rate, momentum=0.9), k.losses.MeanSquaredError(), metrics=[k.metrics.MeanAbsoluteError()])
    return model


def image(k):
    steps = [k.layers.Reshape((2, 2, 1)), k.layers.Conv2D(3, 2, padding="same"), k.layers.BatchNormalization()]
    steps += [k.layers.Activation("relu"), k.layers.Flatten(), k.layers.Dense(1, kernel_regularizer="l2")]
    model = k.Sequential(steps)
    model.build((None, 4))
    model.compile(k.optimizers.RMSprop(1e-3), "mae")
    return model


def nested(k):
    inner = k.Sequential([k.layers.Input((4,)), k.layers.Dense(4)])
    x = k.Input((4,))
    model = k.Model(x, k.layers.Dense(1)(inner(inner(x))))
    model.compile("adamw", "mse")
    return model


def nameless(k):
    x = k.Input((4,))
    model = k.Model(x, k.layers.Lambda(lambda t: t * 2)(k.layers.Dense(1)(x)))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("make", [dense, branches, image, nested, nameless])
@pytest.mark.parametrize(("writer", "reader"), [(mine, real), (real, mine)], ids=["written here", "written by Keras"])
def test_both_ways(make, writer, reader, tmp_path):
    model = make(writer)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = reader.models.load_model(tmp_path / "m.keras", safe_mode=False)
    for _ in range(2):
        expected, found = (each.predict(X, verbose=0) for each in (model, loaded))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations)
        for each in (model, loaded):
            each.fit(X, Y, verbose=0, shuffle=False)


@pytest.mark.parametrize("make", [dense, branches, image, nested])
@pytest.mark.parametrize(("writer", "reader"), [(mine, real), (real, mine)], ids=["written here", "written by Keras"])
def test_hdf5_both_ways(make, writer, reader, tmp_path, caplog):
    model = make(writer)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.h5")
    loaded = reader.models.load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
    if reader is real:  # which trains no model that it has from such a file, be it its own
        found, expected = (np.ravel(each.evaluate(X, Y, verbose=0)) for each in (loaded, model))
        np.testing.assert_allclose(found, expected, rtol=1e-4)
        return
    for each in (model, loaded):
        each.fit(X, Y, verbose=0, shuffle=False)
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
