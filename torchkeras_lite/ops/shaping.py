"""The same numbers in another shape, order or frame."""

from __future__ import annotations

import functools
import re

import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import Tensor, family, lifted, to_tensor
from torchkeras_lite.symbolic import KerasTensor, record

op = family("numpy")


def ndim(x):
    """How many axes `x` has: an integer, of a symbolic tensor too."""
    return x.ndim if hasattr(x, "ndim") else to_tensor(x).ndim


@op("Size")
def size(x):
    """How many numbers `x` holds, as a tensor without axes."""
    if not isinstance(x, Tensor):
        return lifted(size, x)
    return torch.full((), x.numel(), dtype=torch.int64, device=x.device)


# ---------------------------------------------------------------- shapes


@op("Reshape")
def reshape(x, newshape):
    """`x` in another shape (sizes, or one size); one size may be -1 and follows from the others.

    None, as the shape of a symbolic tensor has it where the size varies, keeps the size that `x` has at this place. If it is
    the only size that is open, it follows from the others.
    """
    if not isinstance(x, Tensor):
        return lifted(reshape, x, (newshape,) if isinstance(newshape, int) else tuple(newshape))
    if not isinstance(newshape, (tuple, list)):
        newshape = (newshape,) if isinstance(newshape, int) else tuple(to_tensor(newshape).reshape(-1).tolist())
    try:
        return torch.reshape(x, _filled(x, newshape) if None in newshape else newshape)
    except RuntimeError as error:
        if going_on.inferring and x.shape[:1] == (0,) and not {-1, None}.intersection(newshape):
            return x.new_zeros(newshape)  # a stand-in: how many rows fit is not known yet
        raise ValueError(
            f"`reshape` cannot bring `x` of shape {tuple(x.shape)} ({x.numel()} numbers) into `newshape`. Expected sizes whose "
            f"product is {x.numel()}, one of which may be -1. Received: newshape={tuple(newshape)}"
        ) from error


def _filled(x, newshape) -> list[int]:
    """Sizes for None in a new shape."""
    if -1 not in newshape and list(newshape).count(None) == 1:
        return [-1 if size is None else size for size in newshape]
    sizes = [x.shape[place] if size is None and place < x.ndim else size for place, size in enumerate(newshape)]
    if None in sizes:
        raise ValueError(
            f"`reshape` cannot know the sizes that are None. Received: x.shape={tuple(x.shape)}, newshape={tuple(newshape)}"
        )
    if -1 in sizes and newshape[0] is None and x.shape[0] == 0:
        # Without rows the open size could be any: it is what it would be with one.
        one = x.new_empty((1, *x.shape[1:]), device="meta").reshape([1, *sizes[1:]])
        return [0, *one.shape[1:]]
    return sizes


@op("Ravel")
def ravel(x):
    """All numbers of `x` in a row."""
    if not isinstance(x, Tensor):
        return lifted(ravel, x)
    return torch.ravel(x)


@op("View")
def view(x, dtype=None):
    """The same bytes, read as `dtype` (None: as they are). The last axis grows or shrinks with the size of a number."""
    if not isinstance(x, Tensor):
        return lifted(view, x, None if dtype is None else config.dtype_name(dtype))
    if dtype is None:
        return x
    try:
        return x.view(config.stored_dtype(dtype))
    except RuntimeError as error:
        raise ValueError(
            f"`view` cannot read `x` of shape {tuple(x.shape)} and dtype {config.dtype_name(x.dtype)} as "
            f"{config.dtype_name(dtype)}: {error}"
        ) from error


@op("BroadcastTo")
def broadcast_to(x, shape):
    """`x`, repeated along axes of size 1 and new axes in front, without a copy. None keeps a size."""
    if not isinstance(x, Tensor):
        return lifted(broadcast_to, x, shape if isinstance(shape, int) else tuple(shape))
    shape = (shape,) if isinstance(shape, int) else shape
    if None in shape:
        ahead = len(shape) - x.ndim
        shape = [x.shape[place - ahead] if size is None and place >= ahead else size for place, size in enumerate(shape)]
        if None in shape:
            raise ValueError(
                f"`broadcast_to` cannot know the size of a new axis that is None. Received: x.shape={tuple(x.shape)}, "
                f"shape={tuple(shape)}. The shape of a symbolic tensor has None where the size varies: call `broadcast_to` in "
                "a layer's `call()`, where shapes are real."
            )
    if going_on.inferring and x.shape[:1] == (0,) and 0 not in shape:
        x = x.new_zeros((1, *x.shape[1:]))  # a stand-in for a size that fits
    return torch.broadcast_to(x, shape)


