"""Regularizers: values by hand, gradients, errors, names."""

import copy
import pickle

import numpy as np
import pytest
import torch

from torchkeras_lite import regularizers
from torchkeras_lite.variable import Variable

W = torch.tensor([[3.0, -4.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("regularizer", "expected", "gradient"),
    [
        (regularizers.L1(0.1), 0.8, 0.1 * W.sign()),
        (regularizers.L2(0.1), 2.6, 0.2 * W),
        (regularizers.L1L2(0.1, 0.2), 0.8 + 5.2, 0.1 * W.sign() + 0.4 * W),
        (regularizers.L1L2(l2=0.1), 2.6, 0.2 * W),
        (regularizers.L1L2(l1=0.1), 0.8, 0.1 * W.sign()),
        (regularizers.OrthogonalRegularizer(0.1), 0.1 * 3 / 5, None),  # the cosine between (3, -4) and (1, 0)
        (regularizers.OrthogonalRegularizer(0.1, "columns"), 0.1 * 12 / (4 * np.sqrt(10)), None),
    ],
)
def test_values_and_gradients(regularizer, expected, gradient):
    w = W.clone().requires_grad_()
    value = regularizer(w)
    assert value.shape == ()
    assert value.item() == pytest.approx(expected, rel=1e-6)
    value.backward()
    if gradient is not None:
        torch.testing.assert_close(w.grad, gradient)
    assert regularizer(Variable(W)).item() == pytest.approx(expected, rel=1e-6)
    assert regularizer(W.numpy()).item() == pytest.approx(expected, rel=1e-6)
    for other in (copy.deepcopy(regularizer), pickle.loads(pickle.dumps(regularizer))):
        assert other(W) == regularizer(W)
    back = regularizers.deserialize(regularizers.serialize(regularizer))
    assert type(back) is type(regularizer)
    assert back(W) == regularizer(W)


def test_nothing_to_penalize():
    assert regularizers.L1L2()(W.double()).dtype is torch.float64
    assert regularizers.L1L2()(W).item() == 0.0
    assert regularizers.Regularizer()(W) == 0.0
    three = torch.eye(3)
    assert regularizers.OrthogonalRegularizer()(three).item() == 0.0


def test_names():
    for name, cls in [("l1", "L1"), ("L2", "L2"), ("l1_l2", "L1L2"), ("l1l2", "L1L2"), ("orthogonal_regularizer", None)]:
        assert type(regularizers.get(name)).__name__ == (cls or "OrthogonalRegularizer")
    assert regularizers.get("l2").l2 == 0.01
    assert regularizers.get(None) is None
    own = torch.sum
    assert regularizers.get(own) is own
    assert regularizers.l1_l2(l1=0.5).get_config() == {"l1": 0.5, "l2": 0.0}
    with pytest.raises(ValueError, match=r"Unknown regularizer: 'l3'"):
        regularizers.get("l3")


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), "a lot"])
def test_bad_factors(bad):
    for make in (regularizers.L1, regularizers.L2, lambda v: regularizers.L1L2(l2=v), regularizers.OrthogonalRegularizer):
        with pytest.raises(ValueError, match="expected a non-negative float"):
            make(bad)


def test_orthogonal_needs_a_matrix():
    with pytest.raises(ValueError, match=r"rank 2.*\(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(torch.ones(2, 2, 2))
    with pytest.raises(ValueError, match="mode=diagonal"):
        regularizers.OrthogonalRegularizer(mode="diagonal")


def test_users_own_class():
    class Cubic(regularizers.Regularizer):
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * x.abs().pow(3).sum()

    assert Cubic.from_config(Cubic(2.0).get_config())(torch.tensor([2.0])).item() == 16.0
