"""What users call their attributes is theirs, whatever names we have ourselves."""

import copy

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
