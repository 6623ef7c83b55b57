"""Arithmetic: reductions, and what is done element by element."""

from __future__ import annotations

import functools
import math
import operator

import numpy as np
import torch

from torchkeras_lite import ops
from torchkeras_lite.ops.segments import bounds

from ._backend_shapes import Shape, vector

# ---------------------------------------------------------------- reductions


def _over(reduce, what):
    """A reduction as the backend has it. `axis` is a number, several, or None for all."""

    def reduction(x, axis=None, keepdims=False):
        return reduce(vector(x), tuple(map(int, axis)) if isinstance(axis, (list, tuple, np.ndarray)) else axis, keepdims)

    reduction.__name__ = reduction.__qualname__ = reduce.__name__
    reduction.__doc__ = f"{what} over `axis`: a number, several, or None for all; with `keepdims` it stays, of size 1."
    return reduction


def _extreme(reduce, what, bound):
    """The same of an extreme, which of no elements is what all numbers of their dtype are beyond."""
    of_some = _over(reduce, what)

    @functools.wraps(of_some)
    def extreme(x, axis=None, keepdims=False):
        if isinstance(x, torch.Tensor) and not x.numel():
            return reduce(x, tuple(axis) if isinstance(axis, list) else axis, keepdims, initial=bounds(x.dtype)[bound])
        return of_some(x, axis, keepdims)

    return extreme


max = _extreme(ops.max, "The largest element", 0)
min = _extreme(ops.min, "The smallest element", 1)
sum = _over(ops.sum, "The sum")
mean = _over(ops.mean, "The mean, a floating-point number of integers and booleans too,")
var = _over(ops.var, "The mean square of the distances from the mean")
std = _over(ops.std, "The root of the mean square of the distances from the mean")
any = _over(ops.any, "Whether one of the elements is not 0,")
all = _over(ops.all, "Whether none of the elements is 0,")
logsumexp = _over(ops.logsumexp, "log(sum(exp(x)))")
_prod = _over(ops.prod, "The product")


def prod(x, axis=None, keepdims=False):
    """The product over `axis`: a number, several, or None for all; with `keepdims` it stays, of size 1."""
    if isinstance(x, Shape):
        return functools.reduce(operator.mul, x, 1)
    return _prod(x, axis, keepdims)


def cumsum(x, axis=0):
    """The sums of the elements up to each one, along `axis`."""
    return ops.cumsum(x, axis)


def cumprod(x, axis=0):
    """The products of the elements up to each one, along `axis`."""
    return ops.cumprod(x, axis)


def argmax(x, axis=-1):
    """The place of the largest element along `axis`, as int64."""
    return ops.cast(ops.argmax(x, axis), "int64")


def argmin(x, axis=-1):
    """The place of the smallest element along `axis`, as int64."""
    return ops.cast(ops.argmin(x, axis), "int64")


# ---------------------------------------------------------------- element by element


def cast(x, dtype):
    """The values in another dtype."""
    return ops.cast(vector(x), dtype)


def square(x):
    """x²."""
    return ops.square(x)


def abs(x):
    """|x|."""
    return ops.abs(x)


def sqrt(x):
    """The square root; 0 of what is negative."""
    return ops.sqrt(ops.clip(x, 0.0, math.inf))


def exp(x):
    """e to the power of x."""
    return ops.exp(x)


def log(x):
    """The natural logarithm."""
    return ops.log(x)


def round(x):
    """The nearest integer; of two that are equally near the even one."""
    return ops.round(x)


def sign(x):
    """-1, 0 or 1."""
    return ops.sign(x)


def pow(x, a):
    """x to the power of a."""
    return ops.power(x, a)


def sin(x):
    """The sine."""
    return ops.sin(x)


def cos(x):
    """The cosine."""
    return ops.cos(x)


def clip(x, min_value, max_value):
    """x between the two, where None is no limit; a `max_value` below `min_value` counts as that."""
    low = -math.inf if min_value is None else min_value
    high = math.inf if max_value is None else max_value
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and high < low:
        high = low
    return ops.clip(x, low, high)


def equal(x, y):
    """Whether x = y, as booleans."""
    return ops.equal(x, y)


def not_equal(x, y):
    """Whether x and y differ, as booleans."""
    return ops.not_equal(x, y)


def greater(x, y):
    """Whether x > y, as booleans."""
    return ops.greater(x, y)


def greater_equal(x, y):
    """Whether x >= y, as booleans."""
    return ops.greater_equal(x, y)


def less(x, y):
    """Whether x < y, as booleans."""
    return ops.less(x, y)


def less_equal(x, y):
    """Whether x <= y, as booleans."""
    return ops.less_equal(x, y)


lesser, lesser_equal = less, less_equal  # Keras 1


def maximum(x, y):
    """The larger one of x and y."""
    return ops.maximum(x, y)


def minimum(x, y):
    """The smaller one of x and y."""
    return ops.minimum(x, y)
