"""Rows: arrays that are read as they are needed: files larger than memory, sparse matrices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from torchkeras_lite.sparse import kind


def is_rows(value) -> bool:
    """Whether `value` is a numpy memmap, a dataset of h5py or something like it, or a sparse matrix of scipy."""
    if isinstance(value, np.memmap) or hasattr(value, "tocsr"):
        return True
    return all(hasattr(value, name) for name in ("read_direct", "chunks", "shape", "dtype")) and bool(value.shape)


class Rows:
    """The rows of a source from `start` to `stop`. What Arrays asks of a tensor can be asked of it; batches are tensors.

    Args:
        source: what gives some rows for a slice, and for a sorted list of numbers.
        read: makes a tensor of what the source gives.
        dtype: of those tensors, where it is not that of `read`.
    """

    device = torch.device("cpu")

    def __init__(self, source, read, start: int = 0, stop: int | None = None, dtype: torch.dtype | None = None):
        self.source, self.read = source, read
        self.start, self.stop = start, source.shape[0] if stop is None else stop
        self.shape = torch.Size((self.stop - self.start, *source.shape[1:]))
        self.ndim = len(self.shape)
        self.dtype = self._tensor(source[:0]).dtype if dtype is None else dtype

    def _tensor(self, some) -> torch.Tensor:
        return self.read(some.toarray() if hasattr(some, "toarray") else some)

    def _between(self, start: int, stop: int) -> torch.Tensor:
        return self._tensor(self.source[self.start + start : self.start + stop]).to(self.dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: slice) -> Rows:
        start, stop, _ = which.indices(len(self))
        return Rows(self.source, self.read, self.start + start, self.start + max(start, stop), self.dtype)

    def split(self, size: int) -> Iterator[torch.Tensor]:
        """All rows, so many at a time."""
        return (self._between(start, min(start + size, len(self))) for start in range(0, len(self), size))

    def index_select(self, axis: int, rows: torch.Tensor) -> torch.Tensor:
        """The rows of these numbers. They are read in the order of the file."""
        ordered, places = rows.sort()
        found = self._tensor(self.source[(ordered + self.start).numpy()]).to(self.dtype)
        back = torch.empty_like(places)
        back[places] = torch.arange(len(places))
        return found.index_select(axis, back)

    def to(self, where, non_blocking: bool = False):
        """Of a dtype: rows that will have it. Of a device: all of them, read, there."""
        if isinstance(where, torch.dtype):
            return Rows(self.source, self.read, self.start, self.stop, where)
        return self._between(0, len(self)).to(where, non_blocking=non_blocking)

    def pin_memory(self) -> torch.Tensor:
        return self._between(0, len(self)).pin_memory()

    def numel(self) -> int:
        return self.shape.numel()

    def element_size(self) -> int:
        return self.dtype.itemsize


class SparseRows(Rows):
    """The rows of a sparse matrix of scipy, whose batches are sparse too: of the class that `sparse.kind` names.

    Args:
        source: the matrix, in rows (`tocsr()`).
        read: makes a dense tensor of an array, for who wants one.
    """

    def __init__(self, source, read, start: int = 0, stop: int | None = None, dtype: torch.dtype | None = None):
        super().__init__(source, read, start, stop, torch.float32)
        self.dtype, self.wanted = None, dtype  # of no tensor's dtype, so that who wants tensors of one has a look

    def _tensor(self, some):
        made = kind().of_rows(some)
        return made if self.wanted is None else made.to(self.wanted)

    def _between(self, start: int, stop: int):
        return self._tensor(self.source[self.start + start : self.start + stop])

    def __getitem__(self, which: slice) -> SparseRows:
        start, stop, _ = which.indices(len(self))
        return SparseRows(self.source, self.read, self.start + start, self.start + max(start, stop), self.wanted)

    def index_select(self, axis: int, rows: torch.Tensor):
        return self._tensor(self.source[(rows + self.start).numpy()])

    def to(self, where, non_blocking: bool = False):
        """Of a dtype: rows that will have it. Of a device: all of them, read, there."""
        if isinstance(where, torch.dtype):
            return SparseRows(self.source, self.read, self.start, self.stop, where)
        return self._between(0, len(self)).to(where, non_blocking=non_blocking)

    def pin_memory(self):
        return self._between(0, len(self))

    def element_size(self) -> int:
        return self.source.dtype.itemsize

    def to_dense(self) -> Rows:
        """The same, with batches that are dense."""
        return Rows(self.source, self.read, self.start, self.stop, self.wanted)
