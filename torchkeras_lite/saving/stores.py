"""Groups of an HDF5 file as the stores that layers and optimizers write their variables to and read them from."""

from __future__ import annotations

import contextlib
import functools
import io
import math
import mmap
import os
from collections.abc import Mapping

import numpy as np
import torch

from torchkeras_lite.calls import going_on
from torchkeras_lite.variable import Variable


class Store:
    """Takes arrays under "0", "1", ..., as `save_own_variables` wants it."""

    def __init__(self, group):
        self.group = group

    def __setitem__(self, key, value):
        self.group[key] = np.asarray(value)

    def put(self, key, variable):
        """Takes a Variable, out of its memory."""
        put(self.group, key, variable)

    def keys(self):
        return self.group.keys()


class Source(Mapping):
    """Gives arrays, read when they are asked for; `shape(key)` tells before.

    A file is data: only plain datasets in the file itself are read, never what points into another one.

    Args:
        file: an open h5py.File.
        path: of a group in it; where there is none, the source is empty.
    """

    def __init__(self, file, path: str):
        group = group_at(file, path)
        self._sets = {} if group is None else {key: dataset(group, key) for key in group}

    @classmethod
    def joined(cls, sources):
        """What is in several."""
        made = cls.__new__(cls)
        made._sets = {key: found for source in sources for key, found in source._sets.items()}
        return made

    def __getitem__(self, key):
        return np.asarray(self._sets[key])

    def take(self, key, variable):
        """Reads an array into a Variable of its shape."""
        take(self._sets[key], variable)

    def shape(self, key) -> tuple[int, ...] | None:
        return tuple(self._sets[key].shape) if key in self._sets else None

    def is_plain(self) -> bool:
        """Whether no array is compressed, so that none can turn out to be damaged when it is read."""
        return all(found.chunks is None for found in self._sets.values())

    def __iter__(self):
        return iter(self._sets)

    def __len__(self):
        return len(self._sets)


# ---------------------------------------------------------------- a file to write to


@contextlib.contextmanager
def created(filepath: str, **settings):
    """`with created("w.h5") as file:` a new h5py.File to write to; the settings are h5py's.

    Raises:
        OSError: not all could be written, as on a full disk.
    """
    import h5py

    with open(filepath, "w+b", buffering=0) as raw:
        sink = _Sink(raw)
        try:
            with h5py.File(sink, "w", **settings) as file:
                yield file
        finally:
            if sink.problem is not None:
                raise sink.problem


class _Sink(io.RawIOBase):
    """A file that takes what the HDF5 library writes. What fails is kept for later: the library would take the process down."""

    def __init__(self, file):
        self._file, self.problem = file, None

    def write(self, content) -> int:
        content = memoryview(content).cast("B")
        done = 0
        try:
            while done < len(content) and self.problem is None:
                done += self._file.write(content[done:])
        except OSError as error:
            self.problem = error
        return len(content)

    def truncate(self, size=None) -> int:
        try:
            return self._file.truncate(size)
        except OSError as error:
            self.problem = self.problem or error
            return size

    def readinto(self, buffer) -> int:
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    writable = seekable = readable


# ---------------------------------------------------------------- between files and the memory of tensors

# Bytes that are copied at a time, where the axes have another order: a cache holds them. What is read across goes in tiles.
_BLOCK, _TILE = 1 << 22, 1 << 19


def put(group, key: str, variable) -> None:
    """Writes a variable as an array of a group, in Keras's layout, without a second copy of it."""
    view, direct = _view_of(variable)
    if view is None:
        group.create_dataset(key, data=variable.numpy())
    elif direct:
        group.create_dataset(key, data=view.numpy())
    else:
        found = group.create_dataset(key, view.shape, _NUMPY[view.dtype])
        turned = None
        for where, part in _blocks(view, view.ndim - 2, _BLOCK):
            if turned is None or turned.shape != part.shape:
                turned = torch.empty(part.shape, dtype=part.dtype)
            for tile, piece in _blocks(part, view.ndim - 1, _TILE):
                turned[tile] = piece
            found.write_direct(turned.numpy(), dest_sel=where)


def take(found, variable) -> None:
    """Reads an array, of a file or of numpy, into a variable of its shape, without a second copy of it."""
    view, direct = _view_of(variable)
    if view is None or variable.home is not None or isinstance(found, np.ndarray) or found.dtype not in _TORCH:
        variable.assign(np.asarray(found))
        return
    if direct and found.dtype == _NUMPY[view.dtype]:
        found.read_direct(view.numpy())
    elif found.chunks is not None:
        view.copy_(torch.from_numpy(found[()]))
    else:
        read = None
        for where, part in _blocks(view, view.ndim - 2, _BLOCK):
            if read is None or read.shape != part.shape:
                read = torch.empty(part.shape, dtype=_TORCH[found.dtype])
            found.read_direct(read.numpy(), source_sel=where)
            part.copy_(read)
    torch.autograd.graph.increment_version(variable.raw)


_NUMPY = {torch.float32: np.dtype("<f4"), torch.float64: np.dtype("<f8"), torch.float16: np.dtype("<f2")}
_TORCH = {kind: dtype for dtype, kind in _NUMPY.items()}


