"""`.weights.json`: the weights of a model spread over several HDF5 files, as Keras 3 does it.

The JSON file says in which file (or files) each layer's weights lie; the files stand beside it and have the layout of a
`.weights.h5`.
"""

from __future__ import annotations

import contextlib
import json
import os

import numpy as np

from torchkeras_lite.files import whole
from torchkeras_lite.saving.stores import Source, created, opened
from torchkeras_lite.saving.weights import read, walk

_GIB = 1 << 30
_TEXT_LIMIT = 1 << 25  # bytes of the JSON file


def save(model, filepath: str, max_shard_size: float, skip=()) -> None:
    """Writes the weights. Each file appears whole or not at all, and the one that names the others comes last.

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
    places: dict[str, list[str]] = {}
    for number, arrays in enumerate(shards):
        file_name = f"{name.removesuffix('.weights.json')}_{number:05}.weights.h5"
        with whole(os.path.join(folder, file_name)) as draft, created(draft) as file:
            for path, owner, key, array in arrays:
                group = file.require_group(path)
                group.attrs["name"] = owner
                group[key] = array
                places.setdefault(f"/{path}", []).append(file_name)
    where = {path: names[0] if len(names) == 1 else [*dict.fromkeys(names)] for path, names in places.items()}
    with whole(filepath) as draft, open(draft, "w", encoding="utf8") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": where}, file, indent=4)


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
    with open(filepath, encoding="utf8") as file:
        text = file.read(_TEXT_LIMIT + 1)
    try:
        where = json.loads(text)["weight_map"] if len(text) <= _TEXT_LIMIT else None
    except (ValueError, RecursionError, KeyError, TypeError):
        where = None
    if not isinstance(where, dict):
        raise ValueError(f"{filepath!r} is not valid: it does not say where the weights are.")
    with contextlib.ExitStack() as open_files:
        files: dict = {}

        def source_at(path):
            names = where.get(f"/{path}", [])
            found = []
            for name in names if isinstance(names, list) else [names]:
                if name not in files:
                    files[name] = open_files.enter_context(opened(_beside(filepath, name)))
                found.append(Source(files[name], path))
            return Source.joined(found)

        read(model, source_at, filepath, skip_mismatch, skip)


def _beside(filepath: str, name) -> str:
    """The path of a file that the JSON file names: it stands in the same folder."""
    if not isinstance(name, str) or not name.endswith(".weights.h5") or os.path.basename(name) != name or "\\" in name:
        raise ValueError(f"{filepath!r} is not valid: weights are said to be in {name!r}.")
    path = os.path.join(os.path.dirname(filepath), name)
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise ValueError(f"{filepath!r} is not valid: {name!r} is no file.")
    return path
