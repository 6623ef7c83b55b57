"""What libraries of graphs take out of TensorFlow's inside for sparse matrices: an order of entries, products of any rank."""

from __future__ import annotations

import torch

from . import sparse
from ._creation import given


def sparse_reorder(input_indices, input_values, input_shape, name=None):
    """The indices in rising order, and the values beside them."""
    found = sparse.reorder(sparse.SparseTensor(input_indices, input_values, input_shape))
    return found.indices, found.values


class CSRSparseMatrix:
    """A matrix of zeros for the most part, or several of them one behind the other."""

    def __init__(self, value, indices=None, name=None):
        self._sparse = value if isinstance(value, sparse.SparseTensor) else sparse.from_dense(value)

    shape = property(lambda self: self._sparse.shape)
    dtype = property(lambda self: self._sparse.dtype)

    def to_sparse_tensor(self) -> sparse.SparseTensor:
        return self._sparse

    def to_dense(self) -> torch.Tensor:
        return sparse.to_dense(self._sparse)


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    """The product; a CSRSparseMatrix where both are."""
    both = all(isinstance(one, CSRSparseMatrix) for one in (a, b))
    a, b = (one.to_dense() if isinstance(one, CSRSparseMatrix) else given(one) for one in (a, b))
    product = torch.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)
    return CSRSparseMatrix(product) if both else product
