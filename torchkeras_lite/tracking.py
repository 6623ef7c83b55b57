"""Lists and dicts that a layer holds: what is put into them later, however deep, is registered with torch too.

The modules in `layer.blocks` become modules of the layer itself, as `blocks_0`, `blocks_1`, `blocks_2_0`, ... Not as a module
`blocks` that holds them: torch (`get_submodule`, `torch.func`, `torch.export`) looks for modules under the names of attributes,
and there it would find a list.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator

from torch import nn
from torch.utils import _pytree as pytree

from torchkeras_lite.modes import take_over
from torchkeras_lite.references import Known
from torchkeras_lite.variable import Variable

_TABLES = ("_variables", "_metrics")  # what a layer knows beside modules
_untracked = 0  # scopes that are open


class Untracked:
    """A scope in which layers keep what they are given as plain attributes: nothing is registered, no list is replaced."""

    def __enter__(self):
        global _untracked
        _untracked += 1
        return self

    def __exit__(self, *error):
        global _untracked
        _untracked -= 1


def is_on() -> bool:
    """Whether no `Untracked` is open."""
    return not _untracked


def track(value, owner: nn.Module, name: str):
    """What `owner` keeps under `name` in the place of a list, dict or tuple: a list or dict that reports its changes."""
    if isinstance(value, _Tracked) and value is owner.__dict__.get(name):
        return value  # `self.blocks += [...]` assigns the list to itself
    release(owner, name)
    owner._modules.pop(name, None)
    if isinstance(value, _Tracked) and value._owner is owner:
        return value  # a second name for the same list
    tracked = _wrapped(value)
    if isinstance(tracked, _Tracked):
        tracked._watch(owner, name)
    elif isinstance(value, tuple):
        _register(owner, name, value)
    return tracked


def release(owner: nn.Module, name: str) -> None:
    """Before another value takes its place: the container under `name`, if there is one, leaves nothing behind."""
    if name in owner.__dict__.get("_contents", ()):
        _register(owner, name, ())
        del owner.__dict__["_contents"][name]
        old = owner.__dict__.pop(name, None)
        if isinstance(old, _Tracked):
            old._owner = None


def contained(owner: nn.Module) -> dict[str, list[str]]:
    """The names under which `owner` holds containers, each with the names of the modules registered for it."""
    return {name: [*modules] for name, (modules, _) in owner.__dict__.get("_contents", {}).items()}


def _register(owner: nn.Module, name: str, container) -> None:
    """What is in `container` belongs to `owner` from now on, and what was in it before and is not any more does not."""
    inside = list(_inside(container, name))
    contents = owner.__dict__.setdefault("_contents", {})
    old_modules, old_things = contents.get(name, ({}, []))
    modules: dict[str, nn.Module] = {}
    for key, thing in inside:
        module = thing if isinstance(thing, nn.Module) else thing.home if isinstance(thing, Variable) else None
        while key in modules or (key in owner._modules and key not in old_modules):
            key += "_"
        if module is not None:  # a Variable without a home lives in a layer already
            modules[key] = module
    # Layers of a model's graph are there already.
    placed = [owner._modules.get(key) for key in getattr(owner, "_drawn_keys", ())]
    modules = {key: module for key, module in modules.items() if not _holds(placed, module)}
    things = [thing for _, thing in inside if not isinstance(thing, nn.Module)]
    for key, module in old_modules.items():
        if key not in modules and owner._modules.get(key) is module:
            del owner._modules[key]
    for key, module in modules.items():
        if module.training is not owner.training:
            take_over(module, owner.training)
        owner._modules[key] = module
    added = [thing for thing in old_things if _holds(things, thing)]
    for kind in _TABLES:
        table = owner.__dict__.get(kind)
        if table is not None:
            gone = [thing for thing in old_things if not _holds(things, thing)]
            table[:] = [thing for thing in table if not _holds(gone, thing)]
            new = [t for t in things if isinstance(t, Variable) is (kind == "_variables") and not _holds(table, t)]
            table += new
            added += new
    contents[name] = (modules, added)


def _inside(container, name: str, around=()) -> Iterator[tuple[str, object]]:
    """The modules, Variables and metrics in a container, however deep, with the names that say where they are.

    Args:
        around: the containers that this one is in, which may be in it in turn.
    """
    around = (*around, container)
    for key, value in list(container.items() if isinstance(container, dict) else enumerate(container)):
        where = f"{name}_{key}".replace(".", "_")
        if isinstance(value, (nn.Module, Variable)) or (hasattr(value, "update_state") and hasattr(value, "reset_state")):
            yield where, value
        elif isinstance(value, (list, dict, tuple)) and not _holds(around, value):
            if isinstance(container, _Tracked):
                value = container._adopted(key, value)
            yield from _inside(value, where, around)


def _wrapped(value):
    """A fresh tracked container for a list or dict of a plain kind; anything else as it is."""
    if type(value) in (list, TrackedList):
        return TrackedList(value)
    if type(value) in (dict, OrderedDict, TrackedDict):
        return TrackedDict(value)
    return value


def _holds(things, thing) -> bool:
    return any(thing is other for other in things)


def _changing(name):
    def method(self, *args, **kwargs):
        result = getattr(super(type(self), self), name)(*args, **kwargs)
        self._sync()
        return result

    method.__name__ = name
    return method


class _Tracked:
    """Mixed into list and dict: each change is reported to the owner, a layer or the container around this one."""

    _known: Known | None = None  # the owner

    @property
    def _owner(self):
        return self._known and self._known()

    @_owner.setter
    def _owner(self, owner):
        self._known = None if owner is None else Known(owner)

    def _watch(self, owner, name: str):
        self._owner, self._name = owner, name
        _register(owner, name, self)

    def _sync(self):
        owner = self._owner
        if isinstance(owner, _Tracked):
            owner._sync()
        elif owner is not None and owner.__dict__.get(self._name) is self:  # else: replaced, or being copied or unpickled
            _register(owner, self._name, self)

    def _adopted(self, key, value):
        """The container at `key`, such that its changes are reported to this one."""
        if isinstance(value, _Tracked) and value._owner is self:
            return value
        value = _wrapped(value)
        if isinstance(value, _Tracked):
            value._owner = self
            self.plain.__setitem__(self, key, value)
        return value

    def __copy__(self):
        return self.plain(self)  # a shallow copy belongs to nobody

    def __deepcopy__(self, memo):
        # With its owner it is copied as what it is; on its own it becomes a plain container, and the owner is left alone.
        owner = memo.get(id(self._owner))
        known = isinstance(owner, (_Tracked, nn.Module))
        new = memo[id(self)] = type(self)() if known else self.plain()
        content = copy.deepcopy(self.plain(self), memo)
        self.plain.extend(new, content) if self.plain is list else self.plain.update(new, content)
        if known:
            new.__dict__.update(self.__dict__)
            new._owner = owner
        return new

    def __reduce__(self):
        items = (iter(list(self)), None) if self.plain is list else (None, iter(list(self.items())))
        return (type(self), (), self.__dict__, *items)


class TrackedList(_Tracked, list):
    """A list whose layers belong to the layer that holds the list."""

    plain = list


class TrackedDict(_Tracked, dict):
    """A dict whose layers belong to the layer that holds the dict."""

    plain = dict


for _name in ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort",
              "__setitem__", "__delitem__", "__iadd__", "__imul__"):  # fmt: skip
    setattr(TrackedList, _name, _changing(_name))
for _name in ("update", "pop", "popitem", "clear", "setdefault", "__setitem__", "__delitem__", "__ior__"):
    setattr(TrackedDict, _name, _changing(_name))

# torch and the layers look into the structures that they are given by exact type.
pytree.register_pytree_node(
    TrackedList, lambda value: (list(value), None), lambda values, _: list(values),
    serialized_type_name="torchkeras_lite.TrackedList",
)  # fmt: skip
pytree.register_pytree_node(
    TrackedDict, lambda value: (list(value.values()), list(value)), lambda values, keys: dict(zip(keys, values, strict=True)),
    serialized_type_name="torchkeras_lite.TrackedDict",
)  # fmt: skip
