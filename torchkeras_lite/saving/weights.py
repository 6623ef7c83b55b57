"""`.weights.h5`: all weights of a model in one HDF5 file, in the layout of Keras 3, which can read it and whose files it reads.

A layer's weights lie under its path: attribute names in alphabetical order (`layers` is one of them), inside lists the class
name in snake case, numbered where it repeats; then `vars/0`, `vars/1`, ...
"""

from __future__ import annotations

import os
import tempfile
import warnings

import numpy as np
from torch import nn

from torchkeras_lite.registry import snake_case


def save_weights(model, filepath, overwrite: bool = True) -> None:
    """Writes the weights (and the state of a built optimizer). The file appears whole or not at all.

    Raises:
        ValueError: the model is not built, so it has no weights yet.
        FileExistsError: the file is there and `overwrite` is False.
    """
    import h5py

    filepath = os.fspath(filepath)
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} is not built: it has no weights to save. Give it an input shape, or call it on data first."
        )
    if os.path.exists(filepath) and not overwrite:
        raise FileExistsError(f"{filepath!r} is there already. Pass `overwrite=True`, or another name.")
    folder = os.path.dirname(os.path.abspath(filepath))
    os.makedirs(folder, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    try:
        with h5py.File(draft, "w") as file:
            for path, layer in walk(model):
                group = file.require_group(f"{path}/vars" if path else "vars")
                group.attrs["name"] = layer.name
                layer.save_own_variables(_Store(group))
            optimizer = getattr(model, "optimizer", None)
            if optimizer is not None and getattr(optimizer, "built", False) and hasattr(optimizer, "save_own_variables"):
                group = file.require_group("optimizer/vars")
                group.attrs["name"] = optimizer.name
                optimizer.save_own_variables(_Store(group))
        os.replace(draft, filepath)
    except BaseException:
        os.unlink(draft)
        raise


def load_weights(model, filepath, skip_mismatch: bool = False) -> None:
    """Reads a `.weights.h5`. All is checked before anything is changed.

    Raises:
        ValueError: the model is not built, or a layer's weights in the file are of another number or shape.
    """
    import h5py

    filepath = os.fspath(filepath)
    if not os.path.exists(filepath):
        raise FileNotFoundError(f"There is no weights file {filepath!r}.")
    if not model.built:
        raise ValueError(
            f"Unable to load weights into model {model.name!r}: it is not built yet. Give it an input shape, or call it on "
            "data first."
        )
    with h5py.File(filepath, "r") as file:
        plan = []
        for path, layer in walk(model):
            store, own = _values(file, path), layer.own_variables()
            problem = None
            if len(store) != len(own):
                problem = f"it has {len(own)} weights, the file {len(store)}"
            else:
                for i, variable in enumerate(own):
                    if store[str(i)].shape != variable.shape:
                        problem = f"{variable.path} has shape {variable.shape}, in the file {store[str(i)].shape}"
            if problem is None:
                plan.append((layer, store))
            elif skip_mismatch:
                warnings.warn(f"Weights of layer {layer.name!r} were left as they are: {problem}.", stacklevel=3)
            else:
                raise ValueError(
                    f"The weights in {filepath!r} do not fit layer {layer.name!r} (at {path or 'the top'!r}): {problem}. "
                    "`skip_mismatch=True` leaves such layers out."
                )
        state = _values(file, "optimizer")
    for layer, store in plan:
        layer.load_own_variables(store)
    optimizer = getattr(model, "optimizer", None)
    if state and getattr(optimizer, "built", False) and len(state) == len(getattr(optimizer, "variables", ())):
        optimizer.load_own_variables(state)


def walk(model):
    """Each layer with the path of its group, the model itself first, each layer once."""
    seen = {id(model)}
    yield "", model
    yield from _inside(model, "", seen)


def _inside(layer, path, seen):
    children = dict(layer._modules)
    if hasattr(layer, "layers"):
        # A model's `layers` count as one more attribute; the names of a Sequential's modules are positions, so only it does.
        named = {key: child for key, child in children.items() if not key.isdigit()}
        children = {**named, "layers": layer.layers}
    for name in sorted(children):
        child = children[name]
        where = f"{path}/{name}".lstrip("/")
        if _is_layer(child):
            yield from _visit(child, where, seen)
        elif isinstance(child, (list, nn.Module)):
            yield from _contained(child, where, seen)


def _contained(container, path, seen):
    counts: dict[str, int] = {}
    for child in container if isinstance(container, list) else container._modules.values():
        if not _is_layer(child):
            if child is not None:
                yield from _contained(child, path, seen)
            continue
        if id(child) in seen:
            continue
        name = snake_case(type(child).__name__)
        count = counts.get(name, 0)
        counts[name] = count + 1
        yield from _visit(child, f"{path}/{name}_{count}" if count else f"{path}/{name}", seen)


def _visit(layer, path, seen):
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    yield from _inside(layer, path, seen)


def _is_layer(value) -> bool:
    return hasattr(value, "own_variables")


def _values(file, path) -> dict:
    group = file.get(f"{path}/vars" if path else "vars")
    return {} if group is None else {key: np.asarray(group[key]) for key in group}


class _Store:
    """A group that takes arrays, as `save_own_variables` of layers and optimizers wants it."""

    def __init__(self, group):
        self.group = group

    def __setitem__(self, key, value):
        self.group[key] = np.asarray(value)

    def keys(self):
        return self.group.keys()
