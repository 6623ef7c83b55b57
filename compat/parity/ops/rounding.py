"""Whole numbers near a number, and floating numbers as machines hold them."""

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, plain, row, without_steps

X, COUNTS = 3 * drawn((2, 3)), np.array([[0, 1, 2], [3, 1, 5]])
HALVES = np.array([-2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, np.inf, np.nan], "float32")
INTEGERS = tuple(dtype for dtype in DTYPES if "int" in dtype)
NOT_DOUBLE = tuple(dtype for dtype in DTYPES if dtype != "float64")

ROWS = [
    *[
        one
        for name, truth in (("ceil", np.ceil), ("floor", np.floor))
        for one in [
            row(name, X),
            row(name, HALVES).but(gradients=False),  # steps
            plain(name, 2.5),
            plain(name, [1, 2]),
            *without_steps(over_dtypes(name, COUNTS, dtypes=NOT_DOUBLE)),
            *without_steps(over_wide(name, truth, COUNTS, dtypes=("float64",))),
        ]
    ],
    row("trunc", X),
    row("trunc", HALVES).but(gradients=False),  # steps
    plain("trunc", -2.5),
    *without_steps(over_dtypes("trunc", COUNTS)),
    row("round", X),
    row("round", HALVES).but(gradients=False),  # steps
    row("round", X, decimals=1),
    row("round", 10 * X, -1),
    plain("round", 2.6),
    row("round", np.array([[15, 25, -35, 123]], "int32"), decimals=-1),
    row("round", np.array([[15, 25]], "int32"), decimals=2),
    # Keras takes integers through float32, which does not hold this one.
    row("round", np.array([2**24 + 1], "int32")).but(expected=np.array([2**24 + 1], "int32")),
    *without_steps(over_dtypes("round", COUNTS, dtypes=[dtype for dtype in DTYPES if dtype != "bool"])),
    # Keras on torch looks for the neighbour in float64 and rounds it away again. And there is no gradient to compare: the
    # differences of a function that moves each number by its last bit are what the rounding makes of them.
    *[
        row("nextafter", *pair).but(expected=np.nextafter(*pair), gradients=False, rtol=0, atol=0)
        for pair in [
            (X, np.float32(0)),
            (X, -X),
            (COUNTS.astype("float64"), COUNTS[0].astype("float64")),
            (np.zeros(2, "float32"), np.array([np.inf, -np.inf], "float32")),
        ]
    ],
    row("nextafter", X, 0).but(expected=np.nextafter(X, np.float32(0)), gradients=False, rtol=0, atol=0),
    row("nextafter", COUNTS, X).but(expected=np.nextafter(COUNTS.astype("float32"), X), gradients=False, rtol=0, atol=0),
    row("nextafter", torch.ones(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.bfloat16)).but(
        expected=torch.full((2,), 1 - 2.0**-8, dtype=torch.bfloat16), gradients=False, config=False
    ),
    row("ldexp", X, COUNTS.astype("int32")),
    row("ldexp", X, 3),
    # Keras on torch gets a warning from torch.ldexp where the first number is the smaller tensor.
    row("ldexp", 1.5, COUNTS.astype("int32")).but(expected=np.ldexp(np.float32(1.5), COUNTS), config=False),
    row("ldexp", X[0], COUNTS.astype("int32")).but(expected=np.ldexp(X[0], COUNTS), config=False),
    row("ldexp", COUNTS.astype("int32"), np.array([1, -1, 0], "int8")),
    *[row("ldexp", torch.as_tensor(COUNTS).to(getattr(torch, d)), COUNTS).but(config=False) for d in NOT_DOUBLE],
    # Keras on torch computes 2**200 in float32, and returns float32.
    row("ldexp", X.astype("float64"), np.array([200, 2, 3])).but(
        expected=np.ldexp(X.astype("float64"), np.array([200, 2, 3])), gradients=False
    ),
    row("ldexp", X.astype("float64"), COUNTS).but(expected=np.ldexp(X.astype("float64"), COUNTS)),
]
