"""Lists and dicts that a layer holds: what is put into them later is registered with torch too."""

from __future__ import annotations

from torch import nn


class _Holder(nn.Module):
    """The torch side of a container: its modules under their positions or keys."""


def _changing(name):
    def method(self, *args, **kwargs):
        result = getattr(super(type(self), self), name)(*args, **kwargs)
        self._sync()
        return result

    method.__name__ = name
    return method


class _Tracked:
    """Mixed into list and dict: after each change the modules inside are registered anew with the owner."""

    def _watch(self, owner: nn.Module, name: str):
        self._owner, self._name = owner, name
        self._sync()

    def _sync(self):
        owner = getattr(self, "_owner", None)
        if owner is None:  # being copied or unpickled
            return
        holder = None
        for key, value in self._entries():
            module = value if isinstance(value, nn.Module) else None
            if module is None and isinstance(value, (list, dict, tuple)):
                module = hold(value, owner)
            if module is not None:
                holder = holder or _Holder()
                holder._modules[key] = module
        if holder is not None:
            owner._modules[self._name] = holder.train(owner.training)
        else:
            owner._modules.pop(self._name, None)

    def __reduce__(self):
        return (_rebuild, (type(self).plain, self._plain()), self.__dict__)


def _rebuild(plain, content):
    return {list: TrackedList, dict: TrackedDict}[plain](content)


class TrackedList(_Tracked, list):
    """A list whose layers belong to the layer that holds the list."""

    plain = list

    def _plain(self):
        return list(self)

    def _entries(self):
        return ((str(i), value) for i, value in enumerate(self))


class TrackedDict(_Tracked, dict):
    """A dict whose layers belong to the layer that holds the dict."""

    plain = dict

    def _plain(self):
        return dict(self)

    def _entries(self):
        return ((str(key).replace(".", "_"), value) for key, value in self.items())


for _name in ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort",
              "__setitem__", "__delitem__", "__iadd__", "__imul__"):  # fmt: skip
    setattr(TrackedList, _name, _changing(_name))
for _name in ("update", "pop", "popitem", "clear", "setdefault", "__setitem__", "__delitem__", "__ior__"):
    setattr(TrackedDict, _name, _changing(_name))


def hold(container, owner: nn.Module) -> nn.Module | None:
    """A module that holds the modules found in a nested container, or None if there are none."""
    entries = container.items() if isinstance(container, dict) else enumerate(container)
    holder = _Holder()
    for key, value in entries:
        module = value if isinstance(value, nn.Module) else None
        if module is None and isinstance(value, (list, dict, tuple)):
            module = hold(value, owner)
        if module is not None:
            holder._modules[str(key).replace(".", "_")] = module
    return holder.train(owner.training) if holder._modules else None
