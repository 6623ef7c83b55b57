"""Powers, logarithms and the functions that come of them."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, plain, row

X, POSITIVE, COUNTS = drawn((2, 3)), np.abs(drawn((2, 3))) + 0.1, np.array([[0, 1, 2], [3, 1, 5]])
NOT_DOUBLE = tuple(dtype for dtype in DTYPES if dtype != "float64")

ROWS = [
    *[
        one
        for name in ("exp", "exp2", "expm1")
        for one in [row(name, X), plain(name, 2), plain(name, [0.5, -0.5]), *over_dtypes(name, COUNTS)]
    ],
    row("expm1", np.array([1e-7, -1e-7, 0], "float32")),
    row("exp", np.array([100, -200, np.inf, -np.inf, np.nan], "float32")).but(gradients=False),  # differences of infinities
    *[
        one
        for name in ("log", "log10", "log2", "log1p", "sqrt", "rsqrt")
        for one in [
            row(name, POSITIVE),
            plain(name, 2),
            plain(name, [0.5, 2.0]),
            row(name, np.array([0, -1, np.inf], "float32")).but(gradients=False),  # differences of infinities
            *over_dtypes(name, COUNTS + 1),
        ]
    ],
    row("log1p", np.array([1e-7, -1e-7, 0], "float32")),
    row("cbrt", X),
    row("cbrt", np.array([-8, -1, 0, 27], "float32")).but(gradients=False),  # infinite at 0
    *over_dtypes("cbrt", COUNTS + 1),
    *[
        one
        for name, truth in (("logaddexp", np.logaddexp), ("logaddexp2", np.logaddexp2))
        for one in [
            row(name, X, drawn((3,), 1)),
            row(name, X, 1),
            row(name, 0.5, X),
            row(name, np.array([200, -200], "float32"), np.array([190, -190], "float32")),
            row(name, COUNTS.astype("int32"), X),
            *over_dtypes(name, COUNTS, COUNTS + 1, dtypes=NOT_DOUBLE),
            *over_wide(name, truth, COUNTS, COUNTS + 1, dtypes=("float64",)),
        ]
    ],
]
