"""Rematerialization: the same numbers, less kept."""

import copy

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.recomputing import get_current_remat_mode

X = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")


def kept(run) -> int:
    """How many numbers a forward pass keeps for the backward pass."""
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: sizes.append(t.numel()) or t, lambda t: t):
        run()
    return sum(sizes)


def wavy(x):
    return torch.sin(x).exp().square()


def network(mode="none", **settings):
    keras.utils.set_random_seed(1)
    scope = keras.RematScope(None if mode == "none" else mode, **settings)
    with scope:
        inner = [layers.Dense(50, wavy, name="wide"), layers.Dropout(0.5, seed=3), layers.Dense(40, wavy, name="less_wide")]
    model = keras.Sequential([layers.Input((6,)), *inner, layers.Dense(2)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("full", {}),
        ("activations", {}),
        ("larger_than", {"output_size_threshold": 350}),
        ("list_of_layers", {"layer_names": ["wide"]}),
    ],
)
def test_training_gives_the_same_and_keeps_less(mode, settings):
    plain, recomputing = network(), network(mode, **settings)
    for _ in range(2):  # dropout draws anew each time, and the same in both passes
        assert plain.train_on_batch(X, Y) == pytest.approx(recomputing.train_on_batch(X, Y), rel=1e-6)
    for mine, theirs in zip(recomputing.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    x = torch.from_numpy(X)
    assert kept(lambda: recomputing(x, training=True)) < kept(lambda: plain(x, training=True))
    np.testing.assert_allclose(recomputing.predict(X, verbose=0), plain.predict(X, verbose=0), rtol=1e-6)


def test_only_the_layers_that_a_mode_names():
    large, named = network("larger_than", output_size_threshold=399), network("list_of_layers", layer_names=["less_wide"])
    assert "call" in large.layers[0].__dict__ and "call" not in named.layers[0].__dict__
    x = torch.from_numpy(X)
    plain = network()
    assert kept(lambda: large.layers[2](torch.zeros(8, 50))) == kept(lambda: plain.layers[2](torch.zeros(8, 50)))
    assert kept(lambda: large.layers[0](x)) < kept(lambda: plain.layers[0](x))


def test_scopes_lie_in_each_other():
    assert get_current_remat_mode() is None
    with keras.RematScope(), keras.RematScope("list_of_layers", layer_names=["a"]):
        assert get_current_remat_mode() == ("list_of_layers", 1024, ["a"])
        with keras.RematScope(None):
            assert "call" not in layers.Dense(1).__dict__
        assert "call" not in layers.Dense(1).__dict__ and "call" in layers.Dense(1, name="a").__dict__
    assert get_current_remat_mode() is None and "call" not in layers.Dense(1).__dict__
    with pytest.raises(ValueError, match=r"'sometimes'.*'larger_than'"):
        keras.RematScope("sometimes")


def test_a_function():
    seen = []

    def f(x, scale=1.0):
        seen.append(scale)
        return torch.sin(x).exp() * scale

    x = torch.linspace(0, 1, 5, requires_grad=True)
    keras.remat(f)(x, scale=2.0).sum().backward()
    assert seen == [2.0, 2.0]  # there, and once more for the gradients
    np.testing.assert_allclose(x.grad, 2 * torch.sin(x).exp().detach() * torch.cos(x).detach(), rtol=1e-6)
    drawn = keras.remat(f)(keras.Input((3,)))
    assert drawn.shape == (None, 3)


def test_copies_compute_with_their_own_weights():
    model = network("full")
    model.train_on_batch(X, Y)
    twin = copy.deepcopy(model)
    model.layers[0].kernel.assign(model.layers[0].kernel * 0)
    assert not np.allclose(twin.predict(X, verbose=0), model.predict(X, verbose=0))
