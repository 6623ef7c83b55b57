"""Angles and triangles, circular and hyperbolic."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, UNDRAWN, over_dtypes, over_wide, plain, row

X, COUNTS = drawn((2, 3)), np.array([[0, 1, 2], [3, 1, 5]])
INSIDE = np.linspace(-0.9, 0.9, 6, dtype="float32").reshape(2, 3)
# int64 becomes float64 here; Keras on torch computes it in float32 nevertheless.
IN_FLOAT32 = {("deg2rad", "int64"), ("rad2deg", "int64")}
NOT_DOUBLE = tuple(dtype for dtype in DTYPES if dtype != "float64")

ROWS = [
    *[
        one
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsinh", "sinc", "deg2rad", "rad2deg")
        for one in [
            row(name, X),
            plain(name, 2),
            plain(name, [0.5, -0.5]),
            *over_dtypes(name, COUNTS, dtypes=[d for d in DTYPES if (name, d) not in IN_FLOAT32]),
        ]
    ],
    *[one for name in ("deg2rad", "rad2deg") for one in over_wide(name, getattr(np, name), COUNTS, dtypes=("int64",))],
    row("sinc", np.array([0.0, 0.5, 1.0], "float32")),
    *[
        one
        for name in ("arcsin", "arccos", "arctanh")
        for one in [
            row(name, INSIDE),
            row(name, np.array([-1, 1, 1.5], "float32")).but(gradients=False),  # infinite at the ends
            plain(name, 0),
            *over_dtypes(name, 0 * COUNTS),
        ]
    ],
    row("arccosh", np.abs(X) + 1.1),
    row("arccosh", np.array([1, 0.5], "float32")).but(gradients=False),  # infinite at 1
    *[one.but(gradients=False) for one in over_dtypes("arccosh", COUNTS + 1)],  # of bool there is 1 only, where it is infinite
    *[
        one
        for name, truth in (("arctan2", np.arctan2), ("hypot", np.hypot))
        for one in [
            row(name, X, drawn((3,), 1)),
            row(name, X, 1).but(**({} if name == "arctan2" else UNDRAWN)),
            row(name, -0.5, X).but(**({} if name == "arctan2" else UNDRAWN)),
            row(name, COUNTS.astype("int32"), X),
            *over_dtypes(name, COUNTS, COUNTS + 1, dtypes=[d for d in NOT_DOUBLE if (name, d) != ("hypot", "bool")]),
            *over_wide(name, truth, COUNTS, COUNTS + 1, dtypes=("float64",)),
        ]
    ],
    # Keras on torch refuses booleans; Keras on JAX takes them.
    row("hypot", np.array([True, False]), np.array([True, True])).but(
        expected=np.sqrt(np.array([2, 1], "float32")), config=False
    ),
    row("arctan2", np.array([0.0, -0.0, 1, -1, 0], "float32"), np.array([-1.0, -1, 0, 0, 1], "float32")).but(
        gradients=False
    ),  # jumps
    row("hypot", np.array([3e30, 3e-30], "float32"), np.array([4e30, 4e-30], "float32")).but(
        gradients=False
    ),  # differences vanish
]
