"""`tf.sets`: the last axis of a tensor, dense or sparse, holds sets. What comes out is sparse, each set in order."""

from __future__ import annotations

import itertools

import torch

from ._creation import given
from ._missing import getattr_of
from ._text import objects
from .sparse import SparseTensor

__all__ = ["difference", "intersection", "size", "union"]
__getattr__ = getattr_of(__name__)


def _sets(tensor) -> tuple[tuple, list[set]]:
    """The sizes of all axes but the last, and the sets in that order."""
    if isinstance(tensor, SparseTensor):
        *outer, _ = tensor.dense_shape.tolist()
        found = {place: set() for place in itertools.product(*map(range, outer))}
        for place, value in zip(tensor.indices.tolist(), _plain(tensor.values), strict=True):
            found[tuple(place[:-1])].add(value)
        return tuple(outer), list(found.values())
    tensor = given(tensor)
    *outer, last = tensor.shape
    values = _plain(tensor)
    return tuple(outer), [set(values[i : i + last]) for i in range(0, len(values), last)]


def _plain(tensor) -> list:
    return tensor.flatten().tolist() if isinstance(tensor, torch.Tensor) else objects(tensor).ravel().tolist()


def _joined(a, b, operation) -> SparseTensor:
    (outer, sets), (others, more) = _sets(a), _sets(b)
    if outer != others:
        raise ValueError(f"The sets do not go together: all axes but the last must agree. Received: {outer} and {others}.")
    found = [sorted(operation(one, other)) for one, other in zip(sets, more, strict=True)]
    places = itertools.product(*map(range, outer))
    indices = [(*place, i) for place, one in zip(places, found, strict=True) for i in range(len(one))]
    widest = max(map(len, found), default=0)
    kept = a.values if isinstance(a, SparseTensor) else given(a)
    values = given([value for one in found for value in one], getattr(kept, "dtype", None))
    return SparseTensor(torch.tensor(indices, dtype=torch.int64).reshape(-1, len(outer) + 1), values, (*outer, widest))


def union(a, b, validate_indices=True) -> SparseTensor:
    return _joined(a, b, set.union)


def intersection(a, b, validate_indices=True) -> SparseTensor:
    return _joined(a, b, set.intersection)


def difference(a, b, aminusb=True, validate_indices=True) -> SparseTensor:
    """What is in `a` and not in `b`, or the other way round."""
    return _joined(a, b, set.difference if aminusb else lambda one, other: other - one)


def size(a, validate_indices=True) -> torch.Tensor:
    """How many things are in each set."""
    outer, sets = _sets(a)
    return torch.tensor([len(one) for one in sets], dtype=torch.int32).reshape(outer)
