"""`tf.sparse`: tensors that name the places of their numbers. Layers of scripts get them as they are, ours make them dense.

A function here also takes a dense tensor for a sparse one, and symbolic tensors: then it stands in the graph as one call.
"""

from __future__ import annotations

import functools

import numpy as np
import torch

from torchkeras_lite import symbolic
from torchkeras_lite.sparse import Sparse

from ._creation import given
from ._missing import getattr_of
from ._tensors import TensorShape, sizes, torch_dtype
from ._text import objects, text
from .data import TensorSpec
from .dtypes import as_dtype

__all__ = [
    "SparseTensor", "add", "concat", "expand_dims", "eye", "fill_empty_rows", "from_dense", "map_values", "maximum", "minimum",
    "reduce_max", "reduce_sum", "reorder", "reset_shape", "reshape", "retain", "slice", "softmax",
    "sparse_dense_matmul", "split", "to_dense", "to_indicator", "transpose",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


class SparseTensorSpec(TensorSpec):
    """The shape and dtype of a sparse tensor to come."""

    @classmethod
    def from_value(cls, value):
        return cls(value.shape, value.dtype)


class SparseTensor(Sparse):
    """Values, and for each of them where it stands; zeros (or "") stand everywhere else.

    Args:
        indices: (values, axes), whole numbers.
        values: a vector of numbers or of text.
        dense_shape: the sizes of the whole.
    """

    def __init__(self, indices, values, dense_shape):
        self.values = given(values)
        self.sizes = tuple(sizes(dense_shape))
        self.indices = given(indices, "int64").reshape(-1, len(self.sizes)) if not len(indices) else given(indices, "int64")
        if self.indices.ndim != 2 or self.indices.shape != (len(self.values), len(self.sizes)):
            wanted = (len(self.values), len(self.sizes))
            raise ValueError(
                f"Expected `indices` of shape {wanted}: a row for each value, a column for each axis. Received: "
                f"{tuple(self.indices.shape)}"
            )

    @classmethod
    def of(cls, indices, values, sizes):
        return cls(indices, values, sizes)

    @property
    def dense_shape(self) -> torch.Tensor:
        return torch.tensor(self.sizes, dtype=torch.int64)

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.sizes)

    @property
    def dtype(self):
        return as_dtype(self.values.dtype)

    def get_shape(self) -> TensorShape:
        return self.shape

    def with_values(self, new_values):
        return SparseTensor(self.indices, new_values, self.sizes)

    def __mul__(self, other):
        return self.with_values(self.values * self._beside(other))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self.with_values(self.values / self._beside(other))

    def _beside(self, other):
        """The numbers of a dense tensor that stand where the values do."""
        other = given(other)
        return other if other.ndim == 0 else other.expand(self.sizes)[tuple(self.indices.T)]

    def to_dense(self):
        return super().to_dense() if isinstance(self.values, torch.Tensor) else to_dense(reorder(self))

    def __array__(self, dtype=None, copy=None):
        """The whole, for who takes what is dense."""
        dense = self.to_dense()
        return np.asarray(dense.detach().cpu() if isinstance(dense, torch.Tensor) else objects(dense), dtype)

    @classmethod
    def from_value(cls, value):
        return cls(value.indices, value.values, value.dense_shape)

    def __repr__(self):
        shown = objects(self.values).tolist() if not isinstance(self.values, torch.Tensor) else self.values.tolist()
        return f"SparseTensor(indices={self.indices.tolist()}, values={shown}, shape={tuple(self.shape)})"


def _function(function):
    """The decorator of a function of sparse tensors."""

    @functools.wraps(function)
    def call(*args, **words):
        if symbolic.is_symbolic(args, words):
            return symbolic.record_op(symbolic.Op(f"tf.sparse.{function.__name__}", call), args, words)
        return function(*args, **words)

    return call


def _sparse(value) -> SparseTensor:
    """A sparse tensor; of a dense one, or one of torch's, the numbers that are not 0."""
    if isinstance(value, SparseTensor):
        return value
    if isinstance(value, torch.Tensor) and value.layout is not torch.strided:
        value = value.to_sparse_coo().coalesce()
        return SparseTensor(value.indices().T, value.values(), value.shape)
    return from_dense(value)


