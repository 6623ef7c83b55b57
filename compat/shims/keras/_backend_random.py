"""Random tensors, in graphs too, where each run draws anew.

A seed begins a sequence: the first draw with it is always the same, the next one is another. `clear_session` begins anew.
"""

from __future__ import annotations

import functools

from torchkeras_lite import config, ops, random
from torchkeras_lite.seeds import SeedGenerator
from torchkeras_lite.symbolic import KerasTensor

from ._backend_calls import draw, drawn, known, sizes_of, words


@functools.cache
def _sequence(seed: int) -> SeedGenerator:
    return SeedGenerator(seed)


begin_anew = _sequence.cache_clear


def _seed(seed):
    return seed if seed is None or isinstance(seed, SeedGenerator) else _sequence(int(seed))


def _drawn_by(function, shape, dtype, *more):
    sizes, dtype = sizes_of(shape), config.dtype_name(dtype)
    symbolic = sizes if isinstance(sizes, tuple) else (sizes,)
    if any(isinstance(value, KerasTensor) for value in (*symbolic, *more)):
        return draw(function, (sizes, dtype, *more), known(sizes), dtype)
    return function(sizes, dtype, *more)


@words(std="stddev")
def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draws from the normal distribution."""
    return _drawn_by(_normal, shape, dtype, mean, stddev, _seed(seed))


def _normal(shape, dtype, mean, stddev, seed):
    return random.normal(sizes_of(shape), mean, stddev, dtype, seed)


@words(std="stddev")
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draws from the normal distribution, cut off at two standard deviations."""
    return _drawn_by(_truncated, shape, dtype, mean, stddev, _seed(seed))


def _truncated(shape, dtype, mean, stddev, seed):
    return random.truncated_normal(sizes_of(shape), mean, stddev, dtype, seed)


@words(low="minval", high="maxval")
def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draws from the uniform distribution over [minval, maxval): integers if the dtype is one of integers."""
    return _drawn_by(_uniform, shape, dtype, minval, maxval, _seed(seed))


def _uniform(shape, dtype, minval, maxval, seed):
    draw_from = random.randint if "int" in dtype else random.uniform
    return draw_from(sizes_of(shape), minval, maxval, dtype, seed)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with probability p, else 0."""
    return _drawn_by(_binomial, shape, dtype, p, _seed(seed))


def _binomial(shape, dtype, p, seed):
    return ops.cast(random.uniform(sizes_of(shape), 0.0, 1.0, "float32", seed) <= p, dtype)


random_bernoulli = random_binomial


def dropout(x, level, noise_shape=None, seed=None):
    """A random share `level` of x set to 0, the rest divided by 1 - level, in training and elsewhere."""
    return _dropout(x, level, None if noise_shape is None else tuple(noise_shape), _seed(seed))


@drawn
def _dropout(x, level, noise_shape, seed):
    return random.dropout(x, level, noise_shape, seed)
