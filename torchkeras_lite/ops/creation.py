"""Tensors out of nothing, or like another one: filled, counted, evenly spaced, windows and grids."""

from __future__ import annotations

import math
import operator

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import Tensor, family, lifted, promoted, to_tensor
from torchkeras_lite.promotion import common_dtype
from torchkeras_lite.symbolic import KerasTensor

op = family("numpy")
_NUMBERS = (int, float)


@op("Array")
def array(x, dtype=None):
    """`x` (a number, list, array, Variable or tensor) as a tensor of `dtype`; None keeps what it has."""
    if isinstance(x, KerasTensor):
        return lifted(array, x, _named(dtype))
    return to_tensor(x, None if dtype is None else config.torch_dtype(dtype))


# ---------------------------------------------------------------- filled


def zeros(shape, dtype=None):
    """Zeros of `shape` (sizes, or one size), in `dtype` (None: `floatx()`)."""
    try:
        return torch.zeros(shape, dtype=config.torch_dtype(dtype), device=config.get_device())
    except TypeError as error:
        raise _no_shape("zeros", shape) from error


def ones(shape, dtype=None):
    """Ones of `shape` (sizes, or one size), in `dtype` (None: `floatx()`)."""
    try:
        return torch.ones(shape, dtype=config.torch_dtype(dtype), device=config.get_device())
    except TypeError as error:
        raise _no_shape("ones", shape) from error


def empty(shape, dtype=None):
    """Memory of `shape` (sizes, or one size), whatever stands in it, in `dtype` (None: `floatx()`)."""
    try:
        return torch.empty(shape, dtype=config.torch_dtype(dtype), device=config.get_device())
    except TypeError as error:
        raise _no_shape("empty", shape) from error


@op("Full", tensors=("fill_value",))
def full(shape, fill_value, dtype=None):
    """`shape` filled with `fill_value`, a number or a tensor that broadcasts to it; in `dtype` (None: `floatx()`)."""
    shape = (shape,) if isinstance(shape, int) else shape
    if isinstance(fill_value, _NUMBERS):
        try:
            return torch.full(shape, fill_value, dtype=config.torch_dtype(dtype), device=config.get_device())
        except TypeError as error:
            raise _no_shape("full", shape) from error
    if not isinstance(fill_value, Tensor):
        return lifted(full, tuple(shape), fill_value, _named(dtype))
    return _spread(fill_value, shape, config.torch_dtype(dtype))


@op("ZerosLike")
def zeros_like(x, dtype=None):
    """Zeros in the shape and dtype (or `dtype`) of `x`."""
    if not isinstance(x, Tensor):
        return lifted(zeros_like, x, _named(dtype))
    return torch.zeros_like(x, dtype=x.dtype if dtype is None else config.torch_dtype(dtype))


@op("OnesLike")
def ones_like(x, dtype=None):
    """Ones in the shape and dtype (or `dtype`) of `x`."""
    if not isinstance(x, Tensor):
        return lifted(ones_like, x, _named(dtype))
    return torch.ones_like(x, dtype=x.dtype if dtype is None else config.torch_dtype(dtype))


@op("EmptyLike")
def empty_like(x, dtype=None):
    """Memory in the shape and dtype (or `dtype`) of `x`, whatever stands in it."""
    if not isinstance(x, Tensor):
        return lifted(empty_like, x, _named(dtype))
    return torch.empty_like(x, dtype=x.dtype if dtype is None else config.torch_dtype(dtype))


@op("FullLike", tensors=2)
def full_like(x, fill_value, dtype=None):
    """`fill_value` (a number, or a tensor that broadcasts) in the shape and dtype (or `dtype`) of `x`."""
    if not (isinstance(x, Tensor) and isinstance(fill_value, (Tensor, *_NUMBERS))):
        return lifted(full_like, x, fill_value, _named(dtype))
    dtype = x.dtype if dtype is None else config.torch_dtype(dtype)
    if isinstance(fill_value, Tensor):
        return _spread(fill_value, x.shape, dtype)
    return torch.full_like(x, fill_value, dtype=dtype)


def _spread(value, shape, dtype):
    """Memory of its own, so that writing into one place does not show in others."""
    return value.to(dtype).expand(shape).clone(memory_format=torch.contiguous_format)


def _named(dtype):
    """A dtype as files spell it."""
    return None if dtype is None else config.dtype_name(dtype)


def _no_shape(name, shape):
    if isinstance(shape, (tuple, list)) and None in shape:
        return TypeError(
            f"`{name}` needs to know all sizes. Received: shape={tuple(shape)}. The shape of a symbolic tensor has None where "
            f"the size varies: use `{name}_like` on a part of that tensor, or call `{name}` in a layer's `call()`, where "
            "shapes are real."
        )
    return TypeError(f"`{name}` expects a tuple of integers for `shape`. Received: shape={shape!r} (of type {type(shape)})")