def eye(num_rows, num_columns=None, dtype="float32", name=None) -> SparseTensor:
    """Ones on the diagonal."""
    columns = num_rows if num_columns is None else num_columns
    count = min(int(num_rows), int(columns))
    places = torch.arange(count).unsqueeze(1).expand(count, 2)
    return SparseTensor(places, torch.ones(count, dtype=torch_dtype(dtype)), [num_rows, columns])


@_function
def from_dense(tensor, name=None) -> SparseTensor:
    """The numbers that are not 0, or the strings that are not empty."""
    tensor = given(tensor)
    if isinstance(tensor, torch.Tensor):
        indices = tensor.nonzero()
        return SparseTensor(indices, tensor[tuple(indices.T)], tensor.shape)
    array = objects(tensor)
    places = np.argwhere(array.astype(bool))
    return SparseTensor(places, text(array[tuple(places.T)]), array.shape)


@_function
def to_dense(sp_input, default_value=None, validate_indices=True, name=None):
    """The whole tensor, with `default_value` (0 or "") where nothing stands.

    Raises:
        ValueError: the places are out of order, or one is there twice.
    """
    sp_input = _sparse(sp_input)
    shape, places = sp_input.sizes, sp_input.indices
    if validate_indices and len(places) > 1:
        flat = sp_input._flat()
        if bool((flat[1:] <= flat[:-1]).any()):
            raise ValueError("The indices are out of order or repeated. The usual fix: `tf.sparse.reorder(sp_input)`.")
    if not isinstance(sp_input.values, torch.Tensor):
        array = np.full(shape, "" if default_value is None else default_value, dtype=object)
        array[tuple(places.T.tolist())] = objects(sp_input.values)
        return text(array)
    made = sp_input.values.new_full(shape, 0 if default_value is None else default_value)
    return made.index_put(tuple(places.T), sp_input.values)


@_function
def reorder(sp_input, name=None) -> SparseTensor:
    """The same, row by row."""
    sp_input = _sparse(sp_input)
    order = torch.argsort(sp_input._flat(), stable=True)
    values = sp_input.values
    values = values[order] if isinstance(values, torch.Tensor) else text(objects(values)[order.tolist()])
    return SparseTensor(sp_input.indices[order], values, sp_input.sizes)


@_function
def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None):
    """The product of two matrices, of which one or both may be sparse."""
    a, b = (each.torchs() if isinstance(each, SparseTensor) else given(each) for each in (sp_a, b))
    a, b = (each.T if adjoint else each for each, adjoint in ((a, adjoint_a), (b, adjoint_b)))
    if a.layout is torch.strided and b.layout is not torch.strided:
        return torch.sparse.mm(b.T, a.T).T
    return torch.sparse.mm(a, b.to_dense() if b.layout is not torch.strided else b) if a.layout is not torch.strided else a @ b


@_function
def transpose(sp_input, perm=None, name=None) -> SparseTensor:
    sp_input = _sparse(sp_input)
    perm = list(range(len(sp_input.sizes)))[::-1] if perm is None else [int(axis) for axis in perm]
    return reorder(SparseTensor(sp_input.indices[:, perm], sp_input.values, [sp_input.sizes[axis] for axis in perm]))


@_function
def expand_dims(sp_input, axis=None, name=None) -> SparseTensor:
    sp_input = _sparse(sp_input)
    rank = len(sp_input.shape)
    axis = rank if axis in (None, -1) else axis + rank + 1 if axis < 0 else axis
    shape = sp_input.shape.as_list()
    indices = torch.cat([sp_input.indices[:, :axis], torch.zeros_like(sp_input.indices[:, :1]), sp_input.indices[:, axis:]], 1)
    return SparseTensor(indices, sp_input.values, [*shape[:axis], 1, *shape[axis:]])


@_function
def reshape(sp_input, shape, name=None) -> SparseTensor:
    """The same values in another shape; -1 is what remains."""
    sp_input = _sparse(sp_input)
    new = torch.empty(sp_input.sizes, device="meta").reshape(sizes(shape)).shape
    return SparseTensor(torch.stack(torch.unravel_index(sp_input._flat(), new), -1), sp_input.values, new)


