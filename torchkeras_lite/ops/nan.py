"""Reductions that pass over what is not a number. Where there is nothing else along the axis, they answer as of no numbers."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.cumulative import cumprod, cumsum
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted
from torchkeras_lite.ops.reductions import COUNTED, NO_AXES, amax, amin, prod
from torchkeras_lite.ops.sorting import argmax, argmin
from torchkeras_lite.ops.statistics import quantiles, with_x_a_tensor
from torchkeras_lite.symbolic import KerasTensor

op = family("numpy")


@op("Nanmax")
def nanmax(x, axis=None, keepdims=False):
    """`max` of the numbers along `axis`; nan where there are none."""
    if not isinstance(x, Tensor):
        return lifted(nanmax, x, axis, keepdims)
    if x.dtype not in INEXACT or axis in NO_AXES:
        return amax(x, axis, keepdims)
    missing = torch.isnan(x)
    found = torch.amax(x.masked_fill(missing, -math.inf), () if axis is None else axis, keepdims)
    return found.masked_fill(torch.all(missing, axis, keepdims), math.nan)


@op("Nanmin")
def nanmin(x, axis=None, keepdims=False):
    """`min` of the numbers along `axis`; nan where there are none."""
    if not isinstance(x, Tensor):
        return lifted(nanmin, x, axis, keepdims)
    if x.dtype not in INEXACT or axis in NO_AXES:
        return amin(x, axis, keepdims)
    missing = torch.isnan(x)
    found = torch.amin(x.masked_fill(missing, math.inf), () if axis is None else axis, keepdims)
    return found.masked_fill(torch.all(missing, axis, keepdims), math.nan)


@op("Nanargmax")
def nanargmax(x, axis=None, keepdims=False):
    """Where the largest number along `axis` stands, in int32; -1 where there is none."""
    if not isinstance(x, Tensor):
        return lifted(nanargmax, x, axis, keepdims)
    if x.dtype not in INEXACT:
        return argmax(x, axis, keepdims)
    missing = torch.isnan(x)
    found = torch.argmax(x.masked_fill(missing, -math.inf), axis, keepdims).to(torch.int32)
    return found.masked_fill(torch.all(missing, axis, keepdims), -1)


@op("Nanargmin")
def nanargmin(x, axis=None, keepdims=False):
    """Where the smallest number along `axis` stands, in int32; -1 where there is none."""
    if not isinstance(x, Tensor):
        return lifted(nanargmin, x, axis, keepdims)
    if x.dtype not in INEXACT:
        return argmin(x, axis, keepdims)
    missing = torch.isnan(x)
    found = torch.argmin(x.masked_fill(missing, math.inf), axis, keepdims).to(torch.int32)
    return found.masked_fill(torch.all(missing, axis, keepdims), -1)


@op("Nansum")
def nansum(x, axis=None, keepdims=False):
    """`sum` of the numbers along `axis`; 0 where there are none."""
    if not isinstance(x, Tensor):
        return lifted(nansum, x, axis, keepdims)
    if axis in NO_AXES:
        return x.masked_fill(torch.isnan(x), 0).to(COUNTED.get(x.dtype, x.dtype))
    return torch.nansum(x, axis, keepdims, dtype=COUNTED.get(x.dtype))


@op("Nanprod")
def nanprod(x, axis=None, keepdims=False):
    """`prod` of the numbers along `axis`; 1 where there are none."""
    if not isinstance(x, Tensor):
        return lifted(nanprod, x, axis, keepdims)
    return prod(x.masked_fill(torch.isnan(x), 1), axis, keepdims)


@op("Nancumsum")
def nancumsum(x, axis=None, dtype=None):
    """`cumsum`, with 0 for what is not a number."""
    if not isinstance(x, Tensor):
        return lifted(nancumsum, x, axis, None if dtype is None else config.dtype_name(dtype))
    return cumsum(x.masked_fill(torch.isnan(x), 0), axis, dtype)


@op("Nancumprod")
def nancumprod(x, axis=None, dtype=None):
    """`cumprod`, with 1 for what is not a number."""
    if not isinstance(x, Tensor):
        return lifted(nancumprod, x, axis, None if dtype is None else config.dtype_name(dtype))
    return cumprod(x.masked_fill(torch.isnan(x), 1), axis, dtype)


@op("Nanmean")
def nanmean(x, axis=None, keepdims=False):
    """`mean` of the numbers along `axis`; nan where there are none."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(nanmean, x, axis, keepdims)
    if axis in NO_AXES:
        return x
    return torch.nanmean(x, axis, keepdims)


@op("Nanvar")
def nanvar(x, axis=None, keepdims=False):
    """`var` of the numbers along `axis`; nan where there are none."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(nanvar, x, axis, keepdims)
    if axis in NO_AXES:
        return x - x.detach()  # nan where x is
    missing = torch.isnan(x)
    # Filled before the square: nan times a gradient of 0 would be nan.
    squares = (x - torch.nanmean(x, axis, True)).masked_fill(missing, 0).square()
    return torch.sum(squares, axis, keepdims) / torch.sum(~missing, axis, keepdims)


@op("Nanstd")
def nanstd(x, axis=None, keepdims=False):
    """The square root of `nanvar`."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(nanstd, x, axis, keepdims)
    found = nanvar(x, axis, keepdims)
    flat = found == 0  # there the root has no gradient: it is 0, as of torch.std
    return torch.sqrt(found.masked_fill(flat, 1)).masked_fill(flat, 0)


@op("Nanquantile", tensors=2)
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile` of the numbers along `axis`; nan where there are none."""
    if not isinstance(x, Tensor) or isinstance(q, KerasTensor):
        return with_x_a_tensor(nanquantile, x, q, axis, method, keepdims)
    return quantiles(torch.nanquantile, x, q, 1, axis, method, keepdims)


@op("Nanpercentile", tensors=2)
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """`nanquantile`, with `q` in percent."""
    if not isinstance(x, Tensor) or isinstance(q, KerasTensor):
        return with_x_a_tensor(nanpercentile, x, q, axis, method, keepdims)
    return quantiles(torch.nanquantile, x, q, 100, axis, method, keepdims)


@op("Nanmedian")
def nanmedian(x, axis=None, keepdims=False):
    """`median` of the numbers along `axis`; nan where there are none."""
    if not isinstance(x, Tensor):
        return lifted(nanmedian, x, axis, keepdims)
    return quantiles(torch.nanquantile, x, 0.5, 1, axis, "linear", keepdims)
