"""Packed arrays of an HDF5 file: such an array lies in pieces of one size, and each is to unpack to just that size.

The HDF5 library takes whatever memory a piece unpacks to, and a thousand times as much as is stored is easily written. Where a
piece unpacks to less, it goes on reading behind that.
"""

from __future__ import annotations

import math
import zlib

from torchkeras_lite.saving.found import Found

_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF = 1, 2, 3, 32000
# Filters that come with HDF5 and h5py, and do not believe sizes in a file. Others than HDF5's own are looked for on the disk.
_FILTERS = {_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF}
_SMALL, _STEP = 1 << 24, 1 << 20  # bytes of a piece that are never too many; bytes that are unpacked at a time


def problem(found: Found) -> str | None:
    """What is wrong with how an array is packed, as far as that can be said without reading it; or None."""
    filters = found.filters
    numbers = [number for number, _ in filters]
    if not {*numbers} <= _FILTERS:
        return "is packed by a filter that is not known"
    if found.chunks is None:
        return None
    size = _size(found)
    if size > max(_SMALL, 2 * found.nbytes):
        return f"has {found.nbytes} bytes, and lies in pieces of {size}"
    if len(numbers) != len({*numbers}) or {_DEFLATE, _LZF} <= {*numbers} or _SHUFFLE in numbers[1:]:
        return "is packed more than once"
    if any(number == _LZF and len(values) > 2 and values[2] > size for number, values in filters):
        return "says that a piece of it unpacks to more than a piece has"
    return None


def bounded(found):
    """An array of a file (or one that has been read already), now that it is to be read.

    Raises:
        ValueError: a piece of it unpacks to more than it should, or to less: what is missing would come out of memory that is
            somebody else's.
    """
    if getattr(found, "chunks", None) is not None:
        size, numbers = _size(found), [number for number, _ in found.filters]
        for place, skipped, stored in _pieces(found):
            ways = [number for i, number in enumerate(numbers) if not skipped >> i & 1]
            content = found.id.read_direct_chunk(place)[1] if {_DEFLATE, _LZF} & {*ways} else None
            if _unpacked(stored, content, ways, size) != size:
                raise ValueError(f"The weights file is not valid: a piece of {found.name} does not unpack to {size} bytes.")
    return found


def _size(found) -> int:
    return math.prod(found.chunks) * found.id.get_type().get_size()


def _pieces(found) -> list[tuple]:
    """Where the pieces are that are stored, which filters each has not gone through, and how many bytes are stored."""
    if hasattr(found.id, "chunk_iter"):
        pieces: list = []
        found.id.chunk_iter(pieces.append)
    else:
        pieces = [found.id.get_chunk_info(i) for i in range(found.id.get_num_chunks())]
    return [(piece.chunk_offset, piece.filter_mask, piece.size) for piece in pieces]


def _unpacked(stored: int, content: bytes | None, ways: list[int], most: int) -> int:
    """How many bytes become of a piece that was packed in these ways, one after the other; if more than `most`, some more."""
    for way in reversed(ways):
        if way == _CHECKSUM:
            stored -= 4
        elif way in (_DEFLATE, _LZF):
            stored = (_inflated if way == _DEFLATE else _of_lzf)(content[: max(stored, 0)], most + 4)
    return stored


def _inflated(content: bytes, most: int) -> int:
    unpacker, made = zlib.decompressobj(), 0
    try:
        while content and made <= most:
            made += len(unpacker.decompress(content, _STEP))
            content = unpacker.unconsumed_tail
    except zlib.error:
        return -1
    return made


def _of_lzf(content: bytes, most: int) -> int:
    """Each part of it begins with a sign: below 32 it says how many bytes follow, else how many are taken from before."""
    at = made = 0
    while at < len(content) and made <= most:
        sign = content[at]
        if sign < 32:
            at, made = at + sign + 2, made + sign + 1
        elif sign < 224:
            at, made = at + 2, made + (sign >> 5) + 2
        else:
            at, made = at + 3, made + content[at + 1] + 9 if at + 1 < len(content) else -1
    return made if at == len(content) else -1
