"""Texts in an HDF5 file: they lie in heaps, and where a text is wanted stands its length and its place in a heap.

The HDF5 library believes both: it takes memory for whatever length it reads, and follows a damaged heap forever. So they are
looked at before it is asked: each text of what is to be read, and the heaps that these lie in.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from collections import deque

from torchkeras_lite.saving.found import file_of
from torchkeras_lite.saving.heads import messages, number

_HEAP = b"GCOL\x01\0\0\0"
_LIMIT = 1 << 28  # bytes of the texts in one array
_KNOWN: deque = deque(maxlen=16)  # the library's number of a file that is open, and its Heaps
_NOWHERE = (0, (1 << 64) - 1)  # addresses where there is nothing
_ATTRIBUTE = 0x0C  # a kind of message in the head of an object


def check(owner, count: int, key: str | None = None) -> None:
    """Looks at the texts of an array, or of an attribute, of an h5py object.

    Args:
        count: how many there are.
        key: the attribute's name; without it the owner is the array.

    Raises:
        ValueError: the library would take more memory for them than they have, or not find their end.
    """
    import h5py

    file, what = owner.file, owner.name if key is None else f"the attribute {key!r} of {owner.name}"
    with _content(file) as (content, start):
        start += file.userblock_size
        place = None
        if file.id.get_create_plist().get_sizes() != (8, 8):
            pass
        elif key is not None:
            place = _attribute(content, start, h5py.h5o.get_info(owner.id).addr, key.encode("utf8"))
        elif owner.chunks is None and owner.id.get_offset() is not None:
            place = start - file.userblock_size + owner.id.get_offset()
        if place is None or place + 16 * count > len(content):
            raise ValueError(f"The file is not valid: {what} does not lie where texts do.")
        known, total = _heaps(h5py.h5o.get_info(file.id).fileno), 0
        for at in range(place, place + 16 * count, 16):
            length, address, index = struct.unpack_from("<IQI", content, at)
            if length and address not in _NOWHERE:
                total += length
                if length > known.size(content, start + address, index, what):
                    raise ValueError(f"The file is damaged: {what} has a text that is longer than what lies in its place.")
        if count > 1 and total > _LIMIT:
            raise ValueError(f"The file is not valid: {what} has {count} texts, which are {total} bytes together.")


@contextlib.contextmanager
def _content(file):
    """The bytes of an open h5py.File (or of what it lies in), and where in them it begins."""
    place = file_of(file)
    if place is None and not os.path.isfile(file.filename):
        yield file.id.get_file_image(), 0
        return
    with contextlib.ExitStack() as stack:
        descriptor, start = (stack.enter_context(open(file.filename, "rb")).fileno(), 0) if place is None else place[:2]
        yield stack.enter_context(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)), start


def _heaps(opened_as: int) -> Heaps:
    """What is known of the heaps of a file that is open."""
    known = dict(_KNOWN).get(opened_as)
    if known is None:
        known = Heaps()
        _KNOWN.append((opened_as, known))
    return known


class Heaps:
    """The sizes of what lies in the heaps of a file. Each is gone through once, when somebody asks for a part of it."""

    def __init__(self):
        self._sizes: dict[int, dict[int, int]] = {}
        self._steps = 0

    def size(self, content, at: int, index: int, what: str) -> int:
        """The bytes of a part of the heap at a place; ValueError where the heap is damaged, -1 where there is no such part."""
        if at not in self._sizes:
            self._sizes[at] = dict(self._parts(content, at, what))
        return self._sizes[at].get(index, -1)

    def _parts(self, content, at, what):
        damaged = f"The file is damaged: the texts in it cannot be read ({what})."
        end = at + number(content, at + 8, 8)
        if content[at : at + 8] != _HEAP or end > len(content):
            raise ValueError(damaged)
        at += 16
        while at + 16 <= end:
            index, size = number(content, at, 2), number(content, at + 8, 8)
            step = size if index == 0 else 16 + -(-size // 8) * 8
            at, self._steps = at + step, self._steps + 1
            if not step or at > end or self._steps > len(content) // 16:  # heaps do not lie in heaps
                raise ValueError(damaged)
            if index:
                yield index, size


# ---------------------------------------------------------------- the head of an object


def _attribute(content, start: int, address: int, key: bytes) -> int | None:
    """Where the value of an attribute begins, if it stands in the head of its object."""
    for kind, at, size, shared in messages(content, start, start + address):
        if kind != _ATTRIBUTE or size < 9 or shared:
            continue
        version, flags, *sizes = struct.unpack_from("<BBHHH", content, at)
        front = 8 + (version == 3)
        if version not in (1, 2, 3) or content[at + front : at + front + sizes[0]].split(b"\0")[0] != key:
            continue
        if version == 1:  # in steps of eight bytes
            sizes = [-(-one // 8) * 8 for one in sizes]
        return at + front + sum(sizes) if front + sum(sizes) <= size and not flags & 2 else None
    return None
