"""`tf.linalg`: products, norms and the algebra of matrices."""

from __future__ import annotations

import torch

from torchkeras_lite import ops

from ._creation import eye as eye
from ._creation import given
from ._missing import getattr_of
from .math import l2_normalize as l2_normalize

__all__ = [
    "adjoint", "band_part", "cholesky", "cholesky_solve", "cross", "det", "diag", "diag_part", "eig", "eigh", "eigvals",
    "eigvalsh", "einsum", "expm", "eye", "global_norm", "inv", "l2_normalize", "logdet", "lstsq", "matmul", "matrix_rank",
    "matrix_transpose", "matvec", "norm", "normalize", "pinv", "qr", "set_diag", "slogdet", "solve", "sqrtm", "svd",
    "tensor_diag", "tensor_diag_part", "tensordot", "trace", "triangular_solve",
]  # fmt: skip
__getattr__ = getattr_of(__name__)

# ---------------------------------------------------------------- products


def matmul(
    a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False, a_is_sparse=False, b_is_sparse=False,
    output_type=None, name=None,
):  # fmt: skip
    """a b, of matrices in the last two axes; each may be turned first. ValueError where the sizes do not fit."""
    a, b = _turned(given(a), transpose_a, adjoint_a), _turned(given(b), transpose_b, adjoint_b)
    if len(a.shape) < 2 or len(b.shape) < 2:
        shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"tf.matmul multiplies matrices. Received shapes {shapes}; use tf.linalg.matvec for a vector.")
    return ops.matmul(a, b)


def _turned(x, transpose, adjoint):
    if not (transpose or adjoint):
        return x
    x = ops.swapaxes(x, -1, -2)
    return ops.conj(x) if adjoint else x


def matvec(a, b, transpose_a=False, adjoint_a=False, name=None):
    """a b of a matrix and a vector."""
    return ops.squeeze(matmul(a, ops.expand_dims(given(b), -1), transpose_a=transpose_a, adjoint_a=adjoint_a), -1)


def einsum(equation, *inputs, **kwargs):
    return ops.einsum(equation, *map(given, inputs))


def tensordot(a, b, axes, name=None):
    return ops.tensordot(given(a), given(b), axes)


def cross(a, b, name=None):
    return ops.cross(given(a), given(b))


def matrix_transpose(a, name="matrix_transpose", conjugate=False):
    return _turned(given(a), True, conjugate)


def adjoint(matrix, name=None):
    return _turned(given(matrix), True, True)


def trace(x, name=None):
    return ops.trace(given(x), axis1=-2, axis2=-1)


# ---------------------------------------------------------------- norms


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None):
    """The norm along an axis, of matrices along two, or (`axis=None`) of all numbers as one vector."""
    x = given(tensor)
    axis = tuple(axis) if isinstance(axis, list) else axis
    ord = {"euclidean": 2, "fro": 2}.get(ord, ord) if not isinstance(axis, tuple) or ord == "euclidean" else ord
    if axis is None:
        found = ops.norm(ops.reshape(x, (-1,)), ord)
        return ops.reshape(found, (1,) * len(x.shape)) if keepdims else found
    return ops.norm(x, "fro" if ord == 2 and isinstance(axis, tuple) else ord, axis=axis, keepdims=bool(keepdims))


def normalize(tensor, ord="euclidean", axis=None, name=None):
    """The tensor divided by its norm, and the norm."""
    found = norm(tensor, ord, axis, keepdims=True)
    return ops.divide(given(tensor), found), found


def global_norm(t_list, name=None):
    """The norm of all numbers of a list of tensors; None is left out."""
    norms = [torch.linalg.vector_norm(given(t)) for t in t_list if t is not None]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else None


# ---------------------------------------------------------------- diagonals and triangles


def diag(diagonal, name="diag", k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT"):
    """Square matrices with this diagonal, k places above the main one."""
    return torch.diag_embed(given(diagonal), int(k))


def diag_part(input, name="diag_part", k=0, padding_value=0, align="RIGHT_LEFT"):
    """The diagonal of matrices, k places above the main one."""
    return torch.diagonal(given(input), int(k), -2, -1)


tensor_diag, tensor_diag_part = diag, diag_part


def set_diag(input, diagonal, name="set_diag", k=0, align="RIGHT_LEFT"):
    """The matrices with another diagonal."""
    return torch.diagonal_scatter(given(input), given(diagonal), int(k), -2, -1)


def band_part(input, num_lower, num_upper, name=None):
    """Zeros but on so many diagonals below and above the main one; -1 is all of them."""
    x = given(input)
    num_lower, num_upper = int(num_lower), int(num_upper)
    x = x if num_lower < 0 else ops.triu(x, -num_lower)
    return x if num_upper < 0 else ops.tril(x, num_upper)


# ---------------------------------------------------------------- equations and decompositions


def inv(input, adjoint=False, name=None):
    return ops.inv(_turned(given(input), adjoint, adjoint))


def pinv(a, rcond=None, validate_args=False, name=None):
    return ops.pinv(given(a), rcond)


def det(input, name=None):
    return ops.det(given(input))


def logdet(matrix, name=None):
    return ops.logdet(given(matrix))


def slogdet(input, name=None):
    return ops.slogdet(given(input))


def matrix_rank(a, tol=None, validate_args=False, name=None):
    return ops.matrix_rank(given(a), tol)


def solve(matrix, rhs, adjoint=False, name=None):
    """x in matrix x = rhs."""
    return torch.linalg.solve(_turned(given(matrix), adjoint, adjoint), given(rhs))


def triangular_solve(matrix, rhs, lower=True, adjoint=False, name=None):
    matrix = _turned(given(matrix), adjoint, adjoint)
    return torch.linalg.solve_triangular(matrix, given(rhs), upper=bool(lower) is bool(adjoint))


def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """The x for which matrix x is nearest to rhs, with `l2_regularizer` times its squared length as a penalty."""
    matrix, rhs = given(matrix), given(rhs)
    if not l2_regularizer:
        return torch.linalg.lstsq(matrix, rhs).solution
    turned = matrix.mT
    inner = turned @ matrix + l2_regularizer * torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return torch.linalg.solve(inner, turned @ rhs)


def cholesky(input, name=None):
    return ops.cholesky(given(input))


def cholesky_solve(chol, rhs, name=None):
    return torch.cholesky_solve(given(rhs), given(chol))


def qr(input, full_matrices=False, name=None):
    return tuple(ops.qr(given(input), "complete" if full_matrices else "reduced"))


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """`(s, u, v)`, in this order, with v not turned."""
    if not compute_uv:
        return torch.linalg.svdvals(given(tensor))
    u, s, vh = torch.linalg.svd(given(tensor), full_matrices=full_matrices)
    return s, u, vh.mH


def eigh(tensor, name=None):
    return tuple(torch.linalg.eigh(given(tensor)))


def eigvalsh(tensor, name=None):
    return torch.linalg.eigvalsh(given(tensor))


def eig(tensor, name=None):
    return tuple(torch.linalg.eig(given(tensor)))


def eigvals(tensor, name=None):
    return torch.linalg.eigvals(given(tensor))


def expm(input, name=None):
    return torch.linalg.matrix_exp(given(input))


def sqrtm(input, name=None):
    """A matrix whose square is this one, for those that have a full set of eigenvectors."""
    x = given(input)
    values, vectors = torch.linalg.eig(x)
    root = vectors @ torch.diag_embed(values.sqrt()) @ torch.linalg.inv(vectors)
    return root if x.is_complex() else root.real.to(x.dtype)
