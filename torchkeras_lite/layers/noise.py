"""Noise in training that follows the normal distribution, or keeps to it."""

from __future__ import annotations

import math

import torch

from torchkeras_lite.layers.regularization import Noise
from torchkeras_lite.random import keep_mask

_SATURATED = -1.6732632423543772 * 1.0507009873554805  # where a SELU ends far to the left


class _Gaussian(Noise):
    def _drawn(self, inputs, mean, stddev):
        noise = torch.empty(inputs.shape, dtype=self._policy.compute_torch_dtype, device=inputs.device)
        return noise.normal_(mean, stddev, generator=self._generator(inputs.device))


class GaussianNoise(_Gaussian):
    """In training, adds noise of mean 0; else does nothing.

    Args:
        stddev: the standard deviation of the noise, in [0, 1].
        seed: fixes the sequence of what is drawn.
    """

    strength = "stddev"

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.stddev = self._share(stddev)

    def noisy(self, inputs):
        return inputs + self._drawn(inputs, 0.0, self.stddev)


class GaussianDropout(_Gaussian):
    """In training, multiplies with noise of mean 1 and variance rate / (1 - rate), as much as Dropout's; else does nothing.

    Source: Srivastava et al. 2014, JMLR 15.

    Args:
        rate: as for Dropout, in [0, 1). (1, whose noise would be infinite, is an error in training.)
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.rate = self._share(rate)

    def noisy(self, inputs):
        return inputs * self._drawn(inputs, 1.0, math.sqrt(self.rate / (1 - self.rate)))


class AlphaDropout(Noise):
    """In training, sets a random share of the inputs to where a SELU saturates, and scales and shifts all such that inputs of
    mean 0 and variance 1 keep both; else does nothing.

    Source: Klambauer et al. 2017, arXiv:1706.02515.

    Args:
        rate: the share, in [0, 1). (1 is an error in training.)
        noise_shape: the shape of the random mask, broadcast against the input; None in it means the input's size.
        seed: fixes the sequence of masks.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.rate, self.noise_shape = self._share(rate), noise_shape

    def noisy(self, inputs):
        scale = ((1 - self.rate) * (1 + self.rate * _SATURATED**2)) ** -0.5
        shift = -scale * _SATURATED * self.rate
        shape = self._shape_of(inputs, self.noise_shape)
        kept = keep_mask(shape, self.rate, torch.float32, inputs.device, self._generator(inputs.device)) > 0
        return torch.where(kept, inputs * scale + shift, _SATURATED * scale + shift)
