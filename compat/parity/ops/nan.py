"""Reductions that pass over what is not a number."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, plain, row

CUBE = drawn((2, 3, 4), 1)
HOLES = np.array([[1.0, np.nan, 0.5, 2.0], [np.nan, -1.0, 3.0, np.nan]], "float32")
HOLEY = np.where(CUBE > 0.8, np.float32(np.nan), CUBE)
NOTHING = np.array([[np.nan, np.nan, np.nan], [1.0, np.nan, 2.5]], "float32")  # no number in the first row
INFINITE = np.array([1, np.nan, np.inf, -np.inf], "float32")
COUNTS = np.array([[1, 0, 3, 2], [0, 2, 5, 1]])
NOT_WIDE = tuple(dtype for dtype in DTYPES if dtype not in ("int64", "float64"))
NOT_DOUBLE = tuple(dtype for dtype in DTYPES if dtype != "float64")
REDUCTIONS = "nanmax nanmin nansum nanprod nanmean nanvar nanstd nanmedian".split()
FLOATS = "nanmean nanvar nanstd nanmedian".split()
QUANTILES = (("nanquantile", 1), ("nanpercentile", 100))


def over_axes(name):
    return [
        row(name, HOLES),
        row(name, HOLEY, 1),
        row(name, HOLEY, axis=-1),
        row(name, HOLEY, axis=2, keepdims=True),
        row(name, CUBE, axis=1),
        plain(name, [1.0, 2.0]),
        plain(name, 2.0),
    ]


ROWS = [
    *[one for name in REDUCTIONS for one in over_axes(name)],
    *[row(name, HOLEY, axis=(0, 2)) for name in REDUCTIONS],
    *[row(name, HOLEY, axis=[2, 1], keepdims=True) for name in REDUCTIONS],
    *[row(name, HOLES, keepdims=True) for name in REDUCTIONS if name != "nanprod"],
    *[row(name, NOTHING, axis=1).but(gradients=False) for name in REDUCTIONS],  # nan
    # Without an axis, Keras on torch forgets `keepdims`.
    row("nanprod", HOLES, keepdims=True).but(expected=np.nanprod(HOLES, keepdims=True)),
    # The deviation of a single number is 0, and so is its gradient, as that of `std`. Keras's is nan.
    row("nanstd", HOLEY, axis=0, keepdims=True).but(expected=np.nanstd(HOLEY, axis=0, keepdims=True)),
    # No axis. Keras on torch forgets the dtype of means, takes all axes of integers, and makes inf finite in sums.
    *[row(name, HOLES, axis=()) for name in ("nanmax", "nanmin", "nanmean", "nansum", "nanprod")],
    *[row(name, HOLES, axis=()).but(gradients=False) for name in ("nanmedian", "nanstd", "nanvar")],  # nan
    *[row(name, COUNTS, axis=()).but(expected=COUNTS.astype("float32")) for name in ("nanmean", "nanmedian")],
    *[row(name, COUNTS, axis=()).but(expected=COUNTS) for name in ("nanmax", "nanmin")],
    row("nansum", INFINITE, axis=()).but(expected=np.array([1, 0, np.inf, -np.inf], "float32"), gradients=False),
    row("nanprod", INFINITE, axis=()).but(expected=np.array([1, 1, np.inf, -np.inf], "float32"), gradients=False),
    *[one for name in ("nanmax", "nanmin", "nansum") for one in over_dtypes(name, COUNTS, axis=1)],
    *[one for name in FLOATS for one in over_dtypes(name, COUNTS, axis=1, dtypes=NOT_DOUBLE)],
    *[one for name in FLOATS for one in over_wide(name, getattr(np, name), COUNTS, axis=1, dtypes=("float64",))],
    *over_dtypes("nanprod", COUNTS + 1, axis=1, dtypes=NOT_WIDE),
    *over_wide("nanprod", np.nanprod, COUNTS + 1, axis=1),
    # Places
    *[
        one
        for name in ("nanargmax", "nanargmin")
        for one in [
            row(name, HOLES),
            row(name, HOLEY, 1),
            row(name, HOLEY, axis=0, keepdims=True),
            row(name, HOLES, keepdims=True),
            row(name, NOTHING, axis=1),
            row(name, INFINITE),
            plain(name, [1.0, 3.0]),
            *over_dtypes(name, COUNTS, axis=1),
        ]
    ],
    # Running sums and products
    *[
        one
        for name in ("nancumsum", "nancumprod")
        for one in [
            row(name, HOLES, axis=1),
            row(name, HOLEY, axis=0),
            row(name, HOLES).but(symbolic=None),  # see cumsum
            row(name, HOLES, axis=1, dtype="float64").but(expected=getattr(np, name)(HOLES, 1, "float64")),
            row(name, COUNTS, axis=1, dtype="int8"),
            plain(name, [1.0, 2.0]),
            *over_dtypes(name, COUNTS, axis=1, dtypes=NOT_WIDE),
            *over_wide(name, getattr(np, name), COUNTS, axis=1),
        ]
    ],
    # Keras on torch makes inf finite.
    row("nancumsum", INFINITE[:3]).but(expected=np.array([1, 1, np.inf], "float32"), gradients=False),
    row("nancumprod", INFINITE[:3]).but(expected=np.array([1, 1, np.inf], "float32"), gradients=False),
    # Quantiles
    *[
        one
        for name, whole in QUANTILES
        for one in [
            row(name, HOLES, 0.3 * whole),
            row(name, HOLEY, 0.3 * whole, axis=1, keepdims=True),
            row(name, HOLEY, 0.3 * whole, axis=(0, 2), keepdims=True),
            row(name, HOLES, 0.3 * whole, axis=()).but(gradients=False),  # nan
            row(name, HOLEY, whole * np.array([0.2, 0.6], "float32"), axis=(1, 2)).but(batched=1),
            row(name, HOLEY, [0.2 * whole, 0.6 * whole], axis=-1),
            row(name, NOTHING, 0.3 * whole, axis=1).but(gradients=False),  # nan
            *[row(name, HOLES, 0.35 * whole, 1, method) for method in ("lower", "higher", "midpoint", "nearest")],
            *over_dtypes(name, COUNTS, 0.3 * whole, 1, dtypes=NOT_DOUBLE),
        ]
    ],
]
