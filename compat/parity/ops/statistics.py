"""Quantiles, histograms and correlation."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, plain, row

X, CUBE = drawn((2, 3)), drawn((2, 3, 4), 1)
COUNTS = np.array([[1, 0, 3, 2], [0, 2, 5, 1]])
LINE = drawn((7,), 2)
HOLES = np.array([[1.0, np.nan, 0.5], [2.0, -1.0, np.inf]], "float32")
NOT_DOUBLE = tuple(dtype for dtype in DTYPES if dtype != "float64")
SEVERAL = np.array([0.1, 0.45, 0.9], "float32")  # between the numbers of all rows: on them, the answer has a kink


def over_q(name, whole):
    """Every way to ask for one quantile or several. `whole` is 1, or 100 for percent."""
    return [
        row(name, X, 0.3 * whole),
        row(name, CUBE, 0.3 * whole, axis=1),
        row(name, CUBE, 0.7 * whole, axis=-1, keepdims=True),
        row(name, CUBE, 0.7 * whole, axis=(0, 2)),
        row(name, CUBE, 0.7 * whole, axis=(-1, 1), keepdims=True),
        row(name, X, 0.7 * whole, keepdims=True),
        row(name, X, 0.7 * whole, axis=()),
        row(name, X, 0),
        row(name, X, whole, axis=0),
        row(name, CUBE, whole * SEVERAL).but(batched=1),
        row(name, CUBE, whole * SEVERAL, axis=1, keepdims=True).but(batched=1),
        row(name, CUBE, whole * SEVERAL, axis=[0, 1], keepdims=True).but(batched=1),
        row(name, CUBE, [0.2 * whole, 0.4 * whole], axis=2),
        plain(name, [1, 2, 4, 8], 0.4 * whole),
        # Keras's class Quantile forgets the method.
        *[
            row(name, X, 0.35 * whole, 1, method).but(config=name == "percentile" or method == "linear")
            for method in ("linear", "lower", "higher", "midpoint", "nearest")
        ],
        *over_dtypes(name, COUNTS, 0.3 * whole, 1, dtypes=NOT_DOUBLE),
        row(name, HOLES, 0.3 * whole, axis=1).but(gradients=False),  # of inf
    ]


ROWS = [
    *over_q("quantile", 1),
    *over_q("percentile", 100),
    *over_wide("quantile", lambda x, q, axis: np.quantile(x, q, axis), COUNTS, 0.3, axis=1, dtypes=("float64",)),
    *over_wide("percentile", lambda x, q, axis: np.percentile(x, q, axis), COUNTS, 30, axis=1, dtypes=("float64",)),
    row("median", X),
    row("median", CUBE, 1),
    row("median", CUBE, axis=-1),
    row("median", CUBE, axis=(0, 2), keepdims=True),
    row("median", X, keepdims=True),
    row("median", X, axis=()),
    plain("median", [1, 2, 4, 8]),
    plain("median", 3),
    row("median", HOLES, axis=1).but(gradients=False),  # of nan
    *over_dtypes("median", COUNTS, 1, dtypes=NOT_DOUBLE),
    *over_wide("median", np.median, COUNTS, axis=1, dtypes=("float64",)),
    # Keras on torch has no gradient, not for the edges either, and cannot run a model with a histogram in it.
    *[
        one.but(gradients=False, config=False)
        for one in [
            row("histogram", LINE),
            row("histogram", LINE, bins=3, range=(-0.5, 0.5)),
            row("histogram", LINE, bins=3, range=(0.25, 0.25)),
            row("histogram", np.full(3, 2, "float32"), bins=4),
            row("histogram", np.array([0, 1, 2, 3, 4], "float32"), bins=4),
            row("histogram", LINE[:0], bins=2),
            row("histogram", LINE.astype("float64"), bins=5),
        ]
    ],
    row("histogram", LINE, 4).but(expected=tuple(each.astype("float32") for each in np.histogram(LINE, 4))),
    # Keras on torch refuses integers and half floats. The ends of the bins are smallest and largest: 0 and 3.
    *[
        one.but(expected=(np.array([1, 0, 2, 1], t), np.array([0, 0.75, 1.5, 2.25, 3], t)), symbolic=None)
        for one, t in [
            (row("histogram", np.array([2, 0, 2, 3]), 4).but(symbolic=False), "float32"),
            (row("histogram", np.array([2, 0, 2, 3], "float16"), 4), "float16"),
        ]
    ],
    # Keras says that the shape is that of x.
    row("corrcoef", X).but(symbolic=None),
    row("corrcoef", drawn((4, 9))).but(symbolic=None),
    row("corrcoef", LINE).but(symbolic=None),
    *[one.but(symbolic=None) for one in over_dtypes("corrcoef", COUNTS)],
    *[
        row("correlate", LINE, short, mode)
        for short in (drawn((3,), 1), drawn((4,), 1), drawn((1,), 1))
        for mode in ("valid", "same", "full")
    ],
    row("correlate", LINE, LINE).but(expected=np.correlate(LINE, LINE)),  # Keras on torch drops the axis
    plain("correlate", [1, 2, 3], [0, 1]),
    *[row("correlate", drawn((3,), 1), LINE, mode) for mode in ("valid", "full")],
    *over_dtypes("correlate", COUNTS[0], COUNTS[1, :3], dtypes=NOT_DOUBLE),
    *over_wide("correlate", np.correlate, COUNTS[0], COUNTS[1, :3], dtypes=("float64",)),
    row("correlate", COUNTS[0], LINE),
]

# Keras on torch gives as many numbers as the first has; numpy and Keras on JAX as many as the longer has.
ROWS += [
    row("correlate", short, LINE, "same").but(expected=np.correlate(short, LINE, "same"), symbolic=None, config=False)
    for short in (drawn((3,), 1), drawn((4,), 1))
]

# Counts. How many depends on the values, which symbolic tensors do not have.
IDS, WEIGHTS = np.array([3, 0, 1, 3]), np.array([0.5, 2, 1, -1], "float32")
TABLE = np.array([[3, 0, 1], [3, 1, 1]])
_COUNTED = [
    row("bincount", IDS),
    row("bincount", IDS, minlength=6),
    row("bincount", IDS, minlength=2),
    row("bincount", TABLE),
    row("bincount", TABLE, minlength=6),
    row("bincount", IDS, WEIGHTS).but(config=False),  # the weights are a setting of the operation
    row("bincount", TABLE, TABLE.astype("float32") + 1).but(config=False),
    row("bincount", IDS.astype("int8"), [1, 2, 3, 4]),
    row("bincount", IDS, weights=[0.5, 1.0, 1.5, 2.0]),
    plain("bincount", [1, 1, 0]),
    row("bincount", IDS[:0], minlength=2),
    # Keras on torch fails: rows with different largest numbers; booleans.
    row("bincount", np.array([[0, 1], [2, 2]])).but(expected=np.array([[1, 1, 0], [0, 0, 2]], "int32")),
    row("bincount", IDS > 0).but(expected=np.array([1, 3], "int32")),
    # Keras on torch returns 32 bits, as everywhere.
    row("bincount", IDS, WEIGHTS.astype("float64")).but(expected=np.bincount(IDS, WEIGHTS), config=False),
    *over_dtypes("bincount", IDS, dtypes=("uint8", "int8", "int16", "int32", "int64")),
]
# Keras's has no gradient for the weights.
ROWS += [one.but(symbolic=False, gradients=False) for one in _COUNTED]