@op("ExpandDims")
def expand_dims(x, axis):
    """Puts axes of size 1 where `axis` (an integer or several, places in the result) says."""
    if not isinstance(axis, (int, tuple, list)):
        raise ValueError(f"`expand_dims` expects an integer, tuple or list for `axis`. Received: axis={axis!r}")
    if not isinstance(x, Tensor):
        return lifted(expand_dims, x, axis)
    try:
        if isinstance(axis, int):
            return torch.unsqueeze(x, axis)
        ndim = x.ndim + len(axis)
        for each in sorted(range(ndim)[one] for one in axis):
            x = torch.unsqueeze(x, each)
    except IndexError as error:
        raise ValueError(f"`expand_dims` cannot put axes at {axis} of `x` of shape {tuple(x.shape)}.") from error
    return x


@op("Squeeze")
def squeeze(x, axis=None):
    """Drops the axes of size 1: all, or those named by `axis`."""
    if not isinstance(x, Tensor):
        return lifted(squeeze, x, axis)
    if axis is None:
        return torch.squeeze(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for each in axes:
        if x.shape[each] != 1:
            raise ValueError(f"`squeeze` cannot drop axis {each} of `x` of shape {tuple(x.shape)}: its size is not 1.")
    return torch.squeeze(x, axes)


# ---------------------------------------------------------------- order of axes


@op("Transpose")
def transpose(x, axes=None):
    """The axes of `x` in the order `axes`, or backwards."""
    if not isinstance(x, Tensor):
        return lifted(transpose, x, axes)
    try:
        return torch.permute(x, tuple(range(x.ndim - 1, -1, -1)) if axes is None else tuple(axes))
    except (RuntimeError, IndexError) as error:
        raise ValueError(
            f"`transpose` expects each axis of `x` once in `axes`. Received: x.shape={tuple(x.shape)}, axes={axes}"
        ) from error


@op("Swapaxes")
def swapaxes(x, axis1, axis2):
    """`x` with two axes exchanged."""
    if not isinstance(x, Tensor):
        return lifted(swapaxes, x, axis1, axis2)
    return torch.swapaxes(x, axis1, axis2)


@op("Moveaxis")
def moveaxis(x, source, destination):
    """The axes `source` (one or several) of `x` at the places `destination`; the others keep their order."""
    if not isinstance(source, int) and len(source) != len(destination):
        raise ValueError(
            f"`moveaxis` expects as many places as axes. Received: source={source}, destination={destination} (of other length)"
        )
    if not isinstance(x, Tensor):
        return lifted(moveaxis, x, source, destination)
    return torch.movedim(x, source, destination)


# ---------------------------------------------------------------- order of numbers


@op("Flip")
def flip(x, axis=None):
    """`x` backwards along `axis` (one or several; None: all)."""
    if not isinstance(x, Tensor):
        return lifted(flip, x, axis)
    if axis is None:
        axis = range(x.ndim)
    return torch.flip(x, (axis,) if isinstance(axis, int) else tuple(axis))


@op("Fliplr")
def fliplr(x):
    """`x` backwards along its second axis."""
    if not isinstance(x, Tensor):
        return lifted(fliplr, x)
    if x.ndim < 2:
        raise ValueError(f"`fliplr` expects `x` with two axes or more. Received: x.shape={tuple(x.shape)}")
    return torch.flip(x, (1,))


@op("Flipud")
def flipud(x):
    """`x` backwards along its first axis."""
    if not isinstance(x, Tensor):
        return lifted(flipud, x)
    if x.ndim < 1:
        raise ValueError("`flipud` expects `x` with one axis or more. Received: a tensor without axes.")
    return torch.flip(x, (0,))


@op("Rot90", tensors=("array",))
def rot90(array, k=1, axes=(0, 1)):
    """Turns `array` by k quarter turns, from the first of `axes` towards the second."""
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"`rot90` expects two different `axes`. Received: axes={axes}")
    if not isinstance(array, Tensor):
        return lifted(rot90, array, k, axes)
    if array.ndim < 2 or not all(-array.ndim <= axis < array.ndim for axis in axes):
        raise ValueError(f"`rot90` needs two axes to turn in. Received: array.shape={tuple(array.shape)}, axes={axes}")
    return torch.rot90(array, k, tuple(axes))


@op("Roll")
def roll(x, shift, axis=None):
    """Moves the numbers by `shift` places along `axis`, the last ones to the front. None: as if flattened."""
    if not isinstance(x, Tensor):
        return lifted(roll, x, shift, axis)
    if isinstance(shift, int) and isinstance(axis, (tuple, list)):
        shift = (shift,) * len(axis)
    return torch.roll(x, shift, axis)


# ---------------------------------------------------------------- frames


