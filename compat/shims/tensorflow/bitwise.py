"""`tf.bitwise`: integers, bit by bit."""

from __future__ import annotations

from torchkeras_lite import ops

from ._creation import given
from ._missing import getattr_of

__all__ = ["bitwise_and", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift"]
__getattr__ = getattr_of(__name__)


def _of_one_dtype(x, y):
    """Both, of the dtype of the first one that is a tensor."""
    x = given(x, None if hasattr(x, "dtype") else getattr(y, "dtype", None))
    return x, given(y, None if hasattr(y, "dtype") else x.dtype)


def bitwise_and(x, y, name=None):
    return ops.bitwise_and(*_of_one_dtype(x, y))


def bitwise_or(x, y, name=None):
    return ops.bitwise_or(*_of_one_dtype(x, y))


def bitwise_xor(x, y, name=None):
    return ops.bitwise_xor(*_of_one_dtype(x, y))


def invert(x, name=None):
    return ops.bitwise_not(given(x))


def left_shift(x, y, name=None):
    return ops.left_shift(*_of_one_dtype(x, y))


def right_shift(x, y, name=None):
    return ops.right_shift(*_of_one_dtype(x, y))
