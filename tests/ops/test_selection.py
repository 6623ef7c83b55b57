import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import KerasTensor, ops

numbers = st.floats(-5, 5, width=32)


@settings(max_examples=25, deadline=None, database=None)
@given(numbers, numbers, numbers)
def test_clip_is_the_middle_of_three(number, low, high):
    low, high = min(low, high), max(low, high)
    x = torch.tensor([number])
    assert ops.clip(x, low, high).item() == sorted([number, low, high])[1]
    assert torch.equal(ops.clip(x, low, high), ops.minimum(ops.maximum(x, low), high))


@settings(max_examples=25, deadline=None, database=None)
@given(numbers, numbers)
def test_where_chooses_the_larger(a, b):
    x, y = torch.tensor([a]), torch.tensor([b])
    assert torch.equal(ops.where(x > y, x, y), ops.maximum(x, y))
    assert torch.equal(ops.where(x > y, y, x), ops.fmin(x, y))


def test_clip_without_one_end():
    x = torch.tensor([-1.0, 2.0])
    assert ops.clip(x, None, 1.0).tolist() == [-1.0, 1.0]
    assert ops.clip(x, torch.tensor([0.0, 3.0]), None).tolist() == [0.0, 3.0]


@pytest.mark.parametrize("condition", [torch.tensor([True, False]), KerasTensor((2,), dtype="bool")])
@pytest.mark.parametrize("given", [{"x1": 1.0}, {"x2": 1.0}])
def test_where_with_one_of_two(condition, given):
    with pytest.raises(ValueError, match=r"where: `x1` and `x2` either both should be `None`"):
        ops.where(condition, **given)


def test_places_of_a_drawn_condition():
    x = KerasTensor((2, 3), "bool")
    assert ops.where(x).shape == (2, None) and ops.where(KerasTensor((None, 3, 1), "bool")).shape == (3, None)


def test_no_gradient_is_nan_where_the_other_one_is_chosen():
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    ops.where(x > 0, ops.sqrt(ops.maximum(x, 1e-6)), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]
    y = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    ops.heaviside(torch.tensor([-1.0, 0.0, 2.0]), y).sum().backward()
    assert y.grad.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("args", [(4, None), (None, torch.ones(2))], ids=repr)
@pytest.mark.parametrize("name", ["minimum", "maximum", "add"])
def test_nothing_is_no_tensor(name, args):
    with pytest.raises(TypeError, match=f"`{name}` takes tensors and numbers. Received: .*None"):
        getattr(ops, name)(*args)
