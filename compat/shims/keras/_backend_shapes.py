"""Shapes: asked for, changed, repeated."""

from __future__ import annotations

import builtins
import math
import operator

import numpy as np
import torch

from torchkeras_lite import config, ops
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.sparse import Sparse
from torchkeras_lite.symbolic import KerasTensor

from ._backend_calls import draw, drawn, known, sizes_of, words
from ._shape import TensorShape


class Shape(tuple):
    """The sizes of a tensor; computed with element by element, as with a vector of integers."""

    def __getitem__(self, index):
        part = tuple.__getitem__(self, index)
        return Shape(part) if isinstance(index, builtins.slice) else part

    def __hash__(self):
        return tuple.__hash__(self)


def _elementwise(function, reflected=False):
    def compute(self, other):
        if isinstance(other, KerasTensor):
            others = [other[i] if other.ndim else other for i in range(len(self))]
        else:
            others = sizes_of(other)
            others = others * len(self) if len(others) == 1 else others
        pairs = zip(others, self, strict=True) if reflected else zip(self, others, strict=True)
        return Shape(function(a, b) for a, b in pairs)

    return compute


for _name in ("add", "sub", "mul", "floordiv", "mod"):
    setattr(Shape, f"__{_name}__", _elementwise(getattr(operator, _name)))
    setattr(Shape, f"__r{_name}__", _elementwise(getattr(operator, _name), reflected=True))


def vector(x):
    """A Shape with symbolic sizes in it as one KerasTensor; anything else as it is."""
    symbolic = isinstance(x, Shape) and any(isinstance(size, KerasTensor) for size in x)
    return ops.stack(list(x)) if symbolic else x


# ---------------------------------------------------------------- asked for


def shape(x) -> Shape:
    """The sizes: integers, and symbolic ones where a KerasTensor has None. They can be computed with as with a vector."""
    if not isinstance(x, KerasTensor):
        return Shape(int(size) for size in (x if hasattr(x, "shape") else to_tensor(x)).shape)
    return Shape(draw(_size, (x, i), (), "int32") if size is None else size for i, size in enumerate(x.shape))


def _size(x, axis):
    return x.shape[axis]


def int_shape(x) -> tuple:
    """The shape as a tuple; None where the size varies."""
    if not hasattr(x, "shape"):
        return np.shape(x)
    return tuple(x.shape.as_list() if isinstance(x.shape, TensorShape) else x.shape)


get_variable_shape = int_shape


def ndim(x) -> int:
    """The number of axes."""
    return len(int_shape(x))


def dtype(x) -> str:
    """The name of the dtype."""
    return config.dtype_name((x if hasattr(x, "dtype") else to_tensor(x)).dtype)


@drawn
def size(x, name=None):
    """The number of elements, as a tensor."""
    x = to_tensor(x)
    return torch.full((), x.numel(), dtype=torch.int32, device=x.device)


def is_sparse(tensor) -> bool:
    """Whether it is sparse: of torch's or of TensorFlow's kind, or symbolic and such a one later."""
    if isinstance(tensor, torch.Tensor):
        return tensor.layout is not torch.strided
    return isinstance(tensor, Sparse) or (isinstance(tensor, KerasTensor) and tensor.sparse)


def to_dense(tensor):
    """A sparse tensor as a dense one; others stay."""
    return _dense(tensor) if is_sparse(tensor) else tensor


@drawn
def _dense(tensor):
    return tensor.to_dense() if is_sparse(tensor) else tensor


def count_params(x) -> int:
    """The number of elements, of a tensor or variable whose shape is known."""
    return math.prod(int_shape(x))


# ---------------------------------------------------------------- changed


def reshape(x, shape):
    """The same elements in another shape, in which one size may be -1, and others may be symbolic."""
    sizes = sizes_of(shape)
    if isinstance(sizes, KerasTensor) or any(isinstance(size, KerasTensor) for size in sizes):
        return draw(reshape, (x, sizes), known(sizes), dtype(x))
    return ops.reshape(x, sizes)


