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

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and value < 0.0):
                raise ValueError(f"{name} of a ReLU layer cannot be negative or None. Received: {name}={value}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope or 0.0, threshold or 0.0
        self.casts_integers = self.negative_slope != 0  # without a slope, integers stay integers
        self.supports_masking = True
        self.built = True

    def call(self, inputs):
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class Softmax(Layer):
    """exp(x) / sum(exp(x)) over `axis` (an int, or several).

    Where a `mask` (bool, or numbers that count from 0.5 up; broadcast against the input) is False the result is 0, and the
    others add up to 1.
    """

    casts_integers = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True
        self.built = True

    def call(self, inputs, mask=None):
        if mask is None:
            return self._softmax(inputs)
        if mask.ndim > inputs.ndim or any(
            size not in (1, whole) for size, whole in zip(mask.shape[::-1], inputs.shape[::-1], strict=False)
        ):
            raise ValueError(
                f"Layer {self.name!r}: the mask must broadcast against the inputs. Received: mask.shape={tuple(mask.shape)}, "
                f"inputs.shape={tuple(inputs.shape)}. The usual fix: `mask[..., None]`."
            )
        hidden = ~mask if mask.dtype is torch.bool else mask <= 0.5
        # Far below all others, yet finite: where everything is masked the exponentials must not be NaN.
        low = -3e4 if inputs.dtype is torch.float16 else -1e9
        return self._softmax(inputs.masked_fill(hidden, low)).masked_fill(hidden, 0)

    def _softmax(self, x):
        if not isinstance(self.axis, (tuple, list)):
            return activations.softmax(x, axis=self.axis)
        if len(self.axis) == 1:
            return activations.softmax(x, axis=self.axis[0])
        return torch.exp(x - torch.logsumexp(x, dim=tuple(self.axis), keepdim=True))
