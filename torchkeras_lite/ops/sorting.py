"""Putting in order, and finding places: of the largest, of the k largest, of a value among sorted ones."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import Tensor, counted, family, lifted
from torchkeras_lite.symbolic import open_size

op = family("numpy")
math_op = family("math")


@op("Argmax")
def argmax(x, axis=None, keepdims=False):
    """Where the largest number along `axis` stands (None: in the flattened x), the first of equal ones, in int32."""
    if not isinstance(x, Tensor):
        return lifted(argmax, x, axis, keepdims)
    if x.dtype is torch.bool:
        x = x.to(torch.uint8)  # torch compares no booleans
    return torch.argmax(x, axis, keepdims).to(torch.int32)


@op("Argmin")
def argmin(x, axis=None, keepdims=False):
    """Where the smallest number along `axis` stands (None: in the flattened x), the first of equal ones, in int32."""
    if not isinstance(x, Tensor):
        return lifted(argmin, x, axis, keepdims)
    if x.dtype is torch.bool:
        x = x.to(torch.uint8)
    return torch.argmin(x, axis, keepdims).to(torch.int32)


@op("Sort")
def sort(x, axis=-1):
    """x in ascending order along `axis` (None: flattened); nan comes last."""
    if not isinstance(x, Tensor):
        return lifted(sort, x, axis)
    if axis is None:
        x, axis = x.flatten(), 0
    if x.dtype is torch.bool:
        return torch.sort(x.to(torch.uint8), axis).values.to(torch.bool)
    return torch.sort(x, axis).values


@op("Argsort")
def argsort(x, axis=-1):
    """The places, in int32, from which to take x along `axis` (None: flattened) for ascending order; equal ones keep theirs."""
    if not isinstance(x, Tensor):
        return lifted(argsort, x, axis)
    if axis is None:
        x, axis = x.flatten(), 0
    if x.dtype is torch.bool:
        x = x.to(torch.uint8)
    return torch.argsort(x, dim=axis, stable=True).to(torch.int32)


@op("Argpartition")
def argpartition(x, kth, axis=-1):
    """The places, in int32, from which to take x along `axis` (None: flattened) so that none in front of the `kth` is larger.

    Everything is sorted, which is a partition for each `kth`.
    """
    if not isinstance(kth, int):
        raise ValueError(f"argpartition: `kth` must be an integer. Received: kth={kth!r}")
    if not isinstance(x, Tensor):
        return lifted(argpartition, x, kth, axis)
    if axis is None:
        x, axis = x.flatten(), 0
    if not -x.shape[axis] <= kth < x.shape[axis]:
        raise ValueError(f"argpartition: axis {axis} of `x` has {x.shape[axis]} numbers. Received: kth={kth}")
    if x.dtype is torch.bool:
        x = x.to(torch.uint8)
    return torch.argsort(x, dim=axis, stable=True).to(torch.int32)


@op("SearchSorted", tensors=2)
def searchsorted(sorted_sequence, values, side="left"):
    """The places, in int32, at which `values` would be put into the 1-D `sorted_sequence` to keep it sorted.

    `side`: in front of equal ones ("left") or behind them ("right").
    """
    if not (
        isinstance(sorted_sequence, Tensor)
        and isinstance(values, Tensor)
        and sorted_sequence.dtype is values.dtype
        and values.dtype is not torch.bool
    ):
        return counted(searchsorted, sorted_sequence, values, side)
    if sorted_sequence.ndim != 1:
        raise ValueError(
            "searchsorted: `sorted_sequence` must be 1-D; for more axes, go over them with `vectorized_map`. "
            f"Received: sorted_sequence of shape {tuple(sorted_sequence.shape)}"
        )
    return torch.searchsorted(sorted_sequence.contiguous(), values.contiguous(), side=side, out_int32=True)


@op("Digitize", tensors=2)
def digitize(x, bins):
    """The number, in int32, of the bin in which each x lies: how many of the sorted 1-D `bins` are not above it."""
    if not (isinstance(x, Tensor) and isinstance(bins, Tensor) and x.dtype is bins.dtype and x.dtype is not torch.bool):
        return counted(digitize, x, bins)
    if bins.ndim != 1:
        raise ValueError(f"digitize: `bins` must be 1-D. Received: bins of shape {tuple(bins.shape)}")
    return torch.bucketize(x.contiguous(), bins.contiguous(), right=True, out_int32=True)


@math_op("TopK")
def top_k(x, k, sorted=True):
    """The `k` largest numbers along the last axis and their places: `(values, indices)`, in descending order if `sorted`."""
    if not isinstance(x, Tensor):
        return lifted(top_k, x, k, sorted)
    if not 0 <= k <= x.shape[-1]:
        raise ValueError(f"top_k: the last axis of `x` has {x.shape[-1]} numbers. Received: k={k}")
    if x.dtype is torch.bool:
        values, indices = torch.topk(x.to(torch.uint8), k, sorted=sorted)
        return values.to(torch.bool), indices
    values, indices = torch.topk(x, k, sorted=sorted)
    return values, indices


@math_op("InTopK", tensors=2)
def in_top_k(targets, predictions, k):
    """Whether the number at the target's place is among the `k` largest of its row. Equal numbers are all among them.

    targets: (batch,), integers. predictions: (batch, classes). Gives (batch,), booleans.
    """
    if not (isinstance(targets, Tensor) and isinstance(predictions, Tensor)):
        return lifted(in_top_k, targets, predictions, k)
    if predictions.dtype is torch.bool:
        predictions = predictions.to(torch.uint8)
    least = torch.topk(predictions, k).values[..., -1]
    return torch.take_along_dim(predictions, targets.long().unsqueeze(-1), -1).squeeze(-1) >= least


@op("Unique")
def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None, fill_value=None
):
    """The different numbers in x, or the different slices along `axis`; in a tuple if more is asked for.

    The more, in this order: where each is first met, which of them stands at each place of x (with this, x comes back), and how
    often each is met. `size` cuts the numbers, places and counts to this many, or fills them up: with `fill_value` (None: 0),
    the place 1 and the count 0.
    """
    if not isinstance(x, Tensor):
        found = lifted(unique, x, sorted, return_index, return_inverse, return_counts, axis, size, fill_value)
        if size is None:
            values, *more = found if isinstance(found, tuple) else (found,)
            open_size(values, axis or 0)
            for place, tensor in enumerate(more):
                if not (return_inverse and place == return_index):  # the inverse says something of each number of x
                    open_size(tensor)
        return found
    if not (return_index or return_inverse or return_counts):
        values = torch.unique(x, sorted=sorted, dim=axis)
        return values if size is None else _resized(values, axis or 0, size, fill_value or 0)
    values, inverse, counts = torch.unique(x, sorted=sorted, return_inverse=True, return_counts=True, dim=axis)
    places = torch.arange(inverse.numel(), device=x.device)
    first = torch.zeros_like(counts).scatter_reduce(0, inverse.flatten(), places, "amin", include_self=False)
    if size is not None:
        values = _resized(values, axis or 0, size, fill_value or 0)
        first, counts = _resized(first, 0, size, 1), _resized(counts, 0, size, 0)
    wanted = ((first, return_index), (inverse, return_inverse), (counts, return_counts))
    return (values, *(tensor for tensor, is_wanted in wanted if is_wanted))


def _resized(x, axis, size, fill):
    """`x` with the first `size` slices along `axis`, or with as many more as are missing, made of `fill`."""
    missing = size - x.shape[axis]
    if missing <= 0:
        return x.narrow(axis, 0, size)
    shape = list(x.shape)
    shape[axis] = missing
    return torch.cat((x, x.new_full(shape, fill)), axis)
