"""Layers that only move numbers about."""

from __future__ import annotations

import math

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
        self.supports_masking = True
        self.built = True

    def call(self, inputs):
        if inputs.ndim == 1:
            return inputs.unsqueeze(1)
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.flatten(1)


class Reshape(Layer):
    """(batch, ...) -> (batch, *target_shape); one entry of `target_shape` may be -1."""

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        target_shape = tuple(target_shape) if hasattr(target_shape, "__iter__") else (target_shape,)
        if sum(size == -1 for size in target_shape) > 1:
            raise ValueError(f"There must be at most one unknown dimension (-1) in target_shape. Received: {target_shape}.")
        self.target_shape = target_shape

    def build(self, input_shape):
        self.__dict__["_sizes"] = self.target_shape
        sizes = input_shape[1:]
        if None in sizes:
            return
        total, rest = math.prod(sizes), math.prod(size for size in self.target_shape if size != -1)
        if (rest != total) if -1 not in self.target_shape else (rest == 0 or total % rest):
            raise ValueError(
                "The total size of the tensor must be unchanged. Received: "
                f"input_shape={tuple(sizes)}, target_shape={self.target_shape} in layer {self.name!r}."
            )
        # A -1 is settled here: torch cannot tell it for a batch without rows.
        self.__dict__["_sizes"] = tuple(total // rest if size == -1 else size for size in self.target_shape)
        self.input_spec = InputSpec(shape=(None, *sizes)) if -1 in self.target_shape else None

    def call(self, inputs):
        return torch.reshape(inputs, (inputs.shape[0], *self._sizes))
