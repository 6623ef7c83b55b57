"""`tf.sparse`: tensors that name the places of their numbers, as records of unequal length are read. Layers make them dense."""

from __future__ import annotations

import numpy as np
import torch

from ._creation import given
from ._missing import getattr_of
from ._tensors import TensorShape, sizes, torch_dtype
from ._text import objects, text
from .dtypes import as_dtype

__all__ = [
    "SparseTensor", "expand_dims", "eye", "from_dense", "maximum", "reduce_max", "reduce_sum", "reorder", "reshape",
    "sparse_dense_matmul", "to_dense", "to_indicator", "transpose",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


class SparseTensor:
    """Values, and for each of them where it stands; zeros (or "") stand everywhere else.

    Args:
        indices: (values, axes), whole numbers.
        values: a vector of numbers or of text.
        dense_shape: the sizes of the whole.
    """

    def __init__(self, indices, values, dense_shape):
        self.indices = given(indices, "int64")
        self.values = given(values)
        self.dense_shape = given(list(sizes(dense_shape)), "int64")
        if self.indices.ndim != 2 or self.indices.shape != (len(self.values), len(self.dense_shape)):
            wanted = (len(self.values), len(self.dense_shape))
            raise ValueError(
                f"Expected `indices` of shape {wanted}: a row for each value, a column for each axis. Received: "
                f"{tuple(self.indices.shape)}"
            )

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.dense_shape.tolist())

    @property
    def dtype(self):
        return as_dtype(self.values.dtype)

    def get_shape(self) -> TensorShape:
        return self.shape

    def with_values(self, new_values):
        return SparseTensor(self.indices, new_values, self.dense_shape)

    def __mul__(self, other):
        return self.with_values(self.values * self._beside(other))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self.with_values(self.values / self._beside(other))

    def _beside(self, other):
        """The numbers of a dense tensor that stand where the values do."""
        other = given(other)
        return other if other.ndim == 0 else other.expand(sizes(self.dense_shape))[tuple(self.indices.T)]

    def __array__(self, dtype=None, copy=None):
        """The whole, for layers and models, which take what is dense."""
        # (as in products, what stands at one place is added)
        dense = _torchs(self).to_dense() if isinstance(self.values, torch.Tensor) else to_dense(reorder(self))
        return np.asarray(dense.cpu() if isinstance(dense, torch.Tensor) else objects(dense), dtype)

    @classmethod
    def from_value(cls, value):
        return cls(value.indices, value.values, value.dense_shape)

    def __repr__(self):
        shown = objects(self.values).tolist() if not isinstance(self.values, torch.Tensor) else self.values.tolist()
        return f"SparseTensor(indices={self.indices.tolist()}, values={shown}, shape={tuple(self.shape)})"


def eye(num_rows, num_columns=None, dtype="float32", name=None) -> SparseTensor:
    """Ones on the diagonal."""
    columns = num_rows if num_columns is None else num_columns
    count = min(int(num_rows), int(columns))
    places = torch.arange(count).unsqueeze(1).expand(count, 2)
    return SparseTensor(places, torch.ones(count, dtype=torch_dtype(dtype)), [num_rows, columns])


def from_dense(tensor, name=None) -> SparseTensor:
    """The numbers that are not 0, or the strings that are not empty."""
    tensor = given(tensor)
    if isinstance(tensor, torch.Tensor):
        indices = tensor.nonzero()
        return SparseTensor(indices, tensor[tuple(indices.T)], tensor.shape)
    array = objects(tensor)
    places = np.argwhere(array.astype(bool))
    return SparseTensor(places, text(array[tuple(places.T)]), array.shape)


def to_dense(sp_input, default_value=None, validate_indices=True, name=None):
    """The whole tensor, with `default_value` (0 or "") where nothing stands.

    Raises:
        ValueError: the places are out of order, or one is there twice.
    """
    shape, places = sizes(sp_input.dense_shape), sp_input.indices
    if validate_indices and len(places) > 1:
        flat = _flat(sp_input)
        if bool((flat[1:] <= flat[:-1]).any()):
            raise ValueError("The indices are out of order or repeated. The usual fix: `tf.sparse.reorder(sp_input)`.")
    if not isinstance(sp_input.values, torch.Tensor):
        array = np.full(shape, "" if default_value is None else default_value, dtype=object)
        array[tuple(places.T.tolist())] = objects(sp_input.values)
        return text(array)
    made = sp_input.values.new_full(shape, 0 if default_value is None else default_value)
    return made.index_put(tuple(places.T), sp_input.values)


