"""Layers that only act in training: dropout in its kinds, and a penalty on what passes."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.nn import functional as F

from torchkeras_lite import config, regularizers
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.random import keep_mask
from torchkeras_lite.seeds import SeedGenerator
from torchkeras_lite.shown import Shown


class Noise(Layer):
    """The base of layers that draw random numbers in training, and hand on their input otherwise.

    A subclass writes `noisy(inputs)`, and says in `strength` which of its arguments, a number in [0, 1], turns the noise off
    where it is 0.

    Args:
        seed: fixes the sequence of what is drawn. Without one it comes from torch's own generator.
    """

    strength = "rate"

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.__dict__["_generators"] = {}
        self.supports_masking = True
        self.built = self.builds_nothing

    def _share(self, value):
        """`value`, if it is a number in [0, 1]; else ValueError."""
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ValueError(
                f"Invalid value received for argument `{self.strength}`. Expected a float value between 0 and 1. Received: "
                f"{self.strength}={value!r} in layer {self.name!r}"
            )
        return value

    def call(self, inputs, training=None):
        if training is None:
            training = self.training
        return self.noisy(inputs) if training and getattr(self, self.strength) else inputs

    @Shown
    def seed_generator(self):
        """For a `call` of a subclass's own: a source of random numbers, made when it is asked for. None if nothing is drawn."""
        if not getattr(self, self.strength):
            return None
        made = self.__dict__["seed_generator"] = SeedGenerator(self.seed)
        return made

    def _shape_of(self, inputs, noise_shape):
        if noise_shape is None:
            return inputs.shape
        return [own if own is not None else size for own, size in zip(noise_shape, inputs.shape, strict=True)]

    def _generator(self, device):
        if self.seed is None:
            return None
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(int(self.seed) % 2**63)
        return self._generators[device]

    def __getstate__(self):
        # Generators cannot be pickled: a copy begins its sequence anew.
        return {**super().__getstate__(), "_generators": {}}


class Dropout(Noise):
    """In training, sets a random share of the inputs to 0 and divides the others by 1 - rate; else does nothing.

    Args:
        rate: the share, in [0, 1].
        noise_shape: the shape of the random mask, broadcast against the input; None in it means the input's size.
        seed: fixes the sequence of masks.

    Raises:
        ValueError: a `rate` or `noise_shape` that is none.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.rate = self._share(rate)
        wrong = None if noise_shape is None else _what_is_wrong(noise_shape)
        if wrong:
            raise ValueError(
                f"Invalid value received for argument `noise_shape`. Expected {wrong}. Received: noise_shape={noise_shape!r} "
                f"in layer {self.name!r}"
            )
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def noisy(self, inputs):
        if self.rate == 1:
            return inputs * 0
        plain = self.noise_shape is None and self.seed is None
        if plain and (not inputs.is_cpu or type(inputs) is not torch.Tensor or torch.compiler.is_compiling()):
            return F.dropout(inputs, self.rate)
        shape = self._shape_of(inputs, self.noise_shape)
        return inputs * keep_mask(shape, self.rate, inputs.dtype, inputs.device, self._generator(inputs.device))


class _SpatialDropout(Dropout):
    """Dropout of whole channels: neighbours are alike, and one alone would give little away."""

    rank: int

    def __init__(self, rate, data_format, seed, **kwargs):
        sizes = (1,) * self.rank
        noise_shape = (None, None, *sizes) if data_format == "channels_first" else (None, *sizes, None)
        super().__init__(rate, noise_shape, seed, **kwargs)
        self.data_format = data_format
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _base_config(self):
        base = super()._base_config()
        return {"name": base["name"], "dtype": self._policy.name}  # all that Keras's constructors of these take


class SpatialDropout1D(_SpatialDropout):
    """In training, sets a random share of the channels of each sequence to 0 and divides the others by 1 - rate.

    Shapes: input and output (batch, steps, channels).

    Args:
        rate: the share, in [0, 1].
        seed: fixes the sequence of masks.
    """

    rank = 1

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, "channels_last", seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout2D(_SpatialDropout):
    """In training, sets a random share of the channels of each image to 0 and divides the others by 1 - rate.

    Shapes: input and output (batch, height, width, channels); with `data_format="channels_first"` the channels come second.

    Args:
        rate: the share, in [0, 1].
        data_format: "channels_last" or "channels_first".
        seed: fixes the sequence of masks.
    """

    rank = 2

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, config.standardize_data_format(data_format), seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout3D(_SpatialDropout):
    """In training, sets a random share of the channels of each volume to 0 and divides the others by 1 - rate.

    Shapes: input and output (batch, depth, height, width, channels); with `data_format="channels_first"` the channels come
    second.

    Args:
        rate: the share, in [0, 1].
        data_format: "channels_last" or "channels_first".
        seed: fixes the sequence of masks.
    """

    rank = 3

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, config.standardize_data_format(data_format), seed, name=name, dtype=dtype, **kwargs)


class ActivityRegularization(Layer):
    """Hands on its input, and adds l1 * sum(|x|) + l2 * sum(x²), over the batch's rows divided by their number, to the losses.

    Args:
        l1, l2: the strengths.
    """

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        return inputs

    def _base_config(self):
        base = super()._base_config()
        del base["activity_regularizer"]  # l1 and l2 say it
        return base


def _what_is_wrong(shape) -> str | None:
    """What was expected of a shape with None in it that is none."""
    if not isinstance(shape, Iterable) or isinstance(shape, str):
        return "a tuple or list of integers"
    sizes = [size for size in shape if size is not None]
    if not all(isinstance(size, int) for size in sizes):
        return "all elements to be integers or None"
    return None if all(size > 0 for size in sizes) else "all dimensions to be positive integers or None"
