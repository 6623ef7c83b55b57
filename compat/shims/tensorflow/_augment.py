"""`tf.image.random_*`: changes of images by chance. `seed` makes one call repeat; the stateless ones are functions of it."""

from __future__ import annotations

import torch

from . import _drawn
from . import image as changes
from ._creation import given
from ._tensors import sizes


def _one(low, high, seed=None) -> float:
    return float(_drawn.uniform((), low, high, seed=seed))


def _flips(flip):
    """One image or none; in a batch each for itself."""

    def random_flip(image, seed=None):
        x = given(image)
        chance = _drawn.uniform(x.shape[:-3], seed=seed).to(x.device) < 0.5
        return torch.where(chance.reshape(*chance.shape, 1, 1, 1), flip(x), x)

    return random_flip


random_flip_left_right, random_flip_up_down = _flips(changes.flip_left_right), _flips(changes.flip_up_down)


def random_crop(value, size, seed=None, name=None):
    """A part of this shape, from anywhere."""
    x, size = given(value), sizes(size)
    room = [have - want for have, want in zip(x.shape, size, strict=True)]
    if min(room) < 0:
        raise ValueError(f"Need value.shape >= size, got {tuple(x.shape)} and {size}")
    drawn = _drawn.uniform((len(room),), seed=seed).tolist()
    first = [min(int(part * (more + 1)), more) for part, more in zip(drawn, room, strict=True)]
    return x[tuple(slice(start, start + length) for start, length in zip(first, size, strict=True))]


def random_brightness(image, max_delta, seed=None):
    """Brighter or darker by up to `max_delta`."""
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return changes.adjust_brightness(image, _one(-max_delta, max_delta, seed))


def random_contrast(image, lower, upper, seed=None):
    """The contrast times a factor from [lower, upper)."""
    _check(lower, upper)
    return changes.adjust_contrast(image, _one(lower, upper, seed))


def random_saturation(image, lower, upper, seed=None):
    """The saturation times a factor from [lower, upper)."""
    _check(lower, upper)
    return changes.adjust_saturation(image, _one(lower, upper, seed))


def random_hue(image, max_delta, seed=None):
    """The hue turned by up to `max_delta`, at most half a turn."""
    if not 0 <= max_delta <= 0.5:
        raise ValueError("max_delta must be in [0, 0.5].")
    return changes.adjust_hue(image, _one(-max_delta, max_delta, seed))


def _check(lower, upper):
    if upper <= lower or lower < 0:
        raise ValueError(f"Expected 0 <= lower < upper. Received: lower={lower}, upper={upper}")


def _stateless(function, *settings, seed):
    return function(*settings, seed=_drawn._mixed(seed))


def stateless_random_flip_left_right(image, seed):
    return _stateless(random_flip_left_right, image, seed=seed)


def stateless_random_flip_up_down(image, seed):
    return _stateless(random_flip_up_down, image, seed=seed)


def stateless_random_crop(value, size, seed, name=None):
    return _stateless(random_crop, value, size, seed=seed)


def stateless_random_brightness(image, max_delta, seed):
    return _stateless(random_brightness, image, max_delta, seed=seed)


def stateless_random_contrast(image, lower, upper, seed):
    return _stateless(random_contrast, image, lower, upper, seed=seed)


def stateless_random_saturation(image, lower, upper, seed=None):
    return _stateless(random_saturation, image, lower, upper, seed=seed)


def stateless_random_hue(image, max_delta, seed):
    return _stateless(random_hue, image, max_delta, seed=seed)
