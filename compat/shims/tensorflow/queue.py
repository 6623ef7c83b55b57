"""`tf.queue`: what is put in at one end comes out at the other. Nothing waits here: a queue that is full or empty says so."""

from __future__ import annotations

import collections

import torch

from . import errors
from ._creation import given
from ._missing import getattr_of

__all__ = ["FIFOQueue", "QueueBase"]
__getattr__ = getattr_of(__name__)


class QueueBase:
    """The base of queues.

    Args:
        capacity: how many elements there may be.
        dtypes: that of each part of an element.
    """

    def __init__(self, capacity, dtypes, shapes=None, names=None, shared_name=None, name="queue"):
        self.capacity, self.name = capacity, name
        self.dtypes = list(dtypes) if isinstance(dtypes, (list, tuple)) else [dtypes]
        self._elements, self._closed = collections.deque(), False

    def enqueue(self, vals, name=None) -> None:
        """Puts an element in: a tensor, or a list of one for each dtype."""
        if self._closed:
            raise errors.FailedPreconditionError(None, None, f"The queue {self.name!r} is closed.")
        if 0 <= self.capacity <= len(self._elements):
            raise errors.FailedPreconditionError(None, None, f"The queue {self.name!r} is full: it holds {self.capacity}.")
        parts = vals if isinstance(vals, (list, tuple)) else [vals]
        self._elements.append([given(part, dtype) for part, dtype in zip(parts, self.dtypes, strict=True)])

    def enqueue_many(self, vals, name=None) -> None:
        """Puts the rows of a tensor in, or of several tensors."""
        parts = vals if isinstance(vals, (list, tuple)) else [vals]
        for rows in zip(*map(given, parts), strict=True):
            self.enqueue(list(rows) if len(rows) > 1 else rows[0])

    def dequeue(self, name=None):
        """The element that has been in it for longest."""
        if not self._elements:
            raise errors.OutOfRangeError(None, None, f"The queue {self.name!r} is empty.")
        parts = self._elements.popleft()
        return parts if len(parts) > 1 else parts[0]

    def dequeue_many(self, n, name=None):
        """The next `n`, stacked."""
        found = [self.dequeue() for _ in range(int(n))]
        return [*map(torch.stack, zip(*found, strict=True))] if len(self.dtypes) > 1 else torch.stack(found)

    def size(self, name=None):
        return torch.tensor(len(self._elements), dtype=torch.int32)

    def close(self, cancel_pending_enqueues=False, name=None) -> None:
        self._closed = True

    def is_closed(self, name=None):
        return torch.tensor(self._closed)


class FIFOQueue(QueueBase):
    """First in, first out."""
