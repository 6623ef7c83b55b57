"""Running sums and differences: laws and errors."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

NUMBERS = st.lists(st.integers(-1000, 1000), min_size=1, max_size=20).map(torch.tensor)


@settings(max_examples=50, deadline=None)
@given(NUMBERS)
def test_differences_undo_sums(x):
    assert torch.equal(ops.diff(ops.cumsum(x)), x[1:])


@settings(max_examples=50, deadline=None)
@given(NUMBERS)
def test_the_last_running_sum_is_the_sum(x):
    assert torch.equal(ops.cumsum(x)[-1], ops.sum(x))


@settings(max_examples=50, deadline=None)
@given(NUMBERS)
def test_areas_of_places_a_step_apart(y):
    places = 0.5 * torch.arange(len(y))
    torch.testing.assert_close(ops.trapezoid(y, places), ops.trapezoid(y, dx=torch.tensor(0.5)))


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_an_unknown_dtype(name):
    with pytest.raises(ValueError, match="foo"):
        getattr(ops, name)([1, 2], dtype="foo")


def test_a_negative_number_of_differences():
    with pytest.raises(RuntimeError, match="non-negative"):
        ops.diff([1, 2], n=-1)
