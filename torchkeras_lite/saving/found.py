"""Files of arrays that are open, and an array in one before it is read."""

from __future__ import annotations

import contextlib
import math
import os
from typing import NamedTuple

import numpy as np

from torchkeras_lite.saving.index import Index


class Opened(NamedTuple):
    """A file that is open: its descriptor, where in what that opens it begins, and what is known of it."""

    descriptor: int
    start: int
    index: Index | None


_FILES: dict[int, Opened] = {}  # by the library's number of an open file


@contextlib.contextmanager
def direct(file, descriptor: int, start: int = 0, index: Index | None = None):
    """Inside, arrays of an open h5py.File go by its descriptor: the library itself is slow in pieces."""
    import h5py

    number = h5py.h5o.get_info(file.id).fileno
    if hasattr(os, "pread"):
        _FILES[number] = Opened(descriptor, start, index)
    try:
        yield file
    finally:
        _FILES.pop(number, None)


def file_of(part) -> Opened | None:
    """What is known of the open file in which an h5py object lies."""
    import h5py

    return _FILES.get(h5py.h5o.get_info(part.id).fileno)


class Found:
    """What there is to know of an array, asked of the HDF5 library once, and in its own words.

    An h5py.Dataset asks again each time, which for the many small arrays of a deep model takes several times as long as to read
    them.

    Attributes:
        id: the library's handle, an h5py.h5d.DatasetID.
        shape: None where there is no array at all.
        nbytes: of all its numbers; stored: of what is in the file. offset: where they begin, if they lie in one piece.
        chunks: the shape of its pieces, or None. filters: the numbers and settings of what each has gone through.
        elsewhere: whether it lies in other files, or is made of other arrays.
    """

    __slots__ = ("chunks", "dtype", "elsewhere", "filters", "id", "nbytes", "offset", "shape", "stored")

    def __init__(self, id):
        import h5py

        plist, space = id.get_create_plist(), id.get_space()
        layout = plist.get_layout()
        self.id, self.dtype = id, id.dtype
        self.shape = None if space.get_simple_extent_type() == h5py.h5s.NULL else space.get_simple_extent_dims()
        self.nbytes = 0 if self.shape is None else math.prod(self.shape) * self.dtype.itemsize
        self.stored, self.offset = id.get_storage_size(), id.get_offset() if layout == h5py.h5d.CONTIGUOUS else None
        self.chunks = plist.get_chunk() if layout == h5py.h5d.CHUNKED else None
        self.filters = [plist.get_filter(i)[::2] for i in range(plist.get_nfilters())]
        self.elsewhere = layout == h5py.h5d.VIRTUAL or plist.get_external_count() > 0

    @property
    def name(self) -> str:
        return self.dataset().name

    @property
    def place(self) -> tuple[int, int] | None:
        """The descriptor and the offset of an array that lies in one piece in a file that is known; otherwise None."""
        file = None if self.offset is None or self.stored != self.nbytes else file_of(self)
        return None if file is None else (file.descriptor, file.start + self.offset)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def dataset(self):
        """The same as an h5py.Dataset."""
        import h5py

        return h5py.Dataset(self.id)

    def read_direct(self, array) -> None:
        """Reads all of it into a contiguous array of its shape."""
        import h5py

        self.id.read(h5py.h5s.ALL, h5py.h5s.ALL, array)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.dataset()[()], dtype)

    def __repr__(self):
        return f"<array {self.name} {self.shape} of {self.dtype}>"
