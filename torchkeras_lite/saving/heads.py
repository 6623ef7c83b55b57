"""How objects and trees lie in the bytes of an HDF5 file."""

from __future__ import annotations

import itertools
import struct

NOWHERE = (1 << 64) - 1  # an address
BACK = "The file is damaged: a tree in it leads back to itself."
_CONTINUED = 0x10  # the kind of message in the head of an object that says where it goes on


def number(content, at: int, size: int = 8) -> int:
    """The number that stands in so many bytes."""
    return int.from_bytes(content[at : at + size], "little")


def messages(content, start: int, at: int):
    """What stands in the head of an object, of which there are two forms.

    Gives the kind of each message, where it begins, its size, and whether it is none, but says in which object there is one.
    """
    new = content[at : at + 4] == b"OHDR"
    if new:
        flags, first = content[at + 5], at + 6 + 16 * bool(content[at + 5] & 0x20) + 4 * bool(content[at + 5] & 0x10)
        width = 1 << (flags & 3)
        blocks, head = [(first + width, number(content, first, width))], 4 + 2 * bool(flags & 4)
    else:
        blocks, head = [(at + 16, number(content, at + 8, 4))], 8
    seen = set()
    while blocks:
        at, size = blocks.pop(0)
        if at in seen:
            return
        seen.add(at)
        end = min(at + size, len(content))
        while at + head <= end:
            kind, length = (content[at], number(content, at + 1, 2)) if new else struct.unpack_from("<HH", content, at)
            shared = content[at + (3 if new else 4)] & 2
            at += head
            if kind == _CONTINUED and at + 16 <= end:
                there, room = struct.unpack_from("<QQ", content, at)
                blocks.append((start + there + 4, room - 8) if new else (start + there, room))
            elif at + length <= end:
                yield kind, at, length, bool(shared)
            at += length


def leaves(content, start: int, root: int, key: int, walked: set[int]):
    """What the leaves of a tree name, whose keys have so many bytes. Each node stands one level below the one above it.

    Args:
        walked: the nodes of all trees so far, to which these are added: no two trees have one in common.
    """
    places: dict[int, int] = {}  # nodes, in the order in which they stand beside each other
    beside: list[tuple[int, int, int]] = []
    todo = [(root, None)]
    while todo:
        node, level = todo.pop()
        at = start + node
        if content[at : at + 4] != b"TREE" or at + 24 > len(content):
            continue  # damaged: HDF5 says so
        if node in walked or level not in (None, content[at + 5]):
            raise ValueError(BACK)
        walked.add(node)
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
        for (_, _, right), (following, _, _) in zip(each, [*each[1:], (NOWHERE, level, 0)], strict=True):
            if right not in (following, NOWHERE):
                raise ValueError(BACK)
