"""Reductions of rows that belong together.

data: (rows, ...). segment_ids: (rows,), for each row the number of its segment; rows with a number that is no segment's are
left out. The result is (num_segments, ...), in data's dtype. Without `num_segments` it reaches to the largest id, and the
device is waited for to know that. `sorted` says that the ids are in order, which nothing here needs to know.
"""

from __future__ import annotations

import math

import torch

from torchkeras_lite import symbolic
from torchkeras_lite.ops.dispatch import Tensor, family, lifted

op = family("math")


@op("SegmentSum", tensors=2)
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """The sum of each segment's rows; 0 for an empty segment."""
    if not (isinstance(data, Tensor) and isinstance(segment_ids, Tensor)):
        return _lifted(segment_sum, data, segment_ids, num_segments, sorted)
    ids, count = _segments("segment_sum", data, segment_ids, num_segments)
    return data.new_zeros((count + 1, *data.shape[1:])).index_add(0, ids, data)[:count]


@op("SegmentProd", tensors=2)
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """The product of each segment's rows; 1 for an empty segment."""
    if not (isinstance(data, Tensor) and isinstance(segment_ids, Tensor)):
        return _lifted(segment_prod, data, segment_ids, num_segments, sorted)
    return _reduced("segment_prod", data, segment_ids, num_segments, "prod", 1)


@op("SegmentMax", tensors=2)
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """The largest of each segment's rows; for an empty segment -inf, or the least integer there is."""
    if not (isinstance(data, Tensor) and isinstance(segment_ids, Tensor)):
        return _lifted(segment_max, data, segment_ids, num_segments, sorted)
    return _reduced("segment_max", data, segment_ids, num_segments, "amax", bounds(data.dtype)[0])


@op("SegmentMin", tensors=2)
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """The smallest of each segment's rows; for an empty segment inf, or the largest integer there is."""
    if not (isinstance(data, Tensor) and isinstance(segment_ids, Tensor)):
        return _lifted(segment_min, data, segment_ids, num_segments, sorted)
    return _reduced("segment_min", data, segment_ids, num_segments, "amin", bounds(data.dtype)[1])


def bounds(dtype):
    """What is below, and what above all numbers of a dtype."""
    if dtype is torch.bool:
        return False, True
    if dtype.is_floating_point:
        return -math.inf, math.inf
    return torch.iinfo(dtype).min, torch.iinfo(dtype).max


def _lifted(function, data, segment_ids, num_segments, sorted):
    result = lifted(function, data, segment_ids, num_segments, sorted)
    if num_segments is None and isinstance(result, symbolic.KerasTensor):
        result.shape = (None, *result.shape[1:])  # how many there are, the ids say
    return result


def _segments(name, data, segment_ids, num_segments):
    """The ids of the rows, with one more segment for those that are in none; and the number of segments."""
    if segment_ids.ndim != 1 or segment_ids.shape != data.shape[:1]:
        wanted = "and `data` should have same leading dimension." if segment_ids.ndim == 1 else "should be an 1-D vector,"
        raise ValueError(
            f"{name}: Argument `segment_ids` {wanted} One for each row of `data`. Received: segment_ids of shape "
            f"{tuple(segment_ids.shape)}, data of shape {tuple(data.shape)}"
        )
    if num_segments is None:
        num_segments = int(segment_ids.max()) + 1 if segment_ids.numel() else 0
    ids = segment_ids.long()
    return torch.where((ids < 0) | (ids > num_segments), num_segments, ids), num_segments


def _reduced(name, data, segment_ids, num_segments, reduce, empty):
    ids, count = _segments(name, data, segment_ids, num_segments)
    places = ids.view(-1, *(1,) * (data.ndim - 1)).expand_as(data)
    return data.new_full((count + 1, *data.shape[1:]), empty).scatter_reduce(0, places, data, reduce)[:count]
