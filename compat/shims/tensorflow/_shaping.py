"""Other shapes, and other orders: `tf.reshape`, `tf.concat`, `tf.split`, `tf.pad`, `tf.transpose` and their kin."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import ops
from torchkeras_lite.symbolic import KerasTensor, record
from torchkeras_lite.variable import Variable

from ._creation import cast, given
from ._tensors import TensorShape, sizes, torch_dtype
from ._text import Texts, is_text

__all__ = [
    "argsort", "broadcast_dynamic_shape", "broadcast_static_shape", "broadcast_to", "concat", "ensure_shape", "expand_dims",
    "pad", "rank", "repeat", "reshape", "reverse", "reverse_sequence", "roll", "searchsorted", "shape", "size", "sort",
    "split", "squeeze", "stack", "tile", "transpose", "unique", "unique_with_counts", "unstack",
]  # fmt: skip


def shape(input, out_type="int32", name=None):
    """The sizes as a tensor, which lies on the host. Of a symbolic tensor: a tuple, with None for what is not known yet."""
    x = given(input)
    if isinstance(x, KerasTensor):
        return x.shape
    return torch.tensor(x.shape, dtype=torch_dtype(out_type), device="cpu")


def size(input, out_type="int32", name=None):
    """How many numbers there are."""
    x = given(input)
    return cast(ops.size(x), out_type) if not is_text(x) else torch.tensor(np.size(x), dtype=torch_dtype(out_type))


def rank(input, name=None):
    """How many axes there are."""
    return torch.tensor(len(given(input).shape), dtype=torch.int32, device="cpu")


def ensure_shape(x, shape, name=None):
    """x; ValueError if its shape is another. None allows any size."""
    x = given(x)
    if not TensorShape(shape).is_compatible_with(x.shape):
        raise ValueError(f"Shape must be {TensorShape(shape)} but is {tuple(x.shape)}.")
    return x


def broadcast_static_shape(shape_x, shape_y) -> TensorShape:
    return TensorShape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


def broadcast_dynamic_shape(shape_x, shape_y):
    return torch.tensor(np.broadcast_shapes(sizes(shape_x), sizes(shape_y)), dtype=torch.int32)


# ---------------------------------------------------------------- axes


def reshape(tensor, shape, name=None):
    """The tensor in another shape, one of whose sizes may be -1."""
    x = given(tensor)
    return x.reshape(sizes(shape)) if is_text(x) else ops.reshape(x, sizes(shape))


def expand_dims(input, axis, name=None):
    x = given(input)
    return Texts(np.expand_dims(x, int(axis))) if is_text(x) else ops.expand_dims(x, int(axis))


def squeeze(input, axis=None, name=None):
    """Without the axes of size 1, or without these."""
    axis = list(map(int, axis)) if isinstance(axis, (list, tuple)) else axis
    return ops.squeeze(given(input), axis=axis or None if isinstance(axis, list) else axis)


def transpose(a, perm=None, conjugate=False, name=None):
    """Axes in another order: the last first, or as `perm` says."""
    x = ops.transpose(given(a), None if perm is None else sizes(perm))
    return ops.conj(x) if conjugate else x


def broadcast_to(input, shape, name=None):
    return ops.broadcast_to(given(input), sizes(shape))


def reverse(tensor, axis, name=None):
    return ops.flip(given(tensor), sizes(axis))


def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=None, name=None):
    """Of each row the first `seq_lengths[row]` places along `seq_axis` backwards, and then the rest as it was."""
    x, lengths = given(input), given(seq_lengths)
    if isinstance(x, KerasTensor) or isinstance(lengths, KerasTensor):
        return record(reverse_sequence, (x, lengths, seq_axis, batch_axis), {})
    rows, steps = (batch_axis or 0) % x.ndim, seq_axis % x.ndim
    place = torch.arange(x.shape[steps], device=x.device).expand(x.shape[rows], -1)
    lengths = lengths.to(x.device).long().unsqueeze(1)
    place = torch.where(place < lengths, lengths - 1 - place, place)
    if rows > steps:
        place = place.T
    sizes_of_both = [size if axis in (rows, steps) else 1 for axis, size in enumerate(x.shape)]
    return x.gather(steps, place.reshape(sizes_of_both).expand(x.shape))


def roll(input, shift, axis, name=None):
    """Moved along axes; what falls off one end comes in at the other."""
    shift, axis = ((each if isinstance(each, int) else sizes(each)) for each in (shift, axis))
    return ops.roll(given(input), shift, axis)


# ---------------------------------------------------------------- together and apart


def _each(values):
    """The parts of a list of tensors, of a tensor along its first axis, or of a nested list of numbers."""
    if isinstance(values, (torch.Tensor, KerasTensor, Variable)):
        return list(ops.unstack(given(values), axis=0))
    return [given(value) for value in values]


def concat(values, axis, name=None):
    """Tensors one after the other along an axis."""
    if isinstance(values, (torch.Tensor, Variable)):
        return given(values)
    parts = [given(value) for value in values]
    if is_text(parts[0]):
        return Texts(np.concatenate(parts, axis=int(axis)))
    if all(isinstance(part, torch.Tensor) for part in parts):
        return torch.cat([part.to(parts[0].device) for part in parts], int(axis))  # `tf.shape(x)` lies on the host
    return ops.concatenate(parts, axis=int(axis))


def stack(values, axis=0, name=None):
    """Tensors side by side along a new axis."""
    parts = _each(values)
    return Texts(np.stack(parts, axis=axis)) if parts and is_text(parts[0]) else ops.stack(parts, axis=axis)


def unstack(value, num=None, axis=0, name=None):
    """The parts along an axis, as a list of tensors without it."""
    return list(ops.unstack(given(value), num=num, axis=axis))


def split(value, num_or_size_splits, axis=0, num=None, name=None):
    """So many equal parts along an axis, or parts of these sizes, one of which may be -1: a list."""
    x, axis = given(value), int(axis)
    if isinstance(num_or_size_splits, int) or getattr(num_or_size_splits, "ndim", 1) == 0:
        return list(ops.split(x, int(num_or_size_splits), axis=axis))
    parts = list(sizes(num_or_size_splits))
    if -1 in parts:
        parts[parts.index(-1)] = x.shape[axis] - sum(parts) - 1
    if x.shape[axis] is not None and sum(parts) != x.shape[axis]:
        raise ValueError(f"The parts of axis {axis} must make up its size, {x.shape[axis]}. Received: {num_or_size_splits}")
    return list(ops.split(x, np.cumsum(parts)[:-1].tolist(), axis=axis))


def tile(input, multiples, name=None):
    """The tensor so many times along each axis."""
    x = given(input)
    return Texts(np.tile(x, sizes(multiples))) if is_text(x) else ops.tile(x, sizes(multiples))


def repeat(input, repeats, axis=None, name=None):
    """Each part along an axis so many times (None: each number of the flattened tensor)."""
    repeats = int(repeats) if isinstance(repeats, int) or getattr(repeats, "ndim", 1) == 0 else given(repeats)
    if isinstance(repeats, torch.Tensor) and repeats.numel() == 1:
        repeats = int(repeats)
    x = given(input)
    return ops.repeat(x if len(x.shape) else ops.reshape(x, (1,)), repeats, axis=axis)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """The tensor with so much in front of and behind each axis: a value, or ("REFLECT", "SYMMETRIC") its own reflection."""
    paddings = paddings.tolist() if isinstance(paddings, torch.Tensor) else paddings
    widths = [tuple(map(int, pair)) for pair in paddings]
    mode = mode.lower()
    return ops.pad(given(tensor), widths, mode, **({"constant_values": constant_values} if mode == "constant" else {}))


# ---------------------------------------------------------------- in order


def sort(values, axis=-1, direction="ASCENDING", name=None):
    return ops.flip(ops.sort(given(values), axis), axis) if _descends(direction) else ops.sort(given(values), axis)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """The places from which to take the values in order, in int32; equal ones keep theirs."""
    x = given(values)
    if not _descends(direction):
        return ops.argsort(x, axis)
    return torch.argsort(x, dim=axis, descending=True, stable=True).to(torch.int32)


def _descends(direction) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"Unknown direction: {direction!r}. Expected 'ASCENDING' or 'DESCENDING'.")
    return direction == "DESCENDING"


def searchsorted(sorted_sequence, values, side="left", out_type="int32", name=None):
    """Where the values would go so that the sequence stays sorted."""
    found = torch.searchsorted(given(sorted_sequence).contiguous(), given(values).contiguous(), right=side == "right")
    return found.to(torch_dtype(out_type))


def unique(x, out_idx="int32", name=None):
    """The different values in the order in which they come first, and for each place which of them it is: `(y, idx)`."""
    return unique_with_counts(x, out_idx)[:2]


def unique_with_counts(x, out_idx="int32", name=None):
    """As `unique`, and how often each is there."""
    x = given(x)
    values = x.tolist()
    order: dict = {}
    which = [order.setdefault(value, len(order)) for value in values]
    first = np.unique(which, return_index=True)[1].tolist()
    counts = np.bincount(which, minlength=len(order)).tolist()
    kind = torch_dtype(out_idx)
    return x[first], torch.tensor(which, dtype=kind), torch.tensor(counts, dtype=kind)
