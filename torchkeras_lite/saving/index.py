"""What an HDF5 file holds of groups and plain arrays of numbers, and where, noted while it is walked through.

A model of many layers has hundreds of small arrays, and to ask the HDF5 library for each takes longer than to read it. What is
not as plain as what programs write that want nothing special (names in the old form, numbers of the usual kinds in one piece)
is left to the library.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct

import numpy as np

from torchkeras_lite.saving.heads import BACK, leaves, number

# Kinds of messages in the head of an object: of a group its names, in two forms; of an array its shape, type, place, filters.
_NAMES, _LINK, _LINKS, _SHAPE, _TYPE, _LAYOUT, _FILTERS, _ELSEWHERE = 0x11, 0x06, 0x02, 0x01, 0x03, 0x08, 0x0B, 0x07
_TOLD = {_NAMES, _LINK, _LINKS, _SHAPE, _TYPE, _LAYOUT, _FILTERS, _ELSEWHERE}


def _kinds() -> dict[bytes, np.dtype]:
    """How HDF5 describes the types of numbers, little end first -> what numpy calls them."""
    found = {}
    for size, sign, exponent, bias in ((2, 15, 5, 15), (4, 31, 8, 127), (8, 63, 11, 1023)):
        mantissa = sign - exponent
        bits = struct.pack("<HHBBBBI", 0, 8 * size, mantissa, exponent, 0, mantissa, bias)
        found[struct.pack("<4BI", 0x11, 0x20, sign, 0, size) + bits] = np.dtype(f"<f{size}")
    for size in (1, 2, 4, 8):
        for signed, letter in ((8, "i"), (0, "u")):
            found[struct.pack("<4BIHH", 0x10, signed, 0, 0, size, 0, 8 * size)] = np.dtype(f"<{letter}{size}")
    return found


_KINDS = _kinds()


class Plain:
    """An array of numbers that lies in a file in one piece, as `found.Found` but without the HDF5 library.

    Attributes:
        place: a descriptor of the file, and the offset in it.
    """

    __slots__ = ("dtype", "name", "nbytes", "place", "shape")
    chunks, filters = None, ()

    def __init__(self, name: str, shape, dtype, place: tuple[int, int]):
        self.name, self.shape, self.dtype, self.place = name, shape, dtype, place
        self.nbytes = math.prod(shape) * dtype.itemsize

    @property
    def offset(self) -> int:
        return self.place[1]

    @property
    def stored(self) -> int:
        return self.nbytes

    def __array__(self, dtype=None, copy=None):
        content = np.empty(self.shape, self.dtype)
        read_run(content, *self.place)
        return np.asarray(content, dtype)

    def __repr__(self):
        return f"<array {self.name} {self.shape} of {self.dtype}>"


def read_run(array, descriptor: int, offset: int) -> None:
    """Fills a contiguous array with what lies in a file from an offset on."""
    content = memoryview(array.reshape(-1)).cast("B") if isinstance(array, np.ndarray) else array
    while content:
        count = os.preadv(descriptor, [content], offset)
        if not count:
            raise ValueError("The weights file is not valid: it ends within an array.")
        content, offset = content[count:], offset + count


def names_in(content, start: int, at: int, walked: set[int]) -> tuple[dict[str, int] | None, list[int]]:
    """The names in a group of the old form.

    Args:
        at: where the message begins that says where they are.
        walked: see `heads.leaves`; where tables and texts of names are is added.

    Returns:
        names -> the addresses of what they name, or None where there is more than hard links; and all these addresses.
    """
    heap, found, addresses, length = number(content, at + 8), {}, [], 0
    tables = [*leaves(content, start, number(content, at), 8, walked)]
    for place in {heap, *tables}:
        if place in walked:
            raise ValueError(BACK)  # a group has names of its own
        walked.add(place)
    heap += start
    plain = content[heap : heap + 4] == b"HEAP" and heap + 32 <= len(content)
    room, _, first = struct.unpack_from("<QQQ", content, heap + 8) if plain else (0, 0, 0)
    first += start
    for table in tables:
        at = start + table
        count = number(content, at + 6, 2) if content[at : at + 4] == b"SNOD" else 0
        for entry in range(at + 8, min(at + 8 + 40 * count, len(content) - 39), 40):
            name, address, kind = struct.unpack_from("<QQI", content, entry)
            addresses.append(address)
            if plain:
                end = content.find(b"\0", first + name, min(first + room, len(content))) if name < room else -1
                text = content[first + name : end]
                length += len(text) + 1
                plain = end >= 0 and length <= room and kind < 2 and text.isascii() and text not in (b"", b".")
                plain = plain and b"/" not in text and (text := text.decode()) not in found
                found[text] = address
    return found if plain and len(addresses) == len(found) else None, addresses


class Index:
    """The groups and plain arrays of a file, by the addresses of their heads.

    Args:
        content: all bytes; start: where among them the file begins; end: where it ends.
        root: the address of the outermost group.
    """

    def __init__(self, content, start: int, end: int, root: int):
        self._content, self._start, self._end, self.root = content, start, end, root
        self._groups: dict[int, dict[str, int]] = {}
        self._arrays: dict[int, tuple] = {}  # of shape, dtype, offset
        self._other = False

    def add(self, address: int, described, names: dict[str, int] | None) -> None:
        """Notes what the messages (kind, place, size, shared) in the head of an object say, if that is plain.

        Args:
            names: what `names_in` found, where one of the messages is of names.
        """
        told: dict[int, tuple[int, int]] = {}
        for kind, at, size, _ in described:
            if kind in _TOLD:
                if kind in told:
                    self._other = True
                    return
                told[kind] = at, size
        if names is not None and told.keys() == {_NAMES}:
            self._groups[address] = names
            return
        if told.keys() == {_SHAPE, _TYPE, _LAYOUT}:
            with contextlib.suppress(IndexError, struct.error):  # it is cut off: HDF5 says so
                self._add_array(address, *(told[kind] for kind in (_SHAPE, _TYPE, _LAYOUT)))
        self._other |= address not in self._arrays

    def _add_array(self, address, shape, kind, layout):
        content = self._content
        at, size = kind
        width = 20 if content[at] == 0x11 else 12
        dtype = _KINDS.get(content[at : at + width]) if size >= width else None
        at, size = shape
        version, rank, front = content[at], content[at + 1], 8 if content[at] == 1 else 4
        if version not in (1, 2) or (version == 2 and content[at + 3] != (rank > 0)) or size < front + 8 * rank:
            return
        sizes = struct.unpack_from(f"<{rank}Q", content, at + front)
        at, size = layout
        if dtype is None or size < 18 or content[at] not in (3, 4) or content[at + 1] != 1:
            return
        offset, stored = struct.unpack_from("<QQ", content, at + 2)
        if math.prod(sizes) * dtype.itemsize == stored and self._start + offset + stored <= self._end:
            self._arrays[address] = sizes, dtype, self._start + offset

    # ------------------------------------------------------------ asked by those who read

    @property
    def stored(self) -> int | None:
        """The bytes of all arrays; None where there is anything that is not plain."""
        if self._other:
            return None
        return sum(math.prod(shape) * dtype.itemsize for shape, dtype, _ in self._arrays.values())

    def array(self, descriptor: int, address: int, path: str) -> Plain | None:
        """The array at a path below a group of the file, which is open as `descriptor`; None where only the library knows."""
        for name in path.split("/"):
            group = self._groups.get(address)
            address = -1 if group is None else group.get(name, -1)
        return self._given(descriptor, address, path)

    def arrays(self, descriptor: int, path: str) -> dict[str, Plain] | None:
        """The arrays of the group at a path (of none: none); None where only the library knows."""
        group = self._groups.get(self.root)
        for name in path.split("/"):
            if group is None:
                return None
            if name not in group:
                return {}
            group = self._groups.get(group[name])
        if group is None or not all(address in self._arrays for address in group.values()):
            return None
        return {name: self._given(descriptor, group[name], f"/{path}/{name}") for name in group}

    def _given(self, descriptor: int, address: int, path: str) -> Plain | None:
        if address not in self._arrays:
            return None
        shape, dtype, offset = self._arrays[address]
        return Plain(path, shape, dtype, (descriptor, offset))
