"""Layers that only act in training."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.nn import functional as F

from torchkeras_lite.layer import Layer
from torchkeras_lite.random import keep_mask


class Dropout(Layer):
    """In training, sets a random share of the inputs to 0 and divides the others by 1 - rate; else does nothing.

    Args:
        rate: the share, in [0, 1].
        noise_shape: the shape of the random mask, broadcast against the input; None in it means the input's size.
        seed: fixes the sequence of masks.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and 1. "
                f"Received: rate={rate!r}"
            )
        if noise_shape is not None and not _is_shape(noise_shape):
            raise ValueError(
                "Invalid value received for argument `noise_shape`. Expected a tuple of positive integers and Nones. "
                f"Received: noise_shape={noise_shape!r}"
            )
        self.rate, self.seed = rate, seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.__dict__["_generators"] = {}
        self.supports_masking = True
        self.built = True

    def call(self, inputs, training=None):
        if training is None:
            training = self.training
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0
        plain = self.noise_shape is None and self.seed is None
        if plain and (not inputs.is_cpu or type(inputs) is not torch.Tensor or torch.compiler.is_compiling()):
            return F.dropout(inputs, self.rate)
        shape = inputs.shape
        if self.noise_shape is not None:
            shape = [own if own is not None else size for own, size in zip(self.noise_shape, shape, strict=True)]
        return inputs * keep_mask(shape, self.rate, inputs.dtype, inputs.device, self._generator(inputs.device))

    def _generator(self, device):
        if self.seed is None:
            return None
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(int(self.seed) % 2**63)
        return self._generators[device]

    def __getstate__(self):
        # Generators cannot be pickled: a copy begins its sequence of masks anew.
        return {**super().__getstate__(), "_generators": {}}


def _is_shape(value) -> bool:
    return (
        isinstance(value, Iterable)
        and not isinstance(value, str)
        and all(size is None or (isinstance(size, int) and size > 0) for size in value)
    )
