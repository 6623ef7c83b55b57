"""`.weights.h5`: all weights of a model in one HDF5 file, in the layout of Keras 3, which can read it and whose files it reads.

A layer's weights lie under its path: attribute names in alphabetical order, private ones last (a model's `layers` is one of
them, and a Sequential's the first); inside lists and dicts the class name in snake case, numbered where it repeats, and
`container` for one in another; then `vars/0`, `vars/1`, ...
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections.abc import Iterator

from torch import nn

from torchkeras_lite.files import whole
from torchkeras_lite.notices import warn
from torchkeras_lite.registry import is_ours, snake_case
from torchkeras_lite.saving.jobs import Jobs
from torchkeras_lite.saving.stores import Source, Store, created, made
from torchkeras_lite.tracking import contained

_PACKAGE = __name__.partition(".")[0]
_NOT_THE_USERS = frozenset({_PACKAGE, "torch", "keras", "tensorflow"})


def save_weights(model, filepath, overwrite: bool = True, skip=()) -> None:
    """Writes the weights, and the state of optimizers. The file appears whole or not at all.

    Args:
        skip: layers that are left out, with what only they hold.

    Raises:
        ValueError: the model is not built, so it has no weights yet.
        FileExistsError: the file is there and `overwrite` is False.
    """

    filepath = os.fspath(filepath)
    if os.path.exists(filepath) and not overwrite:
        raise FileExistsError(f"{filepath!r} is there already. Pass `overwrite=True`, or another name.")
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} is not built: it has no weights to save. Give it an input shape, or call it on data first."
        )
    with whole(filepath) as draft, created(draft) as file:
        write(model, file, skip)


def write(model, file, skip=()) -> None:
    """Puts the weights, and the state of optimizers, into an open h5py.File."""
    jobs = Jobs()
    for path, owner in walk(model, skip):
        group = made(file, f"{path}/vars" if path else "vars", owner.name)
        owner.save_own_variables(Store(group, jobs if is_ours(type(owner).save_own_variables) else None))
    jobs.run()


def load_weights(model, file, filepath, skip_mismatch: bool = False, skip=()) -> None:
    """Takes the weights out of an open h5py.File; `filepath` is for messages. All is checked before anything is changed.

    Args:
        skip: layers that stay as they are, with what only they hold.

    Raises:
        ValueError: the model is not built, or a layer's weights in the file are of another number or shape.
    """
    if not model.built:
        raise ValueError(
            f"Unable to load weights into model {model.name!r}: it is not built yet. Give it an input shape, or call it on "
            "data first."
        )
    read(model, functools.partial(Source, file), filepath, skip_mismatch, skip)


def read(model, source_at, filepath, skip_mismatch: bool = False, skip=()) -> None:
    """Takes the weights from where `source_at(path of a group, jobs)` finds them. See `load_weights`."""
    plan, places, jobs = [], None, Jobs()
    for path, owner in walk(model, skip):
        source_of = functools.partial(source_at, jobs=jobs if is_ours(type(owner).load_own_variables) else None)
        store = source_of(f"{path}/vars" if path else "vars")
        if not store and path and _wants(owner):  # what Keras 3 calls key_dense was _key_dense in Keras 2
            above, _, last = path.rpartition("/")
            store = source_of(f"{above}/_{last}/vars") or store
        if not store and _is_layer(owner) and _wants(owner):
            places = places or Places(model)
            store = next(filter(None, (source_of(f"{place}/vars") for place in places.of(owner))), store)
        if not _is_layer(owner):  # an optimizer, whose state is read where it fits (torch's own keep more, under names)
            plan += _state_of(owner, store) if store else []
            continue
        problem = None if _reads_itself(owner) else _problem(owner, store)
        if problem is None:
            plan.append((owner, store))
        elif skip_mismatch:
            warn(f"Weights of layer {owner.name!r} were left as they are: {problem}.")
        else:
            raise ValueError(
                f"The weights in {filepath!r} do not fit layer {owner.name!r} (at {path or 'the top'!r}): {problem}. "
                "`skip_mismatch=True` leaves such layers out."
            )
    # What has been checked cannot fail any more; what is compressed can, and so can what a layer of a user does.
    risky = any(not store.is_plain() or (_is_layer(owner) and _reads_itself(owner)) for owner, store in plan)
    before = [(variable, variable.numpy()) for variable in model.weights] if risky else []
    try:
        for owner, store in plan:
            owner.load_own_variables(store)
        jobs.run()
    except BaseException:
        for variable, value in before:
            variable.assign(value)
        raise


class Places:
    """All the paths that lead to the layers of a model: a file that a class of another day wrote may have any of them.

    (An attribute has been renamed, and a property goes on showing it under the old name; or the file has its private name.)
    """

    LIMIT = 1000  # of paths to one layer, which in models within models are many

    def __init__(self, model):
        self.model, self.ways = model, {}  # by the id of what is held: those who hold it, and where
        waiting, known = [model], {id(model)}
        while waiting:
            holder = waiting.pop()
            for where, held in _held(holder):
                self.ways.setdefault(id(held), []).append((holder, where))
                if id(held) not in known and _is_layer(held):
                    known.add(id(held))
                    waiting.append(held)

    def of(self, layer) -> Iterator[str]:
        return itertools.islice(self._to(layer, ()), self.LIMIT)

    def _to(self, layer, below):
        if layer is self.model:
            yield ""
        for holder, where in self.ways.get(id(layer), ()):
            if id(holder) not in below:
                for path in self._to(holder, (*below, id(layer))):
                    yield f"{path}/{where}" if path else where


def _state_of(optimizer, store) -> list:
    """What there is of an optimizer's state in a file, to be taken: nothing where it is that of another."""
    variables, count = optimizer.variables, sum(key.isdigit() for key in store)
    of_keras2 = bool(count) and count == len(variables) - 1
    wanted = [variables[0], *variables[2:]] if of_keras2 else variables
    if count != len(wanted):
        return []
    if not all(store.fits(str(i), variable) for i, variable in enumerate(wanted)):
        warn("The state of the optimizer in the file does not fit, so it begins anew.")
        return []
    if not of_keras2:
        return [(optimizer, store)]
    state = with_rate(optimizer, [store[str(i)] for i in range(count)])
    return [] if state is None else [(optimizer, _State((str(i), value) for i, value in enumerate(state)))]