# ---------------------------------------------------------------- matrices


def eye(N, M=None, k=0, dtype=None):
    """N x M (None: N x N) zeros with ones on the k-th diagonal (above the main one if positive), in `dtype` or `floatx()`."""
    for name, size in (("N", N), ("M", M)):
        if isinstance(size, float) or (isinstance(size, Tensor) and size.is_floating_point()):
            raise TypeError(f"`eye` expects an integer for `{name}`. Received: {name}={size!r} (of type {type(size)})")
    made = zeros((operator.index(N), operator.index(N if M is None else M)), dtype)
    made.diagonal(k or 0).fill_(1)
    return made


def identity(n, dtype=None):
    """The n x n unit matrix, in `dtype` (None: `floatx()`)."""
    return eye(n, dtype=dtype)


def tri(N, M=None, k=0, dtype=None):
    """N x M (None: N x N) ones on and below the k-th diagonal, zeros above; in `dtype` (None: `floatx()`)."""
    return ones((N, N if M is None else M), dtype).tril_(k)


@op("Vander")
def vander(x, N=None, increasing=False):
    """Powers of each number of `x` (n,) in a row: (n, N), from the (N - 1)-th down to the 0-th, or up. N: n if None."""
    if N is not None and not isinstance(N, int):
        raise TypeError(f"`vander` expects an integer for `N`. Received: N={N!r} (of type {type(N)})")
    if N is not None and N < 0:
        raise ValueError(f"`vander` expects at least 0 powers. Received: N={N}")
    if not isinstance(increasing, bool):
        raise TypeError(f"`vander` expects a bool for `increasing`. Received: {increasing!r} (of type {type(increasing)})")
    if not isinstance(x, Tensor):
        return lifted(vander, x, N, increasing)
    if x.ndim != 1:
        raise ValueError(f"`vander` expects `x` with one axis. Received: x.shape={tuple(x.shape)}")
    powers = torch.arange(len(x) if N is None else N, device=x.device, dtype=x.dtype)
    return torch.pow(x.unsqueeze(-1), powers if increasing else powers.flip(0))  # torch.vander has no gradient


# ---------------------------------------------------------------- spaced


def arange(start, stop=None, step=None, dtype=None):
    """start, start + step, ... up to before `stop`; `arange(n)` counts 0 ... n - 1. Integers make int32."""
    given = [value for value in (start, stop, step) if value is not None]
    if any(isinstance(value, KerasTensor) for value in given):
        raise TypeError(f"`arange` cannot know how long it becomes: its arguments are symbolic. Received: {given}")
    dtype = common_dtype(given) if dtype is None else config.torch_dtype(dtype)
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    try:
        return torch.arange(start, stop, step, dtype=dtype, device=config.get_device())
    except RuntimeError as error:
        if step == 0:
            raise ValueError(f"`arange` expects a `step` other than 0. Received: {given}") from error
        if (stop - start) * step >= 0:
            raise
        return torch.empty(0, dtype=dtype, device=config.get_device())  # the step leads away from `stop`


