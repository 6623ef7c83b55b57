"""Parts of tensors: by place, by condition, diagonals and triangles."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, row

X, Y = drawn((2, 3)), drawn((2, 3, 4))
INDEX = np.arange(6, dtype="int32").reshape(2, 3)
PLACES = np.array([[2, 0], [-1, 1]], "int32")

MOVED = ("bool", "uint8", "int64", "bfloat16")  # numbers that only move keep any dtype: a few stand for all


ROWS = [
    *[
        row("get_item", Y, key)
        for key in (
            1,
            -1,
            (0, 2),
            (slice(None), 1),
            (..., 0),
            (None, 0),
            (slice(None), slice(0, 3, 2), -1),
            (slice(None), None, ..., slice(-3, -1)),
            (),
        )
    ],
    row("get_item", Y, slice(1, None)).but(symbolic=None, config=False),  # Keras draws slices in a tuple only
    row("get_item", Y, PLACES % 2).but(symbolic=None, config=False),  # Keras draws integers, slices and None only
    row("get_item", X, X > 0).but(symbolic=False, config=False),  # how many there are is known with the values only
    # Keras gives back the Python number
    row("get_item", [1, 2, 3], 1).but(expected=np.array(2, "int32"), symbolic=False, config=False),
    *over_dtypes("get_item", INDEX, (slice(None), 1), dtypes=MOVED),
    *[row("take", Y, PLACES, axis=axis) for axis in (1, 2, -1)],
    row("take", X, np.array([0, 1, 1, -1], "int32"), axis=0),
    row("take", X, PLACES, axis=1),
    row("take", X, PLACES % 2, axis=0),
    row("take", X, np.array([2, 0, 5])),
    row("take", Y, 1, axis=1),
    row("take", Y, -1, axis=-1),
    row("take", Y, 3),
    row("take", X, [0, 2], axis=1),
    row("take", X, np.array(1, "int32"), axis=1),
    row("take", X, np.array([], "int32"), axis=1),
    row("take", X, np.array([True, False]), axis=1),
    # Keras on torch adds the first size to negative places, instead of the number of all
    row("take", X, np.array([-1, -6])).but(expected=np.take(X, [-1, -6]), config=False),
    *over_dtypes("take", INDEX, [0, 2], 1, dtypes=MOVED),
    row("take", X, np.array([2, 0], "uint8"), axis=1),
    row("take_along_axis", X, PLACES, axis=1),
    row("take_along_axis", X, np.array([[0, -1, 1]], "int32"), axis=0),
    row("take_along_axis", Y, np.array([[[3]], [[-1]]]), axis=-1),
    row("take_along_axis", X, np.array([4, 0, 1])),
    # as in `take`
    row("take_along_axis", X, np.array([-1, 2])).but(expected=np.take_along_axis(X, np.array([-1, 2]), None), config=False),
    *[
        one.but(symbolic=None) for one in over_dtypes("take_along_axis", INDEX, [[0], [2]], 1, dtypes=MOVED)
    ],  # Keras draws tensors only
    row("unravel_index", np.array([0, 5, 11], "int32"), (3, 4)),
    row("unravel_index", PLACES % 6, [2, 3]),
    row("unravel_index", 7, (2, 2, 3)).but(config=False, symbolic=False),
    *over_dtypes("unravel_index", INDEX, (2, 3), dtypes=DTYPES[1:5]),
    row("unravel_index", INDEX.astype("int64"), (2, 3)).but(  # as in `over_wide`
        expected=tuple(each.copy() for each in np.unravel_index(INDEX, (2, 3))), config=False
    ),
    # conditions. Keras on torch gives the indices of all axes in one tensor; numpy, JAX and Keras's own shapes say a tuple
    *[
        row("nonzero", x).but(expected=tuple(each.astype("int32") for each in np.nonzero(x)), symbolic=False, config=False)
        for x in (INDEX, INDEX > 2, np.maximum(Y, 0), np.array([0, 2, 0]), np.zeros((2, 3), "float32"))
    ],
    row("select", [X > 0, X < -1], [X, drawn((2, 3), 1)], 3.0),
    row("select", [X > 0, X < -1], [X, drawn((2, 3), 1)]),
    row("select", (X > 0,), (X,), default=drawn((2, 3), 2)).but(config=False),  # Keras gives up the tuple
    row("select", [INDEX > 2], [INDEX], -1),
    row("select", [INDEX > 2, INDEX > 1], [INDEX, X], 0),
    row("select", [X > 0], [X.astype("float16")], 2),
    row("select", [np.array([True, False])], [[1, 2]], 0).but(symbolic=False, config=False),  # Keras draws tensors only
    row("isin", INDEX, np.array([1, 4, 9], "int32")),
    row("isin", INDEX, [1, 4]),
    row("isin", INDEX, 2),
    row("isin", INDEX, np.array([1, 4, 9]), invert=True),
    row("isin", INDEX, np.array([1.0, 2.5], "float32"), assume_unique=True),
    row("isin", INDEX > 2, np.array([True])),
    row("isin", INDEX, np.array([], "int32")),
    *over_dtypes("isin", INDEX, np.array([0, 1]), dtypes=[name for name in DTYPES if name != "bool"]),
    # diagonals and triangles
    *[row("diag", drawn((3,)), k=k) for k in (0, 1, -2)],
    *[row("diag", X, k=k) for k in (0, 1, -1, 3)],
    *over_dtypes("diag", INDEX, dtypes=MOVED),
    *[row("diagflat", x, k=k) for x in (drawn((3,)), X) for k in (0, 2, -1)],
    row("diagflat", np.array(2.0, "float32")),
    row("diagonal", X),
    row("diagonal", X, offset=1),
    row("diagonal", Y, 0, 1, 2),
    row("diagonal", Y, offset=-1, axis1=-1, axis2=0),
    *[row(name, x, k=k) for name in ("tril", "triu") for x in (X, Y) for k in (0, 1, -1)],
    *over_dtypes("tril", INDEX, dtypes=MOVED),
    *over_dtypes("triu", INDEX, 1, dtypes=MOVED),
]
