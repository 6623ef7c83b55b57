import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

moderate = st.floats(-20, 20, width=32)


@settings(max_examples=25, deadline=None, database=None)
@given(moderate)
def test_inverses(number):
    x = torch.tensor([number], dtype=torch.float64)
    for there, back in ((ops.exp, ops.log), (ops.exp2, ops.log2), (ops.expm1, ops.log1p)):
        torch.testing.assert_close(back(there(x)), x, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ops.power(ops.cbrt(x), 3), x)


@settings(max_examples=25, deadline=None, database=None)
@given(moderate, moderate)
def test_logaddexp_of_products(a, b):
    x, y = torch.tensor([a], dtype=torch.float64), torch.tensor([b], dtype=torch.float64)
    torch.testing.assert_close(ops.logaddexp(x, y), ops.log(ops.exp(x) + ops.exp(y)))
    torch.testing.assert_close(ops.logaddexp2(x, y), ops.log2(ops.exp2(x) + ops.exp2(y)))


def test_an_integer_of_64_bits_has_its_root_in_64_bits():
    assert ops.cbrt(torch.tensor([2**60])).dtype is torch.float64
    assert ops.sqrt(torch.tensor([2**60])).dtype is torch.float32
