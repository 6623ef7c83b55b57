"""Questions about one number or two."""

import numpy as np
import torch
from values import drawn

from ops.harness import over_dtypes, plain, row

X, COUNTS = drawn((2, 3)), np.array([[0, 1, 2], [3, 1, 5]])
OTHER = np.array([[0, 2, 2], [1, 1, 6]])
STRANGE = np.array([[-np.inf, -1, -0.0], [0.0, np.inf, np.nan]], "float32")
NEAR = X * np.array([1, 1 + 2e-6, 1 + 1e-4], "float32")

ROWS = [
    *[
        one
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
        for one in [
            row(name, X, X[0]),
            row(name, COUNTS.astype("int32"), 2),
            row(name, COUNTS.astype("int32"), 1.5),
            row(name, 1.5, COUNTS.astype("int32")),
            row(name, X, 0),
            row(name, X, [0.0, 1.0, -1.0]),
            row(name, np.array([True, False]), True),
            row(name, STRANGE, STRANGE),
            row(name, COUNTS.astype("int16"), X),
            row(name, torch.tensor([0.1]).half(), 0.1).but(config=False),
            *over_dtypes(name, COUNTS, OTHER),
        ]
    ],
    *[
        one
        for name in ("logical_and", "logical_or", "logical_xor")
        for one in [
            row(name, np.array([True, True, False, False]), np.array([True, False, True, False])),
            row(name, STRANGE, np.array([True, False, True])),
            row(name, COUNTS.astype("int32"), True),
            row(name, 0, COUNTS.astype("int32")),
            row(name, COUNTS.astype("int8"), X),
            row(name, X, [1, 0, 1]),
            *over_dtypes(name, COUNTS, OTHER),
        ]
    ],
    *[
        one
        for name in ("logical_not", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "signbit")
        for one in [row(name, STRANGE), plain(name, -2), plain(name, [0.0, -1.0]), *over_dtypes(name, COUNTS)]
    ],
    *[
        one
        for name in ("isclose", "allclose")
        for one in [
            row(name, X, NEAR),
            row(name, X, X),
            row(name, X, NEAR, rtol=1e-3),
            row(name, X, X + 1e-3, 0.0, 1e-2),
            row(name, X, X[0, 0]),
            row(name, X, 0.5),
            row(name, STRANGE, STRANGE),
            row(name, STRANGE, STRANGE, equal_nan=True),
            row(name, np.array([100000, 1], "int32"), np.array([100001, 1], "int32")),  # whole numbers are equal or not
            row(name, COUNTS.astype("int32"), COUNTS.astype("float32")),
            *over_dtypes(name, COUNTS, OTHER),
        ]
    ],
]