@_function
def reset_shape(sp_input, new_shape=None) -> SparseTensor:
    """The same values in a whole of other sizes: those given, or the smallest that hold them."""
    sp_input = _sparse(sp_input)
    if new_shape is None:
        new_shape = (sp_input.indices.amax(0) + 1).tolist() if len(sp_input.indices) else [0] * len(sp_input.sizes)
    elif [max(pair) for pair in zip(sizes(new_shape), sp_input.sizes, strict=True)] != [*sizes(new_shape)]:
        raise ValueError(f"`new_shape` must be as large as the shape on each axis. Received: {new_shape} for {sp_input.sizes}")
    return SparseTensor(sp_input.indices, sp_input.values, new_shape)


@_function
def reduce_sum(sp_input, axis=None, keepdims=False, output_is_sparse=False, name=None):
    dense = _sparse(sp_input).to_dense()
    axes = tuple(range(dense.ndim)) if axis is None else axis
    summed = dense.sum(axes, keepdim=bool(keepdims)) if dense.ndim else dense
    return from_dense(summed) if output_is_sparse else summed


@_function
def reduce_max(sp_input, axis=None, keepdims=False, output_is_sparse=False, name=None):
    """The largest of the values that are there; 0 where none is."""
    sp_input = _sparse(sp_input)
    lowest = torch.finfo if sp_input.values.is_floating_point() else torch.iinfo
    least = lowest(sp_input.values.dtype).min
    dense = to_dense(reorder(sp_input), least)
    found = dense.amax(tuple(range(dense.ndim)) if axis is None else axis, keepdim=bool(keepdims))
    found = torch.where(found == least, torch.zeros_like(found), found)
    return from_dense(found) if output_is_sparse else found


@_function
def maximum(sp_a, sp_b, name=None) -> SparseTensor:
    return _joined(torch.maximum, _sparse(sp_a), _sparse(sp_b))


@_function
def minimum(sp_a, sp_b, name=None) -> SparseTensor:
    return _joined(torch.minimum, _sparse(sp_a), _sparse(sp_b))


@_function
def add(a, b, threshold=0, name=None):
    """The sum: sparse where both are, else dense. Values that are smaller than `threshold` are left out."""
    if not (isinstance(a, SparseTensor) and isinstance(b, SparseTensor)):
        return torch.add(*(each.to_dense() if isinstance(each, SparseTensor) else given(each) for each in (a, b)))
    summed = _joined(torch.add, a, b)
    return retain(summed, summed.values.abs() >= threshold) if threshold else summed


def _joined(function, a, b) -> SparseTensor:
    """`function` of the values that stand wherever one of the two has one."""
    if a.sizes != b.sizes:
        raise ValueError(f"Expected sparse tensors of one shape. Received: {a.sizes} and {b.sizes}")
    flat, place = torch.unique(torch.cat([a._flat(), b._flat()]), return_inverse=True)
    places = place.split([len(a.values), len(b.values)])
    both = [each.values.new_zeros(len(flat)).index_add(0, at, each.values) for each, at in zip((a, b), places, strict=True)]
    return SparseTensor(torch.stack(torch.unravel_index(flat, a.sizes), -1), function(*both), a.sizes)


@_function
def concat(axis, sp_inputs, expand_nonconcat_dims=False, name=None) -> SparseTensor:
    """One behind the other along an axis; with `expand_nonconcat_dims` the other sizes may differ, and the largest counts."""
    parts = [_sparse(each) for each in sp_inputs]
    rank = len(parts[0].sizes)
    axis, start, indices = axis + rank if axis < 0 else axis, 0, []
    others = {part.sizes[:axis] + part.sizes[axis + 1 :] for part in parts}
    if len(others) > 1 and not expand_nonconcat_dims:
        raise ValueError(f"All sizes but those of axis {axis} must agree. Received: shapes {[part.sizes for part in parts]}")
    for part in parts:
        moved = part.indices.clone()
        moved[:, axis] += start
        start += part.sizes[axis]
        indices.append(moved)
    whole = [max(part.sizes[i] for part in parts) if i != axis else start for i in range(rank)]
    values = [part.values for part in parts]
    together = torch.cat(values) if isinstance(values[0], torch.Tensor) else text(np.concatenate([*map(objects, values)]))
    return reorder(SparseTensor(torch.cat(indices), together, whole))