def _view_of(variable):
    """The memory of a weight in Keras's layout, or None where it is not as simple; and whether it lies there in this order."""
    raw = variable.raw.detach() if type(variable) is Variable and variable.raw.is_leaf else None
    if raw is None or raw.device.type != "cpu" or raw.dtype not in _NUMPY or not raw.numel() or going_on.stateless is not None:
        return None, False
    view = raw if variable.layout is None else variable.layout.to_keras(raw)
    if view.data_ptr() != raw.data_ptr():
        return None, False
    return view, view.is_contiguous()


def _blocks(view, axis: int, size: int):
    """Pieces of a tensor along an axis, of about `size` bytes, each with its place."""
    axis = max(axis, 0)
    step = max(size * view.shape[axis] // (view.numel() * view.element_size()), 1)
    for start in range(0, view.shape[axis], step):
        where = (slice(None),) * axis + (slice(start, start + step),)
        yield where, view[where]


# ---------------------------------------------------------------- what a file holds


def stored_bytes(file) -> int:
    """How many bytes the arrays in a file or group have. What an array claims to have beyond what is stored does not count."""
    import h5py

    total = 0

    def count(_, found):
        nonlocal total
        if isinstance(found, h5py.Dataset) and found.shape is not None:
            total += min(found.nbytes, found.id.get_storage_size() * (_RATIO if found.chunks else 1))

    file.visititems(count)
    return total


def group_at(file, path: str):
    """The group at a path below a file or group, or None; ValueError where the way leads out of the file."""
    import h5py

    group = file
    for name in path.split("/"):
        if name not in group:
            return None
        group = _hard(group, name)
        if not isinstance(group, h5py.Group):
            raise ValueError(f"The weights file is not valid: {path!r} is no group.")
    return group


def dataset(group, path: str):
    """The array at a path below a group; ValueError where it is none, or lies elsewhere."""
    import h5py

    *way, key = path.split("/")
    for name in way:
        group = _hard(group, name)
    found = _hard(group, key)
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise ValueError(f"The weights file is not valid: {group.name}/{key} is no plain array in the file itself.")
    _check(found)
    return found


# Filters that come with HDF5 and h5py: deflate, shuffle, fletcher32, nbit, scaleoffset, lzf. Others are looked for on the disk.
_FILTERS = {1, 2, 3, 5, 6, 32000}
_SMALL, _RATIO = 1 << 20, 1100  # bytes that are never too many; what deflate can make of a byte


def _check(found) -> None:
    """Raises ValueError where an array is no numbers or texts, or claims to be larger than what is stored can hold."""
    import h5py

    plist, stored = found.id.get_create_plist(), found.id.get_storage_size()
    problem = None
    if not {plist.get_filter(i)[0] for i in range(plist.get_nfilters())} <= _FILTERS:
        problem = "is packed by a filter that is not known"
    elif found.dtype.kind == "O" and h5py.check_string_dtype(found.dtype) is None:
        problem = f"holds {found.dtype}, not numbers"
    elif found.shape is None or found.nbytes > max(_SMALL, stored * (_RATIO if found.chunks else 1)):
        problem = f"has the shape {found.shape}, but {stored} bytes are stored"
    elif found.chunks is None and stored and (found.id.get_offset() or 0) + stored > _size_of_file(found):
        problem = "lies behind the end of the file"
    if problem:
        raise ValueError(f"The weights file is not valid: {found.name} {problem}.")


def _size_of_file(found) -> int:
    return found.file.id.get_filesize()


def attribute(group, key: str):
    """An attribute of a group or file; ValueError where it is too large to be what it should be."""
    found = group.attrs.get_id(key)
    size = math.prod(found.shape or (1,)) * found.dtype.itemsize
    if size > _ATTRIBUTE_LIMIT:
        raise ValueError(f"The file is not valid: the attribute {key!r} of {group.name} has {size} bytes.")
    if found.dtype.kind == "O":
        stat = os.stat(group.file.filename)
        _check_heaps(group.file.filename, stat.st_mtime_ns, stat.st_size)
    value = group.attrs[key]
    if isinstance(value, (str, bytes)) and len(value) > _ATTRIBUTE_LIMIT:
        raise ValueError(f"The file is not valid: the text {key!r} of {group.name} has {len(value)} characters.")
    return value


@functools.lru_cache(maxsize=8)
def _check_heaps(filepath: str, *_state) -> None:
    """Raises ValueError where a heap of texts is damaged such that the HDF5 library would look for its end forever."""
    with open(filepath, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        number = lambda at, size: int.from_bytes(content[at : at + size], "little")  # noqa: E731
        start = content.find(_HEAP)
        while start >= 0:
            at, end = start + 16, start + number(start + 8, 8)
            while at + 16 <= min(end, len(content)):
                index, size = number(at, 2), number(at + 8, 8)
                step = size if index == 0 else 16 + -(-size // 8) * 8
                if step == 0 or at + step > end:
                    raise ValueError(f"The file {filepath!r} is damaged: the texts in it cannot be read.")
                at += step
            start = content.find(_HEAP, start + 1)


_HEAP = b"GCOL\x01\0\0\0"
_ATTRIBUTE_LIMIT = 1 << 25  # bytes; the largest published configs have a tenth of it


def _hard(group, name):
    """What stands in a group under a name, if it stands there itself."""
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ValueError(f"The weights file is not valid: {group.name}/{name} points elsewhere ({type(link).__name__}).")
    return group[name]
