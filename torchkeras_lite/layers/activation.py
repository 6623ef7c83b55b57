"""Activations that have layers of their own."""

from __future__ import annotations

import torch

from torchkeras_lite import activations
from torchkeras_lite.layer import Layer


class ReLU(Layer):
    """max(x, 0), with a slope below `threshold` and a ceiling: f(x) = max_value for x >= max_value, x for
    threshold <= x < max_value, negative_slope * (x - threshold) below.

    Args:
        max_value: the ceiling (at least 0), or None.
        negative_slope: the slope below the threshold, at least 0.
        threshold: where the line begins, at least 0.
    """

    casts_integers = True

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and value < 0.0):
                raise ValueError(f"{name} of a ReLU layer cannot be negative or None. Received: {name}={value}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope or 0.0, threshold or 0.0
        self.supports_masking = True
        self.built = True

    def call(self, inputs):
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class Softmax(Layer):
    """exp(x) / sum(exp(x)) over `axis` (an int, or several). Where a `mask` is False the result is 0."""

    casts_integers = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True
        self.built = True

    def call(self, inputs, mask=None):
        if mask is not None:
            # The smallest number that three of them still add up to something finite.
            inputs = inputs.masked_fill(~mask.bool(), torch.finfo(inputs.dtype).min / 3)
        if isinstance(self.axis, (tuple, list)):
            if len(self.axis) > 1:
                return torch.exp(inputs - torch.logsumexp(inputs, dim=tuple(self.axis), keepdim=True))
            return activations.softmax(inputs, axis=self.axis[0])
        return activations.softmax(inputs, axis=self.axis)
