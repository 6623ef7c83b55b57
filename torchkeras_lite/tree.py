"""Nested structures: lists, tuples, named tuples, deques, dicts, and whatever is registered with torch's pytree.

Everything else is a leaf, None too. The leaves of a dict come in the order of its sorted keys, those of an OrderedDict in its
own; results keep the order of the structure that was given.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from torch.utils import _pytree as pytree

from torchkeras_lite.notices import warn

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:
    """What the function given to `traverse` returns for None, as None itself means "go on inside"."""


class _Level:
    """One container: its children, the keys they have in paths, and a way to put others in their place."""

    def __init__(self, container, values: list, spec):
        self.container, self.spec = container, spec
        keys: list = list(container) if isinstance(container, dict) else list(range(len(values)))
        order = range(len(values))
        if isinstance(container, dict) and not isinstance(container, OrderedDict):
            try:
                order = sorted(order, key=keys.__getitem__)
            except TypeError:  # keys of kinds that do not compare stay as they are
                order = range(len(values))
        self.order = order
        self.keys, self.values = [keys[i] for i in order], [values[i] for i in order]

    def filled(self, values: Sequence) -> Any:
        """A container of the same kind and order with other values, given in the order of `values`."""
        placed = dict(zip(self.order, values, strict=True))
        return pytree.tree_unflatten([placed[i] for i in range(len(placed))], self.spec)

    def matches(self, other: _Level | None) -> bool:
        """Whether the other one is of the same kind and has the same keys."""
        if other is None or len(self.values) != len(other.values):
            return False
        if isinstance(self.container, dict) and isinstance(other.container, dict):
            return self.container.keys() == other.container.keys()
        return type(self.container) is type(other.container)

    def aligned(self, other: _Level) -> list:
        """The other one's values in the order of this one's keys."""
        values = dict(zip(other.keys, other.values, strict=True))
        return [values[key] for key in self.keys]


def _opened(structure) -> _Level | None:
    """The outermost container; None for a leaf."""
    level = itertools.count()  # torch's function holds `is_leaf` in a circle: what is in the structure is not to hang on that
    values, spec = pytree.tree_flatten(structure, is_leaf=lambda _: next(level) > 0)
    return None if spec.is_leaf() else _Level(structure, values, spec)


def is_nested(structure) -> bool:
    """Whether this is a container, an empty one too, and not a leaf."""
    return _opened(structure) is not None


def flatten(structure) -> list:
    """All leaves, in order."""
    return [leaf for _, leaf in flatten_with_path(structure)]


def flatten_with_path(structure) -> list[tuple[tuple, Any]]:
    """All leaves in order, each with the keys and positions that lead to it: `[(("a", 0), 1), ...]` of `{"a": [1]}`."""
    found: list[tuple[tuple, Any]] = []
    waiting = [((), structure)]
    while waiting:
        path, part = waiting.pop()
        level = _opened(part)
        if level is None:
            found.append((path, part))
        else:
            waiting += [((*path, key), value) for key, value in zip(level.keys, level.values, strict=True)][::-1]
    return found


def map_structure(func: Callable, *structures, none_is_leaf: bool = True):
    """The structure with `func` applied to each leaf, or to the leaves at the same place of several equal structures.

    Args:
        none_is_leaf: if False, None stays None, and `func` is not called on it.

    Raises:
        ValueError: no structure, structures that differ, or with `none_is_leaf=False` a None in some of them only.
    """

    def apply(*leaves):
        if any(map(is_nested, leaves[1:])):
            raise _mismatch(*leaves)
        if none_is_leaf or leaves[0] is not None:
            return func(*leaves)
        if any(leaf is not None for leaf in leaves):
            raise ValueError(f"The structures do not match: None in some of them only. Received: {leaves}")
        return None

    return _mapped(apply, *_some(structures))


def map_structure_up_to(shallow_structure, func: Callable, *structures):
    """The shallow structure with `func` of what stands in the other structures at the place of each of its leaves.

    Raises:
        ValueError: no structure, or one that differs from the shallow one down to its leaves.
    """
    return _mapped(lambda _, *parts: func(*parts), shallow_structure, *_some(structures))


def _mapped(func, first, *others):
    level = _opened(first)
    if level is None:
        return func(first, *others)
    levels = [_opened(other) for other in others]
    if not all(map(level.matches, levels)):
        raise _mismatch(first, *others)
    return level.filled([_mapped(func, *parts) for parts in zip(level.values, *map(level.aligned, levels), strict=True)])


def _some(structures):
    if not structures:
        raise ValueError("Give at least one structure to map over.")
    return structures


def _mismatch(*structures) -> ValueError:
    shown = " and ".join(repr(structure)[:200] for structure in structures)
    return ValueError(f"The structures don't have the same nested structure: {shown}")


def assert_same_structure(a, b, check_types=None) -> None:
    """Raises ValueError unless both are nested in the same way, in containers of the same kinds (all dicts are one kind)."""
    if check_types is not None:
        instead = "" if check_types else " `assert_same_paths` takes lists, tuples and the like for the same."
        warn(f"The argument `check_types` has no effect any more.{instead}", DeprecationWarning)
    map_structure(lambda *_: None, a, b)


def assert_same_paths(a, b) -> None:
    """Raises ValueError unless the leaves of both have the same paths, whatever kinds of containers lead to them."""
    a_paths, b_paths = ({path for path, _ in flatten_with_path(structure)} for structure in (a, b))
    if a_paths != b_paths:
        raise ValueError(
            "`a` and `b` don't have the same paths. "
            f"Only in `a`: {sorted(a_paths - b_paths, key=str)}. Only in `b`: {sorted(b_paths - a_paths, key=str)}."
        )


def pack_sequence_as(structure, flat_sequence):
    """The structure with these leaves, as `flatten` gives them, instead of its own.

    Raises:
        ValueError: more leaves or fewer than the structure has.
    """
    leaves = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(leaves) != wanted:
        raise ValueError(f"The structure has {wanted} leaves. Received: {len(leaves)} in `flat_sequence`.")
    rest = iter(leaves)
    return _mapped(lambda _: next(rest), structure)


def traverse(func: Callable, structure, top_down: bool = True):
    """Calls `func` on the structure and on all that is in it, containers and leaves; what it returns takes their place.

    Args:
        func: returns None to leave something as it is (then what is inside comes next), `MAP_TO_NONE` for None.
        top_down: whether a container comes before its contents; if not, it comes after them and holds what they became.
    """
    if top_down:
        made = func(structure)
        if made is None:
            return _inside(func, structure, top_down)
    else:
        structure = _inside(func, structure, top_down)
        made = func(structure)
        if made is None:
            return structure
    return None if made is MAP_TO_NONE else made


def _inside(func, structure, top_down):
    level = _opened(structure)
    return structure if level is None else level.filled([traverse(func, value, top_down) for value in level.values])


def lists_to_tuples(structure):
    """The structure with tuples in the place of lists."""
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable, structure):
    """The structure with `func` applied to each shape: a list or tuple of integers and Nones is one."""
    if isinstance(structure, (list, tuple)) and all(isinstance(size, (int, type(None))) for size in structure):
        return func(structure)
    level = _opened(structure)
    if level is None:
        return func(structure)
    return level.filled([map_shape_structure(func, value) for value in level.values])
