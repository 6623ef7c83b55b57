"""Parts of tensors by their places: `tf.gather`, `tf.where`, `tf.boolean_mask`, `tf.scatter_nd`, `tf.slice` and their kin."""

from __future__ import annotations

import torch

from torchkeras_lite import ops

from ._creation import given
from ._tensors import sizes
from ._text import Texts, is_text

__all__ = [
    "boolean_mask", "dynamic_partition", "dynamic_stitch", "gather", "gather_nd", "scatter_nd", "slice", "strided_slice",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max", "tensor_scatter_nd_min", "tensor_scatter_nd_sub", "tensor_scatter_nd_update", "where",
]  # fmt: skip


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """The parts of `params` along `axis` (the first behind the batch) that the indices name.

    The shape is `params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]`; the first `batch_dims` axes of
    both belong together.
    """
    x, indices = given(params), given(indices)
    if is_text(x):
        return x[indices.tolist()] if axis in (None, 0) else Texts(x.take(indices.numpy(), axis=axis))
    if not batch_dims:
        return ops.take(x, indices, axis=0 if axis is None else int(axis))
    count = batch_dims if batch_dims >= 0 else batch_dims + indices.ndim
    axis = count if axis is None else int(axis) % x.ndim
    found = x.movedim(axis, count)[(*_batch(indices, count), indices.long())]
    inner = range(indices.ndim - count)
    return found.movedim([count + i for i in inner], [axis + i for i in inner])


def _batch(indices, count):
    """For each of the first axes the numbers along it, in a shape that broadcasts with `indices`."""
    made = []
    for axis in range(count):
        numbers = torch.arange(indices.shape[axis], device=indices.device)
        made.append(numbers.reshape([-1 if i == axis else 1 for i in range(indices.ndim)]))
    return made


def gather_nd(params, indices, batch_dims=0, name=None):
    """The parts at places whose first coordinates stand along the last axis of `indices`."""
    x, indices = given(params), given(indices)
    if not batch_dims:
        return x[tuple(indices.long().unbind(-1))] if indices.shape[-1] else x.expand(*indices.shape[:-1], *x.shape)
    return x[(*_batch(indices[..., 0], batch_dims), *indices.long().unbind(-1))]


def boolean_mask(tensor, mask, axis=None, name="boolean_mask"):
    """The parts where the mask, which lies along the axes from `axis` (0) on, is true."""
    x, mask = given(tensor), given(mask)
    if is_text(x):
        return Texts(x[mask.cpu().numpy()])
    mask = mask if mask.dtype is torch.bool else mask.bool()
    return x[(*[_ALL] * (axis or 0), mask.to(x.device))]


_ALL = slice(None)


def dynamic_partition(data, partitions, num_partitions, name=None):
    """A list of `num_partitions` tensors: the parts of `data` whose number in `partitions` is 0, 1, ..."""
    x, numbers = given(data), given(partitions)
    return [boolean_mask(x, numbers == i) for i in range(int(num_partitions))]


def dynamic_stitch(indices, data, name=None):
    """The parts in the tensors `data` at their places in `indices`; of several at one place the last counts."""
    places = torch.cat([given(each).long().reshape(-1) for each in indices])
    parts = [given(part).reshape(-1, *given(part).shape[given(each).ndim :]) for each, part in zip(indices, data, strict=True)]
    parts = torch.cat(parts)
    last = torch.zeros(int(places.max()) + 1 if len(places) else 0, dtype=torch.int64, device=parts.device)
    last = last.scatter_reduce(0, places, torch.arange(len(places), device=parts.device), "amax")
    found = parts[last]
    missing = torch.ones(len(last), dtype=torch.bool, device=parts.device).index_fill(0, places, False)
    return found.masked_fill(missing.reshape(-1, *[1] * (found.ndim - 1)), 0)


def where(condition, x=None, y=None, name=None):
    """x where the condition holds, else y. Without both: the places where it holds, of shape (how many, axes), in int64."""
    condition = given(condition)
    if x is None and y is None:
        return torch.argwhere(condition)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return ops.where(condition, given(x), given(y))


# ---------------------------------------------------------------- changed


def scatter_nd(indices, updates, shape, name=None):
    """Zeros, and the updates at their places; those at one place are added."""
    return ops.scatter(given(indices), given(updates), sizes(shape))


def _scattered(reduction, sign=1):
    def scatter(tensor, indices, updates, name=None):
        tensor, indices, updates = given(tensor), given(indices), given(updates)
        depth = indices.shape[-1]
        updates = updates.reshape(-1, *tensor.shape[depth:])
        return ops.scatter_update(tensor, indices.reshape(-1, depth), updates * sign if sign < 0 else updates, reduction)

    return scatter


tensor_scatter_nd_update = _scattered(None)
tensor_scatter_nd_add = _scattered("add")
tensor_scatter_nd_sub = _scattered("add", -1)
tensor_scatter_nd_max = _scattered("max")
tensor_scatter_nd_min = _scattered("min")


def strided_slice(input_, begin, end, strides=None, name=None):
    """`input_[begin[0]:end[0]:strides[0], begin[1]:...]`."""
    begin, end = sizes(begin), sizes(end)
    steps = [1] * len(begin) if strides is None else sizes(strides)
    return given(input_)[tuple(_of(*each) for each in zip(begin, end, steps, strict=True))]


_of = slice


def slice(input_, begin, size, name=None):
    """From these places on, so many along each axis; -1 is all that is left."""
    return given(input_)[tuple(_of(b, None if s == -1 else b + s) for b, s in zip(sizes(begin), sizes(size), strict=True))]
