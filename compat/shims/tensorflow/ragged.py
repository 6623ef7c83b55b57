"""`tf.ragged`: rows of unequal length. They are a list, of a tensor or of text for each row; layers take dense ones."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from ._creation import given
from ._missing import getattr_of
from ._tensors import TensorShape
from ._text import Texts, is_text, text
from .dtypes import as_dtype

__all__ = ["RaggedTensor", "boolean_mask", "constant", "range", "stack"]
__getattr__ = getattr_of(__name__)


class RaggedTensor(list):
    """A list of rows, which answers what is asked of TensorFlow's ragged tensors."""

    # ------------------------------------------------------------ made of others

    @classmethod
    def from_tensor(cls, tensor, lengths=None, padding=None, name=None):
        """The rows of a dense tensor, without what lies behind `lengths`, or without the `padding` at their ends."""
        rows = list(given(tensor))
        if lengths is not None:
            return cls(row[: int(n)] for row, n in zip(rows, given(lengths).tolist(), strict=True))
        if padding is not None:
            rows = [row[: 1 + max((i for i, v in enumerate(row.tolist()) if v != padding), default=-1)] for row in rows]
        return cls(rows)

    @classmethod
    def from_row_splits(cls, values, row_splits, name=None, validate=True):
        """Rows out of one row, cut where `row_splits` says: from 0 to the end."""
        values, cuts = given(values), given(row_splits).tolist()
        return cls(values[start:end] for start, end in itertools.pairwise(cuts))

    @classmethod
    def from_row_lengths(cls, values, row_lengths, name=None, validate=True):
        """Rows out of one row, of these lengths."""
        return cls.from_row_splits(values, [0, *np.cumsum(given(row_lengths).tolist())])

    @classmethod
    def from_value_rowids(cls, values, value_rowids, nrows=None, name=None, validate=True):
        """Rows out of one row: which one each value belongs to, in order. There are `nrows`, or as many as the last says."""
        values, rows = given(values), given(value_rowids).long()
        count = int(nrows) if nrows is not None else int(rows[-1]) + 1 if len(rows) else 0
        return cls.from_row_lengths(values, torch.bincount(rows, minlength=count))

    # ------------------------------------------------------------ what they are

    @property
    def shape(self) -> TensorShape:
        lengths = {len(row) for row in self}
        return TensorShape([len(self), lengths.pop() if len(lengths) == 1 else None])

    @property
    def dtype(self):
        return as_dtype(self.flat_values.dtype)

    def nrows(self, out_type=None, name=None):
        return torch.tensor(len(self))

    def row_lengths(self, axis=1, name=None):
        return torch.tensor([len(row) for row in self])

    @property
    def row_splits(self):
        return torch.tensor([0, *np.cumsum([len(row) for row in self])])

    def row_starts(self, name=None):
        return self.row_splits[:-1]

    def row_limits(self, name=None):
        return self.row_splits[1:]

    def value_rowids(self, name=None):
        """The row of each value."""
        return torch.repeat_interleave(torch.arange(len(self)), self.row_lengths().long())

    @property
    def flat_values(self):
        """All values in one row."""
        rows = [row.flat_values if isinstance(row, RaggedTensor) else row for row in self]
        if not rows:
            return torch.zeros(0)
        if isinstance(rows[0], torch.Tensor):
            return torch.cat(rows)
        return Texts(np.concatenate([np.asarray(row, dtype=object) for row in rows]))

    values = flat_values

    def merge_dims(self, outer_axis, inner_axis):
        """The first two axes as one, the only ones that can be merged."""
        if (outer_axis, inner_axis) not in ((0, 1), (0, -1)):
            raise NotImplementedError(f"Only axes 0 and 1 can be merged here. Received: {outer_axis}, {inner_axis}")
        return self.flat_values

    def to_list(self) -> list:
        """Lists of numbers, or of bytes where the values are texts."""
        return [row.to_list() if isinstance(row, RaggedTensor) else row.numpy().tolist() for row in self]

    def numpy(self) -> np.ndarray:
        """An array of arrays."""
        found = np.empty(len(self), dtype=object)
        for i, row in enumerate(self):
            found[i] = row.numpy()
        return found

    def to_tensor(self, default_value=None, shape=None, name=None):
        """A dense tensor, in which the ends of the shorter rows are filled up: with 0 or "", if nothing else is said."""
        rows = [row.to_tensor(default_value) if isinstance(row, RaggedTensor) else row for row in self]
        width = max((len(row) for row in rows), default=0)
        if shape is not None and len(tuple(shape)) > 1 and tuple(shape)[1] is not None:
            width = int(tuple(shape)[1])
            rows = [row[:width] for row in rows]
        if not rows or isinstance(rows[0], torch.Tensor):
            inner = [max(sizes) for sizes in zip(*(row.shape[1:] for row in rows), strict=True)]
            kind = {"dtype": rows[0].dtype, "device": rows[0].device} if rows else {}
            dense = torch.full((len(rows), width, *inner), 0 if default_value is None else default_value, **kind)
        else:
            dense = np.full((len(rows), width), "" if default_value is None else default_value, dtype=object)
        for i, row in enumerate(rows):
            place = tuple(slice(size) for size in row.shape)
            dense[(i, *place)] = row
        return dense if isinstance(dense, torch.Tensor) else Texts(dense)

    def __getitem__(self, key):
        if isinstance(key, tuple):
            first, *rest = key
            found = self[first]
            if isinstance(found, RaggedTensor) and isinstance(first, slice):
                return RaggedTensor(row[rest[0] if len(rest) == 1 else tuple(rest)] for row in found)
            return found[rest[0] if len(rest) == 1 else tuple(rest)]
        if isinstance(key, torch.Tensor):
            key = key.tolist()
        if isinstance(key, list):
            return RaggedTensor(self[i] for i in key)
        found = super().__getitem__(key)
        return RaggedTensor(found) if isinstance(key, slice) else found

    def __repr__(self):
        return f"<tf.RaggedTensor {self.to_list()}>"


