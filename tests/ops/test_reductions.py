"""Reductions: errors, and the few frames that they cost."""


import pytest
import torch

from torchkeras_lite import ops

X = torch.arange(6.0).view(2, 3)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_an_extreme_of_no_numbers_needs_initial(name, axis):
    with pytest.raises(ValueError, match=rf"{name}: an `x` of shape \(0, 3\) has no numbers.*`initial`"):
        getattr(ops, name)(X[:0], axis)


@pytest.mark.parametrize("weights, axis", [([1.0, 2.0], 1), ([1.0, 2.0], None), ([[1.0, 2.0]], 0), ([1.0, 2.0], (0,))])
def test_weights_must_fit(weights, axis):
    with pytest.raises(ValueError, match=r"average: expected `weights` of the shape of `x`, \(2, 3\).*Received"):
        ops.average(X, axis, weights)


@pytest.mark.parametrize("name", ["sum", "amax", "mean", "all", "logsumexp"])
def test_an_axis_out_of_range(name):
    with pytest.raises(IndexError, match="range"):
        getattr(ops, name)(X, 2)


def test_an_unknown_dtype():
    with pytest.raises(ValueError, match="foo"):
        ops.prod(X, dtype="foo")


@pytest.mark.parametrize("name", ["sum", "max", "amin", "mean", "var", "all", "logsumexp", "argmax", "sort", "cumsum", "top_k"])
def test_a_call_on_a_tensor_costs_one_frame(name, python_calls):
    """No frame but the function's own, above torch."""
    function = getattr(ops, name)
    assert python_calls(lambda: function(X, 1)) == [name]


def test_initial_may_be_a_tensor():
    assert ops.max(X, axis=1, initial=torch.tensor(3)).tolist() == [3.0, 5.0]
