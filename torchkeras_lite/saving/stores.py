"""Groups of an HDF5 file as the stores that layers and optimizers write their variables to and read them from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


class Store:
    """Takes arrays under "0", "1", ..., as `save_own_variables` wants it."""

    def __init__(self, group):
        self.group = group

    def __setitem__(self, key, value):
        self.group[key] = np.asarray(value)

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

    def __getitem__(self, key):
        return np.asarray(self._sets[key])

    def shape(self, key) -> tuple[int, ...] | None:
        return tuple(self._sets[key].shape) if key in self._sets else None

    def __iter__(self):
        return iter(self._sets)

    def __len__(self):
        return len(self._sets)


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
    return found


def _hard(group, name):
    """What stands in a group under a name, if it stands there itself."""
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ValueError(f"The weights file is not valid: {group.name}/{name} points elsewhere ({type(link).__name__}).")
    return group[name]
