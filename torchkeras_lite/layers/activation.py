"""Activations that have layers of their own."""

from __future__ import annotations

import math

import torch
from torch import nn

from torchkeras_lite import activations, constraints, initializers, regularizers
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.notices import warn
from torchkeras_lite.variable import Reshaped
from torchkeras_lite.weights import bare


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
                none = "None or " if name != "max_value" else ""
                raise ValueError(f"{name} of a ReLU layer cannot be {none}a negative value. Received: {name}={value}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope or 0.0, threshold or 0.0
        self.casts_integers = self.negative_slope != 0  # without a slope, integers stay integers
        self.supports_masking = True
        self.built = self.builds_nothing

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
        self.built = self.builds_nothing

    def call(self, inputs, mask=None):
        if mask is None:
            return self._softmax(inputs)
        more = mask.ndim > inputs.ndim
        if more or any(size not in (1, whole) for size, whole in zip(mask.shape[::-1], inputs.shape[::-1], strict=False)):
            raise ValueError(
                f"Layer {self.name!r}: the mask must {'not have more dimensions than' if more else 'be broadcastable to'} the "
                f"inputs. Received: mask.shape={tuple(mask.shape)}, inputs.shape={tuple(inputs.shape)}. The usual fix: "
                f"`mask[{'0' if more else '..., None'}]`."
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


class LeakyReLU(Layer):
    """x where x > 0, and negative_slope * x elsewhere.

    Args:
        negative_slope: at least 0.
        alpha: its deprecated name.
    """

    casts_integers = True
    unsaved = ("activity_regularizer", "alpha")

    def __init__(self, negative_slope=0.3, alpha=None, **kwargs):
        super().__init__(**kwargs)
        if alpha is not None:
            warn(
                f"Layer {self.name!r}: `alpha` is deprecated. Use `negative_slope` instead."
            )
            negative_slope = alpha
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or a negative value. Received: "
                f"negative_slope={negative_slope}"
            )
        self.negative_slope = negative_slope
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        return activations.leaky_relu(inputs, self.negative_slope)


class ELU(Layer):
    """x where x > 0, and alpha * (exp(x) - 1) elsewhere. Source: Clevert et al. 2016, arXiv:1511.07289."""

    casts_integers = True

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        return activations.elu(inputs, self.alpha)


class PReLU(Layer):
    """x where x > 0, and alpha * x elsewhere; alpha is learned. Source: He et al. 2015, arXiv:1502.01852.

    Shapes: input and output (batch, ...); alpha as the input without the batch axis, but with size 1 along the shared axes.

    Args:
        shared_axes: the axes along which all share one alpha, counted from 1: `[1, 2]` gives each channel of an image one.

    The body is `self.prelu`, an nn.PReLU whose weight is alpha, flat.
    """

    casts_integers = True

    def __init__(
        self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None:
            shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = shared_axes
        self.supports_masking = True

    def build(self, input_shape):
        rank = len(input_shape)
        shape = [*input_shape[1:]]
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        if None in shape:
            raise ValueError(
                f"Layer {self.name!r}: each axis of the input but the first must have a known size or be shared. Received: "
                f"input_shape={tuple(input_shape)}, shared_axes={self.shared_axes}. The usual fix: `shared_axes=[1, 2]` for "
                "images of varying size."
            )
        self.prelu = bare(nn.PReLU, math.prod(shape), **self.placement())
        self.alpha = self.adopt(
            "alpha", self.prelu, "weight", Reshaped(shape, [math.prod(shape)]),
            self.alpha_initializer, self.alpha_regularizer, self.alpha_constraint,
        )  # fmt: skip
        # Torch has an alpha for each size of axis 1. Axes are flattened to (those shared in front, those with alphas of their
        # own, those shared behind), which goes unless a shared one lies between.
        own = [axis for axis, size in enumerate(shape, 1) if size != 1] or [rank - 1]
        between = own[-1] - own[0] + 1 != len(own)
        self.__dict__["_blocks"] = None if between else (own[0] - 1, len(own))
        axes = {axis: input_shape[axis] for axis in range(1, rank) if axis not in self.shared_axes} if self.shared_axes else {}
        self.input_spec = InputSpec(ndim=rank, axes=axes)

    def call(self, inputs):
        if self._blocks is None:
            return torch.where(inputs > 0, inputs, self.alpha * inputs)
        shared, own = self._blocks
        x = inputs.flatten(0, shared).flatten(1, own)
        return self.prelu(x if x.ndim < 4 else x.flatten(2)).view(inputs.shape)
