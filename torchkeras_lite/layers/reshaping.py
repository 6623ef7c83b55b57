"""Layers that only move numbers about."""

from __future__ import annotations

import math
import numbers

import torch

from torchkeras_lite import config
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer


class Flatten(Layer):
    """(batch, a, b, ...) -> (batch, a * b * ...); (batch,) -> (batch, 1).

    Args:
        data_format: with `"channels_first"` the channels are moved last first, so that both formats flatten alike.
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self.built = self.builds_nothing

    def call(self, inputs):
        if inputs.ndim == 1:
            return inputs.unsqueeze(1)
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.flatten(1)


class Reshape(Layer):
    """(batch, ...) -> (batch, *target_shape); one entry of `target_shape` may be -1: what is left."""

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        target_shape = tuple(target_shape) if hasattr(target_shape, "__iter__") else (target_shape,)
        if target_shape.count(-1) > 1:
            raise ValueError(f"There must be at most one unknown dimension (-1). Received: target_shape={target_shape}.")
        if not all(isinstance(size, numbers.Integral) and size >= -1 for size in target_shape):
            raise ValueError(
                f"Layer {self.name!r}: target_shape must hold non-negative integers, and -1 for one unknown size. Received: "
                f"target_shape={target_shape}."
            )
        self.target_shape = tuple(map(int, target_shape))

    def build(self, input_shape):
        if None not in input_shape[1:]:
            self._sizes(input_shape[1:])

    def call(self, inputs):
        # Without rows (a trial, perhaps with made-up sizes) anything fits, but torch cannot settle a -1.
        return torch.reshape(inputs, (inputs.shape[0], *self._sizes(inputs.shape[1:], strict=inputs.shape[0] > 0)))

    def _declared_shape(self, args, kwargs):
        # Open sizes that stand for a few may not fit, and those that come may.
        front, *rest = args[0].shape
        return (front, *(None if size == -1 else size for size in self.target_shape)) if None in rest else None

    def _sizes(self, given, strict=True):
        """`target_shape` with the -1 settled for an input of the given sizes (without the batch axis)."""
        total, known = math.prod(given), abs(math.prod(self.target_shape))
        unknown = -1 in self.target_shape
        if strict and (not known or total % known if unknown else total != known):
            raise ValueError(
                "The total size of the tensor must be unchanged. Received: "
                f"input_shape={tuple(given)}, target_shape={self.target_shape} in layer {self.name!r}."
            )
        return tuple(total // max(known, 1) if size == -1 else size for size in self.target_shape)


class Permute(Layer):
    """Puts the axes into another order: (batch, a, b, ...) -> (batch, ...), where `dims` says which axis comes where. A view.

    Args:
        dims: the axes in their new order, counted from 1: the batch axis stays in front. `(2, 1)` swaps two.
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        if not hasattr(dims, "__iter__"):
            raise TypeError(f"Layer {self.name!r}: `dims` must be a tuple such as (2, 1). Received: dims={dims!r}")
        dims = tuple(dims)
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(
                f"Invalid permutation argument `dims` of layer {self.name!r}: it must hold each of 1, ..., {len(dims)} once "
                f"(0, the batch axis, stays in front). Received: dims={dims}"
            )
        self.dims = tuple(map(int, dims))
        self.input_spec = InputSpec(ndim=len(dims) + 1)
        self.__dict__["_order"] = (0, *self.dims)
        self.built = self.builds_nothing

    def call(self, inputs):
        return inputs.permute(self._order)


class RepeatVector(Layer):
    """(batch, features) -> (batch, n, features): the same vector `n` times, a positive integer."""

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(n, numbers.Integral) or isinstance(n, bool):
            raise TypeError(f"Expected an integer value for `n` in layer {self.name!r}. Received: n={n!r}")
        if n < 1:
            raise ValueError(f"Layer {self.name!r}: `n` should be a positive integer. Received: n={n}")
        self.n = int(n)
        self.input_spec = InputSpec(ndim=2)
        self.built = self.builds_nothing

    def call(self, inputs):
        return inputs.unsqueeze(1).expand(-1, self.n, -1).contiguous()
