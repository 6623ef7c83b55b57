"""Sums and other joins of the rows that have the same number: part of `tf.math`."""

from __future__ import annotations

import torch

from torchkeras_lite import ops

from ._creation import given

__all__ = [
    f"{kind}segment_{join}" for kind in ("", "unsorted_") for join in ("max", "mean", "min", "prod", "sum")
]  # fmt: skip


def _count(segment_ids, num_segments):
    if num_segments is not None:
        return int(num_segments)
    return int(segment_ids.max()) + 1 if segment_ids.numel() else 0


def _joined(join):
    def unsorted(data, segment_ids, num_segments, name=None):
        data, segment_ids = given(data), given(segment_ids)
        return join(data, segment_ids, _count(segment_ids, num_segments))

    def in_order(data, segment_ids, name=None):
        return unsorted(data, segment_ids, None)

    return unsorted, in_order


def _mean(data, segment_ids, count):
    sums = ops.segment_sum(data, segment_ids, count)
    members = ops.segment_sum(torch.ones_like(segment_ids), segment_ids, count).clamp(min=1)
    return sums / members.reshape(-1, *[1] * (sums.ndim - 1))


def _extremes(join, side):
    """The largest or smallest. Where no row belongs, it is the last finite number; with rows in order, 0."""

    def joined(data, segment_ids, count):
        found = join(data, segment_ids, count)
        if not found.is_floating_point():
            return found
        return found.clamp(**{side: getattr(torch.finfo(found.dtype), side)})

    def in_order(data, segment_ids, name=None):
        data, segment_ids = given(data), given(segment_ids)
        found = join(data, segment_ids, _count(segment_ids, None))
        there = torch.isin(torch.arange(len(found), device=found.device), segment_ids)
        return torch.where(there.reshape(-1, *[1] * (found.ndim - 1)), found, 0)

    return _joined(joined)[0], in_order


unsorted_segment_sum, segment_sum = _joined(ops.segment_sum)
unsorted_segment_prod, segment_prod = _joined(ops.segment_prod)
unsorted_segment_max, segment_max = _extremes(ops.segment_max, "min")
unsorted_segment_min, segment_min = _extremes(ops.segment_min, "max")
unsorted_segment_mean, segment_mean = _joined(_mean)
