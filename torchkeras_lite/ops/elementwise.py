"""Arithmetic of one number at a time."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import BESIDE_INEXACT, INEXACT, Tensor, counted, family, floated, lifted, promoted, weak

op = family("numpy")


@op("Add", tensors=2)
def add(x1, x2):
    """x1 + x2. Booleans: or."""
    if not ((isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype) or weak(x2, x1) or weak(x1, x2)):
        return promoted(add, x1, x2)
    return torch.add(x1, x2)


@op("Subtract", tensors=2)
def subtract(x1, x2):
    """x1 - x2."""
    if not ((isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype) or weak(x2, x1) or weak(x1, x2)):
        return promoted(subtract, x1, x2)
    return torch.subtract(x1, x2)


@op("Multiply", tensors=2)
def multiply(x1, x2):
    """x1 * x2. Booleans: and."""
    if not ((isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype) or weak(x2, x1) or weak(x1, x2)):
        return promoted(multiply, x1, x2)
    return torch.multiply(x1, x2)


@op("Divide", tensors=2)
def divide(x1, x2):
    """x1 / x2, of integers too."""
    if not (
        (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT)
        or weak(x2, x1, BESIDE_INEXACT)
        or weak(x1, x2, BESIDE_INEXACT)
    ):
        return floated(divide, x1, x2)
    return torch.divide(x1, x2)


@op("TrueDivide", tensors=2)
def true_divide(x1, x2):
    """x1 / x2: `divide` under its longer name."""
    if not (
        (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT)
        or weak(x2, x1, BESIDE_INEXACT)
        or weak(x1, x2, BESIDE_INEXACT)
    ):
        return floated(true_divide, x1, x2)
    return torch.divide(x1, x2)


@op("DivideNoNan", tensors=2)
def divide_no_nan(x1, x2):
    """x1 / x2, and 0 where x2 is 0. The gradients there are 0 too."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(divide_no_nan, x1, x2)
    zero = x2 == 0
    return (x1 / x2.masked_fill(zero, 1)).masked_fill(zero, 0)


@op("FloorDivide", tensors=2)
def floor_divide(x1, x2):
    """The largest whole number that is not above x1 / x2."""
    if not ((isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype) or weak(x2, x1) or weak(x1, x2)):
        return promoted(floor_divide, x1, x2)
    return torch.div(x1, x2, rounding_mode="floor")


@op("Mod", tensors=2)
def mod(x1, x2):
    """What `floor_divide` leaves: x1 - x2 * floor(x1 / x2). It has the sign of x2."""
    if not (
        (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype is not torch.bool)
        or weak(x2, x1)
    ):
        return counted(mod, x1, x2)
    return torch.remainder(x1, x2)


@op("Fmod", tensors=2)
def fmod(x1, x2):
    """What division towards zero leaves: x1 - x2 * trunc(x1 / x2). It has the sign of x1."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype is not torch.bool):
        return counted(fmod, x1, x2)
    return torch.fmod(x1, x2)


@op("Power", tensors=2)
def power(x1, x2):
    """x1 to the power of x2."""
    if not ((isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype) or weak(x2, x1) or weak(x1, x2)):
        return promoted(power, x1, x2)
    return torch.pow(x1, x2)


@op("Square")
def square(x):
    """x * x."""
    if not (isinstance(x, Tensor) and x.dtype is not torch.bool):
        return counted(square, x)
    return torch.square(x)


@op("Negative")
def negative(x):
    """-x."""
    if not isinstance(x, Tensor):
        return lifted(negative, x)
    return torch.negative(x)


@op("Absolute")
def absolute(x):
    """The distance of x from zero."""
    if not isinstance(x, Tensor):
        return lifted(absolute, x)
    return x if x.dtype is torch.bool else torch.abs(x)


abs = absolute


@op("Fabs")
def fabs(x):
    """The distance of x from zero, as a floating number. Complex numbers are refused with a TypeError."""
    if not (isinstance(x, Tensor) and x.is_floating_point()):
        if isinstance(x, Tensor) and x.is_complex():
            raise TypeError(f"fabs() takes real numbers; `abs()` takes complex ones too. Received: x of {x.dtype}")
        return floated(fabs, x)
    return torch.abs(x)


@op("Reciprocal")
def reciprocal(x):
    """1 / x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(reciprocal, x)
    return torch.reciprocal(x)


@op("Sign")
def sign(x):
    """-1, 0 or 1: the sign of x; NaN of NaN (which torch takes for 0)."""
    if not isinstance(x, Tensor):
        return lifted(sign, x)
    signs = torch.sign(x)
    return torch.where(x.isnan(), x.detach(), signs) if x.is_floating_point() else signs


@op("Copy")
def copy(x):
    """The same values in memory of their own."""
    if not isinstance(x, Tensor):
        return lifted(copy, x)
    return torch.clone(x)


@op("Gcd", tensors=2)
def gcd(x1, x2):
    """The greatest common divisor of whole numbers."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(gcd, x1, x2)
    return torch.gcd(x1, x2)


@op("Lcm", tensors=2)
def lcm(x1, x2):
    """The least common multiple of whole numbers."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(lcm, x1, x2)
    return torch.lcm(x1, x2)
