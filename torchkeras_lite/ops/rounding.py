"""Whole numbers near a number, and floating numbers as machines hold them."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted, together

op = family("numpy")


@op("Ceil")
def ceil(x):
    """The least whole number that is not below x, as a floating number."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(ceil, x)
    return torch.ceil(x)


@op("Floor")
def floor(x):
    """The largest whole number that is not above x, as a floating number."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(floor, x)
    return torch.floor(x)


@op("Trunc")
def trunc(x):
    """x without its fraction: the nearest whole number towards zero."""
    if not isinstance(x, Tensor):
        return lifted(trunc, x)
    return x if x.dtype is torch.bool else torch.trunc(x)


@op("Round")
def round(x, decimals=0):
    """The nearest number with so many decimals (negative: tens, hundreds, ...); of two equally near ones the even one."""
    if not isinstance(x, Tensor):
        return lifted(round, x, decimals)
    if x.dtype in INEXACT:
        return torch.round(x, decimals=decimals)
    return x if decimals >= 0 else torch.round(x.double(), decimals=decimals).to(x.dtype)


@op("Nextafter", tensors=2)
def nextafter(x1, x2):
    """The floating number next to x1 on the way to x2."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(nextafter, x1, x2)
    return torch.nextafter(x1, x2)


@op("Ldexp", tensors=2)
def ldexp(x1, x2):
    """x1 * 2**x2. x2 must be integers, else a TypeError."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return lifted(ldexp, x1, x2)
    if x2.dtype in INEXACT or x2.dtype is torch.bool:
        raise TypeError(f"ldexp() needs integers for its exponents `x2`. Received: x2 of {x2.dtype}")
    if x1.dtype not in INEXACT:
        x1 = together([x1], float)[0]
    powers = torch.pow(2.0, x2.double() if x1.dtype is torch.float64 else x2)  # in float32, unless x2 says otherwise
    return (x1 * powers).to(x1.dtype)
