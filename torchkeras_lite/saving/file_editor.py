"""KerasFileEditor: what is in a file of weights, shown, compared with a model, changed and written again."""

from __future__ import annotations

import os

import numpy as np

from torchkeras_lite.files import whole
from torchkeras_lite.saving import packed
from torchkeras_lite.saving.archive import Archive
from torchkeras_lite.saving.stores import created, dataset, group_at, opened
from torchkeras_lite.saving.validity import valid
from torchkeras_lite.saving.weights import walk

_VARS = "vars"  # the group of a layer in which its weights lie; for the editor they lie in the layer
_FLOOR, _RATIO = 1 << 26, 16  # bytes that are never too many; what packing makes of a byte of weights, at most


class KerasFileEditor:
    """Opens a `.weights.h5` or `.keras` file, to adapt its weights to a model that has changed.

        editor = KerasFileEditor("old.weights.h5")
        editor.summary()
        editor.rename_object("layers/dense_2", "dense_3")
        editor.add_object("layers/dense_2", weights={"0": kernel, "1": bias})
        editor.compare(model)
        editor.save("new.weights.h5")

    An object is meant by its path, or by its name where that occurs once.

    Attributes:
        weights_dict: dicts of dicts of arrays: {"layers": {"dense": {"0": kernel, "1": bias}}}.
        config: what a `.keras` file says of the model; else None.

    Raises:
        ValueError: a file of another kind, or one that refers to others.
    """

    def __init__(self, filepath):

        self.filepath = filepath = os.fspath(filepath)
        self.config = None
        if not filepath.endswith((".keras", ".weights.h5")):
            raise ValueError(f"Invalid filename: expected a `.keras` or `.weights.h5` file. Received: filepath={filepath}")
        room = _FLOOR + _RATIO * os.path.getsize(filepath)
        with valid(repr(filepath)):
            if filepath.endswith(".keras"):
                with Archive(filepath) as archive:
                    self.config = archive.config()
                    with archive.weights(room) as file:
                        self.weights_dict = _Reader(room).read(file)
            else:
                with opened(filepath) as file:
                    self.weights_dict = _Reader(room).read(file)

    # ------------------------------------------------------------ looking

    def summary(self) -> None:
        """Prints the objects in the file, and the shapes of their weights."""
        print(f"Weights in {self.filepath!r}")
        _print(self.weights_dict, "    ")

    def compare(self, reference_model) -> dict:
        """Prints where the file and a model differ.

        Returns:
            {"status": "success" or "error", "error_count": how many objects and weights are missing, too many or of another
            shape, "match_count": how many weights fit}
        """
        wanted: dict = {}
        for path, owner in walk(reference_model):
            arrays: dict = {}
            owner.save_own_variables(arrays)
            if arrays:
                _object_at(wanted, path, make=True).update(arrays)
        errors: list[str] = []
        matches = _compare(self.weights_dict, wanted, "", errors)
        print("\n".join(errors) if errors else "The weights of the file are those of the model.")
        return {"status": "error" if errors else "success", "error_count": len(errors), "match_count": matches}

    # ------------------------------------------------------------ changing

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Gives an object another name (no path), where it is."""
        if "/" in new_name:
            raise ValueError(f"`new_name` is a name, and no path. Received: new_name={new_name!r}")
        above, name = self._find(object_name)
        above[new_name] = above.pop(name)

    def delete_object(self, object_name: str) -> None:
        """Takes an object out, with all that is in it."""
        above, name = self._find(object_name)
        del above[name]

    def add_object(self, object_path: str, weights: dict) -> None:
        """Puts an object at a path: {"0": kernel, "1": bias}, as the layer's own weights count."""
        *above, name = object_path.split("/")
        _object_at(self.weights_dict, "/".join(above))[name] = _checked(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Takes one weight out of an object."""
        above, name = self._find(object_name)
        if weight_name not in above[name]:
            raise ValueError(f"Weight {weight_name!r} not found in object {object_name!r}. Found: {list(above[name])}")
        del above[name][weight_name]

    def add_weights(self, object_name: str, weights: dict) -> None:
        """Adds weights to an object, or puts others in the place of those that it has."""
        above, name = self._find(object_name)
        above[name].update(_checked(weights))

    def save(self, filepath) -> None:
        """Writes what there is now to a `.weights.h5` file."""

        filepath = os.fspath(filepath)
        if not filepath.endswith(".weights.h5"):
            raise ValueError(f"Invalid `filepath` argument: expected a `.weights.h5` file. Received: filepath={filepath}")
        with whole(filepath) as draft, created(draft) as file:
            _write(file, self.weights_dict)

    resave_weights = save

    def _find(self, name: str) -> tuple[dict, str]:
        """The dict in which an object stands, and its key there."""
        if "/" in name:
            *above, last = name.split("/")
            found = _object_at(self.weights_dict, "/".join(above))
            if last not in found:
                raise ValueError(f"Path {name!r} not found in the file.")
            return found, last
        places = list(_places(self.weights_dict, name))
        if len(places) != 1:
            many = "occurs more than once: pass its path" if places else "does not appear in the file: see `summary()`"
            raise ValueError(f"The name {name!r} {many}.")
        return places[0], name


class _Reader:
    """Groups as dicts, arrays as arrays. Only what lies in the file itself, each group once, and no more than so many bytes."""

    def __init__(self, room: int):
        self._room, self._above = room, []

    def read(self, group) -> dict:
        import h5py

        if group.id in self._above:
            raise ValueError(f"The weights file is not valid: the group {group.name} lies in itself.")
        self._above.append(group.id)
        found: dict = {}
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                kind = type(link).__name__
                raise ValueError(f"The weights file is not valid: {group.name}/{name} points elsewhere ({kind}).")
            if not isinstance(group[name], h5py.Group):
                found[name] = self._array(group, name)
            elif name == _VARS:
                found.update(self.read(group_at(group, name)))
            else:
                found[name] = self.read(group_at(group, name))
        self._above.pop()
        return found

    def _array(self, group, name):
        if getattr(group[name], "is_virtual", False):
            raise ValueError(f"The weights file is not valid: {group.name}/{name} is a virtual array, made of other files.")
        array = dataset(group, name)
        self._room -= array.nbytes
        if self._room < 0:
            raise ValueError("The weights file is not valid: the arrays in it are together much larger than the file.")
        return np.asarray(packed.bounded(array))


def _write(group, objects):
    for name, value in objects.items():
        if isinstance(value, dict):
            _write(group.require_group(name), value)
        else:
            group.require_group(_VARS)[name] = value


def _print(objects, indent):
    for name, value in objects.items():
        if isinstance(value, dict):
            print(f"{indent}Object: {name}")
            _print(value, indent + "    ")
        else:
            print(f"{indent}Weight: {name}: shape={tuple(value.shape)}, dtype={value.dtype}")


def _compare(found, wanted, path, errors) -> int:
    matches = 0
    for name in [*wanted, *(name for name in found if name not in wanted)]:
        where = f"{path}/{name}"
        kind = "Object" if isinstance(wanted.get(name, found.get(name)), dict) else "Weight"
        if name not in found:
            errors.append(f"{kind} {where} is in the model, and not in the file.")
        elif name not in wanted:
            if kind == "Weight" or _is_filled(found[name]):
                errors.append(f"{kind} {where} is in the file, and not in the model.")
        elif kind == "Object":
            matches += _compare(found[name], wanted[name], where, errors)
        elif found[name].shape != wanted[name].shape:
            errors.append(f"Weight {where} has shape {found[name].shape} in the file, and {wanted[name].shape} in the model.")
        else:
            matches += 1
    return matches


def _is_filled(objects) -> bool:
    """Whether there is any weight: layers that have none leave empty groups."""
    return any(_is_filled(value) if isinstance(value, dict) else True for value in objects.values())


def _object_at(objects, path, make=False) -> dict:
    for name in path.split("/") if path else ():
        if make:
            objects.setdefault(name, {})
        if not isinstance(objects.get(name), dict):
            raise ValueError(f"Path {path!r} not found in the file.")
        objects = objects[name]
    return objects


def _places(objects, name):
    if name in objects:
        yield objects
    for value in objects.values():
        if isinstance(value, dict):
            yield from _places(value, name)


def _checked(weights) -> dict:
    if not isinstance(weights, dict):
        raise ValueError(
            "`weights` should be a dict of arrays by the names of the weights (usually '0', '1', ...). Received: "
            f"{type(weights).__name__}"
        )
    return {name: np.asarray(value) for name, value in weights.items()}
