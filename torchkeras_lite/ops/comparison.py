"""Questions about one number or two, answered with booleans."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, lifted, promoted

op = family("numpy")
# On the right of a comparison torch takes Python's numbers as they are; and it compares tensors of two dtypes as Keras does.
_NUMBERS = (int, float, bool)


@op("Equal", tensors=2)
def equal(x1, x2):
    """x1 == x2."""
    if not (isinstance(x1, Tensor) and (isinstance(x2, Tensor) or type(x2) in _NUMBERS)):
        return promoted(equal, x1, x2)
    return torch.eq(x1, x2)


@op("NotEqual", tensors=2)
def not_equal(x1, x2):
    """x1 != x2."""
    if not (isinstance(x1, Tensor) and (isinstance(x2, Tensor) or type(x2) in _NUMBERS)):
        return promoted(not_equal, x1, x2)
    return torch.ne(x1, x2)


@op("Less", tensors=2)
def less(x1, x2):
    """x1 < x2."""
    if not (isinstance(x1, Tensor) and (isinstance(x2, Tensor) or type(x2) in _NUMBERS)):
        return promoted(less, x1, x2)
    return torch.lt(x1, x2)


@op("LessEqual", tensors=2)
def less_equal(x1, x2):
    """x1 <= x2."""
    if not (isinstance(x1, Tensor) and (isinstance(x2, Tensor) or type(x2) in _NUMBERS)):
        return promoted(less_equal, x1, x2)
    return torch.le(x1, x2)


@op("Greater", tensors=2)
def greater(x1, x2):
    """x1 > x2."""
    if not (isinstance(x1, Tensor) and (isinstance(x2, Tensor) or type(x2) in _NUMBERS)):
        return promoted(greater, x1, x2)
    return torch.gt(x1, x2)


@op("GreaterEqual", tensors=2)
def greater_equal(x1, x2):
    """x1 >= x2."""
    if not (isinstance(x1, Tensor) and (isinstance(x2, Tensor) or type(x2) in _NUMBERS)):
        return promoted(greater_equal, x1, x2)
    return torch.ge(x1, x2)


@op("LogicalAnd", tensors=2)
def logical_and(x1, x2):
    """Whether both are true; numbers are true unless 0."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return lifted(logical_and, x1, x2)
    return torch.logical_and(x1, x2)


@op("LogicalOr", tensors=2)
def logical_or(x1, x2):
    """Whether one at least is true; numbers are true unless 0."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return lifted(logical_or, x1, x2)
    return torch.logical_or(x1, x2)


@op("LogicalXor", tensors=2)
def logical_xor(x1, x2):
    """Whether exactly one is true; numbers are true unless 0."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return lifted(logical_xor, x1, x2)
    return torch.logical_xor(x1, x2)


@op("LogicalNot")
def logical_not(x):
    """Whether x is false; numbers are true unless 0."""
    if not isinstance(x, Tensor):
        return lifted(logical_not, x)
    return torch.logical_not(x)


@op("Isfinite")
def isfinite(x):
    """Whether x is neither nan nor infinite."""
    if not isinstance(x, Tensor):
        return lifted(isfinite, x)
    return torch.isfinite(x)


@op("Isinf")
def isinf(x):
    """Whether x is infinite."""
    if not isinstance(x, Tensor):
        return lifted(isinf, x)
    return torch.isinf(x)


@op("Isnan")
def isnan(x):
    """Whether x is nan."""
    if not isinstance(x, Tensor):
        return lifted(isnan, x)
    return torch.isnan(x)


@op("Isneginf")
def isneginf(x):
    """Whether x is minus infinity."""
    if not isinstance(x, Tensor):
        return lifted(isneginf, x)
    return torch.isneginf(x)


@op("Isposinf")
def isposinf(x):
    """Whether x is plus infinity."""
    if not isinstance(x, Tensor):
        return lifted(isposinf, x)
    return torch.isposinf(x)


@op("Signbit")
def signbit(x):
    """Whether x is written with a minus: so for -0.0 too."""
    if not isinstance(x, Tensor):
        return lifted(signbit, x)
    return torch.signbit(x)


@op("Isreal")
def isreal(x):
    """Whether x has no imaginary part."""
    if not isinstance(x, Tensor):
        return lifted(isreal, x)
    return torch.isreal(x)


@op("Isclose", tensors=("x1", "x2", "rtol", "atol"))
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether |x1 - x2| <= atol + rtol * |x2|; of whole numbers, whether they are equal. `equal_nan`: nan is close to nan."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(isclose, x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return torch.isclose(x1, x2, rtol, atol, equal_nan) if x1.dtype in INEXACT else torch.eq(x1, x2)


@op("AllClose", tensors=2)
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether `isclose` holds everywhere: a boolean tensor without axes, which stays on the device."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(allclose, x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return torch.all(torch.isclose(x1, x2, rtol, atol, equal_nan) if x1.dtype in INEXACT else torch.eq(x1, x2))
