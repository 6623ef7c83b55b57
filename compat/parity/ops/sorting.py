"""Putting in order, and finding places."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, plain, row

X, CUBE = drawn((2, 3)), drawn((2, 3, 4), 1)
COUNTS = np.array([[1, 0, 3, 2], [0, 2, 5, 1]])
HOLES = np.array([[1.0, np.nan, 0.5], [np.nan, -1.0, np.inf]], "float32")
EDGES = np.array([-1, 0, 0.5, 0.5, 2], "float32")


def partitioned(x, kth, axis=-1):
    """Everything sorted: the other orders that Keras may answer are partitions too, and of floats it cuts the fractions off."""
    return row("argpartition", x, kth, axis).but(expected=np.argsort(x, axis, kind="stable").astype("int32"))


ROWS = [
    *[
        one
        for name in ("argmax", "argmin")
        for one in [
            row(name, X),
            row(name, CUBE, 1),
            row(name, CUBE, axis=-1),
            row(name, CUBE, axis=0, keepdims=True),
            row(name, X, keepdims=True),
            row(name, HOLES, axis=1),
            plain(name, 3),
            plain(name, [1, 3, 2, 3, 1]),
            *over_dtypes(name, COUNTS, 1),
        ]
    ],
    *[
        one
        for name in ("sort", "argsort")
        for one in [
            row(name, X),
            row(name, CUBE, 1),
            row(name, CUBE, axis=0),
            row(name, X, axis=None).but(symbolic=None),  # with an open batch, Keras fails to multiply None
            row(name, HOLES).but(gradients=False),  # of nan
            plain(name, [3, 1, 2]),
            row(name, X[:0], axis=0),
            row(name, COUNTS % 2, 1),
            *over_dtypes(name, COUNTS),
        ]
    ],
    *[partitioned(x, kth) for x, kth in ((X, 0), (X, 1), (COUNTS, 2), (COUNTS > 1, 1), (COUNTS, -1))],
    *[partitioned(CUBE, 1, axis) for axis in (0, 1, None)],
    plain("argpartition", [1, 2, 3], 1),
    *[
        row("searchsorted", EDGES, values, **side)
        for values in (np.array([-2, 0, 0.5, 1, 3], "float32"), drawn((2, 3)))
        for side in ({}, {"side": "right"})
    ],
    plain("searchsorted", [1, 3, 5], [0, 3, 6]),
    plain("searchsorted", [1.0, 3.0, 5.0], 3.0),
    # Keras on torch refuses two dtypes, and booleans.
    row("searchsorted", np.array([1, 3, 5]), np.array([0.5, 3, 4], "float32")).but(expected=np.array([0, 1, 2], "int32")),
    row("searchsorted", np.array([False, True]), np.array([True, False])).but(expected=np.array([1, 0], "int32")),
    # torch warns of values that do not lie in order.
    row("searchsorted", EDGES[::2], CUBE.T).but(expected=np.searchsorted(EDGES[::2], CUBE.T).astype("int32")),
    *over_dtypes("searchsorted", np.array([0, 1, 1, 3]), COUNTS, dtypes=DTYPES[1:]),
    row("digitize", X, EDGES),
    row("digitize", CUBE.T, EDGES).but(expected=np.digitize(CUBE.T, EDGES).astype("int32")),  # torch warns, as above
    row("digitize", COUNTS, np.array([1, 2, 4])),
    row("digitize", X, [-0.5, 0.0, 0.5]).but(config=False, symbolic=False),  # Keras asks the list for a shape
    plain("digitize", [1, 2, 3], [2, 3]),
    plain("digitize", 0.5, [0.5, 1.0]),
    row("digitize", COUNTS, np.array([0.5, 2.5], "float32")).but(expected=np.digitize(COUNTS, [0.5, 2.5]).astype("int32")),
    *over_dtypes("digitize", COUNTS, np.array([1, 1, 3]), dtypes=DTYPES[1:]),
    row("top_k", X, 2),
    row("top_k", CUBE, 4),
    row("top_k", CUBE, 1, sorted=True),
    plain("top_k", [3, 1, 2], 2),
    row("top_k", X, 3),
    *over_dtypes("top_k", COUNTS, 2, dtypes=DTYPES[1:]),
    row("top_k", COUNTS[1:] > 4, 1).but(expected=(np.array([[True]]), np.array([[2]]))),
    # The batch of the targets stays closed in the rows: see tests/ops/test_sorting.py.
    row("in_top_k", np.array([0, 2]), X, 1).but(symbolic=None),
    row("in_top_k", np.array([0, 2], "int32"), X, k=2).but(symbolic=None),
    row("in_top_k", np.array([0, 1, 2]), np.array([[1, 1, 0], [0, 1, 1], [2, 1, 0]], "float32"), 1).but(symbolic=None),
    plain("in_top_k", [0, 1], [[1, 2], [3, 4]], 1),
    *[one.but(symbolic=None) for one in over_dtypes("in_top_k", np.array([1, 0]), COUNTS, k=2, dtypes=DTYPES[1:])],
    row("in_top_k", np.array([1, 0]), COUNTS > 1, k=1).but(expected=np.array([False, False]), symbolic=None),
]

# What is different. The number of results depends on the values, which symbolic tensors do not have.
NUMBERS = np.array([3, 1, 2, 1, 3, 3])
MORE = {"return_index": True, "return_inverse": True, "return_counts": True}
SLICES = np.array([[3, 1, 3], [2, 1, 2]], "float32")
_UNIQUE = [
    row("unique", NUMBERS),
    *[row("unique", NUMBERS, **{key: True}) for key in MORE],
    row("unique", NUMBERS, return_index=True, return_counts=True),
    row("unique", NUMBERS, **MORE),
    row("unique", NUMBERS, size=2, **MORE),
    row("unique", NUMBERS, size=5, **MORE),
    row("unique", NUMBERS, size=5, fill_value=-1),
    row("unique", NUMBERS, True, size=5, fill_value=-1, return_counts=True),
    row("unique", np.array([[0.5, 1], [1, 0.5]], "float32")),
    row("unique", np.array([[0.5, 1], [1, 0.5]], "float32"), return_inverse=True),
    row("unique", SLICES, axis=1, **MORE),
    row("unique", SLICES, axis=-1, size=1, **MORE),
    row("unique", SLICES, axis=-1, size=3, **MORE),
    row("unique", SLICES, axis=0),
    plain("unique", [2, 1, 2]),
    row("unique", X[:0], return_counts=True),
    # Keras on torch fails: the places of a table.
    row("unique", COUNTS[:, :2], **MORE).but(expected=tuple(np.unique(COUNTS[:, :2], True, True, True))),
    *over_dtypes("unique", COUNTS),
]
ROWS += [one.but(symbolic=False, gradients=False) for one in _UNIQUE]
