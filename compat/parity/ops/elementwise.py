"""Arithmetic of one number at a time."""

import itertools

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, UNDRAWN, over_dtypes, over_wide, plain, row, without_steps

X, Y, COUNTS = drawn((2, 3)), drawn((2, 3), 1), np.array([[0, 1, 2], [3, 1, 5]])
INTEGERS = tuple(dtype for dtype in DTYPES if "int" in dtype)
NUMBERS = tuple(dtype for dtype in DTYPES if dtype != "bool")
NARROW = tuple(dtype for dtype in NUMBERS if "64" not in dtype)

OF_TWO = ("add", "subtract", "multiply", "divide", "true_divide", "divide_no_nan", "power", "floor_divide", "mod", "fmod")
NO_GRADIENT = {"floor_divide"}  # Keras on torch cannot differentiate it; `WHOLE` does


# Whole quotients. Keras on torch has no gradient of them, Keras on JAX has zeros.
WHOLE = [
    row("floor_divide", *pair).but(expected=np.floor_divide(*pair).astype("float32"), config=False)
    for pair in [(X, Y), (X, 0.7), (0.7, X), (X, np.float32([1, 2, 3]))]
]
# Keras on torch leaves two dtypes to torch, which agrees with JAX on tensors with axes.
MIXED = [
    row("add", *(torch.as_tensor(COUNTS).to(getattr(torch, dtype)) for dtype in pair)).but(config=False)
    for pair in itertools.combinations(DTYPES, 2)
]
ROWS = [
    *[
        one.but(gradients=name not in NO_GRADIENT and one.gradients)
        for name in OF_TWO
        for one in (
            row(name, np.abs(X), Y),
            row(name, np.abs(X), drawn((3,), 1)),
            row(name, np.abs(X) + 1, 2),
            row(name, np.abs(X) + 1, 2.5),
            row(name, 2.5, X + 4),
            row(name, drawn((2, 1, 3)) + 3, drawn((4, 1), 1)),
            row(name, np.zeros((0, 3), "float32"), 2.5).but(gradients=False),  # no number to move
            row(name, COUNTS.astype("int32"), 2.5),
            row(name, COUNTS.astype("int32"), 2),
            row(name, COUNTS.astype("int16"), Y),
            row(name, np.abs(X), np.array([1, 2, 3], "int32")),
            row(name, torch.as_tensor(COUNTS).half(), 1.5).but(config=False),
        )
    ],
    *[
        row(name, *pair).but(**UNDRAWN)
        for name in ("add", "subtract", "multiply", "divide", "true_divide", "power")
        for pair in [([1.0, 2.0, 3.0], X), (COUNTS.astype("int32"), [1, 2, 3])]
    ],
    row("add", np.array([True, False]), 2),
    row("add", np.array([True, False]), 2.5),
    row("add", np.array([True, False]), True),
    row("multiply", X, np.float64(2)),  # numpy's floats are as weak as Python's
    row("multiply", X, 2 + 1j).but(config=False),  # JSON has no complex numbers
    plain("add", 1, 2),
    plain("add", 1, 2.5),
    plain("divide", 1, 2),
    plain("multiply", [1, 2], [0.5, 2.0]),
    *MIXED,
    # A tensor without axes has the dtype that it has. Keras on torch lets the one with axes decide; Keras on JAX does not.
    row("add", torch.ones(3).half(), torch.tensor(1.0)).but(expected=torch.full((3,), 2.0), config=False),
    row("add", torch.ones(3, dtype=torch.int8), torch.tensor(1, dtype=torch.int32)).but(
        expected=torch.full((3,), 2, dtype=torch.int32), config=False
    ),
    *[one for name in ("add", "multiply", "divide", "true_divide") for one in over_dtypes(name, COUNTS, COUNTS + 1)],
    *[one for name in ("subtract", "power") for one in over_dtypes(name, COUNTS + 1, COUNTS, dtypes=NUMBERS)],
    *without_steps(over_dtypes("divide_no_nan", COUNTS, COUNTS, dtypes=("bool", *NARROW, "int64"))),
    *over_wide("divide_no_nan", np.divide, COUNTS, COUNTS + 1, dtypes=("float64",)),
    row("divide_no_nan", X, np.array([0, 1, np.inf], "float32")).but(gradients=False),  # infinite beside 0
    *WHOLE,
    row("floor_divide", COUNTS.astype("int32") - 3, 2),
    *without_steps(over_dtypes("floor_divide", COUNTS + 3, COUNTS + 1, dtypes=NARROW)),
    *without_steps(over_wide("floor_divide", np.floor_divide, COUNTS + 3, COUNTS + 1)),
    *[one for name in ("mod", "fmod") for one in without_steps(over_dtypes(name, COUNTS + 3, COUNTS + 1))],
    *[row(name, *pair) for name in ("mod", "fmod") for pair in [(X, -0.7), (-X, Y), (COUNTS.astype("int32") - 3, 2)]],
    row("power", 2, X),
    row("power", COUNTS.astype("int32"), 0.5),
    row("square", X),
    plain("square", 3),
    *over_dtypes("square", COUNTS),
    row("negative", X),
    plain("negative", [1, -2]),
    *over_dtypes("negative", COUNTS, dtypes=NUMBERS),
    *[
        one
        for name in ("abs", "absolute", "fabs")
        for one in [row(name, X), plain(name, -2), plain(name, [-1.5, 2.0]), *without_steps(over_dtypes(name, COUNTS))]
    ],
    row("absolute", torch.tensor([3 + 4j])).but(config=False),  # JSON has no complex numbers
    row("reciprocal", X),
    plain("reciprocal", 4),
    *over_dtypes("reciprocal", COUNTS + 1),
    row("sign", np.array([-2.5, 3.5], "float32")),
    # Keras on torch gives 0 for NaN, on JAX, TensorFlow and numpy NaN.
    row("sign", np.array([np.nan, -2.0], "float32")).but(expected=np.array([np.nan, -1.0], "float32"), gradients=False),
    *without_steps([row("sign", np.array([-0.0, 0.0, np.inf], "float32")), *over_dtypes("sign", COUNTS)]),
    row("copy", X),
    plain("copy", [1, 2]),
    *over_dtypes("copy", COUNTS),
    *[
        one
        for name in ("gcd", "lcm")
        for one in [
            row(name, np.array([[12, -18], [0, 7]], "int32"), np.array([8, 12], "int32")),
            row(name, np.array([12, 18], "int16"), np.array([8, 12], "int32")),
            row(name, np.array([12, 18], "int32"), 8),
            *over_dtypes(name, COUNTS + 4, COUNTS + 2, dtypes=INTEGERS),
        ]
    ],
]
