"""The nonlinear functions: what they refuse and warn of, and laws."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import KerasTensor, ops


@pytest.mark.parametrize("x", [torch.ones(2, 3), KerasTensor((None, 3))])
def test_what_cannot_be_halved(x):
    with pytest.raises(ValueError, match=r"glu: axis -1 must have an even size, to be halved. Received: x.shape=\(\d, 3\)"):
        ops.glu(x)


def test_a_softmax_of_one_number():
    with pytest.warns(UserWarning, match=r"softmax over axis -1 of a tensor of shape \(2, 1\): .* use a sigmoid"):
        assert ops.softmax(torch.zeros(2, 1)).tolist() == [[1.0], [1.0]]


def test_aliases_are_the_same_objects():
    assert ops.swish is ops.silu is ops.nn.swish and ops.hard_swish is ops.hard_silu


@pytest.mark.parametrize("function", [ops.softmax, ops.sparsemax])
@settings(max_examples=50, deadline=None)
@given(numbers=st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=8), shift=st.floats(-3, 3, width=32))
def test_probabilities(function, numbers, shift):
    """They add up to 1, keep the order, and only differences count."""
    x = torch.tensor(numbers, dtype=torch.float64)
    y = function(x)
    torch.testing.assert_close(y.sum(), torch.ones((), dtype=torch.float64))
    assert (y >= 0).all() and (y[x.argsort()].diff() >= -1e-12).all()
    torch.testing.assert_close(function(x + shift), y)


@settings(max_examples=50, deadline=None)
@given(x=st.floats(-50, 50, width=32))
def test_how_they_hang_together(x):
    x = torch.tensor(x, dtype=torch.float64)
    for left, right in (
        (ops.log_sigmoid(x), -ops.softplus(-x)),
        (ops.silu(x), x * ops.sigmoid(x)),
        (ops.glu(torch.stack([x, x])), x[None] * ops.sigmoid(x)),
        (ops.squareplus(x) - ops.squareplus(-x), x),
        (ops.relu(x) - ops.relu(-x), x),
        (ops.soft_shrink(x) + x.clamp(-0.5, 0.5), x),
        (ops.celu(x, 1.0), ops.elu(x, 1.0)),
    ):
        torch.testing.assert_close(left, right)
