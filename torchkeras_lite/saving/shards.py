"""`.weights.json`: the weights of a model spread over several HDF5 files, as Keras 3 does it.

The JSON file says in which file (or files) each layer's weights lie; the files stand beside it and have the layout of a
`.weights.h5`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid

import numpy as np

from torchkeras_lite.files import whole
from torchkeras_lite.saving.stores import Source, created, opened
from torchkeras_lite.saving.validity import parsed
from torchkeras_lite.saving.weights import read, walk

_GIB = 1 << 30
_TEXT_LIMIT = 1 << 25  # bytes of the JSON file


def save(model, filepath: str, max_shard_size: float, skip=()) -> None:
    """Writes the weights. The file that names the others changes in one step, so that it names all old ones or all new ones.

    Args:
        max_shard_size: GiB of numbers in a file.
        skip: layers that are left out, with what only they hold.

    Raises:
        ValueError: a single weight is larger than that.
    """

    if not filepath.endswith(".weights.json"):
        raise ValueError(f"With `max_shard_size` the name must end in `.weights.json`. Received: {filepath!r}")
    folder, name = os.path.split(filepath)
    shards, total = _shards(walk(model, skip), max_shard_size * _GIB)
    stem, old = name.removesuffix(".weights.json"), _files_of(filepath)
    lasting = [f"{stem}_{number:05}.weights.h5" for number in range(len(shards))]
    # While the old files are in use the new ones have other names.
    mark = uuid.uuid4().hex
    names = [f"{stem}_{mark}_{number:05}.weights.h5" for number in range(len(shards))] if old else lasting
    try:
        for file_name, arrays in zip(names, shards, strict=True):
            _write_shard(os.path.join(folder, file_name), arrays)
        _write_map(filepath, names, shards, total)
    except BaseException:
        _remove(folder, names)
        raise
    if names != lasting:
        _remove(folder, {*old, *lasting})
        with contextlib.suppress(OSError):  # a file system without second names: those that they have are as good
            for file_name, other in zip(names, lasting, strict=True):
                os.link(os.path.join(folder, file_name), os.path.join(folder, other))
            _write_map(filepath, lasting, shards, total)
            _remove(folder, names)


def _write_shard(filepath: str, arrays) -> None:
    with whole(filepath) as draft, created(draft) as file:
        for path, owner, key, array in arrays:
            group = file.require_group(path)
            group.attrs["name"] = owner
            group[key] = array


def _write_map(filepath: str, names, shards, total: int) -> None:
    """Writes which of the files has what."""
    places: dict[str, list[str]] = {}
    for file_name, arrays in zip(names, shards, strict=True):
        for path, *_ in arrays:
            places.setdefault(f"/{path}", []).append(file_name)
    where = {path: found[0] if len(found) == 1 else [*dict.fromkeys(found)] for path, found in places.items()}
    with whole(filepath) as draft, open(draft, "w", encoding="utf8") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": where}, file, indent=4)


def _files_of(filepath: str) -> set[str]:
    """The files that such a file names now, as far as `save` gave them their names."""
    stem = re.escape(os.path.basename(filepath).removesuffix(".weights.json"))
    own = re.compile(stem + r"_([0-9a-f]{32}_)?\d{5}\.weights\.h5")
    try:
        where = _map_in(filepath)
    except (OSError, ValueError):
        return set()
    names = [name for value in where.values() for name in (value if isinstance(value, list) else [value])]
    return {name for name in names if isinstance(name, str) and own.fullmatch(name)}


def _remove(folder: str, names) -> None:
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))


def _shards(owners, limit: float) -> tuple[list, int]:
    """What each file holds: lists of the group, its owner's name, the key and the array; and how many bytes they all have."""
    shards, size, total = [[]], 0, 0
    for place, owner in owners:
        found: dict[str, np.ndarray] = {}
        owner.save_own_variables(found)
        for key, array in found.items():
            array = np.asarray(array)
            if array.nbytes > limit:
                raise ValueError(
                    f"The weight {key} of {owner.name!r} has {array.nbytes / _GIB:.3g} GiB, more than max_shard_size="
                    f"{limit / _GIB:g}. The usual fix: a larger `max_shard_size`."
                )
            size, total = size + array.nbytes, total + array.nbytes
            if size > limit:
                shards.append([])
                size = array.nbytes
            shards[-1].append((f"{place}/vars" if place else "vars", owner.name, key, array))
    return shards, total


def load(model, filepath: str, skip_mismatch: bool = False, skip=()) -> None:
    """Reads what `save`, or Keras 3, has written. All is checked before anything is changed.

    Raises:
        ValueError: it is no such file, or a weight is of another shape.
    """
    where = _map_in(filepath)
    with contextlib.ExitStack() as open_files:
        files: dict = {}

        def source_at(path, jobs):
            names = where.get(f"/{path}", [])
            found = []
            for name in names if isinstance(names, list) else [names]:
                if name not in files:
                    files[name] = open_files.enter_context(opened(_beside(filepath, name)))
                found.append(Source(files[name], path))
            return Source.joined(found, jobs)

        read(model, source_at, filepath, skip_mismatch, skip)


def _map_in(filepath: str) -> dict:
    """Paths of groups -> the names of the files that have them."""
    with open(filepath, encoding="utf8") as file:
        text = file.read(_TEXT_LIMIT + 1)
    try:
        where = parsed(text, repr(filepath))["weight_map"] if len(text) <= _TEXT_LIMIT else None
    except (ValueError, KeyError, TypeError):
        where = None
    if not isinstance(where, dict):
        raise ValueError(f"{filepath!r} is not valid: it does not say where the weights are.")
    return where


def _beside(filepath: str, name) -> str:
    """The path of a file that the JSON file names: it stands in the same folder."""
    if not isinstance(name, str) or not name.endswith(".weights.h5") or os.path.basename(name) != name or "\\" in name:
        raise ValueError(f"{filepath!r} is not valid: weights are said to be in {name!r}.")
    path = os.path.join(os.path.dirname(filepath), name)
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise ValueError(f"{filepath!r} is not valid: {name!r} is no file.")
    return path
