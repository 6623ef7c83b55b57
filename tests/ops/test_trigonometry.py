import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

sides = st.floats(-1000, 1000, width=32).filter(lambda side: abs(side) > 1e-3)


@settings(max_examples=25, deadline=None, database=None)
@given(sides, sides)
def test_triangles(height, width):
    angle, length = ops.arctan2(height, width), ops.hypot(height, width)
    torch.testing.assert_close(length * ops.sin(angle), torch.tensor(height), rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(length * ops.cos(angle), torch.tensor(width), rtol=1e-4, atol=1e-3)


@settings(max_examples=25, deadline=None, database=None)
@given(st.floats(-0.96875, 0.96875, width=32))
def test_inverses(number):
    x = torch.tensor([number], dtype=torch.float64)
    for there, back in ((ops.arcsin, ops.sin), (ops.arccos, ops.cos), (ops.arctan, ops.tan)):
        torch.testing.assert_close(back(there(x)), x)
    for there, back in ((ops.arcsinh, ops.sinh), (ops.arctanh, ops.tanh), (ops.deg2rad, ops.rad2deg)):
        torch.testing.assert_close(back(there(x)), x)
    torch.testing.assert_close(ops.cosh(ops.arccosh(x + 2)), x + 2)


def test_half_a_turn():
    assert ops.deg2rad(180.0).item() == torch.tensor(math.pi).item()
    assert ops.angle([-1.0, 1.0]).tolist() == [torch.tensor(math.pi).item(), 0.0]
