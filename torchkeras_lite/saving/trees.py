"""The trees in which an HDF5 file keeps the names in a group and the pieces of an array.

The HDF5 library goes down them and along them without looking where it has been: in a hostile one that leads back to itself it
never comes to an end, or to that of its stack. So they are walked through once, before it is asked.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import struct

from torchkeras_lite.saving.heaps import messages, number

_NAMES, _LAYOUT = 0x11, 0x08  # kinds of messages in the head of an object: where a group's names are, how an array lies
_NOWHERE = (1 << 64) - 1
_BACK = "The file is damaged: a tree in it leads back to itself."
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def check(place) -> None:
    """Looks at all trees of an HDF5 file (those of the older form, which is what HDF5 writes if nobody says otherwise).

    Args:
        place: its path, or a file that is open, which may begin further on, at its `start`.

    Raises:
        ValueError: one of the trees leads back to itself.
    """
    with contextlib.ExitStack() as stack:
        file = place if hasattr(place, "fileno") else stack.enter_context(open(place, "rb"))
        file.flush()
        if not os.fstat(file.fileno()).st_size:
            return
        content = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        start, root = _root(content, getattr(place, "start", 0))
        todo = [] if root is None else [root]
        seen = {*todo}
        while todo:
            for kind, at, size in messages(content, start, start + todo.pop()):
                if kind == _NAMES and size >= 16:
                    for table in _leaves(content, start, number(content, at), 8):
                        found = {*_objects(content, start + table)} - seen
                        seen |= found
                        todo += found
                elif kind == _LAYOUT and size >= 11 and content[at : at + 2] == b"\x03\x02":  # in pieces
                    for _ in _leaves(content, start, number(content, at + 3), 8 + 8 * content[at + 2]):
                        pass


def _root(content, start: int) -> tuple[int, int | None]:
    """Where the file begins from which addresses count, and the address of the head of the outermost group."""
    step = 0
    while start + step < len(content) and content[start + step : start + step + 8] != _SIGNATURE:
        step = 2 * step or 512
    start += step
    version = content[start + 8] if start + 72 <= len(content) else None
    sizes, root = {0: (13, 64), 1: (13, 68), 2: (9, 36), 3: (9, 36)}.get(version, (None, None))
    known = root is not None and content[start + sizes : start + sizes + 2] == b"\x08\x08"  # bytes of an address, of a size
    return start, number(content, start + root) if known else None


def _leaves(content, start: int, root: int, key: int):
    """What the leaves of a tree name, whose keys have so many bytes. Each node stands one level below the one above it."""
    places: dict[int, int] = {}  # nodes, in the order in which they stand beside each other
    beside: list[tuple[int, int, int]] = []
    todo = [(root, None)]
    while todo:
        node, level = todo.pop()
        at = start + node
        if content[at : at + 4] != b"TREE" or at + 24 > len(content):
            continue  # damaged: HDF5 says so
        if node in places or level not in (None, content[at + 5]):
            raise ValueError(_BACK)
        places[node] = len(places)
        beside.append((node, content[at + 5], number(content, at + 16)))
        (used,) = struct.unpack_from("<H", content, at + 6)
        first, step = at + 24 + key, key + 8
        below = [number(content, first + step * i) for i in range(min(used, (len(content) - first) // step + 1))]
        if content[at + 5]:
            todo += [(one, content[at + 5] - 1) for one in reversed(below)]
        else:
            yield from below
    for level, nodes in itertools.groupby(sorted(beside, key=lambda one: (one[1], places[one[0]])), lambda one: one[1]):
        each = [*nodes]
        for (_, _, right), (following, _, _) in zip(each, [*each[1:], (_NOWHERE, level, 0)], strict=True):
            if right not in (following, _NOWHERE):
                raise ValueError(_BACK)


def _objects(content, at: int):
    """The objects that a table of names names: where their heads are."""
    if content[at : at + 4] != b"SNOD" or at + 8 > len(content):
        return
    (count,) = struct.unpack_from("<H", content, at + 6)
    for i in range(count):
        if at + 24 + 40 * i <= len(content):
            yield number(content, at + 16 + 40 * i)
