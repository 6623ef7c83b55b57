"""Integrals that have a name."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, plain, row

X, COUNTS = drawn((2, 3)), np.array([[0, 1, 2], [3, 1, 5]])

ROWS = [
    *[
        one
        for name in ("erf", "erfc", "i0")
        for one in [row(name, X), plain(name, 2), plain(name, [0.5, -0.5]), *over_dtypes(name, COUNTS)]
    ],
    row("erfc", np.array([5.0, 8.0], "float32")),
    row("erfinv", np.linspace(-0.9, 0.9, 6, dtype="float32").reshape(2, 3)),
    row("erfinv", np.array([-1, 1, 2], "float32")).but(gradients=False),  # infinite at the ends
    *over_dtypes("erfinv", 0 * COUNTS),
]
