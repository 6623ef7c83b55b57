"""Groups of an HDF5 file as the stores that layers and optimizers write their variables to and read them from."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping

import numpy as np

from torchkeras_lite.files import Sink
from torchkeras_lite.saving import heaps, packed, trees
from torchkeras_lite.saving.found import Found, direct, file_of
from torchkeras_lite.saving.index import Plain
from torchkeras_lite.saving.jobs import Jobs, at_once_unless
from torchkeras_lite.saving.transfer import is_taken, native, on_the_way, put, take


class Store:
    """Takes arrays under "0", "1", ..., as `save_own_variables` wants it.

    Args:
        jobs: to put there what can be written later; without it all is written at once.
    """

    def __init__(self, group, jobs: Jobs | None = None):
        self.group, self._jobs = group, jobs

    def __setitem__(self, key, value):
        self.group[key] = np.asarray(value)

    def put(self, key, variable):
        """Takes a Variable, out of its memory."""
        with at_once_unless(self._jobs) as jobs:
            put(self.group, key, variable, jobs, bits=True)

    def keys(self):
        return self.group.keys()


class Source(Mapping):
    """Gives arrays, read when they are asked for; `shape(key)` tells before.

    A file is data: only plain datasets in the file itself are read, never what points into another one.

    Args:
        file: an open h5py.File.
        path: of a group in it; where there is none, the source is empty.
        jobs: to put there what can be read later; without it all is read at once.
    """

    def __init__(self, file, path: str, jobs: Jobs | None = None):
        self._sets, self._jobs = arrays(file, path), jobs

    @classmethod
    def joined(cls, sources, jobs: Jobs | None = None):
        """What is in several."""
        made = cls.__new__(cls)
        made._jobs = jobs
        made._sets = {key: found for source in sources for key, found in source._sets.items()}
        return made

    def __getitem__(self, key):
        found = self._sets[key]
        if found.nbytes > _UNASKED + _TIMES * found.stored:
            raise ValueError(f"The weights file is not valid: {found.name} is of {found.nbytes} bytes, packed to very few.")
        return native(np.asarray(packed.bounded(found)))

    def take(self, key, variable):
        """Reads an array into a Variable of its shape."""
        with at_once_unless(self._jobs) as jobs:
            take(packed.bounded(self._sets[key]), variable, jobs)

    def shape(self, key) -> tuple[int, ...] | None:
        return self._sets[key].shape if key in self._sets else None

    def fits(self, key, variable) -> bool:
        """Whether the array is of the variable's shape, and of numbers."""
        return self.shape(key) == tuple(variable.shape) and is_taken(self._sets[key].dtype, variable)

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
        sink = Sink(raw)
        try:
            with h5py.File(sink, "w", **settings) as file, direct(file, raw.fileno()):
                yield file
        finally:
            if sink.problem is not None:
                raise sink.problem


def made(file, path: str, name: str):
    """A new group at a path, with those on the way there, which has an attribute `name`."""
    import h5py

    handle = h5py.h5g.create(file.id, path.encode(), on_the_way(path))
    text = h5py.string_dtype()
    attribute = h5py.h5a.create(handle, b"name", h5py.h5t.py_create(text, logical=True), h5py.h5s.create(h5py.h5s.SCALAR))
    attribute.write(np.asarray(name, dtype=text))
    return h5py.Group(handle)


@contextlib.contextmanager
def opened(place):
    """`with opened("w.h5") as file:` an h5py.File to read from; the place is a path, or a file that is open.

    Raises:
        ValueError: it is damaged such that reading it would not come to an end.
    """
    import h5py

    index = trees.check(place)
    with h5py.File(place, "r") as file:
        if hasattr(place, "fileno"):
            known = direct(file, place.fileno(), getattr(place, "start", 0), index)
        elif file.driver == "sec2":
            known = direct(file, file.id.get_vfd_handle(), 0, index)
        else:
            known = contextlib.nullcontext()
        with known:
            yield file


# ---------------------------------------------------------------- what a file holds


def stored_bytes(file) -> int:
    """How many bytes the arrays in a file or group have. What an array claims to have beyond what is stored does not count."""
    import h5py

    known = file_of(file)
    if known is not None and known.index is not None and file.name == "/" and known.index.stored is not None:
        return known.index.stored
    total = 0

    def count(name, info):
        nonlocal total
        if info.type == h5py.h5o.TYPE_DATASET:
            found = h5py.h5d.open(file.id, name)
            ratio = _RATIO if found.get_create_plist().get_layout() == h5py.h5d.CHUNKED else 1
            nbytes = found.get_space().get_simple_extent_npoints() * found.get_type().get_size()
            total += min(nbytes, found.get_storage_size() * ratio)

    h5py.h5o.visit(file.id, count, info=True)
    return total


