"""Linear algebra on the last two axes: `(..., rows, columns)`.

Integers become floatx. To see whether a factorization succeeded, torch has to wait for the device; so that is done on the CPU
only. Elsewhere what failed is NaN, as in JAX. (So it is where shapes are found out: with zeros, which are singular.)
"""

from __future__ import annotations

import math

import torch

from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated
from torchkeras_lite.symbolic import KerasTensor

op = family("linalg")


def _matrix(function, x, *settings):
    """`function` again, on matrices of floats."""
    if isinstance(x, Tensor) and x.ndim < 2:
        raise ValueError(
            f"{function.__name__}: expected matrices, (..., rows, columns). Received a tensor of shape {tuple(x.shape)}."
        )
    return floated(function, x, *settings)


def _square(function, x, *settings):
    """`function` again, on square matrices of floats."""
    if isinstance(x, Tensor) and x.ndim >= 2 and x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{function.__name__}: expected square matrices. Received a tensor of shape {tuple(x.shape)}.")
    return _matrix(function, x, *settings)


def _nan_where(info, x):
    return x.masked_fill((info != 0)[(..., *[None] * (x.ndim - info.ndim))], math.nan)


# ---------------------------------------------------------------- factorizations


@op("Cholesky")
def cholesky(x, upper=False):
    """L with L L^H = x, for symmetric (Hermitian) positive definite x, or with `upper`, U with U^H U = x.

    Raises:
        ValueError: no square matrices; on the CPU also: x is not positive definite.
    """
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(cholesky, x, upper)
    factor, info = torch.linalg.cholesky_ex(x, upper=upper)
    if not x.is_cpu or going_on.inferring:
        return _nan_where(info, factor)
    if info.any():
        raise ValueError("cholesky: the decomposition failed, because a matrix is not positive definite.")
    return factor


@op("CholeskyInverse")
def cholesky_inverse(x, upper=False):
    """The inverse of L L^H, from its Cholesky factor x = L, or with `upper`, of U^H U from x = U."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(cholesky_inverse, x, upper)
    factor = x.triu() if upper else x.tril()  # so that the half that is not read gets no gradient
    return torch.cholesky_solve(torch.eye(x.shape[-1], dtype=x.dtype, device=x.device).expand_as(x), factor, upper=upper)


@op("LuFactor")
def lu_factor(x):
    """L and U in one matrix (the ones on L's diagonal left out), and the pivots: row i was exchanged with row pivots[i]."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2:
        return _matrix(lu_factor, x)
    factors, pivots, _ = torch.linalg.lu_factor_ex(x)
    return factors, pivots - 1  # LAPACK counts from one


@op("Qr")
def qr(x, mode="reduced"):
    """Q, whose columns are orthonormal, and the upper triangle R with Q R = x.

    Args:
        mode: `"reduced"`: Q is (..., rows, k) and R (..., k, columns), k the smaller of the two; `"complete"`: Q is square.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: expected `mode` otherwise. Expected one of {{'reduced', 'complete'}}. Received: mode={mode!r}")
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2:
        return _matrix(qr, x, mode)
    return tuple(torch.linalg.qr(x, mode=mode))


@op("SVD")
def svd(x, full_matrices=True, compute_uv=True):
    """U, the singular values s in descending order, and V^H, with U diag(s) V^H = x.

    Args:
        full_matrices: U and V are square; otherwise they have only the columns that s needs.
        compute_uv: False gives s alone.
    """
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2:
        return _matrix(svd, x, full_matrices, compute_uv)
    if not compute_uv:
        return torch.linalg.svdvals(x)
    return tuple(torch.linalg.svd(x, full_matrices=full_matrices))


@op("Eig")
def eig(x):
    """Eigenvalues (..., n) and eigenvectors (..., n, n), in the columns, of any square matrix: complex numbers."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(eig, x)
    return tuple(torch.linalg.eig(x))


@op("Eigh")
def eigh(x):
    """Eigenvalues (..., n), ascending, and eigenvectors (..., n, n), in the columns, of symmetric (Hermitian) matrices.

    Only their lower triangle is read.
    """
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(eigh, x)
    return tuple(torch.linalg.eigh(x))


# ---------------------------------------------------------------- numbers


@op("Det")
def det(x):
    """The determinant of each matrix."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(det, x)
    return torch.linalg.det(x)


@family("math")("Logdet")
def logdet(x):
    """The logarithm of the determinant; NaN where that is negative."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(logdet, x)
    return torch.logdet(x)


@family("numpy")("Slogdet")
def slogdet(x):
    """The sign of the determinant and the logarithm of its absolute value."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(slogdet, x)
    return tuple(torch.linalg.slogdet(x))


@op("MatrixRank")
def matrix_rank(x, tol=None):
    """How many singular values are greater than `tol` (None: the largest one times max(rows, columns) times epsilon)."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2:
        return _matrix(matrix_rank, x, tol)
    return torch.linalg.matrix_rank(x, atol=tol).int()


@op("Norm")
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors (one `axis`) or matrices (two), or of all elements as one vector (None).

    Args:
        ord: None: the root of the sum of squares. Of vectors: sum(|x|^ord)^(1/ord), the greatest or least |x| for inf and -inf,
            how many are not zero for 0. Of matrices: `"fro"`, `"nuc"`, 2 and -2 (singular values), 1 and -1 (columns), inf and
            -inf (rows).

    Raises:
        RuntimeError: an `ord` that does not go with the number of axes (ValueError, where `x` is symbolic).
    """
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or isinstance(ord, str):
        _expect_ord(x, ord, axis)
        if not isinstance(x, Tensor) or x.dtype not in INEXACT:
            return floated(norm, x, ord, axis, keepdims)
    return torch.linalg.norm(x, ord=ord, dim=axis, keepdim=keepdims)


_OF_MATRICES = (None, "fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2)


def _expect_ord(x, ord, axis):
    axes = len(getattr(x, "shape", ())) if axis is None else 1 if isinstance(axis, int) else len(axis)
    if (isinstance(ord, str) and (ord not in ("fro", "nuc") or axes == 1)) or (axes == 2 and ord not in _OF_MATRICES):
        error = ValueError if isinstance(x, KerasTensor) else RuntimeError  # as torch has it, and where shapes are found
        raise error(
            f"norm: `ord` does not go with {axes} axes: expected a number for one axis, and one of {_OF_MATRICES} for two. "
            f"Received: ord={ord!r}, axis={axis}"
        )


# ---------------------------------------------------------------- equations


@op("Inv")
def inv(x):
    """The inverse of each matrix. On the CPU, a singular matrix is torch's LinAlgError."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return _square(inv, x)
    if x.is_cpu and not going_on.inferring:
        return torch.linalg.inv(x)
    inverse, info = torch.linalg.inv_ex(x)
    return _nan_where(info, inverse)


@op("Pinv")
def pinv(x, rcond=None):
    """The Moore-Penrose inverse (..., columns, rows). Singular values below `rcond` times the largest count as zero."""
    if not isinstance(x, Tensor) or x.dtype not in INEXACT or x.ndim < 2:
        return _matrix(pinv, x, rcond)
    return torch.linalg.pinv(x, rtol=rcond)


def _ready(a, b) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.dtype is b.dtype and a.dtype in INEXACT


def _expect_equations(name, a, b):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"{name}: expected square matrices for `a`. Received a tensor of shape {tuple(a.shape)}.")
    vectors = b.ndim == a.ndim - 1
    if b.ndim < 1 or ((b.ndim == a.ndim or vectors) and b.shape[-1 if vectors else -2] != a.shape[-1]):
        raise ValueError(
            f"{name}: expected `b` to have as many rows as `a` has columns. Received: a.shape={tuple(a.shape)}, "
            f"b.shape={tuple(b.shape)}"
        )


