"""Whole numbers as rows of bits."""

import numpy as np

from ops.harness import DTYPES, UNDRAWN, over_dtypes, plain, row

A, B = np.array([[12, -18, 0], [7, 255, -1]], "int32"), np.array([[8, 12, 3], [-7, 15, 1]], "int32")
SMALL, PLACES = np.array([[1, 2, 5], [7, 11, 0]]), np.array([[0, 1, 2], [3, 1, 4]])
INTEGERS = tuple(dtype for dtype in DTYPES if "int" in dtype)

ROWS = [
    *[
        one
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
        for one in [
            row(name, A, B),
            row(name, A, B[0]),
            row(name, A, 5).but(**UNDRAWN),
            row(name, 5, A).but(**UNDRAWN),
            row(name, [1, 2, 3], A).but(**UNDRAWN),
            row(name, A.astype("int16"), B),
            row(name, A, np.array([True, False, True])),
            *over_dtypes(name, SMALL, PLACES, dtypes=("bool", *INTEGERS)),
        ]
    ],
    *[
        one
        for name in ("bitwise_left_shift", "left_shift", "bitwise_right_shift", "right_shift")
        for one in [
            row(name, A, np.abs(B)),
            row(name, A, 3),
            row(name, 3, PLACES.astype("int32")).but(**UNDRAWN),
            row(name, A, [1, 2, 3]).but(**UNDRAWN),
            row(name, A, np.array([1, 2, 3], "int8")),
            *over_dtypes(name, SMALL, PLACES, dtypes=INTEGERS),
        ]
    ],
    *[
        one
        for name in ("bitwise_invert", "bitwise_not")
        for one in [row(name, A), plain(name, 5), plain(name, [1, 2]), *over_dtypes(name, SMALL, dtypes=("bool", *INTEGERS))]
    ],
]
