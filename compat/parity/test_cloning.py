"""clone_model beside the real Keras."""

import numpy as np
import pytest
from oracle import keras as real

import torchkeras_lite as mine

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def branches(k):
    x = k.Input((4,), name="entry")
    shared = k.layers.Dense(4, name="shared")
    inner = k.Sequential([k.layers.Input((4,)), k.layers.Dense(4, activation="relu", name="deep")], name="inner")
    return k.Model(x, k.layers.Add(name="sum")([shared(inner(shared(x))), x]) * 2, name="whole")


def chain(k):
    return k.Sequential([k.layers.Input((4,)), k.layers.Dense(3, name="a"), k.layers.Dense(2, name="b")], name="chain")


@pytest.mark.parametrize("library", [mine, real])
@pytest.mark.parametrize("make", [branches, chain])
def test_a_clone_is_equal_and_has_weights_of_its_own(library, make):
    model = make(library)
    clone = library.models.clone_model(model)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers] and clone.name == model.name
    assert all(one is not other for one, other in zip(model.layers, clone.layers, strict=True))
    assert not np.allclose(clone(X).detach().numpy(), model(X).detach().numpy())
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(clone(X).detach().numpy(), model(X).detach().numpy(), rtol=1e-6)
    assert len(clone.weights) == len(model.weights)


@pytest.mark.parametrize("recursive", [False, True])
def test_other_layers_and_other_calls(recursive):
    seen = []
    for library in (mine, real):
        asked, called = [], []

        def clone_function(layer, library=library, asked=asked):
            asked.append(layer.name)
            config = layer.get_config()
            if isinstance(layer, library.layers.Dense):
                config["use_bias"] = False
            return type(layer).from_config(config)

        def call_function(layer, *args, called=called, **kwargs):
            called.append(layer.name)
            return layer(*args, **kwargs)

        model = library.models.clone_model(branches(library), None, clone_function, call_function, recursive)
        asked, called = ([name for name in names if "multiply" not in name] for names in (asked, called))  # Keras asks for ops
        seen.append((sorted(set(asked)), called, len(model.weights)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("library", [mine, real])
def test_other_inputs(library):
    x = library.Input((4,), name="other")
    for make in (branches, chain):
        assert library.models.clone_model(make(library), x).inputs[0].shape == (None, 4)
    twins = library.models.clone_model(branches(library), x, clone_function=lambda layer: layer)
    assert twins.input.name == "other"


@pytest.mark.parametrize("library", [mine, real])
def test_what_does_not_go(library):
    class Own(library.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = library.layers.Dense(1)

        def call(self, x):
            return self.inner(x)

    model = Own()
    model(X)
    assert isinstance(library.models.clone_model(model), Own)
    with pytest.raises(ValueError, match="Sequential"):
        library.models.clone_model(model, clone_function=lambda layer: layer)
    with pytest.raises(ValueError, match="call_function"):
        library.models.clone_model(chain(library), call_function=lambda layer, x: layer(x))
