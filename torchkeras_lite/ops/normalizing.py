"""Statistics along axes, and what is brought to a common size by them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from torchkeras_lite import config
from torchkeras_lite.notices import warn
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted

op = family("nn")

_HALF = torch.finfo(torch.float16).max


@op("Moments")
def moments(x, axes, keepdims=False, synchronized=False):
    """(mean, variance) over `axes` (an int, several, or None for all); the variance is the biased one."""
    if synchronized:
        raise NotImplementedError("moments: statistics of one process only. Received: synchronized=True")
    if not isinstance(x, Tensor):
        return lifted(moments, x, axes, keepdims)
    if x.dtype is torch.float16:  # sums and squares leave its range
        variance, mean = torch.var_mean(x.float(), axes, correction=0, keepdim=keepdims)
        return mean.clamp(-_HALF, _HALF).half(), variance.clamp(max=_HALF).half()
    variance, mean = torch.var_mean(_floating(x), axes, correction=0, keepdim=keepdims)
    return mean, variance


@op("BatchNorm", tensors=("x", "mean", "variance", "offset", "scale"))
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, with vectors of length `x.shape[axis]`."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT and _alike(x, mean, variance, offset, scale)):
        return floated(batch_normalization, x, mean, variance, axis, offset, scale, epsilon)
    size = (x.shape[axis],)
    for name, vector in (("mean", mean), ("variance", variance), ("offset", offset), ("scale", scale)):
        if vector is not None and vector.shape != size:
            raise ValueError(
                f"batch_normalization: `{name}` must be a vector of length `x.shape[axis]`, so of shape {size}. Received: "
                f"{name}.shape={tuple(vector.shape)}, x.shape={tuple(x.shape)}, axis={axis}"
            )
    shape = [1] * x.ndim
    shape[axis] = -1
    factor = torch.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    centered = x - mean.reshape(shape)
    if offset is None:
        return centered * factor.reshape(shape)
    return torch.addcmul(offset.reshape(shape), centered, factor.reshape(shape))


@op("LayerNorm", tensors=("x", "gamma", "beta"))
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, *, rms_scaling=False):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics over `axis` (an int or several).

    gamma and beta have the sizes of `axis`. `rms_scaling` (deprecated): x * gamma / sqrt(variance + epsilon). The dtype is that
    of x; what is smaller than float32 is computed in float32.
    """
    if not isinstance(x, Tensor) or not (_is_given(gamma) and _is_given(beta)):
        return lifted(layer_normalization, x, gamma, beta, axis, epsilon, rms_scaling=rms_scaling)
    if epsilon is None:
        epsilon = config.epsilon()
    if rms_scaling:
        warn(
            "layer_normalization: `rms_scaling=True` is deprecated, for it divides by the standard deviation and not by the "
            "root mean square. Use rms_normalization.",
        )
        return _scaled_by_deviation(x, gamma, axis, epsilon)
    if axis == -1 and x.is_floating_point() and _alike(x, gamma, beta):
        return F.layer_norm(x, x.shape[-1:], gamma, beta, epsilon)
    return _over_last(F.layer_norm, x, axis, (gamma, beta), epsilon)


@op("RMSNorm", tensors=("x", "scale"))
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """scale * x / sqrt(mean(x²) + epsilon), with the mean over `axis` (an int or several), which `scale` has the sizes of.

    The dtype is that of x; what is smaller than float32 is computed in float32. Source: Zhang and Sennrich 2019,
    arXiv:1910.07467.
    """
    if not isinstance(x, Tensor) or not _is_given(scale):
        return lifted(rms_normalization, x, scale, axis, epsilon)
    if epsilon is None:
        epsilon = config.epsilon()
    if axis == -1 and x.ndim and x.is_floating_point() and _alike(x, scale):
        return F.rms_norm(x, x.shape[-1:], scale, epsilon)
    return _over_last(F.rms_norm, x if x.ndim else x[None], axis, (scale,), epsilon)


def _over_last(function, x, axis, weights, epsilon):
    """A norm of torch's, which are over the last axes, over any, in float32 at least; the dtype is x's again."""
    axes = sorted(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis))
    last = tuple(range(-len(axes), 0))
    moved = x.movedim(axes, last).to(_computed(x))
    shape = moved.shape[-len(axes) :]
    weights = [None if weight is None else weight.to(moved.dtype).reshape(shape) for weight in weights]
    return function(moved, shape, *weights, epsilon).movedim(last, axes).to(x.dtype)


def _scaled_by_deviation(x, gamma, axis, epsilon):
    y = x.to(_computed(x))
    axes = [a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)]
    variance = y.var(axes, correction=0, keepdim=True)
    y = y * torch.rsqrt(variance + epsilon)
    if gamma is not None:
        y = y * gamma.to(y.dtype).reshape([size if a in axes else 1 for a, size in enumerate(x.shape)])
    return y.to(x.dtype)


@op("Normalize")
def normalize(x, axis=-1, order=2, epsilon=None):
    """x / max(norm(x), epsilon), with the norm of that `order` along `axis` (None: of all elements; two: of matrices)."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: Argument `order` must be an int >= 1. Received: order={order}")
    if not isinstance(x, Tensor):
        return lifted(normalize, x, axis, order, epsilon)
    if epsilon is None:
        epsilon = config.epsilon()
    x = _floating(x) if x.ndim else _floating(x)[None]
    if order == 2:
        norm = torch.linalg.vector_norm(x, 2, axis, keepdim=True)
    else:
        norm = torch.linalg.norm(x, order, axis, keepdim=True)
    return x / norm.clamp(min=epsilon)


@op("PSNR", tensors=2)
def psnr(x1, x2, max_val):
    """The peak signal-to-noise ratio of two images in decibels: 10 log10(max_val² / mean((x1 - x2)²))."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(psnr, x1, x2, max_val)
    if x1.shape != x2.shape:
        raise ValueError(
            f"psnr: both images must have the same shape. Received: x1.shape={tuple(x1.shape)}, x2.shape={tuple(x2.shape)}"
        )
    peak = torch.log10(max_val) if isinstance(max_val, Tensor) else math.log10(max_val)
    return 20 * peak - 10 * torch.log10((x1 - x2).square().mean())


@op("Polar", tensors=2)
def polar(abs_, angle):
    """The complex number abs_ * (cos(angle) + i sin(angle))."""
    if not (isinstance(abs_, Tensor) and isinstance(angle, Tensor) and abs_.dtype is angle.dtype and abs_.dtype in INEXACT):
        return floated(polar, abs_, angle)
    if abs_.dtype is not torch.float32 and abs_.dtype is not torch.float64:  # there are no smaller complex numbers
        abs_, angle = abs_.float(), angle.float()
    return torch.complex(abs_ * torch.cos(angle), abs_ * torch.sin(angle))  # torch.polar has no gradients unless abs_ > 0


# ---------------------------------------------------------------- dtypes


def _floating(x):
    return x if x.is_floating_point() else x.to(config.torch_dtype(None))


def _computed(x):
    """The dtype for statistics of x: float32 at least."""
    return torch.float64 if x.dtype is torch.float64 else torch.float32


def _is_given(weight):
    return weight is None or isinstance(weight, Tensor)


def _alike(x, *others):
    """Whether what is given of the others are tensors of the dtype of x."""
    return all(other is None or (isinstance(other, Tensor) and other.dtype is x.dtype) for other in others)
