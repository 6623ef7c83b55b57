"""Regularizers and constraints against Keras: values, gradients, configs, names."""

import numpy as np
import pytest
import torch

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


def weight():
    return torch.linspace(-2, 3, 15).reshape(5, 3).clone().requires_grad_()


@pytest.mark.parametrize(("name", "kwargs"), REGULARIZERS)
def test_regularizers(keras, name, kwargs):
    ours, theirs = getattr(regularizers, name)(**kwargs), getattr(keras.regularizers, name)(**kwargs)
    for key, value in theirs.get_config().items():
        assert ours.get_config()[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
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
