"""What Keras no longer has, found by the names that configs, files and strings give it.

A class of old need not have been imported: `load_model` finds it, and `metrics.get("acc")` does.
"""

from __future__ import annotations

from importlib import import_module

from torchkeras_lite import registry

from ._tables import NAMES

_KINDS = ("layers", "models", "metrics", "losses", "constraints", "initializers", "regularizers")
_NO_OBJECTS = ("get", "serialize", "deserialize")

_find_builtin = getattr(registry._find_builtin, "_todays", registry._find_builtin)
_find = getattr(registry.Table.find, "_todays", registry.Table.find)


def _of_old(kind: str, name: str):
    place = NAMES.get(kind, {}).get(name)
    if place is None or name in _NO_OBJECTS:
        return None
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def find_builtin(module: str, name: str):
    """The class of this name that Keras has, or once had."""
    found = _find_builtin(module, name)
    if found is None and "keras" in module:
        found = next((cls for kind in _KINDS if isinstance(cls := _of_old(kind, name), type)), None)
    return found


def find(table, name: str):
    """The class or function of this kind that Keras has, or once had."""
    try:
        return _find(table, name)
    except ValueError:
        found = _of_old(table.public.partition(".")[2], name) if isinstance(name, str) else None
        if found is None:
            raise
        return found


find_builtin._todays, find._todays = _find_builtin, _find
