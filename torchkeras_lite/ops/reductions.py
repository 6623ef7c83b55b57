"""Many numbers to one, along some axes.

`axis` is None (all axes), a number or several; `keepdims` leaves sizes of 1 where axes went. `axis=()` reduces nothing, and
only the dtype changes (torch would take it for all axes).
"""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted

op = family("numpy")
NO_AXES = ((), [])
# Small integers are summed in int32, as Keras does, not in int64 like torch's.
COUNTED = dict.fromkeys((torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32), torch.int32)


def folded(x, axis):
    """`x` with the axes to be reduced gathered into one, the last."""
    if axis is None:
        return x.flatten()
    if isinstance(axis, int):
        return x.movedim(axis, -1)
    return x.movedim(tuple(axis), tuple(range(-len(axis), 0))).flatten(-len(axis)) if axis else x.unsqueeze(-1)


def with_kept_axes(y, x, axis):
    """`y`, which a reduction of `folded(x, axis)` gave, with sizes of 1 for the reduced axes. Axes in front of them stay."""
    axes = (axis,) if isinstance(axis, int) else range(x.ndim) if axis is None else axis
    axes = {each % x.ndim for each in axes}
    front = y.shape[: y.ndim - (x.ndim - len(axes))]
    return y.reshape(front + tuple(1 if place in axes else size for place, size in enumerate(x.shape)))


# ---------------------------------------------------------------- truth


@op("All")
def all(x, axis=None, keepdims=False):
    """Whether all numbers along `axis` are other than 0. Of none: True."""
    if not isinstance(x, Tensor):
        return lifted(all, x, axis, keepdims)
    if axis in NO_AXES:
        return x.to(torch.bool)
    return torch.all(x, axis, keepdims).to(torch.bool)  # torch answers uint8 with uint8


@op("Any")
def any(x, axis=None, keepdims=False):
    """Whether some number along `axis` is other than 0. Of none: False."""
    if not isinstance(x, Tensor):
        return lifted(any, x, axis, keepdims)
    if axis in NO_AXES:
        return x.to(torch.bool)
    return torch.any(x, axis, keepdims).to(torch.bool)


@op("CountNonzero")
def count_nonzero(x, axis=None):
    """How many numbers along `axis` are other than 0, in int32."""
    if not isinstance(x, Tensor):
        return lifted(count_nonzero, x, axis)
    if axis in NO_AXES:
        return (x != 0).to(torch.int32)
    return torch.sum(x != 0, axis, dtype=torch.int32)


# ---------------------------------------------------------------- extremes


@op("Amax")
def amax(x, axis=None, keepdims=False):
    """The largest number along `axis`. Equal ones share the gradient."""
    if not isinstance(x, Tensor):
        return lifted(amax, x, axis, keepdims)
    if axis in NO_AXES:
        return x
    return torch.amax(x, () if axis is None else axis, keepdims)


@op("Amin")
def amin(x, axis=None, keepdims=False):
    """The smallest number along `axis`. Equal ones share the gradient."""
    if not isinstance(x, Tensor):
        return lifted(amin, x, axis, keepdims)
    if axis in NO_AXES:
        return x
    return torch.amin(x, () if axis is None else axis, keepdims)


@op("Max")
def max(x, axis=None, keepdims=False, initial=None):
    """The largest number along `axis`, and at least `initial`, which alone can answer where there are no numbers."""
    if not isinstance(x, Tensor):
        return lifted(max, x, axis, keepdims, initial)
    if initial is not None or x.numel() == 0 or axis in NO_AXES:
        return _extreme("max", amax, torch.maximum, x, axis, keepdims, initial)
    return torch.amax(x, () if axis is None else axis, keepdims)


@op("Min")
def min(x, axis=None, keepdims=False, initial=None):
    """The smallest number along `axis`, and at most `initial`, which alone can answer where there are no numbers."""
    if not isinstance(x, Tensor):
        return lifted(min, x, axis, keepdims, initial)
    if initial is not None or x.numel() == 0 or axis in NO_AXES:
        return _extreme("min", amin, torch.minimum, x, axis, keepdims, initial)
    return torch.amin(x, () if axis is None else axis, keepdims)


