"""Shapes as old programs ask for them: of a tensor, and of an application's images."""

from __future__ import annotations

import functools
import sys

import torch

from torchkeras_lite import config, layers, symbolic
from torchkeras_lite.notices import warn
from torchkeras_lite.variable import Variable

from . import _eras
from ._shape import TensorShape
from ._words import data_format as order


class Shape(TensorShape):
    """The sizes of a symbolic tensor or a weight, None where they vary. It reads as a tuple does."""

    __repr__ = TensorShape.__str__

    def __reduce__(self):
        return Shape, (self.as_list(),)


def get_shape(tensor) -> Shape:
    """The shape of a symbolic tensor, as TensorFlow's tensors tell theirs."""
    return Shape(tensor.shape)


_drawn = getattr(symbolic.KerasTensor.__init__, "_todays", symbolic.KerasTensor.__init__)


@functools.wraps(_drawn)
def drawn(self, *args, **words):
    """A symbolic tensor. Its shape is one of TensorFlow's where programs ask it things: those of old, and who imports it."""
    _drawn(self, *args, **words)
    if _eras.now != "3" or "tensorflow" in sys.modules:
        self.shape = Shape(self.shape)


drawn._todays = _drawn
_of_variable = Variable.shape.fget
_of_variable = getattr(_of_variable, "_todays", _of_variable)


def _shape(variable):
    found = _of_variable(variable)
    return found if _eras.now == "3" or torch.compiler.is_compiling() else Shape(found)


_shape._todays = _of_variable
shape_of_variable = property(_shape)


def _of_input_layer(layer):
    shape = tuple(layer.batch_shape)
    return [shape] if _eras.now == "tf2" else shape


shape_of_input_layer = property(_of_input_layer)
_begin = getattr(layers.InputLayer._begin, "_todays", layers.InputLayer._begin)


def begin_with(self, tensor=None):
    """The first tensor of a graph. In Keras 1 and 2 `Input(tensor=x * y)` gave that very tensor, and what led to it stayed."""
    led = None if tensor is None or tensor.node is None else tensor.node.operation
    if led is None or isinstance(led, layers.InputLayer) or _eras.now == "3":
        _begin(self, tensor)
    else:
        self._nodes.append(symbolic.Node(self, (), {}, tensor, makes_outputs=False))
        symbolic.drawing.begin()


begin_with._todays = _begin


def obtain_input_shape(
    input_shape, default_size, min_size, data_format=None, require_flatten=True, weights=None, dim_ordering=None,
    include_top=None,
):  # fmt: skip
    """The shape of the images that an application takes: what the user said, checked, or what it was made for.

    Args:
        input_shape: three sizes, None where a side varies; None for the default.
        default_size, min_size: of both sides.
        data_format: where the channels are; Keras 1 said `dim_ordering`.
        require_flatten: whether a classifier needs fixed sides; Keras 1 said `include_top`.
        weights: with those of "imagenet" there have to be three channels.

    Raises:
        ValueError: another shape than a classifier with weights has, sides too small, or not three sizes.
    """
    data_format = dim_ordering or data_format or config.image_data_format()
    data_format = order(data_format) if data_format in ("th", "tf") else data_format
    require_flatten = require_flatten if include_top is None else include_top
    first = data_format == "channels_first"
    trained = weights == "imagenet"
    channels = 3
    if input_shape and len(input_shape) == 3 and not trained:
        channels = input_shape[0 if first else -1]
        if channels not in (1, 3):
            warn(f"This model usually expects 1 or 3 input channels. Received: {channels}")
    shape = [default_size, default_size]
    shape.insert(0 if first else 2, channels)
    if trained and require_flatten:
        if input_shape is not None and tuple(input_shape) != tuple(shape):
            raise ValueError(f"With `include_top=True` and weights of 'imagenet', `input_shape` is {tuple(shape)}.")
        return tuple(shape)
    if not input_shape:
        if not require_flatten:
            shape = [None, None]
            shape.insert(0 if first else 2, 3)
        return tuple(shape)
    if len(input_shape) != 3:
        raise ValueError(f"`input_shape` must be a tuple of three integers. Received: {input_shape}")
    sides = input_shape[1:] if first else input_shape[:2]
    if trained and input_shape[0 if first else -1] != 3:
        raise ValueError(f"The input must have 3 channels. Received: input_shape={input_shape}")
    if any(side is not None and side < min_size for side in sides):
        raise ValueError(f"Input size must be at least {min_size}x{min_size}. Received: input_shape={input_shape}")
    if require_flatten and None in input_shape:
        raise ValueError(f"With `include_top=True`, `input_shape` has fixed sizes. Received: {input_shape}")
    return tuple(input_shape)


_NO_NUMBERS = ("1.2", "2.2", "2.3")  # eras in which a symbolic tensor was an object like any other


class NoLength(AttributeError, TypeError):
    """Both what `hasattr` and what `len` are told where there is no length."""


class Length:
    """`len` of a KerasTensor, which tensors of TensorFlow 1 did not have: programs took what has one for a list of outputs."""

    def __init__(self, of_today):
        self.of_today = of_today

    def __get__(self, tensor, owner=None):
        if tensor is None:
            return self
        if _eras.now in _NO_NUMBERS:
            raise NoLength(f"{tensor!r} has no len()")
        return self.of_today.__get__(tensor)


_len = vars(symbolic.KerasTensor)["__len__"]
length = Length(getattr(_len, "of_today", _len))


_equal, _not_equal = (
    getattr(method, "_todays", method) for method in (symbolic.KerasTensor.__eq__, symbolic.KerasTensor.__ne__)
)


def equal(self, other):
    """Whether it is the same tensor, which `==` asked in TensorFlow 1: `x in inputs`. Since then it is asked of the numbers."""
    return self is other if _eras.now in _NO_NUMBERS else _equal(self, other)


def not_equal(self, other):
    return self is not other if _eras.now in _NO_NUMBERS else _not_equal(self, other)


equal._todays, not_equal._todays = _equal, _not_equal