def permute_dimensions(x, pattern):
    """The axes in the order of `pattern`."""
    return ops.transpose(x, tuple(pattern))


def transpose(x):
    """The axes in reverse order."""
    return ops.transpose(x)


def flatten(x):
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


@drawn
def batch_flatten(x):
    """(batch, ...) -> (batch, elements)."""
    x = to_tensor(x)
    return x.flatten(1) if x.ndim > 1 else x[:, None]


@words(dim="axis")
def expand_dims(x, axis=-1):
    """A new axis of size 1 at `axis`."""
    return ops.expand_dims(x, axis)


def squeeze(x, axis):
    """Without `axis`, whose size is 1."""
    return ops.squeeze(x, axis)


def concatenate(tensors, axis=-1):
    """The tensors in a row along `axis`."""
    return ops.concatenate([vector(x) for x in tensors], axis)


def stack(x, axis=0):
    """The tensors of a list along a new axis."""
    return ops.stack(list(x), axis)


def reverse(x, axes):
    """Turned round along one axis, or several."""
    return ops.flip(x, axes if isinstance(axes, int) else tuple(axes))


def slice(x, start, size):
    """The part of `x` that begins at `start` and has this size, a number for each axis; -1 is up to the end.

    Raises:
        ValueError: not a number for each axis.
    """
    start, size = sizes_of(start), sizes_of(size)
    if not len(start) == len(size) == ndim(x):
        raise ValueError(
            f"The dimension and the size of indices should match. Received: start={start} and size={size} for an x of shape "
            f"{int_shape(x)}"
        )
    return ops.slice(x, start, size)


def gather(reference, indices):
    """The slices of `reference` along its first axis that `indices` (integers of any shape) name."""
    return ops.take(reference, indices, axis=0)


@words(nb_classes="num_classes")
def one_hot(indices, num_classes):
    """A new last axis with 1 at the place that the integer names, else 0."""
    return ops.one_hot(indices, num_classes)


# ---------------------------------------------------------------- repeated


def tile(x, n):
    """`x` as often along each axis as `n` says; an integer, or fewer than there are axes, are for the last ones.

    Raises:
        NotImplementedError: more numbers than axes.
    """
    sizes, axes = sizes_of(n), ndim(x)
    if isinstance(sizes, KerasTensor):
        return draw(tile, (x, sizes), (None,) * axes, dtype(x))
    if len(sizes) > axes:
        raise NotImplementedError(f"tile: `n` has more numbers than x has axes. Received: n={n!r}, x of shape {int_shape(x)}")
    sizes = (1,) * (axes - len(sizes)) + sizes
    if any(isinstance(size, KerasTensor) for size in sizes):
        pairs = zip(int_shape(x), known(sizes), strict=True)
        return draw(tile, (x, sizes), [None if None in pair else math.prod(pair) for pair in pairs], dtype(x))
    return ops.tile(x, sizes)


def repeat(x, n):
    """(batch, features) -> (batch, n, features)."""
    if ndim(x) != 2:
        raise ValueError(f"repeat: x must have two axes. Received: x of shape {int_shape(x)}")
    return tile(ops.expand_dims(x, 1), (1, n, 1))


def repeat_elements(x, rep, axis):
    """Each slice along `axis` `rep` times in a row."""
    return ops.repeat(x, rep, axis)


def arange(start, stop=None, step=1, dtype="int32"):
    """Integers from `start` on, below `stop`; from 0 on below `start` if that is all there is."""
    ends = (0, start) if stop is None else (start, stop)
    if any(isinstance(end, KerasTensor) for end in ends):
        return draw(arange, (*ends, step, dtype), (None,), dtype)
    return ops.cast(ops.arange(*(end if isinstance(end, float) else int(end) for end in ends), step), dtype)