@_function
def split(sp_input=None, num_split=None, axis=None, name=None) -> list:
    """So many parts along an axis, the first ones one longer where they cannot be equal."""
    sp_input = _sparse(sp_input)
    axis = int(axis or 0) % len(sp_input.sizes)
    size, more = divmod(sp_input.sizes[axis], int(num_split))
    parts, start = [], 0
    for count in [size + 1] * more + [size] * (int(num_split) - more):
        begin, sizes_ = [0] * len(sp_input.sizes), list(sp_input.sizes)
        begin[axis], sizes_[axis] = start, count
        parts.append(slice(sp_input, begin, sizes_))
        start += count
    return parts


@_function
def slice(sp_input, start, size, name=None) -> SparseTensor:
    """The piece that begins at `start` and is as large as `size`, as far as there is so much."""
    sp_input = _sparse(sp_input)
    start = sizes(start)
    whole = [max(min(have - first, wanted), 0) for have, first, wanted in zip(sp_input.sizes, start, sizes(size), strict=True)]
    moved = sp_input.indices - torch.tensor(start, device=sp_input.indices.device)
    kept = ((moved >= 0) & (moved < torch.tensor(whole, device=moved.device))).all(1)
    return SparseTensor(moved[kept], _chosen(sp_input.values, kept), whole)


def _chosen(values, kept):
    return values[kept] if isinstance(values, torch.Tensor) else text(objects(values)[kept.cpu().numpy()])


@_function
def retain(sp_input, to_retain) -> SparseTensor:
    """Those values for which `to_retain` is true."""
    sp_input, kept = _sparse(sp_input), given(to_retain)
    return SparseTensor(sp_input.indices[kept], _chosen(sp_input.values, kept), sp_input.sizes)


def map_values(op, *args, **kwargs) -> SparseTensor:
    """`op` of the values, which must stand at the same places in all the sparse tensors that are given."""
    found = [each for each in (*args, *kwargs.values()) if isinstance(each, SparseTensor)]
    if not found:
        if symbolic.is_symbolic(args, kwargs):
            call = functools.partial(_mapped, op)
            return symbolic.record_op(symbolic.Op("tf.sparse.map_values", call), args, kwargs)
        return op(*args, **kwargs)
    return _mapped(op, *args, **kwargs)


def _mapped(op, *args, **kwargs):
    found = [each for each in (*args, *kwargs.values()) if isinstance(each, SparseTensor)]

    def values(each):
        return each.values if isinstance(each, SparseTensor) else each

    return found[0].with_values(op(*map(values, args), **{word: values(each) for word, each in kwargs.items()}))


@_function
def softmax(sp_input, name=None) -> SparseTensor:
    """The softmax of the values of each row (along the last axis); what is not there counts as minus infinity."""
    sp_input = _sparse(sp_input)
    rows = sp_input._flat() // max(sp_input.sizes[-1], 1)
    _, rows = torch.unique(rows, return_inverse=True)
    count = int(rows.max()) + 1 if len(rows) else 0
    highest = sp_input.values.new_full((count,), -torch.inf).scatter_reduce(0, rows, sp_input.values.detach(), "amax")
    powers = (sp_input.values - highest[rows]).exp()
    return sp_input.with_values(powers / powers.new_zeros(count).index_add(0, rows, powers)[rows])


@_function
def fill_empty_rows(sp_input, default_value, name=None):
    """With `default_value` in front in each row that has none, and which rows these are (True)."""
    sp_input = _sparse(sp_input)
    rows = torch.arange(sp_input.sizes[0], device=sp_input.indices.device)
    empty = ~torch.isin(rows, sp_input.indices[:, 0])
    more = torch.zeros(int(empty.sum()), len(sp_input.sizes), dtype=torch.int64, device=rows.device)
    more[:, 0] = rows[empty]
    if isinstance(sp_input.values, torch.Tensor):
        values = torch.cat([sp_input.values, sp_input.values.new_full((len(more),), default_value)])
    else:
        values = text(np.concatenate([objects(sp_input.values), np.full(len(more), default_value, dtype=object)]))
    return reorder(SparseTensor(torch.cat([sp_input.indices, more]), values, sp_input.sizes)), empty


@_function
def to_indicator(sp_input, vocab_size, name=None):
    """True where one of the row's values is the place's number."""
    sp_input = _sparse(sp_input)
    values = sp_input.values.to(torch.int64)
    made = torch.zeros((*sp_input.sizes[:-1], int(vocab_size)), dtype=torch.bool, device=values.device)
    return made.index_put((*sp_input.indices[:, :-1].T, values), torch.ones_like(values, dtype=torch.bool))
