"""Lists and dicts that a layer holds: what is put into them later, however deep, is registered with torch too."""

from __future__ import annotations

import copy
from collections import OrderedDict

from torch import nn
from torch.utils import _pytree as pytree

from torchkeras_lite.variable import Variable


class _Holder(nn.Module):
    """The torch side of a container: its modules under their positions or keys."""


def track(value, owner: nn.Module, name: str):
    """What `owner` keeps under `name` in the place of a list, dict or tuple: a list or dict that reports its changes."""
    if value is owner.__dict__.get(name) and isinstance(value, _Tracked):
        return value  # `self.blocks += [...]` assigns the list to itself
    release(owner, name)
    tracked = _wrapped(value)
    if isinstance(tracked, _Tracked):
        tracked._watch(owner, name)
    elif isinstance(value, tuple):
        TrackedList(value)._watch(owner, name)  # a tuple cannot change: it only has to be registered
    return tracked


def release(owner: nn.Module, name: str) -> None:
    """Before another value takes its place: the container under `name`, if there is one, leaves nothing behind."""
    old = owner.__dict__.get(name)
    if isinstance(old, _Tracked) and old.__dict__.get("_owner") is owner:
        old._introduce(owner, [])
        old._owner = None
    if isinstance(old, (list, dict, tuple)):
        owner._modules.pop(name, None)
        del owner.__dict__[name]


def _wrapped(value):
    """A fresh tracked container for a list or dict of a plain kind; anything else as it is."""
    if isinstance(value, list) and type(value) in (list, TrackedList):
        return TrackedList(value)
    if isinstance(value, dict) and type(value) in (dict, OrderedDict, TrackedDict):
        return TrackedDict(value)
    return value


def _changing(name):
    def method(self, *args, **kwargs):
        result = getattr(super(type(self), self), name)(*args, **kwargs)
        self._sync()
        return result

    method.__name__ = name
    return method


class _Tracked:
    """Mixed into list and dict: after each change what is inside is registered anew with the owner.

    The owner of a container inside another one is the outer one, which passes the word on.
    """

    def _watch(self, owner, name: str):
        self._owner, self._name, self._introduced = owner, name, []
        self._sync()

    def _sync(self):
        owner = self.__dict__.get("_owner")
        if isinstance(owner, _Tracked):
            owner._sync()
        elif owner is not None and "_modules" in owner.__dict__:  # else: being copied or unpickled
            found: list = []
            holder = _hold(self, owner, found)
            if holder is not None:
                owner._modules[self._name] = holder
            else:
                owner._modules.pop(self._name, None)
            self._introduce(owner, found)

    def _introduce(self, owner, found: list) -> None:
        """The Variables and metrics inside become the owner's; those taken out are so no longer."""
        for kind, things in (("_variables", [v for v in found if isinstance(v, Variable)]),
                             ("_metrics", [m for m in found if not isinstance(m, Variable)])):  # fmt: skip
            table = owner.__dict__.get(kind)
            if table is None:
                continue
            gone = [thing for thing in self._introduced if not _holds(found, thing)]
            table[:] = [thing for thing in table if not _holds(gone, thing)]
            new = [thing for thing in things if not _holds(table, thing)]
            table += new
            self._introduced += new
        self._introduced = [thing for thing in self._introduced if _holds(found, thing)]

    def __copy__(self):
        return self._plain()  # a shallow copy belongs to nobody

    def __deepcopy__(self, memo):
        # With its owner it is copied as what it is; on its own it becomes a plain container, and the owner is left alone.
        owner = memo.get(id(self.__dict__.get("_owner")))
        known = isinstance(owner, (_Tracked, nn.Module))
        new = memo[id(self)] = type(self)() if known else self.plain()
        content = copy.deepcopy(self._plain(), memo)
        self.plain.extend(new, content) if self.plain is list else self.plain.update(new, content)
        if known:
            new._owner, new._name = owner, self._name
            new._introduced = copy.deepcopy(self._introduced, memo)
        return new

    def __reduce__(self):
        items = (iter(self._plain()), None) if self.plain is list else (None, iter(self._plain().items()))
        return (type(self), (), self.__dict__, *items)


class TrackedList(_Tracked, list):
    """A list whose layers belong to the layer that holds the list."""

    plain = list

    def _plain(self):
        return list(self)

    def _put(self, key, value):
        list.__setitem__(self, key, value)


class TrackedDict(_Tracked, dict):
    """A dict whose layers belong to the layer that holds the dict."""

    plain = dict

    def _plain(self):
        return dict(self)

    def _put(self, key, value):
        dict.__setitem__(self, key, value)


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


def _hold(container, owner: nn.Module, found: list) -> nn.Module | None:
    """A module that holds the modules in a container, or None if there are none. Adds Variables and metrics to `found`."""
    entries = container.items() if isinstance(container, dict) else enumerate(container)
    holder = _Holder()
    for key, value in list(entries):
        module = value if isinstance(value, nn.Module) else None
        if module is None and isinstance(value, (list, dict, tuple)):
            if isinstance(container, _Tracked):
                value = _adopted(container, key, value)
            module = _hold(value, owner, found)
        elif isinstance(value, Variable):
            found.append(value)
            module = value.home  # one made by a layer lives there already
        elif hasattr(value, "update_state") and hasattr(value, "reset_state"):
            found.append(value)
        if module is not None:
            name = str(key).replace(".", "_")
            while name in holder._modules:
                name += "_"
            holder._modules[name] = module
    return holder.train(owner.training) if holder._modules else None


def _adopted(outer: _Tracked, key, value):
    """The container at `key`, such that its changes are reported to `outer`."""
    if isinstance(value, _Tracked) and value.__dict__.get("_owner") is outer:
        return value
    value = _wrapped(value)
    if isinstance(value, _Tracked):
        value._owner, value._name, value._introduced = outer, str(key), []
        outer._put(key, value)
    return value


def _holds(things: list, thing) -> bool:
    return any(thing is other for other in things)
