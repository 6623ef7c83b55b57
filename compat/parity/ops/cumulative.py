"""Sums, products, differences and areas along an axis."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, plain, row

X, CUBE = drawn((2, 3)), drawn((2, 3, 4), 1)
COUNTS = np.array([[1, 0, 3, 2], [0, 2, 5, 1]])
NOT_WIDE = tuple(dtype for dtype in DTYPES if dtype not in ("int64", "float64"))
PLACES = np.array([0.0, 1.0, 4.0], "float32")

ROWS = [
    *[
        one
        for name, truth in (("cumsum", np.cumsum), ("cumprod", np.cumprod))
        for one in [
            row(name, X).but(symbolic=None),  # with an open batch, Keras says the shape is (None,), or fails to multiply None
            *[row(name, CUBE, axis=axis) for axis in (0, 1, -1)],
            # Keras on torch returns 32 bits, as everywhere.
            row(name, CUBE, 2, "float64").but(expected=truth(CUBE.astype("float64"), 2)),
            row(name, COUNTS, axis=1, dtype="float32"),
            row(name, COUNTS, axis=1, dtype="int8"),
            row(name, COUNTS, axis=1, dtype="bool"),
            plain(name, 3),
            plain(name, [1, 2, 3]),
            row(name, X[:0], axis=0),
            row(name, np.array([[1, 0, 2], [0, 3, 0]], "float32"), axis=1),
            row(name, np.full((1, 600), 1.001, "float16"), axis=1),
            *over_dtypes(name, COUNTS, axis=1, dtypes=NOT_WIDE),
            *over_wide(name, truth, COUNTS, axis=1),
        ]
    ],
    row("diff", X),
    row("diff", CUBE, 2),
    row("diff", CUBE, n=1, axis=0),
    row("diff", CUBE, n=1, axis=1),
    row("diff", CUBE, n=0),
    plain("diff", [1, 4, 9], 1),
    *over_dtypes("diff", COUNTS),
    row("trapezoid", X),
    row("trapezoid", X, dx=0.5),
    row("trapezoid", CUBE, dx=2, axis=1),
    row("trapezoid", CUBE, axis=0),
    plain("trapezoid", [1, 2, 4]),
    *[row("trapezoid", X, PLACES, axis=-1).but(symbolic=None, config=False)],  # `x` is a setting of the operation
    row("trapezoid", CUBE, x=[0.0, 1.0, 4.0], axis=1),
    row("trapezoid", X, x=X**2).but(symbolic=None, config=False),
    row("trapezoid", COUNTS, x=np.array([5, 3, 1, 0], "int64")).but(symbolic=None, config=False),
    # Keras on torch lets the differences of uint8 wrap around.
    row("trapezoid", COUNTS, x=np.array([5, 3, 1, 0], "uint8")).but(
        expected=np.trapezoid(COUNTS, [5.0, 3, 1, 0]).astype("float32"), symbolic=None, config=False
    ),
    *over_dtypes("trapezoid", COUNTS),
]
