"""Reductions over holes: laws."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

NUMBERS = st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=10)
HOLES = st.lists(st.just(math.nan), max_size=5)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, HOLES, st.randoms())
@pytest.mark.parametrize("name", "max min sum prod mean var std median".split())
def test_holes_change_nothing(name, numbers, holes, random):
    mixed = numbers + holes
    random.shuffle(mixed)
    torch.testing.assert_close(getattr(ops, f"nan{name}")(mixed), getattr(ops, name)(numbers), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", "nanmax nanmin nansum nanprod nanmean nanvar nanstd nanmedian".split())
def test_holes_have_no_gradient(name):
    x = torch.tensor([[1.0, math.nan, 3.0, 2.0]], requires_grad=True)
    getattr(ops, name)(x, axis=1).sum().backward()
    assert x.grad[0, 1] == 0 and bool(ops.all(ops.isfinite(x.grad)))
