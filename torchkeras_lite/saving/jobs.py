"""Work on arrays that several threads do together, once all of it is known; and how an array is cut into pieces for it.

Threads get whole stretches of a file, not pieces of one array in turn: two that fill the same pages for the first time wait for
each other.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Bytes of a piece, which a cache holds; and what should lie together in a weight's memory and in a file.
PIECE, TOGETHER = 1 << 21, 512
THREADS = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_EACH = 4  # stretches for each thread, as one may be slower than the others


class Jobs:
    """What is to be done: `add` it, then `run()`."""

    def __init__(self):
        self._waiting: list = []  # of the bytes, the function, and its arguments but for the last
        self._addresses: set[int] = set()

    def add(self, nbytes: int, work, *args) -> None:
        """`work(*args, room)` is to be done, on so many bytes. What belongs to one array has the same first argument."""
        self._waiting.append((nbytes, work, args))

    def add_pieces(self, shape, dtype, work, *args) -> None:
        """`work(*args, shape, where, room)` is to be done for slices `where` that make up an array."""
        for where in pieces(shape, dtype.itemsize):
            self.add(math.prod(size_of(shape, where)) * dtype.itemsize, work, *args, shape, where)

    def begin_with(self, address: int) -> None:
        """What fills memory that is filled already, as of a weight with two places in a file, comes after it."""
        if address in self._addresses:
            self.run()
        self._addresses.add(address)

    def run(self) -> None:
        """Does all of it. What one of the threads raises is raised here, when all have come to their end."""
        stretches = collections.deque(_stretches(self._waiting))
        self._waiting, self._addresses = [], set()
        others = min(THREADS, len(stretches)) - 1
        if others < 1:
            _do(stretches)
            return
        with ThreadPoolExecutor(others) as pool:
            running = [pool.submit(_do, stretches) for _ in range(others)]
            _do(stretches)
            for one in running:
                one.result()


@contextlib.contextmanager
def at_once_unless(jobs: Jobs | None):
    """`with at_once_unless(jobs) as jobs:` jobs that are done at the end of it, if there were none."""
    yield (found := Jobs() if jobs is None else jobs)
    if jobs is None:
        found.run()


class Room:
    """Memory for a piece, that of the piece before: fresh memory costs as much as what is done with it."""

    def __init__(self):
        self._space = np.empty(0, np.uint8)

    def of(self, shape, dtype) -> np.ndarray:
        size = math.prod(shape) * dtype.itemsize
        if self._space.nbytes < size:
            self._space = np.empty(size, np.uint8)
        return self._space[:size].view(dtype).reshape(shape)


def _do(stretches) -> None:
    """Does what nobody has begun, as long as there is any."""
    room = Room()
    while True:
        try:
            stretch = stretches.popleft()
        except IndexError:
            return
        try:
            for _, work, args in stretch:
                work(*args, room)
        except BaseException:
            stretches.clear()  # the other threads end sooner
            raise


def _stretches(waiting) -> list:
    """The work in its order, cut into parts: between arrays, but for such as are more than the share of a thread."""
    total = sum(nbytes for nbytes, *_ in waiting)
    if THREADS < 2 or total < 4 * PIECE:
        return [waiting]
    found, size, last = [[]], 0, None
    for nbytes, work, args in waiting:
        if size >= total / THREADS or (size >= total / (_EACH * THREADS) and args[0] is not last):
            found.append([])
            size = 0
        found[-1].append((nbytes, work, args))
        size, last = size + nbytes, args[0]
    return found


# ---------------------------------------------------------------- pieces


def pieces(shape, itemsize: int):
    """Slices that cut an array of this shape along its last two axes, in the order of a file."""
    rows, columns = shape[-2:]
    one = math.prod(shape[:-2]) * itemsize  # bytes for each place in such a matrix
    high = min(max(PIECE // (one * columns), TOGETHER // one, 1), rows)
    if high < rows:  # each as large as the others
        high = -(-rows // -(-rows // high))
    wide = columns if one * high * columns <= 4 * PIECE else max(PIECE // (one * high), TOGETHER // itemsize, 1)
    front = (slice(None),) * (len(shape) - 2)
    for i, j in itertools.product(range(0, rows, high), range(0, columns, wide)):
        yield (*front, slice(i, min(i + high, rows)), slice(j, min(j + wide, columns)))


def size_of(shape, where) -> tuple[int, ...]:
    """The shape of what such slices cut out."""
    return (*shape[:-2], *(part.stop - part.start for part in where[-2:]))


def runs(shape, where, room):
    """What lies together in a file: pairs of an offset from the array's beginning, and the part of `room` for what is there."""
    rows, columns = shape[-2:]
    matrices = room.reshape(-1, *room.shape[-2:])
    for i, matrix in enumerate(matrices):
        first = (i * rows + where[-2].start) * columns + where[-1].start
        if matrix.shape[1] == columns:
            yield first * room.itemsize, matrix
        else:
            for j, row in enumerate(matrix):
                yield (first + j * columns) * room.itemsize, row
