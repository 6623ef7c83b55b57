"""clone_model: what the clone takes over, and what is its own."""

import numpy as np
import pytest

from torchkeras_lite import activations, layers, metrics, models

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_a_compiled_model_gives_a_compiled_clone(kind):
    chain = [layers.Input((3,)), layers.Dense(2)]
    model = models.Sequential(chain)
    if kind == "functional":
        x = layers.Input((3,))
        model = models.Model(x, layers.Dense(2)(x))
    assert not models.clone_model(model).compiled
    seen = metrics.MeanAbsoluteError(name="seen")

    def own_loss(y, p):
        return ((y - p) ** 2).mean()

    model.compile("adam", own_loss, metrics=[seen])
    model.optimizer.learning_rate = 0.25
    clone = models.clone_model(model)
    assert clone.compiled and clone.optimizer is not model.optimizer
    assert float(clone.optimizer.learning_rate) == 0.25
    before = model.get_weights()
    logs = clone.fit(X, X[:, :2], verbose=0).history
    assert {*logs} == {"loss", "seen"}
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert float(seen.result()) == 0


def test_inputs_in_another_structure():
    a, b = layers.Input((3,)), layers.Input((3,))
    model = models.Model({"a": a, "b": b}, a + b * 2)
    with pytest.raises(ValueError, match=r"must have the same structure as model\.input"):
        models.clone_model(model, input_tensors=[a, b])


def _halved(x):
    return x / 2


@pytest.mark.parametrize("make", [
    lambda: layers.Lambda(_halved), lambda: layers.Activation(_halved), lambda: layers.Lambda(lambda x: x / 2),
    lambda: layers.EinsumDense("ab,bc->ac", 3, activation=_halved, kernel_initializer="identity"),
])  # fmt: skip
def test_functions_of_ones_own_are_in_the_clone_too(make):
    model = models.Sequential([layers.Input((3,)), make()])
    np.testing.assert_array_equal(models.clone_model(model).predict(X, verbose=0), X / 2)
    around = models.Sequential([layers.Input((3,)), model])
    np.testing.assert_array_equal(models.clone_model(around).predict(X, verbose=0), X / 2)


class Twice(models.Model):
    """Made from tensors; only its step would be another."""

    def train_step(self, data):
        return super().train_step(data)


class Built(models.Model):
    """Makes its tensors itself."""

    def __init__(self, units, **kwargs):
        inputs = layers.Input((3,))
        super().__init__(inputs, layers.Dense(units)(inputs), **kwargs)


@pytest.mark.parametrize("subclass", [True, False])
def test_a_subclass_made_from_tensors_takes_a_function_for_its_layers(subclass):
    def relu(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "activation": "relu"} if isinstance(layer, layers.Dense) else config)

    inputs = layers.Input((3,))
    model = Twice(inputs, layers.Dense(2, name="mine")(inputs)) if subclass else Built(2)
    clone = models.clone_model(model, clone_function=relu)
    assert isinstance(clone, Twice if subclass else models.Functional)
    clone.set_weights(model.get_weights())
    x = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(clone.predict(x, verbose=0), np.maximum(model.predict(x, verbose=0), 0))
    outer = models.Sequential([layers.Input((3,)), model])
    inside = models.clone_model(outer, clone_function=relu, recursive=True).layers[0]
    assert inside.layers[-1].activation is activations.relu
    assert type(models.clone_model(model)) is type(model)