class RaggedTensorSpec:
    """The shape and dtype of a ragged tensor to come."""

    def __init__(self, shape=None, dtype="float32", ragged_rank=None, row_splits_dtype="int64", flat_values_spec=None):
        self.shape, self.dtype, self.ragged_rank = TensorShape(shape), as_dtype(dtype), ragged_rank

    def __repr__(self):
        return f"RaggedTensorSpec({self.shape}, {self.dtype}, {self.ragged_rank})"


def constant(pylist, dtype=None, ragged_rank=None, inner_shape=None, name=None, row_splits_dtype=None):
    """Lists in a list as rows; lists in those too. A list of no lists is a tensor."""
    if len(pylist) and not any(isinstance(row, (list, tuple)) or np.ndim(row) for row in pylist):
        return text(np.array([*pylist, None], dtype=object)[:-1]) if is_text(pylist) else given(pylist, dtype)
    rows = [row.tolist() if hasattr(row, "tolist") else row for row in pylist]
    if any(isinstance(one, (list, tuple)) for row in rows for one in row):
        return RaggedTensor(constant(row, dtype) for row in rows)
    flat = [one for row in rows for one in row]
    if is_text(flat) or str(dtype) == "string":
        return RaggedTensor(text(np.array([*row, None], dtype=object)[:-1]) for row in rows)
    whole = given(flat or [0.0], dtype)
    return RaggedTensor(torch.tensor(row, dtype=whole.dtype, device=whole.device) for row in rows)


def stack(values, axis=0, name=None):
    """Tensors of unequal length as rows."""
    if axis != 0:
        raise NotImplementedError(f"Only along axis 0. Received: axis={axis}")
    return RaggedTensor(given(value) for value in values)


def range(starts, limits=None, deltas=1, dtype=None, name=None):
    """For each number a row of those below it; with two, from the one to the other."""
    if limits is None:
        starts, limits = 0, starts
    starts, limits, deltas = torch.broadcast_tensors(*map(given, (starts, limits, deltas)))
    rows = zip(starts.reshape(-1).tolist(), limits.reshape(-1).tolist(), deltas.reshape(-1).tolist(), strict=True)
    return RaggedTensor(torch.arange(*row, dtype=limits.dtype if dtype is None else None) for row in rows)


def boolean_mask(data, mask, name=None):
    """Of each row the values where the mask is true."""
    rows = data if isinstance(data, RaggedTensor) else list(given(data))
    return RaggedTensor(row[torch.as_tensor(keep, dtype=torch.bool)] for row, keep in zip(rows, mask, strict=True))
