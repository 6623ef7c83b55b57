"""The same numbers in another shape, order or frame."""

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, over_dtypes, row

X, Y = drawn((2, 3)), drawn((2, 3, 4))
IMAGES = drawn((2, 4, 6, 3))
SCALAR = np.array(1.5, "float32")
INDEX = np.arange(6, dtype="int32").reshape(2, 3)


def padded(x, width, mode):
    """A row of a frame that Keras on torch makes wrongly, or not at all for such axes and sizes; numpy's is the model."""
    return row("pad", x, width, mode=mode).but(expected=np.pad(x, width, mode), config=False)


MOVED = ("bool", "uint8", "int64", "bfloat16")  # numbers that only move keep any dtype: a few stand for all


def plain(name, *args, **kwargs):
    """A row without a tensor to draw or to differentiate."""
    return row(name, *args, **kwargs).but(gradients=False, symbolic=False, config=False)


ROWS = [
    *[plain("ndim", x) for x in (X, Y, SCALAR, 2, [1, 2])],
    row("size", Y),
    row("size", SCALAR).but(expected=np.array(1), config=False),  # Keras on torch: float32, as of an empty shape
    # shapes
    row("reshape", X, (3, 2)),
    row("reshape", X, [3, 2]),
    row("reshape", X, (-1, 2)),
    row("reshape", Y, (2, -1)),
    row("reshape", Y, (-1, 4, 3)),
    row("reshape", Y, -1),
    row("reshape", X, 6),
    row("reshape", drawn((1, 4)), (2, 2)),
    row("reshape", np.array([2.0], "float32"), ()),
    row("reshape", drawn((0, 4)), (0, 2, 2)).but(gradients=False, symbolic=None),  # without numbers
    plain("reshape", [[1, 2], [3, 4]], 4),
    plain("reshape", INDEX, np.array([3, 2])),  # a shape in a tensor is read when it runs
    # Keras hands None on to torch, which refuses; here it stands for the size that `x` has
    row("reshape", Y, (None, -1)).but(expected=Y.reshape(2, -1), symbolic=None, config=False),
    row("reshape", Y, (None, 4, 3)).but(expected=Y.reshape(2, 4, 3), symbolic=None, config=False),
    row("reshape", Y, (None, None, 2, 2)).but(expected=Y.reshape(2, 3, 2, 2), symbolic=None, config=False),
    row("reshape", Y, (4, None)).but(expected=Y.reshape(4, 6), symbolic=None, config=False),
    *over_dtypes("reshape", INDEX, (3, -1), dtypes=MOVED),
    row("ravel", X),
    row("ravel", SCALAR),
    plain("ravel", [[1, 2], [3, 4]]),
    row("ravel", INDEX),
    row("view", X, "float32"),
    row("view", X, "int32").but(gradients=False),
    row("view", X, "uint8").but(gradients=False),
    row("view", drawn((2, 4)), "float64").but(gradients=False),
    row("view", np.arange(8, dtype="uint8"), "int32"),
    # Keras on torch takes None for floatx, its shapes for the dtype that is there, as numpy does
    row("view", INDEX).but(expected=INDEX),
    row("broadcast_to", X, (2, 3)),
    row("broadcast_to", X, (4, 2, 3)),
    row("broadcast_to", drawn((1, 3)), (2, 3)),
    row("broadcast_to", drawn((3,)), (2, 3)),
    row("broadcast_to", SCALAR, (2, 3)),
    plain("broadcast_to", 2, (2, 3)),
    # as in `reshape`
    row("broadcast_to", drawn((2, 1)), (None, 3)).but(expected=drawn((2, 1)) * np.ones(3, "float32"), config=False),
    *over_dtypes("broadcast_to", INDEX, (2, 2, 3), dtypes=MOVED),
    *[row("expand_dims", X, axis) for axis in (0, 1, 2, -1, -3, (0, 1), (0, -1), [3, 1], (-1, -2))],
    plain("expand_dims", 3, 0),
    row("expand_dims", INDEX, 1),
    row("squeeze", drawn((2, 1, 3, 1))),
    *[row("squeeze", drawn((2, 1, 3, 1)), axis=axis) for axis in (1, -1, (1, 3), [1])],
    row("squeeze", drawn((1, 1)), axis=1),
    row("squeeze", drawn((1, 1))).but(symbolic=None),  # Keras keeps an open batch; here it may be 1 as well
    # order of axes
    row("transpose", X),
    row("transpose", Y).but(expected=Y.T),  # of other than two axes Keras on torch takes `T`, of which torch warns
    row("transpose", drawn((3,))).but(expected=drawn((3,))),
    row("transpose", Y, (0, 2, 1)),
    row("transpose", Y, axes=[2, 0, -2]),
    row("transpose", SCALAR).but(expected=SCALAR),
    *over_dtypes("transpose", INDEX, dtypes=MOVED),
    row("swapaxes", Y, 0, 1),
    row("swapaxes", Y, -1, axis2=-2),
    row("moveaxis", Y, 0, -1),
    row("moveaxis", Y, -1, 1),
    row("moveaxis", Y, (0, 1), (2, 0)),
    row("moveaxis", Y, [0, -1], [-1, 0]),
    # order of numbers
    *[row("flip", Y, axis=axis) for axis in (None, 0, 1, -1, (0, 2), [1, -1])],
    *over_dtypes("flip", INDEX, dtypes=MOVED),
    row("fliplr", X),
    row("fliplr", Y),
    row("flipud", X),
    row("flipud", drawn((3,))),
    *[row("rot90", X, k=k) for k in (1, 3, -1, 5)],
    *[row("rot90", X, k=k).but(symbolic=None) for k in (0, 2)],  # Keras draws a quarter turn whatever k is
    row("rot90", Y, axes=(1, 2)),
    row("rot90", Y, 3, axes=(2, 0)),
    row("rot90", Y, axes=[-1, 1]),
    row("roll", X, 2),
    row("roll", X, -1, axis=1),
    row("roll", Y, (1, 2), axis=(0, -1)),
    row("roll", Y, 4, axis=0),
    # Keras on torch wants a shift for each axis; numpy does not
    row("roll", Y, 1, axis=(0, 2)).but(expected=np.roll(Y, 1, (0, 2)), config=False),
    *over_dtypes("roll", INDEX, 1, dtypes=MOVED),
    # frames
    # Keras on torch gives one pair to the last axis alone; its shapes, numpy and JAX to all
    *[row("pad", X, width).but(expected=np.pad(X, width), config=False) for width in (1, (1, 2), ((1, 2),))],
    row("pad", drawn((3,)), 2),
    row("pad", Y, ((0, 0), (1, 0), (2, 3))),
    row("pad", Y, [(1, 1), (0, 0), (0, 0)]),
    row("pad", Y, [[1], [0], [2]]),
    row("pad", Y, ((0, 0), (0, 0), (0, 0))),
    row("pad", X, ((0, 0), (1, 2)), constant_values=1.5),
    row("pad", INDEX, ((1, 1), (1, 1)), constant_values=7),
    row("pad", drawn((0, 3)), ((0, 0), (1, 1))).but(gradients=False, symbolic=None),  # no numbers
    *over_dtypes("pad", INDEX, ((1, 0), (0, 2)), dtypes=MOVED),
    row("pad", Y, ((0, 0), (1, 1), (2, 0)), mode="reflect"),
    row("pad", drawn((4,)), ((2, 3),), "reflect"),
    row("pad", Y, ((0, 0), (1, 1), (1, 1)), mode="symmetric"),  # Keras on torch has it right for one number only
    *over_dtypes("pad", INDEX, ((0, 0), (2, 1)), mode="reflect", dtypes=MOVED),
    padded(Y, ((0, 0), (3, 2), (4, 3)), "symmetric"),
    padded(Y, ((2, 1), (1, 2), (1, 0)), "reflect"),
    padded(drawn((3,)), ((5, 7),), "reflect"),
    padded(drawn((1,)), ((2, 1),), "reflect"),
    padded(drawn((3,)), ((5, 7),), "symmetric"),
    padded(Y, ((0, 0), (3, 2), (4, 3)), "edge"),
    padded(Y, ((0, 0), (4, 2), (5, 3)), "wrap"),
    # words for shapes. Keras cannot draw them with an open batch: it multiplies None
    *[
        one.but(symbolic=None)
        for one in (
            row("rearrange", IMAGES, "b h w c -> b c h w"),
            row("rearrange", IMAGES, "b h w c -> b (c h w)"),
            row("rearrange", IMAGES, "b h w c -> b h (w c)"),
            row("rearrange", IMAGES, "b (h1 h) (w1 w) c -> b (h1 w1) h w c", h1=2, w1=3),
            row("rearrange", IMAGES, "b (h h1) (w w1) c -> b h w (c h1 w1)", h1=2, w1=2),
            row("rearrange", IMAGES, "b h w c -> (b h) w c"),
            row("rearrange", IMAGES, "b h w c -> h (b w) c"),
            row("rearrange", IMAGES, "(b1 b) h w c -> b1 b h w c", b=1),
            row("rearrange", INDEX, "a b->b a"),
            row("rearrange", torch.arange(12), "(a b c) -> c (b a)", a=2, c=2),
            *over_dtypes("rearrange", INDEX, "a b -> (b a)", dtypes=DTYPES[:3]),
        )
    ],
]