def with_rate(optimizer, state: list) -> list | None:
    """The state of an optimizer of Keras 2, which kept no learning rate, as Keras 3 has it; None if it does not fit."""
    state = [state[0], optimizer.variables[1].numpy(), *state[1:]]
    fits = [value.shape for value in state] == [tuple(variable.shape) for variable in optimizer.variables]
    return state if fits else None


class _State(dict):
    """Arrays that have been read already."""

    def is_plain(self) -> bool:
        return True


def _problem(layer, store) -> str | None:
    """Why the arrays of the file do not fit the layer, or None."""
    own = layer.saved_variables()
    if len(store) != len(own):
        return f"it has {len(own)} weights, the file {len(store)}"
    for i, variable in enumerate(own):
        found = store.shape(str(i))
        if found != tuple(variable.shape):
            return f"{variable.path} has shape {variable.shape}, in the file {found}"
        if not store.fits(str(i), variable):
            return f"{variable.path} is no array of numbers in the file"
    return None


def _wants(owner) -> bool:
    """Whether there must be something for it in a file."""
    return not _is_layer(owner) or bool(owner.saved_variables()) or _reads_itself(owner)


def _reads_itself(layer) -> bool:
    """Whether a class reads its weights in its own way, as a user's may: then only it knows what fits."""
    return getattr(layer, "reads_itself", False) or not is_ours(type(layer).load_own_variables)


# ---------------------------------------------------------------- where weights lie


def walk(model, skip=()):
    """Each layer, and each optimizer that one of them holds, with the path of its group: the model first, each once.

    Args:
        skip: what is passed over as if it had been seen already.
    """
    seen = {id(model), *map(id, skip)}
    yield "", model
    yield from _inside(model, "", seen)


def _inside(layer, path, seen):
    for where, held in _held(layer):
        if id(held) not in seen:
            seen.add(id(held))
            inner = f"{path}/{where}" if path else where
            yield inner, held
            if _is_layer(held):
                yield from _inside(held, inner, seen)


def _held(layer):
    """What has weights and is held by the layer itself, with its place: under several names as often as it has names."""
    for name, value in _attributes(layer):
        if _has_state(value):
            yield name, value
        else:
            yield from _contained(value, name, ())


def _attributes(layer):
    """The attributes that may lead to weights, in the order of Keras: sorted, private names last."""
    modules, values = layer._modules, layer.__dict__
    containers = contained(layer)
    registered = {key for keys in containers.values() for key in keys}
    places = layer._drawn_keys  # the modules that a model finds in its `layers`
    found = {key: module for key, module in modules.items() if module is not None and key not in (*places, *registered)}
    found.update({name: values[name] for name in containers if name in values})
    found.update({key: value for key, value in values.items() if _has_state(value)})
    if hasattr(layer, "layers"):
        found["layers"] = layer.layers
    for name in _properties(type(layer)):
        with contextlib.suppress(Exception):  # it is not asked for by its user, and may not be ready to answer
            value = getattr(layer, name)
            if _has_state(value) or isinstance(value, (list, tuple, dict)):
                found[name] = value
    drawn = "0" in places or getattr(layer, "_graph", None) is not None
    in_front = "layers" if drawn else None  # of a Sequential, and of a model made from tensors, they come first
    order = sorted(found, key=lambda key: (key != in_front, f"~{key}" if key.startswith("_") else key))
    return [(key, found[key]) for key in order]


def _properties(cls) -> list[str]:
    """The properties of a class of a user's: Keras looks there for weights too, and before it looks at private names."""
    found, known = [], set()
    if cls.__module__.partition(".")[0] in _NOT_THE_USERS:
        return found
    for each in cls.__mro__:
        if each.__module__.partition(".")[0] in _NOT_THE_USERS:
            known.update(vars(each))
        else:
            found += [name for name, value in vars(each).items() if isinstance(value, property)]
    return [name for name in found if name not in known] if found else found


def _contained(container, path, around):
    """What has weights in a container: under the class name in snake case, numbered where it repeats."""
    if any(container is one for one in around):
        return  # a list that holds itself
    values = container.values() if isinstance(container, dict) else container
    if isinstance(container, nn.Module):
        values = container._modules.values()
    counts: dict[str, int] = {}
    for child in values:
        if not _has_state(child) and not isinstance(child, (list, dict, tuple, nn.Module)):
            continue
        name = snake_case(type(child).__name__) if _has_state(child) else "container"
        count = counts.get(name, 0)
        counts[name] = count + 1
        where = f"{path}/{name}_{count}" if count else f"{path}/{name}"
        if _has_state(child):
            yield where, child
        else:
            yield from _contained(child, where, (*around, container))


def _has_state(value) -> bool:
    cls = type(value)  # asked of the class, as a module looks for what it has not in several places
    return hasattr(cls, "save_own_variables") and hasattr(cls, "load_own_variables")


def _is_layer(value) -> bool:
    return hasattr(value, "own_variables")
