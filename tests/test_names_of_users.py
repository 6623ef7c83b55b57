"""What users call their attributes is theirs, whatever names we have ourselves."""

import copy

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers

X = torch.arange(6.0).reshape(2, 3)
# names of ours that Keras and torch do not have, which a user may well choose
OURS = sorted(
    name for name in dir(keras.Model)
    if name[0] != "_" and not hasattr(torch.nn.Module, name) and not isinstance(getattr(keras.Model, name), property)
    and name in ("adopt", "born_training", "casts_integers", "code", "from_tensors", "placement", "saved_variables", "unsaved")
)  # fmt: skip


@pytest.mark.parametrize("base", [keras.Layer, keras.Model])
@pytest.mark.parametrize("name", ["places", "code", "encoder", *OURS])
def test_a_layer_under_any_name(base, name):
    class Mine(base):
        encoder = None  # a default of the class

        def __init__(self):
            super().__init__()
            setattr(self, name, layers.Dense(2))

        def call(self, inputs):
            return getattr(self, name)(inputs)

    mine = Mine()
    inside = getattr(mine, name)
    assert isinstance(inside, layers.Dense)
    assert torch.equal(mine(X), inside(X)) and len(mine.trainable_weights) == 2
    again = copy.deepcopy(mine)
    assert getattr(again, name) is not inside and again._modules[name] is getattr(again, name)
    other = layers.Dense(2)
    setattr(mine, name, other)
    assert getattr(mine, name) is other and mine._modules[name] is other
    setattr(mine, name, None)
    assert getattr(mine, name) is not other


@pytest.mark.parametrize("name", ["places", "code"])
def test_a_value_under_any_name(name, tmp_path):
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)
            setattr(self, name, 7)

        def call(self, inputs):
            return self.dense(inputs) * getattr(self, name)

    mine, other = Mine(), Mine()
    y = mine(X)
    assert torch.equal(y, mine.dense(X) * 7)
    mine.save_weights(tmp_path / "w.weights.h5")
    other(X)
    other.load_weights(tmp_path / "w.weights.h5")
    assert torch.equal(other(X), y)


def test_the_code_of_a_model_is_shown_all_the_same():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert model.code.startswith("def forward(")


# ---------------------------------------------------------------- names under which models and layers show something

SHOWN = ("inputs", "outputs", "operations", "input_names", "output_names", "input_shape", "output_shape", "loss", "history")


class Own(keras.Model):
    def __init__(self, **kept):
        super().__init__()
        for name, value in kept.items():
            setattr(self, name, value)
        self.dense = layers.Dense(2, activation="softmax")

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize("value", [[1, 2], "text", None, (3, 4, 5)], ids=repr)
@pytest.mark.parametrize("name", SHOWN)
def test_what_a_model_keeps_under_a_name_is_what_it_finds_there(name, value):
    assert getattr(Own(**{name: value}), name) == value


@pytest.mark.parametrize("name", ["input_shape", "output_shape"])
def test_so_does_a_layer(name):
    class Kept(keras.Layer):
        def __init__(self, shape):
            super().__init__()
            setattr(self, name, shape)

        def call(self, x):
            return x

    kept = Kept((28, 28))
    kept(keras.Input((3,)))
    assert getattr(kept, name) == (28, 28)


def test_it_does_not_change_how_the_model_trains():
    """Labels up to 1 fit the two units, whatever `output_shape` says."""
    x, y = np.ones((8, 3), "float32"), np.arange(8) % 2
    plain, own = Own(), Own(**{name: (1, 1) for name in SHOWN if name != "history"})
    logs = []
    for model in (plain, own):
        model.build((None, 3))
        model.dense.kernel.assign(np.linspace(-1, 1, 6).reshape(3, 2))
        model.compile("sgd", "sparse_categorical_crossentropy")
        logs.append(model.fit(x, y, batch_size=4, shuffle=False, verbose=0).history["loss"])
        assert model.predict(x, verbose=0).shape == (8, 2)
    assert logs[0] == logs[1]


def test_compile_says_what_the_loss_is():
    model = Own(loss=[])
    model.loss.append(1.5)
    assert model.loss == [1.5]
    model.compile("sgd", "mse")
    assert model.loss == "mse"
    model.loss = "mine"
    assert model.loss == "mine"
    assert model.get_compile_config()["loss"] == "mse"


def test_a_model_of_tensors_shows_its_own():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="last")])
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))
    whole = keras.Model(model.inputs, model.outputs)
    assert whole.output_names == ["last"]
    assert [operation.name for operation in whole.operations][-1] == "last"
