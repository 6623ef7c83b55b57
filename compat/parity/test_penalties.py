"""Regularizers and constraints against Keras: values, gradients, configs, names."""

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras as real

from torchkeras_lite import constraints, regularizers

REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.3}),
    ("L1L2", {"l1": 0.1}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
]
CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.5, "rate": 0.7, "axis": 1}),
]


def assert_same_config(one, other):
    """Keras keeps the factors of regularizers in float32."""
    one, other = one.get_config(), other.get_config()
    assert one.keys() == other.keys()
    for key, value in other.items():
        assert one[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)


def weight():
    return torch.linspace(-2, 3, 15).reshape(5, 3).clone().requires_grad_()


@pytest.mark.parametrize(("name", "kwargs"), REGULARIZERS)
def test_regularizers(keras, name, kwargs):
    ours, theirs = getattr(regularizers, name)(**kwargs), getattr(keras.regularizers, name)(**kwargs)
    assert_same_config(ours, theirs)
    mine, other = weight(), weight()
    actual, expected = ours(mine), theirs(other)
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual.item(), expected.item(), rtol=1e-5)
    if expected.requires_grad:
        actual.backward()
        expected.backward()
        np.testing.assert_allclose(mine.grad, other.grad, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "kwargs"), CONSTRAINTS)
def test_constraints(keras, name, kwargs):
    ours, theirs = getattr(constraints, name)(**kwargs), getattr(keras.constraints, name)(**kwargs)
    assert constraints.serialize(ours) == keras.constraints.serialize(theirs)
    np.testing.assert_allclose(ours(weight()).detach().cpu(), theirs(weight()).detach().cpu(), rtol=1e-5, atol=1e-7)


def test_every_name_of_keras_means_the_same(keras):
    for name, found in keras.src.regularizers.ALL_OBJECTS_DICT.items():
        assert type(regularizers.get(name)).__name__ == found.__name__
    for name, found in keras.src.constraints.ALL_OBJECTS_DICT.items():
        assert type(constraints.get(name)).__name__ == found.__name__


def matrix(shape, seed, scale, zeros):
    w = np.random.default_rng(seed).normal(size=shape).astype("float32") * scale
    if zeros:
        w[:, :1] = 0.0  # a column of length 0
    return w


@settings(max_examples=50, deadline=None)
@given(
    row=st.sampled_from([*REGULARIZERS, *CONSTRAINTS]),
    shape=st.lists(st.integers(2, 6), min_size=2, max_size=4).map(tuple),
    seed=st.integers(0, 1000),
    scale=st.floats(0.01, 10),
    zeros=st.booleans(),
)
def test_any_weight(row, shape, seed, scale, zeros):
    name, kwargs = row
    modules = (regularizers, real.regularizers) if row in REGULARIZERS else (constraints, real.constraints)
    ours, theirs = (getattr(module, name)(**kwargs) for module in modules)
    if name == "OrthogonalRegularizer":
        shape = shape[:2]
    w = matrix(shape, seed, scale, zeros and name != "OrthogonalRegularizer")
    leaves = [torch.tensor(w, requires_grad=True) for _ in range(2)]
    actual, expected = ours(leaves[0]), theirs(leaves[1])
    np.testing.assert_allclose(actual.detach(), expected.detach(), rtol=1e-5, atol=1e-6, strict=True)
    if row in REGULARIZERS and expected.requires_grad:
        gradients = [torch.autograd.grad(value, leaf)[0] for value, leaf in zip((actual, expected), leaves, strict=True)]
        np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "kwargs"), [*REGULARIZERS, *CONSTRAINTS])
def test_configs_both_ways(keras, name, kwargs):
    for mine, other in ((regularizers, keras.regularizers), (constraints, keras.constraints)):
        if hasattr(mine, name):
            ours, theirs = getattr(mine, name)(**kwargs), getattr(other, name)(**kwargs)
            there, back = other.deserialize(mine.serialize(ours)), mine.deserialize(other.serialize(theirs))
            assert type(there) is type(theirs)
            assert type(back) is type(ours)
            assert_same_config(there, theirs)
            assert_same_config(back, ours)


def test_every_public_name_has_the_same_signature(keras):
    for mine, other in ((regularizers, keras.regularizers), (constraints, keras.constraints)):
        for name, found in vars(other).items():
            if inspect.isclass(found):
                ours = getattr(mine, name)
                assert ours.__name__ == found.__name__
                parameters = [[(p.name, p.default) for p in inspect.signature(c).parameters.values()] for c in (ours, found)]
                assert parameters[0] == parameters[1], name


@pytest.mark.parametrize(
    "make",
    [
        lambda r, c: r.L1(-1.0),
        lambda r, c: r.L2(float("nan")),
        lambda r, c: r.L1L2(l2="much"),
        lambda r, c: r.OrthogonalRegularizer(mode="diagonal"),
        lambda r, c: r.OrthogonalRegularizer()(torch.ones(2, 2, 2)),
        lambda r, c: r.get("l3"),
        lambda r, c: r.get(5),
        lambda r, c: c.get("maxnrm"),
        lambda r, c: c.get(5),
    ],
)
def test_what_both_refuse(keras, make):
    for library in ((regularizers, constraints), (keras.regularizers, keras.constraints)):
        with pytest.raises(ValueError):
            make(*library)