@op("Pad", tensors=("x", "constant_values"))
def pad(x, pad_width, mode="constant", constant_values=None):
    """`x` with a frame: `pad_width` numbers before and behind, ((before, behind), ...) for each axis or one pair for all.

    What the frame holds: "constant" (`constant_values`, 0 if None), "reflect" (mirrored at the last number), "symmetric"
    (mirrored behind it), "edge" (the last number), "wrap" (from the other side).
    """
    mode = mode.lower() if isinstance(mode, str) else mode  # TensorFlow's words are in capitals
    if constant_values is not None and mode != "constant":
        raise ValueError(f"Argument `constant_values` can only be provided when `mode == 'constant'`. Received: mode={mode!r}")
    if mode != "constant" and mode not in _MIRRORS:
        raise ValueError(f"`pad` expects one of {['constant', *_MIRRORS]} for `mode`. Received: mode={mode!r}")
    if not isinstance(x, Tensor):
        return lifted(pad, x, pad_width, mode, constant_values=constant_values)
    widths = _frame(x, pad_width)
    if mode == "constant":
        flat = [width for pair in reversed(widths) for width in pair]
        return F.pad(x, flat, value=constant_values)
    for axis, (before, behind) in enumerate(widths):
        if before or behind:
            places = torch.arange(-before, x.shape[axis] + behind, device=x.device)
            x = x.index_select(axis, _MIRRORS[mode](places, x.shape[axis]))
    return x


def _frame(x, pad_width) -> list[tuple[int, int]]:
    """A pair for each axis."""
    pairs = [pad_width] if isinstance(pad_width, int) else list(pad_width)
    if pairs and isinstance(pairs[0], int):
        pairs = [pairs * 2 if len(pairs) == 1 else pairs]
    pairs = [tuple(pair) * 2 if len(pair) == 1 else tuple(pair) for pair in pairs]
    if len(pairs) == 1:
        pairs *= x.ndim
    if len(pairs) != x.ndim or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            f"`pad` expects a pair of integers in `pad_width` for each axis of `x`, or one for all. "
            f"Received: pad_width={pad_width} and x.shape={tuple(x.shape)}"
        )
    return pairs


def _reflected(places, n):
    turn = max(2 * (n - 1), 1)
    return (n - 1 - (places % turn - (n - 1)).abs()).clamp(min=0)


def _mirrored(places, n):
    places = places % (2 * n)
    return torch.minimum(places, 2 * n - 1 - places)


_MIRRORS = {
    "reflect": _reflected,
    "symmetric": _mirrored,
    "edge": lambda places, n: places.clamp(0, n - 1),
    "wrap": lambda places, n: places % n,
}


# ---------------------------------------------------------------- words for shapes


@family("einops")("Rearrange", tensors=("tensor", "pattern"))
def rearrange(tensor, pattern, **axes_lengths):
    """Splits, orders and joins axes by names: "b (h two) c -> b h (two c)" with two=2.

    Axes in parentheses are one axis of the tensor, the last name running fastest; of these one size may be left out.
    """
    if isinstance(tensor, KerasTensor):
        return record(rearrange, (tensor, pattern), axes_lengths)
    tensor = to_tensor(tensor)
    groups, order, joined = _plan(pattern)
    if len(groups) != tensor.ndim:
        raise ValueError(
            f"`rearrange` expects an axis on the left for each of the tensor. Received: pattern={pattern!r} and a tensor of "
            f"shape {tuple(tensor.shape)}"
        )
    sizes: list[int] = []
    for group, size in zip(groups, tensor.shape, strict=True):
        sizes += _split_size(group, size, axes_lengths, pattern)
    parts = tensor.reshape(sizes).permute(order)
    if len(joined) == len(order):
        return parts
    ends = iter(parts.shape)
    return parts.reshape([_product(next(ends) for _ in range(count)) for count in joined])


@functools.lru_cache(1024)
def _plan(pattern: str):
    """Of a pattern: the names of each axis on the left, their order on the right, how many each axis there joins."""
    sides = pattern.split("->")
    groups = [[part.strip("()").split() for part in re.findall(r"\([^()]*\)|[^\s()]+", side)] for side in sides]
    names = [[name for group in side for name in group] for side in groups]
    if len(sides) != 2 or sorted(names[0]) != sorted(names[1]) or len(set(names[0])) != len(names[0]):
        raise ValueError(
            f"`rearrange` expects names of axes on both sides of '->', each once on each side. Received: pattern={pattern!r}"
        )
    return groups[0], [names[0].index(name) for name in names[1]], [len(group) for group in groups[1]]


def _split_size(group, size, lengths, pattern) -> list[int]:
    """The sizes of the axes that one axis of `size` is made of."""
    if len(group) == 1:
        return [size]
    known = _product(lengths[name] for name in group if name in lengths)
    missing = [name for name in group if name not in lengths]
    if len(missing) > 1 or known < 1 or size % known or (not missing and size != known):
        raise ValueError(
            f"`rearrange` cannot split an axis of size {size} into {group}. Received: pattern={pattern!r}, sizes {lengths}"
        )
    return [lengths.get(name, size // known) for name in group]


def _product(sizes) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product
