import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import KerasTensor, Variable, config, ops

whole = st.integers(-1000, 1000)


def test_aliases_are_the_same_object():
    assert ops.abs is ops.absolute
    assert ops.numpy.abs is ops.abs


def test_fabs_refuses_complex_numbers():
    with pytest.raises(TypeError, match=r"fabs.*complex64"):
        ops.fabs(torch.tensor([1 + 1j]))
    with pytest.raises(TypeError, match=r"fabs.*complex64"):
        ops.fabs(KerasTensor((2,), dtype="complex64"))


@pytest.mark.parametrize("function", [ops.subtract, ops.negative])
def test_booleans_have_no_minus(function):
    x = torch.tensor([True, False])
    with pytest.raises(RuntimeError, match="bool"):
        function(*[x] * (2 if function is ops.subtract else 1))


@pytest.mark.parametrize("wrong", ["a", object()])
def test_what_is_no_number(wrong):
    with pytest.raises((ValueError, TypeError, RuntimeError)):
        ops.add(torch.ones(2), wrong)


def test_variables_and_gradients():
    variable, x = Variable([1.0, 2.0]), torch.tensor([3.0, 4.0], requires_grad=True)
    y = ops.multiply(variable, x)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]
    assert variable.value.grad.tolist() == [3.0, 4.0]


def test_a_divisor_of_zero_gives_zero_and_no_nan_in_the_gradients():
    x, y = (torch.tensor(values, requires_grad=True) for values in ([1.0, 2.0], [0.0, 4.0]))
    quotient = ops.divide_no_nan(x, y)
    quotient.sum().backward()
    assert quotient.tolist() == [0.0, 0.5]
    assert x.grad.tolist() == [0.0, 0.25]
    assert y.grad.tolist() == [0.0, -0.125]


def test_integers_that_are_divided_become_floatx():
    before = config.floatx()
    try:
        config.set_floatx("float64")
        whole = torch.tensor([1, 2])
        for y in (ops.divide(whole, 2), ops.divide(1, 3), ops.sin(whole), ops.exp(whole), ops.add(whole, 0.5)):
            assert y.dtype is torch.float64
        assert ops.divide(1, 3).item() == 1 / 3
    finally:
        config.set_floatx(before)


@settings(max_examples=25, deadline=None, database=None)
@given(whole, whole.filter(bool))
def test_quotient_and_remainder_make_the_number_again(a, b):
    assert ops.floor_divide(a, b).item() == a // b
    assert ops.mod(a, b).item() == a % b
    assert (ops.floor_divide(a, b) * b + ops.mod(a, b)).item() == a


@settings(max_examples=25, deadline=None, database=None)
@given(whole, whole)
def test_common_divisor_and_multiple(a, b):
    assert (ops.gcd(a, b) * ops.lcm(a, b)).item() == abs(a * b)


@settings(max_examples=25, deadline=None, database=None)
@given(st.floats(-100, 100, width=32), st.floats(-100, 100, width=32))
def test_a_number_is_the_same_beside_a_tensor_as_a_tensor(a, b):
    x, y = torch.tensor([a]), torch.tensor([b])
    for function in (ops.add, ops.subtract, ops.multiply, ops.maximum, ops.divide_no_nan, ops.arctan2):
        torch.testing.assert_close(function(x, b), function(x, y), rtol=0, atol=0, equal_nan=True)
        torch.testing.assert_close(function(a, y), function(x, y), rtol=0, atol=0, equal_nan=True)