@op("Linspace", tensors=2)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` evenly spaced numbers from `start` to `stop` (without it if not `endpoint`), along a new `axis`.

    start and stop may be tensors that broadcast. `retstep`: returns the step too. Whole numbers are rounded down.
    """
    numbers = isinstance(start, _NUMBERS) and isinstance(stop, _NUMBERS)
    if not (numbers or (isinstance(start, Tensor) and isinstance(stop, Tensor) and start.dtype is stop.dtype)):
        return promoted(linspace, start, stop, num, endpoint, retstep, _named(dtype), axis)
    target = _spaced_dtype(start, dtype)
    made = _between(start, stop, num, endpoint, target if target.is_floating_point else torch.float64, axis)
    if not target.is_floating_point:
        made = made.floor().to(target)
    if not retstep:
        return made
    parts = num - 1 if endpoint else num
    return made, (stop - start) / parts if parts > 0 else math.nan * (stop - start)


@op("Logspace", tensors=2)
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """`base` to the power of `linspace(start, stop, num, endpoint)`."""
    numbers = isinstance(start, _NUMBERS) and isinstance(stop, _NUMBERS)
    if not (numbers or (isinstance(start, Tensor) and isinstance(stop, Tensor) and start.dtype is stop.dtype)):
        return promoted(logspace, start, stop, num, endpoint, base, _named(dtype), axis)
    target = _spaced_dtype(start, dtype)
    return torch.pow(base, _between(start, stop, num, endpoint, _exact(target), axis)).to(target)


@op("Geomspace", tensors=2)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """start (stop / start)^t for `num` even steps of t from 0 to 1 (without 1 if not `endpoint`), along a new `axis`."""
    numbers = isinstance(start, _NUMBERS) and isinstance(stop, _NUMBERS)
    if not (numbers or (isinstance(start, Tensor) and isinstance(stop, Tensor) and start.dtype is stop.dtype)):
        return promoted(geomspace, start, stop, num, endpoint, _named(dtype), axis)
    target = _spaced_dtype(start, dtype)
    if not numbers:
        start, stop = torch.broadcast_tensors(start.to(_exact(target)), stop.to(_exact(target)))
    t = _between(0.0, 1.0, num, endpoint, _exact(target), 0).reshape(-1, *[1] * getattr(start, "ndim", 0))
    made = (start * torch.pow(stop / start, t)).to(target)
    return made if axis == 0 else made.movedim(0, axis)


def _spaced_dtype(start, dtype) -> torch.dtype:
    """The dtype asked for, else that of floats, else `floatx()`."""
    if dtype is None and isinstance(start, Tensor) and start.is_floating_point():
        return start.dtype
    return config.torch_dtype(dtype)


def _exact(dtype) -> torch.dtype:
    """What powers of this dtype are computed in: 16 bits of an exponent are too few."""
    if not dtype.is_floating_point:
        return torch.float64
    return torch.float32 if dtype.itemsize < 4 else dtype


def _between(start, stop, num, endpoint, dtype, axis):
    parts = max(num - 1 if endpoint else num, 1)
    if not isinstance(start, Tensor):
        last = stop if endpoint or num < 1 else stop - (stop - start) / num
        return torch.linspace(start, last, num, dtype=dtype, device=config.get_device())
    start, stop = torch.broadcast_tensors(start.to(dtype), stop.to(dtype))
    weights = torch.arange(num, dtype=dtype, device=start.device) / parts
    made = torch.lerp(start, stop, weights.reshape(-1, *[1] * start.ndim))
    return made if axis == 0 else made.movedim(0, axis)


@op("Meshgrid", tensors=("x",))
def meshgrid(*x, indexing="xy"):
    """A grid of coordinates: as many tensors as arguments (each flattened), with an axis for each argument.

    The first two axes are swapped for "xy" (columns first), and not for "ij".
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"`meshgrid` expects 'xy' or 'ij' for `indexing`. Received: indexing={indexing!r}")
    for each in x:
        if not isinstance(each, Tensor):
            return lifted(meshgrid, *x, indexing=indexing)
    sizes = [each.numel() for each in x]
    swap = indexing == "xy" and len(x) > 1
    grids = []
    for place, each in enumerate(x):
        grid = each.reshape([-1 if place == other else 1 for other in range(len(x))]).expand(sizes)
        grids.append(grid.swapaxes(0, 1) if swap else grid)
    return tuple(grids)


# ---------------------------------------------------------------- windows


def bartlett(x):
    """The triangle over `x` points that is zero at both ends: 1 - |2 n / (x - 1) - 1|."""
    return torch.signal.windows.bartlett(_points("bartlett", x), dtype=config.torch_dtype(None), device=config.get_device())


def blackman(x):
    """0.42 - 0.5 cos(2 pi n / (x - 1)) + 0.08 cos(4 pi n / (x - 1)) over `x` points."""
    return torch.signal.windows.blackman(_points("blackman", x), dtype=config.torch_dtype(None), device=config.get_device())


def hamming(x):
    """0.54 - 0.46 cos(2 pi n / (x - 1)) over `x` points."""
    return torch.signal.windows.hamming(_points("hamming", x), dtype=config.torch_dtype(None), device=config.get_device())


def hanning(x):
    """0.5 - 0.5 cos(2 pi n / (x - 1)) over `x` points."""
    return torch.signal.windows.hann(_points("hanning", x), dtype=config.torch_dtype(None), device=config.get_device())


def kaiser(x, beta):
    """I0(beta sqrt(1 - (2 n / (x - 1) - 1)^2)) / I0(beta) over `x` points, with the Bessel function I0."""
    points = _points("kaiser", x)
    return torch.signal.windows.kaiser(points, beta=float(beta), dtype=config.torch_dtype(None), device=config.get_device())


def _points(name, x) -> int:
    if isinstance(x, KerasTensor):
        raise TypeError(f"`{name}` cannot know how long it becomes: `x` is symbolic. Received: x={x}")
    return int(x) if getattr(x, "shape", None) == () else operator.index(x)  # a scalar of any dtype
