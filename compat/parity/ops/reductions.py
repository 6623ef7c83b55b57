"""Many numbers to one, along some axes."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, plain, row

X, CUBE = drawn((2, 3)), drawn((2, 3, 4), 1)
COUNTS = np.array([[1, 0, 3, 2], [0, 2, 5, 1]])
TIES = np.array([[1, 1, 0], [2, 0, 2]], "float32")
NOT_WIDE = tuple(dtype for dtype in DTYPES if dtype not in ("int64", "float64"))
NOT_DOUBLE = tuple(dtype for dtype in DTYPES if dtype != "float64")
WITH_KEEPDIMS = "all any amax amin max min mean sum prod std var ptp logsumexp".split()


def over_axes(name):
    """Every way to say which axes, and all that can become a tensor."""
    return [
        row(name, X),
        row(name, CUBE, 1),
        row(name, CUBE, axis=-1),
        row(name, CUBE, axis=0),
        row(name, CUBE, axis=(0, 2)),
        row(name, CUBE, axis=[-1, 1]),
        plain(name, 3),
        plain(name, [1.0, 2.0, 0.5]),
        plain(name, [[1, 2], [0, 3]], 1),
    ]


def by_numpy(name, *args, dtype="float32", **kwargs):
    """A row whose truth is numpy's function of that name."""
    return row(name, *args, **kwargs).but(expected=np.asarray(getattr(np, name)(*args, **kwargs), dtype))


ROWS = [
    *[one for name in WITH_KEEPDIMS for one in over_axes(name)],
    *[row(name, CUBE, axis=1, keepdims=True) for name in WITH_KEEPDIMS],
    *[row(name, CUBE, axis=(-1, 0), keepdims=True) for name in WITH_KEEPDIMS],
    *[row(name, X, keepdims=True) for name in ("all", "any", "mean", "std", "var", "logsumexp")],
    # Without an axis, Keras on torch forgets `keepdims`.
    *[by_numpy(name, X, keepdims=True) for name in ("amax", "amin", "max", "min", "sum", "prod", "ptp")],
    *[row(name, X, axis=()) for name in ("all", "any", "amax", "amin", "max", "min", "mean", "sum", "var")],
    row("prod", X, axis=()).but(gradients=False),  # Keras's answer is x itself
    row("ptp", X, axis=()).but(config=False),  # Keras knows no axis as () only, which files write as []
    # For no axis, Keras on torch takes all of them, or fails, or forgets the dtype.
    by_numpy("std", X, axis=()),
    row("logsumexp", X, axis=()).but(expected=X),
    by_numpy("mean", COUNTS, axis=()),
    by_numpy("sum", COUNTS.astype("int8"), axis=(), dtype="int32"),
    by_numpy("prod", COUNTS > 0, axis=(), dtype="int32"),
    *[one for name in "all any amax amin max min mean sum std".split() for one in over_dtypes(name, COUNTS)],
    *over_dtypes("ptp", COUNTS, dtypes=DTYPES[1:]),
    *over_dtypes("logsumexp", COUNTS),
    *over_dtypes("prod", COUNTS + 1, 1, dtypes=NOT_WIDE),
    *over_wide("prod", np.prod, COUNTS + 1, axis=1),
    *[one for name in ("var", "average") for one in over_dtypes(name, COUNTS, dtypes=NOT_DOUBLE)],
    *over_wide("var", np.var, COUNTS, axis=1, dtypes=("float64",)),
    *over_wide("average", np.average, COUNTS, axis=1, dtypes=("float64",)),
    row("prod", COUNTS, axis=1, dtype="float16"),
    row("prod", X, dtype="int8").but(gradients=False),  # Keras's is not differentiable either
    # Equal numbers share a gradient; 0 has one in a product.
    *[row(name, TIES, axis=axis) for name in ("amax", "amin", "max", "min", "prod") for axis in (None, 1)],
    *[row(name, np.full((2, 3), 300, "float16"), axis=1) for name in ("mean", "var", "prod")],
    row("logsumexp", np.array([[1000.0, 999.0], [-1000.0, -1000.0]], "float32"), axis=1),
    # At least, and at most
    *[row(name, X, initial=initial) for name in ("max", "min") for initial in (0, 0.5)],
    *[row(name, X, axis=1, keepdims=True, initial=0) for name in ("max", "min")],
    *[one for name in ("max", "min") for one in over_dtypes(name, COUNTS, axis=0, initial=1)],
    # No numbers. Keras on torch answers `initial` whatever the axis, in a dtype of its own.
    by_numpy("max", X[:0], axis=0, initial=2.0),
    by_numpy("min", X[:0], axis=0, keepdims=True, initial=2.0),
    by_numpy("max", X[:0], axis=1),
    by_numpy("min", COUNTS[:0], axis=1, initial=3, dtype="int64"),
    by_numpy("min", COUNTS[:0], initial=3, dtype="int64"),
    *[row(name, X[:0], axis=0).but(gradients=False) for name in ("all", "any", "sum", "prod", "mean", "logsumexp")],
    # torch warns of these.
    *[row(name, X[:0], axis=0).but(expected=np.full(3, np.nan, "float32"), gradients=False) for name in ("var", "std")],
    *[row(name, X[:0], axis=1) for name in ("amax", "sum", "prod", "mean")],
    plain("count_nonzero", [1.0, 0.0, 2.0], axis=()),
    row("count_nonzero", X, axis=()),
    # Keras on torch transposes the result, of which torch warns.
    *[one.but(expected=np.array([3, 3], "int32")) for one in over_dtypes("count_nonzero", COUNTS, axis=1)],
    *[by_numpy("count_nonzero", CUBE > 0, axis=axis, dtype="int32") for axis in (None, 0, 1, -1, (0, 2))],
    by_numpy("count_nonzero", X[:0], axis=0, dtype="int32"),
    # Means with weights. Keras on torch divides by their sum along the last axis, whatever the axis.
    row("average", X),
    row("average", X, axis=0),
    row("average", CUBE, axis=(0, 2)).but(symbolic=None, config=False),  # for one axis Keras finds a shape, for several not
    row("average", X, axis=()).but(symbolic=None, config=False),
    row("average", X, axis=1, weights=np.abs(X)),
    row("average", X, axis=-1, weights=np.array([1, 2, 3], "float32")).but(batched=1),
    row("average", X, axis=-1, weights=[1.0, 2.0, 3.0]).but(config=False, symbolic=None),  # Keras asks the list for a shape
    row("average", X, axis=-1, weights=np.array([1, 2, 3])).but(batched=1),
    row("average", COUNTS, axis=-1, weights=COUNTS + 1),
    row("average", COUNTS.astype("float16"), axis=-1, weights=(COUNTS + 1).astype("float32")),
    *[by_numpy("average", X, axis=axis, weights=np.abs(X)) for axis in (None, 0)],
    by_numpy("average", X, axis=0, weights=np.array([1, 3], "float32")).but(config=False, symbolic=None),
    by_numpy("average", CUBE, axis=1, weights=np.array([1, 3, 2], "float32")).but(batched=1),
    by_numpy("average", CUBE, axis=(0, 1), weights=np.abs(CUBE)).but(config=False, symbolic=None),
]
