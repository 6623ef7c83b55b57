"""Sums, products, differences and areas along an axis, from each number to the next."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted, to_tensor

op = family("numpy")


@op("Cumsum")
def cumsum(x, axis=None, dtype=None):
    """For each place the sum of all numbers up to it, along `axis` (None: of the flattened x), in `dtype` (None: x's)."""
    if not isinstance(x, Tensor):
        return lifted(cumsum, x, axis, None if dtype is None else config.dtype_name(dtype))
    dtype = x.dtype if dtype is None else config.torch_dtype(dtype)
    if dtype is torch.bool:
        dtype = torch.int32
    return torch.cumsum(x.flatten() if axis is None else x, axis or 0, dtype=dtype)


@op("Cumprod")
def cumprod(x, axis=None, dtype=None):
    """For each place the product of all numbers up to it, along `axis` (None: of the flattened x), in `dtype` (None: x's)."""
    if not isinstance(x, Tensor):
        return lifted(cumprod, x, axis, None if dtype is None else config.dtype_name(dtype))
    dtype = x.dtype if dtype is None else config.torch_dtype(dtype)
    if dtype is torch.bool:
        dtype = torch.int32
    return torch.cumprod(x.flatten() if axis is None else x, axis or 0, dtype=dtype)


@op("Diff")
def diff(a, n=1, axis=-1):
    """Each number's successor less itself, `n` times over: `axis` becomes n shorter. Booleans: whether they differ."""
    if not isinstance(a, Tensor):
        return lifted(diff, a, n, axis)
    return torch.diff(a, n, axis)


@op("Trapezoid")
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The area under straight lines from each `y` to the next: sum((y[i] + y[i+1]) / 2 * (x[i+1] - x[i])).

    `x`: the places of all y, 1-D or of the shape of y; without it they lie `dx` apart.
    """
    if not (isinstance(y, Tensor) and y.dtype in INEXACT):
        return floated(trapezoid, y, x, dx, axis)
    if x is not None:
        x = to_tensor(x, None, y.device)
        return torch.trapezoid(y, x if x.dtype in INEXACT else x.to(y.dtype), dim=axis)
    return torch.trapezoid(y, dx=dx, dim=axis) if isinstance(dx, (int, float)) else torch.trapezoid(y, dim=axis) * dx
