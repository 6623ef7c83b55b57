"""Linear algebra. Rows with a batch compare symbolic shapes; of single matrices, whose rows cannot be open, ours alone."""

import math

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, row

A, BATCH = drawn((3, 3)), drawn((2, 4, 4))
POSITIVE = BATCH @ BATCH.transpose(0, 2, 1) + np.eye(4, dtype="float32")
SYMMETRIC = BATCH + BATCH.transpose(0, 2, 1)
LOWER, UPPER = np.linalg.cholesky(POSITIVE), np.linalg.cholesky(POSITIVE).transpose(0, 2, 1).copy()
INVERSE = np.linalg.inv(POSITIVE)
TALL, WIDE = drawn((2, 5, 3)), drawn((2, 3, 5))
DEFICIENT = np.stack([np.outer(drawn((4,)), drawn((3,), 1)), np.zeros((4, 3), "float32")])
FLOATS = ("float32", "float64")


def single(*args, **kwargs):
    return row(*args, **kwargs).but(symbolic=None)


# torch takes the gradient along symmetric matrices, where differences do not stay: tests/ops/test_matrices.py.
ON_SYMMETRIC = [
    single("cholesky", POSITIVE[0]),
    row("cholesky", POSITIVE),
    row("cholesky", POSITIVE, upper=True),
    *over_dtypes("cholesky", POSITIVE, dtypes=FLOATS),
    row("eigh", SYMMETRIC),
    single("eigh", A),
]
ROWS = [
    *(one.but(gradients=False) for one in ON_SYMMETRIC),
    # Keras on torch lets gradients into the half that is not read.
    row("cholesky_inverse", LOWER).but(expected=INVERSE, rtol=1e-4),
    row("cholesky_inverse", UPPER, upper=True).but(expected=INVERSE, rtol=1e-4),
    row("cholesky_inverse", UPPER, True).but(expected=INVERSE, rtol=1e-4),
    single("det", A),
    row("det", BATCH),
    *over_dtypes("det", BATCH, dtypes=FLOATS),
    row("inv", BATCH),
    single("inv", A),
    row("linalg.inv", BATCH),
    *over_dtypes("inv", BATCH, dtypes=FLOATS),
    row("eig", BATCH).but(gradients=False),  # defined up to a phase
    single("eig", A).but(gradients=False),
    row("lu_factor", BATCH),
    row("lu_factor", TALL),
    row("lu_factor", WIDE),
    single("lu_factor", A),
    row("qr", BATCH),
    row("qr", TALL),
    row("qr", TALL, "reduced"),
    row("qr", WIDE).but(gradients=False),  # torch has none for fewer rows than columns
    row("qr", TALL, mode="complete").but(gradients=False),
    single("qr", A),
    row("svd", TALL).but(gradients=False),  # torch has none for all of U
    row("svd", WIDE, full_matrices=False),
    row("svd", TALL, False),
    row("svd", TALL, compute_uv=False),
    single("svd", A, True, False),
    row("solve", BATCH, drawn((2, 4, 3))),
    row("solve", BATCH, drawn((2, 4))),
    single("solve", A, drawn((3,))),
    single("solve", A, drawn((3, 2))),
    row("solve_triangular", UPPER, drawn((2, 4, 3))),
    row("solve_triangular", LOWER, drawn((2, 4, 3)), True),
    row("solve_triangular", LOWER, drawn((2, 4)), lower=True),
    single("solve_triangular", UPPER[0], drawn((4,))),
    single("lstsq", TALL[0], drawn((5,))),
    single("lstsq", TALL[0], drawn((5, 2))),
    single("lstsq", WIDE[0], drawn((3, 2))),
    single("lstsq", TALL[0], drawn((5,)), rcond=0.5).but(gradients=False),  # torch's is that of all singular values
    single("lstsq", DEFICIENT[0], drawn((4, 2)), rcond=1e-3).but(gradients=False),  # the rank changes along differences
    row("matrix_rank", TALL),
    row("matrix_rank", DEFICIENT),
    row("matrix_rank", TALL, tol=2.0),
    row("matrix_rank", TALL, 1e9),
    single("matrix_rank", A),
    row("pinv", TALL),
    row("pinv", WIDE),
    row("pinv", TALL, rcond=0.3).but(gradients=False),  # as above
    single("pinv", A),
    row("pinv", DEFICIENT).but(gradients=False),
    row("norm", TALL),
    row("norm", drawn((6,))),
    row("norm", np.array(-2.0, "float32")),
    *(row("norm", TALL, ord, axis) for ord in (None, 0, 1, 2, 3, -1, math.inf, -math.inf) for axis in (1, [-1])),
    *(row("norm", TALL, ord=ord, axis=(-2, -1)) for ord in (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)),
    row("norm", TALL, axis=(0, 2), keepdims=True),
    row("norm", TALL, axis=-1, keepdims=True),
    row("norm", TALL, keepdims=True),
    row("norm", [3, 4]).but(symbolic=False, config=False),  # nothing to draw
    *over_dtypes("norm", np.abs(TALL), axis=-1, dtypes=DTYPES[:-1]),
    *over_wide("norm", np.linalg.norm, TALL, axis=-1, dtypes=("float64",)),
    # A sign for each matrix; Keras's symbolic shapes say one for all.
    row("slogdet", BATCH).but(symbolic=None),
    row("slogdet", SYMMETRIC).but(symbolic=None),
    single("slogdet", A),
    row("logdet", POSITIVE),
    single("logdet", POSITIVE[1]),
    *over_dtypes("logdet", POSITIVE, dtypes=FLOATS),
    row("cdist", drawn((4, 3)), drawn((5, 3), 1)),
    row("cdist", drawn((2, 4, 3)), drawn((2, 5, 3), 1)),
    row("cdist", drawn((2, 4, 3)), drawn((5, 3), 1)),
    row("cdist", drawn((6, 1, 4, 3)), drawn((1, 2, 5, 3), 1)),
    row("cdist", [[0.0, 0.0], [3.0, 4.0]], drawn((2, 2))).but(symbolic=None, config=False),  # Keras asks the list for its ndim
    # Keras on torch subtracts before it makes floats of integers: uint8 wraps around, and booleans cannot.
    *(
        one.but(expected=np.array([[4.0, 5.0]], "float32"))
        for one in over_dtypes("cdist", np.array([[5, 2]]), np.array([[1, 2], [1, 5]]), dtypes=DTYPES[1:6])
    ),
    row("cdist", np.array([[True, False]]), np.array([[False, False]])).but(expected=np.ones((1, 1), "float32")),
    *over_dtypes("cdist", drawn((4, 3)), drawn((5, 3), 1), dtypes=DTYPES[6:]),
]
