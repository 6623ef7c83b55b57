import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops


@settings(max_examples=25, deadline=None, database=None)
@given(st.floats(-3, 3, width=32))
def test_the_error_function_its_complement_and_its_inverse(number):
    x = torch.tensor([number], dtype=torch.float64)
    torch.testing.assert_close(ops.erf(x) + ops.erfc(x), torch.ones_like(x))
    torch.testing.assert_close(ops.erfinv(ops.erf(x)), x, rtol=1e-6, atol=1e-6)


def test_they_are_no_functions_of_the_numpy_module():
    assert not any(hasattr(ops.numpy, name) for name in ("erf", "erfc", "erfinv", "rsqrt"))
    assert ops.numpy.i0 is ops.i0
