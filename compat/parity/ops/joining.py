"""Several tensors made one, one made several, and one many times."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

X, Y = drawn((2, 3)), drawn((4, 6, 2))
INDEX = np.arange(6, dtype="int32").reshape(2, 3)
BYTES = np.arange(6, dtype="int8").reshape(2, 3)
UNSIGNED = np.arange(6, dtype="uint8").reshape(2, 3)
HALF = drawn((2, 3)).astype("float16")
TRUTHS = INDEX > 2
MOVED = ("bool", "uint8", "int64", "bfloat16")  # numbers that only move keep any dtype: a few stand for all


def plain(name, *args, **kwargs):
    """A row without a tensor to draw or to differentiate."""
    return row(name, *args, **kwargs).but(gradients=False, symbolic=False, config=False)


ROWS = [
    row("concatenate", [X, drawn((2, 3), 1)]),
    row("concatenate", (X, drawn((2, 1), 1)), axis=1),
    row("concatenate", [X, drawn((2, 0))], 1).but(gradients=False),  # differences need numbers
    row("concatenate", [X, drawn((2, 2), 1)], axis=-1),
    row("concatenate", [X, drawn((5, 3), 1)], 0),
    plain("concatenate", [[1, 2], [3]]),
    plain("concatenate", [[1.5, 2.0], [3]]),
    *[
        row("concatenate", [a, b], 1)
        for a, b in ((INDEX, X), (INDEX, HALF), (BYTES, UNSIGNED), (TRUTHS, INDEX), (TRUTHS, HALF), (X.astype("float64"), X))
    ],
    *over_dtypes("concatenate", [INDEX, INDEX], 1, dtypes=MOVED),
    row("append", X, drawn((3,), 1)),
    row("append", X, drawn((5, 3), 1), axis=0).but(symbolic=None),  # Keras adds None to None
    row("append", X, drawn((2, 1), 1), axis=-1).but(symbolic=True),
    plain("append", [1, 2], 3),
    row("append", X, INDEX, 1),
    # a number is weak, as in Keras on JAX
    row("append", HALF, 2).but(expected=np.append(HALF, np.float16(2)), symbolic=None, config=False),
    row("append", TRUTHS, BYTES),
    row("stack", [X, drawn((2, 3), 1)]),
    *[row("stack", [X, drawn((2, 3), 1), drawn((2, 3), 2)], axis=axis) for axis in (1, 2, -1, -2)],
    row("stack", [X, INDEX]),
    row("stack", [BYTES, UNSIGNED], 1),
    plain("stack", [1, 2]),
    plain("stack", [1, 2.5]),
    row("stack", [np.array(1.5), np.array(2.5)]),
    *over_dtypes("stack", [INDEX, INDEX], -1, dtypes=MOVED),
    *[row(name, [X, drawn((2, 3), 1)]) for name in ("hstack", "vstack", "dstack")],
    *[row(name, [INDEX, X]) for name in ("hstack", "vstack", "dstack")],
    row("vstack", [Y, drawn((1, 6, 2))]),
    row("hstack", [Y, drawn((4, 1, 2))]),
    row("dstack", [Y, drawn((4, 6, 1))]),
    # Keras draws tensors with one axis as if they had the second
    row("hstack", [drawn((3,)), drawn((2,), 1)]).but(symbolic=None, config=False),
    row("vstack", [drawn((3,)), drawn((3,), 1)]).but(symbolic=False, config=False),
    row("dstack", [drawn((3,)), drawn((3,), 1)]),
    # one made several
    row("split", Y, 2),
    row("split", Y, 3, axis=1),
    row("split", Y, 2, axis=-1),
    row("split", Y, [1, 3], axis=1),
    row("split", Y, (2,), axis=-2),
    row("split", Y, [1, 3]).but(symbolic=None),  # parts of an open batch: Keras takes them to be there
    plain("split", INDEX, np.array([1, 2]), 1),  # places in a tensor are read when it runs
    row("split", drawn((0, 2)), 3).but(symbolic=None, gradients=False),
    plain("split", [1, 2, 3, 4], 2),
    row("hsplit", Y, 2),
    row("hsplit", drawn((4,)), [1, 3]),
    row("vsplit", Y, 2),
    row("vsplit", X, [1]).but(symbolic=None),
    row("dsplit", Y, 2),
    row("dsplit", Y, (1,)),
    *[row("array_split", Y, parts, axis=axis) for parts, axis in ((3, 0), (4, 1), (3, -1), (1, 1))],
    *over_dtypes("split", INDEX, 3, 1, dtypes=MOVED),
    # many times
    row("repeat", X, 2),
    row("repeat", X, 3, axis=1),
    row("repeat", X, 2, axis=-2),
    # Keras on torch fails at lists: it asks torch's `all` of them instead of Python's
    row("repeat", X, [2], axis=1).but(expected=np.repeat(X, 2, 1), config=False),
    row("repeat", X, [1, 0, 2], axis=1).but(expected=np.repeat(X, [1, 0, 2], 1), config=False),
    row("repeat", X, (1, 2), axis=0).but(expected=np.repeat(X, [1, 2], 0), config=False),
    row("repeat", X, 0, axis=1),
    row("repeat", X, np.array([2, 1, 3]), axis=-1).but(symbolic=False, config=False),  # how often is read when it runs
    plain("repeat", 3, 2),
    *over_dtypes("repeat", INDEX, 2, 1, dtypes=MOVED),
    row("tile", X, 2),
    row("tile", X, (2, 1)),
    row("tile", X, [2, 1, 3]),
    row("tile", Y, (3,)),
    row("tile", X, (1, 0)),
    plain("tile", 3, 2),
    *over_dtypes("tile", INDEX, (2, 2), dtypes=MOVED),
]
