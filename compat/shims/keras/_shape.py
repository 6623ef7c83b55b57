"""TensorFlow's own shapes, which programs of old ask for the rank, a list, or the number in a size."""

from __future__ import annotations

import sys


def _have_values() -> bool:
    """Whether the program is of TensorFlow 1."""
    era = sys.modules.get("keras._era")
    return era is not None and era.is_old()


class Dimension(int):
    """A size, as TensorFlow 1 had them: a number with a `value`."""

    value = property(int)


def dimension_value(dimension):
    """The number in a size."""
    return getattr(dimension, "value", dimension)


def dimension_at_index(shape, index):
    """One of the sizes, with a `value`; None where it is not known."""
    return TensorShape(shape).dims[index]


class TensorShape(tuple):
    """The sizes of a tensor: integers, and None where they are not known. `TensorShape(None)` has not even a rank.

    In TensorFlow 1 the sizes were objects, and programs of its time ask them for their `value`.
    """

    _open = False

    def __new__(cls, dims=()):
        if isinstance(dims, int):
            dims = (dims,)
        made = super().__new__(cls, (None if size is None else int(size) for size in dims or ()))
        made._open = dims is None or getattr(dims, "_open", False)
        return made

    @property
    def rank(self) -> int | None:
        return None if self._open else len(self)

    ndims = rank

    @property
    def dims(self) -> list | None:
        return None if self._open else [None if size is None else Dimension(size) for size in tuple.__iter__(self)]

    def as_list(self) -> list:
        """The sizes as a list; ValueError if not even the rank is known."""
        if self._open:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return [*tuple.__iter__(self)]

    def num_elements(self) -> int | None:
        """The product of the sizes, if all are known."""
        if not self.is_fully_defined():
            return None
        count = 1
        for size in tuple.__iter__(self):
            count *= size
        return count

    def is_fully_defined(self) -> bool:
        return not self._open and None not in self

    def is_compatible_with(self, other) -> bool:
        """Whether one tensor can have both shapes."""
        other = other if isinstance(other, TensorShape) else TensorShape(other)
        if self._open or other._open:
            return True
        return len(self) == len(other) and all(a == b or a is None or b is None for a, b in zip(self, other, strict=True))

    def assert_is_compatible_with(self, other) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def merge_with(self, other):
        """What is known of a tensor that has both shapes; ValueError if none can."""
        other = other if isinstance(other, TensorShape) else TensorShape(other)
        self.assert_is_compatible_with(other)
        if self._open or other._open:
            return other if self._open else self
        return type(self)(b if a is None else a for a, b in zip(self, other, strict=True))

    def with_rank(self, rank):
        """The shape, which has to have so many axes (ValueError); of one that is not known, so many unknown sizes."""
        if self._open:
            return type(self)([None] * rank)
        if len(self) != rank:
            raise ValueError(f"Shape {self} must have rank {rank}")
        return self

    def assert_has_rank(self, rank) -> None:
        """Raises ValueError if the shape has another number of axes."""
        self.with_rank(rank)

    def with_rank_at_least(self, rank):
        """The shape, which has to have so many axes or more (ValueError)."""
        if not self._open and len(self) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def concatenate(self, other):
        other = other if isinstance(other, (tuple, list)) else TensorShape(other)
        return type(self)(None) if self._open or getattr(other, "_open", False) else type(self)((*self, *other))

    def __getitem__(self, index):
        found = super().__getitem__(index)
        if isinstance(index, slice):
            return type(self)(found)
        return Dimension(found) if found is not None and _have_values() else found

    def __iter__(self):
        return iter(self.dims or ()) if _have_values() else super().__iter__()

    def __add__(self, other):
        return self.concatenate(other)

    def __radd__(self, other):
        return type(self)((*other, *self))

    def __eq__(self, other):
        return tuple.__eq__(self, tuple(other)) if isinstance(other, (tuple, list)) else NotImplemented

    def __ne__(self, other):
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self):
        return "TensorShape(None)" if self._open else f"TensorShape({self.as_list()})"

    def __str__(self):
        return "<unknown>" if self._open else super().__repr__()
