"""Products of matrices and of batches of them."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import ops
from torchkeras_lite.ops.dispatch import together
from torchkeras_lite.symbolic import KerasTensor

from ._backend_calls import as_tensor, drawn
from ._backend_shapes import int_shape, is_sparse


def dot(x, y):
    """The product of matrices; of more axes, the last one of x with the last but one of y: (2, 3) by (4, 3, 5) is (2, 4, 5)."""
    if is_sparse(x) and not isinstance(x, KerasTensor):
        return torch.matmul(x, as_tensor(y))
    return ops.dot(x, y)


def batch_dot(x, y, axes=None):
    """The products of the samples of two batches: for each, x with y over one axis of each.

    Shapes: (batch, *x without the axis, *y without the axis), and (batch, 1) where nothing would be left.

    Args:
        axes: the axis of x and that of y, counted with the batch's; a number is for both. None: the last one of x, and the last
            but one of y (the last one if y has two axes).

    Raises:
        ValueError: fewer than two axes, the batch's axis, or sizes that differ.
    """
    shapes = int_shape(x), int_shape(y)
    if min(map(len, shapes)) < 2:
        raise ValueError(
            f"Can not do batch_dot on inputs with rank < 2. Received inputs with shapes {shapes[0]} and {shapes[1]}."
        )
    if None not in (shapes[0][0], shapes[1][0]) and shapes[0][0] != shapes[1][0]:
        raise ValueError(
            "Can not do batch_dot on inputs with different batch sizes: row is multiplied with row. "
            f"Received: shapes {shapes[0]} and {shapes[1]}."
        )
    if axes is None:
        axes = -1, -1 if len(shapes[1]) == 2 else -2
    pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
    if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
        raise ValueError(f"Multiple target dimensions are not supported: `axes` is None, an int, or two. Received: {axes}")
    pair = tuple(axis % len(shape) for axis, shape in zip(pair, shapes, strict=True))
    if 0 in pair:
        raise ValueError(
            "Can not perform batch_dot over axis 0, which holds the rows. Inputs without an axis of rows get one by "
            "`K.expand_dims(x, 0)`."
        )
    sizes = shapes[0][pair[0]], shapes[1][pair[1]]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            f"Can not do batch_dot on inputs with shapes {shapes[0]} and {shapes[1]} with axes={list(pair)}. "
            f"x.shape[{pair[0]}] != y.shape[{pair[1]}] ({sizes[0]} != {sizes[1]})."
        )
    return _batch_dot(x, y, pair)


@drawn
def _batch_dot(x, y, axes):
    x, y = together([x, y])
    x, y = x.movedim(axes[0], -1), y.movedim(axes[1], 1)
    batch, size = len(x), x.shape[-1]
    left, right = x.shape[1:-1], y.shape[2:]
    product = x.reshape(batch, math.prod(left), size) @ y.reshape(batch, size, math.prod(right))
    return product.reshape(batch, *left, *right) if left or right else product.reshape(batch, 1)