def _extreme(name, function, of_two, x, axis, keepdims, initial):
    if 0 in (x.shape if axis is None else [x.shape[each] for each in ((axis,) if isinstance(axis, int) else axis)]):
        if initial is None:
            raise ValueError(
                f"{name}: an `x` of shape {tuple(x.shape)} has no numbers along axis={axis}. Say with `initial` what to answer."
            )
        return torch.sum(x, axis, keepdims, dtype=x.dtype).fill_(initial)  # zeros of the right shape
    found = function(x, axis, keepdims)
    if initial is None:
        return found
    return of_two(found, initial.to(x.dtype) if isinstance(initial, Tensor) else found.new_full((), initial))


@op("Ptp")
def ptp(x, axis=None, keepdims=False):
    """The largest number along `axis` less the smallest (peak to peak)."""
    if not isinstance(x, Tensor):
        return lifted(ptp, x, axis, keepdims)
    if axis in NO_AXES:
        return torch.zeros_like(x)
    axis = () if axis is None else axis
    return torch.amax(x, axis, keepdims) - torch.amin(x, axis, keepdims)


# ---------------------------------------------------------------- sums


@op("Sum")
def sum(x, axis=None, keepdims=False):
    """The sum along `axis`; booleans and integers of up to 32 bits give int32."""
    if not isinstance(x, Tensor):
        return lifted(sum, x, axis, keepdims)
    if axis in NO_AXES:
        return x.to(COUNTED.get(x.dtype, x.dtype))
    return torch.sum(x, axis, keepdims, dtype=COUNTED.get(x.dtype))


@op("Prod")
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product along `axis`, computed in `dtype`; booleans and integers of up to 32 bits give int32."""
    if not isinstance(x, Tensor):
        return lifted(prod, x, axis, keepdims, None if dtype is None else config.dtype_name(dtype))
    dtype = COUNTED.get(x.dtype, x.dtype) if dtype is None else config.torch_dtype(dtype)
    if isinstance(axis, int):
        return torch.prod(x, axis, keepdims, dtype=dtype)
    found = torch.prod(folded(x, axis), -1, dtype=dtype)  # torch's takes one axis
    return with_kept_axes(found, x, axis) if keepdims else found


@op("Mean")
def mean(x, axis=None, keepdims=False):
    """The mean along `axis`."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(mean, x, axis, keepdims)
    if axis in NO_AXES:
        return x
    return torch.mean(x, axis, keepdims)


@op("Var")
def var(x, axis=None, keepdims=False):
    """The mean squared distance from the mean along `axis` (divided by n, not by n - 1)."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(var, x, axis, keepdims)
    if axis in NO_AXES:
        return torch.zeros_like(x)
    if x.numel() == 0:
        return torch.mean(x, axis, keepdims)  # nan too, without torch's warning
    return torch.var(x, axis, correction=0, keepdim=keepdims)


@op("Std")
def std(x, axis=None, keepdims=False):
    """The square root of `var`."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(std, x, axis, keepdims)
    if axis in NO_AXES:
        return torch.zeros_like(x)
    if x.numel() == 0:
        return torch.mean(x, axis, keepdims)
    return torch.std(x, axis, correction=0, keepdim=keepdims)


@op("Average", tensors=("x", "weights"))
def average(x, axis=None, weights=None):
    """sum(x * weights) / sum(weights) along `axis`. `weights` are of the shape of `x`, or 1-D for the one axis."""
    if not (
        isinstance(x, Tensor)
        and x.dtype in INEXACT
        and (weights is None or (isinstance(weights, Tensor) and weights.dtype is x.dtype))
    ):
        return floated(average, x, axis, weights)
    if weights is not None and weights.shape != x.shape:
        if not isinstance(axis, int) or weights.shape != x.shape[axis : axis + 1 or None]:
            raise ValueError(
                f"average: expected `weights` of the shape of `x`, {tuple(x.shape)}, or, with an integer `axis`, 1-D weights "
                f"for that axis. Received: weights of shape {tuple(weights.shape)}, axis={axis}"
            )
        weights = weights.reshape([-1 if place == axis % x.ndim else 1 for place in range(x.ndim)])
    if axis in NO_AXES:
        return x
    if weights is None:
        return torch.mean(x, axis)
    return torch.sum(x * weights, axis) / torch.sum(weights, axis)


@family("math")("Logsumexp")
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) along `axis`, without overflow. Of none: -inf."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(logsumexp, x, axis, keepdims)
    if axis in NO_AXES:
        return x
    return torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)
