"""`tf.histogram_fixed_width`: how many values lie in each of several parts of a range, all equally wide."""

from __future__ import annotations

import torch

from ._creation import given
from ._tensors import torch_dtype

__all__ = ["histogram_fixed_width", "histogram_fixed_width_bins"]


def histogram_fixed_width_bins(values, value_range, nbins=100, dtype="int32", name=None):
    """The part that each value lies in; what is outside of the range counts to the first or the last."""
    values = given(values)
    if not values.is_floating_point():
        values = values.float()
    low, high = given(value_range).to(values.device, values.dtype).unbind()
    places = ((values - low) / (high - low) * nbins).floor().clamp(0, nbins - 1)
    return places.to(torch_dtype(dtype))


def histogram_fixed_width(values, value_range, nbins=100, dtype="int32", name=None):
    """The number of values in each part."""
    places = histogram_fixed_width_bins(values, value_range, nbins, "int64").reshape(-1)
    counts = torch.zeros(nbins, dtype=torch_dtype(dtype), device=places.device)
    return counts.scatter_add(0, places, torch.ones_like(places, dtype=counts.dtype))
