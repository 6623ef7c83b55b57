import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

whole, places = st.integers(-1000, 1000), st.integers(0, 12)


@settings(max_examples=25, deadline=None, database=None)
@given(whole, whole)
def test_of_de_morgan(a, b):
    x, y = torch.tensor([a]), torch.tensor([b])
    assert torch.equal(ops.bitwise_not(ops.bitwise_and(x, y)), ops.bitwise_or(ops.bitwise_invert(x), ops.bitwise_invert(y)))
    assert torch.equal(ops.bitwise_xor(x, y) + 2 * ops.bitwise_and(x, y), x + y)


@settings(max_examples=25, deadline=None, database=None)
@given(whole, places)
def test_shifts_are_products_and_quotients(a, y):
    for up, down in ((ops.left_shift, ops.right_shift), (ops.bitwise_left_shift, ops.bitwise_right_shift)):
        assert up(a, y).item() == a * 2**y
        assert down(torch.tensor(a), y).item() == a // 2**y
        assert down(up(a, y), y).item() == a


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_not"])
def test_floating_numbers_have_no_bits(name):
    x = torch.ones(2)
    with pytest.raises(NotImplementedError, match="Float"):  # as in Keras on torch: it is torch that refuses
        getattr(ops, name)(*[x] * (1 if name == "bitwise_not" else 2))
