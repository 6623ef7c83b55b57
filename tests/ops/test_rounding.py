import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import KerasTensor, ops

numbers = st.floats(-1000, 1000, width=32)


@settings(max_examples=25, deadline=None, database=None)
@given(numbers)
def test_between_floor_and_ceil(number):
    assert ops.floor(number).item() == math.floor(number)
    assert ops.ceil(number).item() == math.ceil(number)
    assert ops.trunc(number).item() == math.trunc(number)
    assert ops.round(number).item() == round(number)


@settings(max_examples=25, deadline=None, database=None)
@given(numbers.filter(lambda number: abs(number) > 1e-30), st.integers(-20, 20))
def test_ldexp_moves_the_point(number, places):
    assert ops.ldexp(number, places).item() == math.ldexp(number, places)


@settings(max_examples=25, deadline=None, database=None)
@given(numbers, numbers)
def test_there_and_back_again(a, b):
    x, y = torch.tensor([a]), torch.tensor([b])
    neighbour = ops.nextafter(x, y)
    assert torch.equal(ops.nextafter(neighbour, x), x)
    assert (neighbour != x).item() == (a != b)


@pytest.mark.parametrize("exponent", [0.5, True, torch.tensor([1.0]), KerasTensor((2,))])
def test_exponents_must_be_integers(exponent):
    with pytest.raises(TypeError, match=r"ldexp.*integers.*x2"):
        ops.ldexp(torch.ones(2), exponent)


def test_large_integers_are_rounded_exactly():
    x = torch.tensor([2**24 + 1], dtype=torch.int32)
    assert ops.round(x) is x
    assert ops.round(x, decimals=-1).tolist() == [16777220]
