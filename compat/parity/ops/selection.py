"""One of several numbers."""

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, UNDRAWN, over_dtypes, over_wide, plain, row, without_steps

X, Y, COUNTS = drawn((2, 3)), drawn((2, 3), 1), np.array([[0, 1, 2], [3, 1, 5]])
OTHER = np.array([[0, 2, 2], [1, 1, 6]])
STRANGE = np.array([[-np.inf, -1, -0.0], [0.0, np.inf, np.nan]], "float32")
CONDITION = np.array([[True, False, True], [False, False, True]])
NARROW = tuple(dtype for dtype in DTYPES if "64" not in dtype)
NOT_BOOL = tuple(dtype for dtype in DTYPES if dtype != "bool")

ROWS = [
    *[
        one
        for name in ("maximum", "minimum", "fmax", "fmin")
        for one in [
            row(name, X, Y),
            row(name, X, Y[0]),
            row(name, X, 0),
            row(name, 0.5, X),
            row(name, COUNTS.astype("int32"), 2),
            row(name, COUNTS.astype("int32"), 1.5),
            row(name, COUNTS.astype("int8"), X),
            row(name, X, [0.0, 1.0, -1.0]).but(**UNDRAWN),
            row(name, STRANGE, 0.5).but(gradients=False),  # differences of infinities
            *without_steps(over_dtypes(name, COUNTS, OTHER, dtypes=NARROW)),
            *without_steps(over_wide(name, getattr(np, name), COUNTS, OTHER)),
        ]
    ],
    row("maximum", np.ones(3, "float32"), np.ones(3, "float32")).but(gradients=False),  # no differences at a kink
    row("clip", X, -0.5, 0.5),
    row("clip", X, -1, 1),
    row("clip", X, x_min=0.0, x_max=np.inf),
    row("clip", X, np.array([-0.5, 0, 0.5], "float32"), 1.0).but(config=False),  # Keras writes no arrays
    row("clip", X, [-0.5, 0.0, 0.5], [0.5, 0.6, 0.7]),
    row("clip", COUNTS.astype("int32"), 1, 3),
    row("clip", COUNTS.astype("int32"), 0.5, 2.5),
    plain("clip", [1, 2, 3], 2, 2),
    *without_steps(over_dtypes("clip", COUNTS, 1, 3)),
    row("where", CONDITION, X, Y),
    row("where", CONDITION, X, 0.0),
    row("where", CONDITION, 0, X),
    row("where", CONDITION, 1, 0),
    row("where", CONDITION, 1.0, 0.0),
    row("where", CONDITION, COUNTS.astype("int32"), 0.5),
    row("where", CONDITION, COUNTS.astype("int32"), X),
    row("where", CONDITION[0], X, Y),
    row("where", COUNTS.astype("int32"), X, Y),
    row("where", [True, False, True], X, Y),
    row("where", X > 0, [1.0, 2.0, 3.0], 4).but(**UNDRAWN),
    row("where", torch.tensor(True), X, Y).but(config=False),  # Keras's Input wants an axis
    *over_dtypes("where", CONDITION[:, :, None], COUNTS[:, :, None], OTHER[:, :, None], dtypes=("float32",)),
    *[
        row("where", CONDITION, *(torch.as_tensor(array).to(getattr(torch, dtype)) for array in (COUNTS, OTHER))).but(
            config=False
        )
        for dtype in DTYPES
    ],
    # How many places there are, no shape says.
    row("where", CONDITION).but(symbolic=False, config=False),
    row("where", COUNTS).but(symbolic=False, config=False),
    plain("where", [0, 1, 1]).but(symbolic=False, config=False),
    row("nan_to_num", STRANGE).but(gradients=False),  # differences of infinities
    row("nan_to_num", STRANGE, nan=1.0, posinf=9.0, neginf=-9.0).but(gradients=False),
    row("nan_to_num", X, 1.0),
    plain("nan_to_num", [1.0, 2.0]),
    *over_dtypes("nan_to_num", COUNTS),
    # Keras on torch cannot differentiate it; Keras on JAX can.
    row("heaviside", X, Y).but(expected=np.heaviside(X, Y)),
    row("heaviside", 0 * X, Y).but(gradients=False),
    row("heaviside", X, 0.5).but(gradients=False, **UNDRAWN),
    row("heaviside", COUNTS.astype("int32"), 0.5).but(gradients=False, **UNDRAWN),
    row("heaviside", np.array([-np.inf, -1, -0.0, 0, 1, np.inf], "float32"), 0.5).but(gradients=False, **UNDRAWN),
    # Keras on torch has 0 for nan, and booleans for booleans; Keras on JAX has nan, and numbers.
    row("heaviside", np.array([np.nan], "float32"), 0.5).but(
        expected=np.array([np.nan], "float32"), gradients=False, **UNDRAWN
    ),
    row("heaviside", CONDITION, ~CONDITION).but(expected=np.ones((2, 3), "float32"), config=False),
    *[
        one.but(gradients=False)
        for one in over_dtypes(
            "heaviside", COUNTS, OTHER, dtypes=[dtype for dtype in DTYPES if dtype not in ("bool", "float64")]
        )
    ],
    *over_wide("heaviside", np.heaviside, COUNTS + 1, OTHER, dtypes=("float64",)),
]
