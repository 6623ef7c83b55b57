"""Quantiles, histograms and correlation: laws and errors."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

LINE = torch.tensor([0.5, 2.0, 1.0])
NUMBERS = st.lists(st.integers(0, 9), min_size=1, max_size=20).map(torch.tensor)
LISTS = st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, st.integers(1, 5))
def test_every_number_is_in_a_bin(x, bins):
    counts, edges = ops.histogram(x, bins)
    assert int(ops.sum(counts)) == len(x) and bool(ops.all(ops.diff(edges) > 0))


@settings(max_examples=50, deadline=None)
@given(NUMBERS)
def test_counts_are_weights_of_one(x):
    assert torch.equal(ops.bincount(x, [1] * len(x)), ops.bincount(x))


@settings(max_examples=50, deadline=None)
@given(LISTS, LISTS, st.sampled_from(["valid", "same", "full"]))
def test_correlation_is_numpys(x1, x2, mode):
    np.testing.assert_allclose(ops.correlate(x1, x2, mode), np.correlate(x1, x2, mode), atol=1e-4)


def test_weights_of_counts_have_gradients():
    weights = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    ops.bincount([0, 1, 0], weights)[0].backward()
    assert weights.grad.tolist() == [1.0, 0.0, 1.0]


def test_python_numbers_are_as_exact_as_x():
    x = np.array([0.0, 1e9])
    assert ops.quantile(x, 0.1) == ops.percentile(x, 10) == ops.nanquantile(x, 0.1) == 0.1 * 1e9


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles_out_of_range(name):
    with pytest.raises(RuntimeError, match=r"q values? must be in the range \[0, 1\]|q must be in the range"):
        getattr(ops, name)(LINE, 1.5)
    with pytest.raises(RuntimeError, match=r"interpolation must be one of .* got cubic"):
        getattr(ops, name)(LINE, 0.5, method="cubic")


@pytest.mark.parametrize(
    "error, settings, message",
    [
        (TypeError, {"bins": 2.5}, "`bins` must be an integer. Received: bins=2.5"),
        (ValueError, {"bins": 0}, "`bins` must be positive. Received: bins=0"),
        (ValueError, {"range": (2, 1)}, r"`range` must be a tuple of two numbers, the lower first. Received: range=\(2, 1\)"),
        (ValueError, {"range": (2,)}, r"`range` must be a tuple of two numbers"),
    ],
)
def test_settings_of_a_histogram(error, settings, message):
    with pytest.raises(error, match=f"histogram: {message}"):
        ops.histogram(LINE, **settings)


def test_a_histogram_of_a_table():
    with pytest.raises(ValueError, match=r"histogram: `x` must be 1-D: use `ravel`. Received: x of shape \(1, 3\)"):
        ops.histogram(LINE[None])


def test_what_cannot_be_counted():
    with pytest.raises(TypeError, match=r"bincount: `x` must be of an integer dtype. Received: torch.float32"):
        ops.bincount(LINE)
    with pytest.raises(ValueError, match=r"bincount: `x` must not be negative. Received: an x with -2 in it"):
        ops.bincount([1, -2])
    assert ops.bincount([1, 3, 1], sparse=True).tolist() == [0, 2, 0, 1]


def test_what_cannot_be_correlated():
    with pytest.raises(ValueError, match=r"correlate: x1 and x2 must be 1-D. Received shapes \(1, 3\) and \(3,\)"):
        ops.correlate(LINE[None], LINE)
    with pytest.raises(ValueError, match=r"correlate: `mode` must be .*mode='half'"):
        ops.correlate(LINE, LINE, "half")