def group_at(file, path: str):
    """The group at a path below a file or group, or None; ValueError where the way leads out of the file."""
    import h5py

    group = file
    for name in path.split("/"):
        handle = _handle(group, name)
        if handle is None:
            return None
        if not isinstance(handle, h5py.h5g.GroupID):
            raise ValueError(f"The weights file is not valid: {path!r} is no group.")
        group = h5py.Group(handle)
    return group


def arrays(file, path: str) -> dict[str, Found | Plain]:
    """The arrays in the group at a path below an open h5py.File, by their names; none if there is no such group.

    Raises:
        ValueError: the way leads out of the file, or there is something else in the group.
    """
    opened = file_of(file)
    found = None if opened is None or opened.index is None else opened.index.arrays(opened.descriptor, path)
    if found is None:
        group = group_at(file, path)
        found = {} if group is None else {key: dataset(group, key) for key in group}
    return found


def dataset(group, path: str) -> Found | Plain:
    """The array at a path below a group; ValueError where it is none, or lies elsewhere."""
    import h5py

    opened = file_of(group)
    if opened is not None and opened.index is not None:
        plain = opened.index.array(opened.descriptor, h5py.h5o.get_info(group.id).addr, path)
        if plain is not None:
            return plain
    *way, key = path.split("/")
    for name in way:
        group = _hard(group, name)
    handle = _handle(group, key)
    found = Found(handle) if isinstance(handle, h5py.h5d.DatasetID) else None
    if found is None or found.elsewhere:
        raise ValueError(f"The weights file is not valid: {group.name}/{key} is no plain array in the file itself.")
    _check(found)
    return found


_SMALL, _RATIO = 1 << 20, 1100  # bytes that are never too many; what deflate can make of a byte
_UNASKED, _TIMES = 1 << 26, 16  # the same where nobody knows how large it should be: packing makes that of a byte of weights


def _check(found) -> None:
    """Raises ValueError where an array is no numbers or texts, or claims to be larger than what is stored can hold."""
    import h5py

    problem, stored = packed.problem(found), found.stored
    if problem is not None:
        pass
    elif found.dtype.kind == "O" and h5py.check_string_dtype(found.dtype) is None:
        problem = f"holds {found.dtype}, not numbers"
    elif found.shape is None or found.nbytes > max(_SMALL, stored * (_RATIO if found.chunks else 1)):
        problem = f"has the shape {found.shape}, but {stored} bytes are stored"
    elif found.offset is not None and stored and found.offset + stored > h5py.h5i.get_file_id(found.id).get_filesize():
        problem = "lies behind the end of the file"
    if problem:
        raise ValueError(f"The weights file is not valid: {found.name} {problem}.")
    if found.dtype.kind == "O":
        heaps.check(found.dataset(), found.size)


def attribute(group, key: str):
    """An attribute of a group or file; ValueError where it is too large to be what it should be."""
    found = group.attrs.get_id(key)
    size = math.prod(found.shape or (1,)) * found.dtype.itemsize
    if size > _ATTRIBUTE_LIMIT:
        raise ValueError(f"The file is not valid: the attribute {key!r} of {group.name} has {size} bytes.")
    if found.dtype.kind == "O":
        heaps.check(group, math.prod(found.shape or ()), key)
    value = group.attrs[key]
    if isinstance(value, (str, bytes)) and len(value) > _ATTRIBUTE_LIMIT:
        raise ValueError(f"The file is not valid: the text {key!r} of {group.name} has {len(value)} characters.")
    return value


_ATTRIBUTE_LIMIT = 1 << 25  # bytes; the largest published configs have a tenth of it


def _hard(group, name):
    """The group that stands in a group under a name, if it stands there itself."""
    import h5py

    handle = _handle(group, name)
    if not isinstance(handle, h5py.h5g.GroupID):
        raise ValueError(f"The weights file is not valid: {group.name}/{name} is no group.")
    return h5py.Group(handle)


def _handle(group, name):
    """The library's handle of what stands in a group under a name, if it stands there itself; None if there is nothing.

    (h5py's own words for this take several times as long.)
    """
    import h5py

    links, key = group.id.links, name.encode()
    if not key or not links.exists(key):
        return None
    if links.get_info(key).type != h5py.h5l.TYPE_HARD:
        kind = type(group.get(name, getlink=True)).__name__
        raise ValueError(f"The weights file is not valid: {group.name}/{name} points elsewhere ({kind}).")
    return h5py.h5o.open(group.id, key)