def _flat(sparse):
    """The place of each value in the flattened whole."""
    flat = torch.zeros_like(sparse.indices[:, 0])
    for axis, size in enumerate(sparse.dense_shape):
        flat = flat * size + sparse.indices[:, axis]
    return flat


def reorder(sp_input, name=None) -> SparseTensor:
    """The same, row by row."""
    order = torch.argsort(_flat(sp_input), stable=True)
    values = sp_input.values
    values = values[order] if isinstance(values, torch.Tensor) else text(objects(values)[order.tolist()])
    return SparseTensor(sp_input.indices[order], values, sp_input.dense_shape)


def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None):
    """The product of two matrices, of which one or both may be sparse."""
    a, b = (_torchs(each) if isinstance(each, SparseTensor) else given(each) for each in (sp_a, b))
    a, b = (each.T if adjoint else each for each, adjoint in ((a, adjoint_a), (b, adjoint_b)))
    return (a.to_dense() if b.is_sparse else a) @ b


def _torchs(sparse):
    return torch.sparse_coo_tensor(sparse.indices.T, sparse.values, sizes(sparse.dense_shape), check_invariants=True)


def transpose(sp_input, perm=None, name=None) -> SparseTensor:
    perm = list(range(len(sp_input.shape)))[::-1] if perm is None else list(perm)
    return reorder(SparseTensor(sp_input.indices[:, perm], sp_input.values, sp_input.dense_shape[perm]))


def expand_dims(sp_input, axis=None, name=None) -> SparseTensor:
    rank = len(sp_input.shape)
    axis = rank if axis in (None, -1) else axis + rank + 1 if axis < 0 else axis
    shape = sp_input.shape.as_list()
    indices = torch.cat([sp_input.indices[:, :axis], torch.zeros_like(sp_input.indices[:, :1]), sp_input.indices[:, axis:]], 1)
    return SparseTensor(indices, sp_input.values, [*shape[:axis], 1, *shape[axis:]])


def reshape(sp_input, shape, name=None) -> SparseTensor:
    """The same values in another shape; -1 is what remains."""
    flat = _flat(sp_input)
    new = torch.empty(sizes(sp_input.dense_shape), device="meta").reshape(sizes(shape)).shape
    return SparseTensor(torch.stack(torch.unravel_index(flat, new), -1), sp_input.values, new)


def reduce_sum(sp_input, axis=None, keepdims=False, output_is_sparse=False, name=None):
    dense = to_dense(reorder(sp_input))
    axes = tuple(range(dense.ndim)) if axis is None else axis
    return dense.sum(axes, keepdim=bool(keepdims)) if dense.ndim else dense


def reduce_max(sp_input, axis=None, keepdims=False, output_is_sparse=False, name=None):
    """The largest of the values that are there; 0 where none is."""
    lowest = torch.finfo if sp_input.values.is_floating_point() else torch.iinfo
    least = lowest(sp_input.values.dtype).min
    dense = to_dense(reorder(sp_input), least)
    found = dense.amax(tuple(range(dense.ndim)) if axis is None else axis, keepdim=bool(keepdims))
    return torch.where(found == least, torch.zeros_like(found), found)


def maximum(sp_a, sp_b, name=None) -> SparseTensor:
    return from_dense(torch.maximum(to_dense(sp_a), to_dense(sp_b)))


def to_indicator(sp_input, vocab_size, name=None):
    """True where one of the row's values is the place's number."""
    values = sp_input.values.to(torch.int64)
    made = torch.zeros((*sizes(sp_input.dense_shape)[:-1], int(vocab_size)), dtype=torch.bool)
    return made.index_put((*sp_input.indices[:, :-1].T, values), torch.ones(len(values), dtype=torch.bool))