@op("Solve", tensors=2)
def solve(a, b):
    """x with a x = b, for square a (..., n, n) and b (..., n, k) or vectors (..., n).

    On the CPU, a singular a is torch's LinAlgError.
    """
    if not _ready(a, b):
        return floated(solve, a, b)
    _expect_equations("solve", a, b)
    if a.is_cpu and not going_on.inferring:
        return torch.linalg.solve(a, b)
    x, info = torch.linalg.solve_ex(a, b)
    return _nan_where(info, x)


@op("SolveTriangular", tensors=2)
def solve_triangular(a, b, lower=False):
    """As `solve`, where a is an upper triangle, or with `lower` a lower one; what stands in the other half is not read."""
    if not _ready(a, b):
        return floated(solve_triangular, a, b, lower)
    _expect_equations("solve_triangular", a, b)
    if b.ndim == a.ndim - 1:
        return torch.linalg.solve_triangular(a, b.unsqueeze(-1), upper=not lower).squeeze(-1)
    return torch.linalg.solve_triangular(a, b, upper=not lower)


@op("Lstsq", tensors=2)
def lstsq(a, b, rcond=None):
    """x that makes the squares of a x - b least, for a (m, n) and b (m, k) or (m,); if several do, the shortest.

    Singular values of a below `rcond` times the largest count as zero.
    """
    if not _ready(a, b):
        return floated(lstsq, a, b, rcond)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(
            "lstsq: expected one matrix `a`, and a vector or matrix `b` with as many rows. Received: "
            f"a.shape={tuple(a.shape)}, b.shape={tuple(b.shape)}"
        )
    if rcond is None:
        return torch.linalg.lstsq(a, b).solution
    if not a.is_cpu:  # there torch has no driver that knows `rcond`
        return torch.linalg.pinv(a, rtol=rcond) @ b
    return torch.linalg.lstsq(a, b, rcond=rcond, driver="gelsd").solution


@family("math")("CDist", tensors=2)
def cdist(x, y):
    """The Euclidean distances of all pairs of rows: x (..., p, d) and y (..., r, d) give (..., p, r).

    Where two rows are equal, the gradient is zero.
    """
    if not _ready(x, y):
        return floated(cdist, x, y)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(
            "cdist: expected tensors of shape (..., rows, d) with the same d. Received: "
            f"x.shape={tuple(x.shape)}, y.shape={tuple(y.shape)}"
        )
    # torch.cdist would need less memory, but has no second derivative.
    return torch.linalg.vector_norm(x.unsqueeze(-2) - y.unsqueeze(-3), dim=-1)
