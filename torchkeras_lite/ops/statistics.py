"""Quantiles, histograms and correlation."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted, to_tensor
from torchkeras_lite.ops.reductions import folded, with_kept_axes
from torchkeras_lite.promotion import common_dtype
from torchkeras_lite.symbolic import KerasTensor, is_symbolic

op = family("numpy")

# ---------------------------------------------------------------- quantiles


@op("Quantile", tensors=2)
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The number that a share `q` (0 to 1) of the numbers along `axis` does not exceed. Several q make a new first axis.

    `method`: what to answer between two numbers: "linear", "lower", "higher", "midpoint" or "nearest".
    """
    if not isinstance(x, Tensor) or isinstance(q, KerasTensor):
        return with_x_a_tensor(quantile, x, q, axis, method, keepdims)
    return quantiles(torch.quantile, x, q, 1, axis, method, keepdims)


@op("Percentile", tensors=2)
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile`, with `q` in percent."""
    if not isinstance(x, Tensor) or isinstance(q, KerasTensor):
        return with_x_a_tensor(percentile, x, q, axis, method, keepdims)
    return quantiles(torch.quantile, x, q, 100, axis, method, keepdims)


@op("Median")
def median(x, axis=None, keepdims=False):
    """The number in the middle along `axis`, or the mean of the two there."""
    if not isinstance(x, Tensor):
        return lifted(median, x, axis, keepdims)
    return quantiles(torch.quantile, x, 0.5, 1, axis, "linear", keepdims)


def with_x_a_tensor(function, x, q, *settings):
    """As `lifted`, but `q` keeps its Python numbers: how exact they must be says the dtype of `x`."""
    return lifted(function, x, q, *settings) if is_symbolic((x, q)) else function(to_tensor(x), q, *settings)


def quantiles(function, x, q, whole, axis, method, keepdims):
    """torch's `function` for the quantiles `q / whole`: it takes float32 and float64 only, and one axis or all."""
    dtype = x.dtype if x.dtype in INEXACT else config.torch_dtype(None)
    wide = torch.float64 if dtype is torch.float64 else torch.float32
    q = q / whole if isinstance(q, (int, float)) else to_tensor(q, wide, x.device) / whole
    x = x.to(wide)
    if axis is None or isinstance(axis, int):
        return function(x, q, axis, keepdims, interpolation=method).to(dtype)
    found = function(folded(x, axis), q, -1, interpolation=method).to(dtype)
    return with_kept_axes(found, x, axis) if keepdims else found


# ---------------------------------------------------------------- counts


@op("Histogram")
def histogram(x, bins=10, range=None):
    """How many numbers of the 1-D x lie in each of `bins` bins of equal width, and the bins + 1 edges, both in x's float dtype.

    `range`: a tuple of the lowest and the highest edge (None: the smallest and the largest number); what lies outside is left
    out. The highest edge belongs to the last bin.
    """
    if not isinstance(bins, int):
        raise TypeError(f"histogram: `bins` must be an integer. Received: bins={bins!r}")
    if bins < 1:
        raise ValueError(f"histogram: `bins` must be positive. Received: bins={bins}")
    if range and (not isinstance(range, (tuple, list)) or len(range) != 2 or range[1] < range[0]):
        raise ValueError(f"histogram: `range` must be a tuple of two numbers, the lower first. Received: range={range!r}")
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(histogram, x, bins, range)
    if x.ndim > 1:
        raise ValueError(f"histogram: `x` must be 1-D: use `ravel`. Received: x of shape {tuple(x.shape)}")
    low, high = range or (torch.aminmax(x) if x.numel() else (0.0, 1.0))
    flat = (low == high) / 2  # one number has bins around it too
    edges = torch.linspace(low - flat, high + flat, bins + 1, dtype=x.dtype, device=x.device)
    places = torch.bucketize(x.detach(), edges.detach(), right=True)
    places = torch.where(x == edges[-1], bins, places)
    # One place for what lies below and one for what lies above, both left out. Counted in integers, so that float16 is exact.
    counts = torch.zeros(bins + 2, dtype=torch.int64, device=x.device).scatter_add(0, places, torch.ones_like(places))
    return counts[1:-1].to(x.dtype), edges


@op("Bincount")
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each of 0, 1, 2, ... is met along the last axis of x (integers), or the sum of the `weights` there.

    Counts are int32, sums of the dtype in which x and the weights meet. The length is max(x) + 1, at least `minlength`: to know
    it, the device is waited for. `sparse`: what comes out is dense.
    """
    if not isinstance(x, Tensor):
        return lifted(bincount, x, weights, minlength, sparse)
    if x.dtype in INEXACT:
        raise TypeError(f"bincount: `x` must be of an integer dtype. Received: {x.dtype}")
    weights = to_tensor(weights, None, x.device)
    dtype = torch.int32 if weights is None else common_dtype((x, weights))
    places, longest = x.long(), minlength
    if x.numel():
        least, most = torch.stack(torch.aminmax(places)).tolist()
        if least < 0:
            raise ValueError(f"bincount: `x` must not be negative. Received: an x with {least} in it")
        longest = max(minlength, most + 1)
    weights = places.new_ones((), dtype=dtype).expand_as(places) if weights is None else weights.to(dtype)
    return weights.new_zeros((*x.shape[:-1], longest)).scatter_add(-1, places, weights)


# ---------------------------------------------------------------- correlation


@op("Corrcoef")
def corrcoef(x):
    """The correlation coefficients of the rows of x: (variables, samples) gives (variables, variables). int64 gives float64."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(corrcoef, x.double() if isinstance(x, Tensor) and x.dtype is torch.int64 else x)
    return torch.corrcoef(x)


@op("Correlate", tensors=2)
def correlate(x1, x2, mode="valid"):
    """c[k] = sum over n of x1[n + k] * x2[n], for 1-D x1 and x2.

    `mode`: the k at which the shorter lies fully in the longer ("valid"), at which they touch ("full"), or as many of these in
    the middle as the longer has numbers ("same").
    """
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(correlate, x1, x2, mode)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"correlate: x1 and x2 must be 1-D. Received shapes {tuple(x1.shape)} and {tuple(x2.shape)}")
    if mode not in ("valid", "same", "full"):
        raise ValueError(f'correlate: `mode` must be "valid", "same" or "full". Received: mode={mode!r}')
    if len(x1) < len(x2):
        return correlate(x2, x1, mode).flip(0)
    beyond = len(x2) - 1
    left, right = {"valid": (0, 0), "same": (len(x2) // 2, beyond - len(x2) // 2), "full": (beyond, beyond)}[mode]
    padded = torch.nn.functional.pad(x1, (left, right))
    return torch.nn.functional.conv1d(padded.view(1, 1, -1), x2.view(1, 1, -1)).flatten()
