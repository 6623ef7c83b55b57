"""keras.ops.linalg: its table of contents."""
# ruff: noqa: F401

from torchkeras_lite.ops.gradients import jvp
from torchkeras_lite.ops.matrices import (
    cholesky,
    cholesky_inverse,
    det,
    eig,
    eigh,
    inv,
    lstsq,
    lu_factor,
    matrix_rank,
    norm,
    pinv,
    qr,
    solve,
    solve_triangular,
    svd,
)
