"""Reductions of rows that belong together."""

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, row

# With an open batch in data and closed ids, Keras answers a shape that no call can have: see tests/ops/test_segments.py.
X, CUBE = drawn((4, 3)), drawn((4, 2, 3), 1)
IDS, BEYOND = np.array([0, 2, 0, 1]), np.array([1, 5, -1, 1], "int32")
COUNTS = np.array([[1, 2], [0, 3], [2, 2], [1, 5]])
TIES = np.array([[2, 2], [0, 1], [2, 0], [0, 0]], "float32")
NAMES = ("segment_sum", "segment_prod", "segment_max", "segment_min")

_ROWS = [
    *[
        one
        for name in NAMES
        for one in [
            row(name, X, IDS, num_segments=3),
            row(name, CUBE, IDS, 3, True),
            row(name, X[:, 0], IDS, 3),
            row(name, X, IDS, 2),
            row(name, CUBE, BEYOND, 4).but(gradients=name in NAMES[:2]),  # the others are infinite: two segments are empty
            row(name, TIES, IDS, 3),
            row(name, X, IDS).but(symbolic=False),  # how many segments there are, only values tell
            row(name, X[:0], IDS[:0], 2).but(gradients=False),
            *[row(name, torch.from_numpy(COUNTS).to(getattr(torch, dtype)), IDS, 3).but(config=False) for dtype in DTYPES],
        ]
    ],
    # Keras asks the list for a shape.
    row("segment_sum", np.array([1.0, 2.0, 4.0]), [0, 1, 0], 2).but(expected=np.array([5.0, 2.0]), config=False),
    # Keras on torch computes in float32: nothing between 2**24 and infinity is exact.
    row("segment_sum", np.array([2**40, 1, 2]), np.array([0, 0, 1]), 2).but(expected=np.array([2**40 + 1, 2])),
    row("segment_prod", np.array([2**25 + 1, 1, 2]), np.array([0, 0, 1]), 2).but(expected=np.array([2**25 + 1, 2])),
    # Empty segments of integers: Keras on JAX answers the integers' bounds, Keras on torch what becomes of inf.
    *[
        row(name, COUNTS.astype(dtype), BEYOND, 2).but(expected=np.array([[bound, bound], rest], dtype))
        for dtype in ("uint8", "int32", "int64")
        for name, bound, rest in [
            ("segment_max", np.iinfo(dtype).min, [1, 5]),
            ("segment_min", np.iinfo(dtype).max, [1, 2]),
        ]
    ],
    *[
        row(name, COUNTS > 2, np.array([1, 1, 1, 1]), 2).but(expected=np.array([[bound, bound], rest]))
        for name, bound, rest in [("segment_max", False, [False, True]), ("segment_min", True, [False, False])]
    ],
]
ROWS = [one if one.symbolic is False else one.but(symbolic=None) for one in _ROWS]
