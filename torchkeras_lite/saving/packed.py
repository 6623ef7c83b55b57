"""Packed arrays of an HDF5 file: such an array lies in pieces of one size, and each is to unpack to that size and no more.

The HDF5 library takes whatever memory a piece unpacks to, and a thousand times as much as is stored is easily written.
"""

from __future__ import annotations

import math
import zlib

_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF = 1, 2, 3, 32000
# Filters that come with HDF5 and h5py, and do not believe sizes in a file. Others than HDF5's own are looked for on the disk.
_FILTERS = {_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF}
_SMALL, _STEP = 1 << 24, 1 << 20  # bytes of a piece that are never too many; bytes that are unpacked at a time


def problem(found) -> str | None:
    """What is wrong with how an h5py.Dataset is packed, as far as that can be said without reading it; or None."""
    filters = _filters(found)
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
    """An h5py.Dataset (or an array that has been read already), now that it is to be read.

    Raises:
        ValueError: a piece of it unpacks to more than it should.
    """
    numbers = [] if getattr(found, "chunks", None) is None else [number for number, _ in _filters(found)]
    if _DEFLATE in numbers:
        size, way = _size(found), 1 << numbers.index(_DEFLATE)
        for place, skipped in _pieces(found):
            if not skipped & way and _unpacks_to_more(found.id.read_direct_chunk(place)[1], size):
                raise ValueError(f"The weights file is not valid: a piece of {found.name} unpacks to more than {size} bytes.")
    return found


def _filters(found) -> list[tuple[int, tuple]]:
    """The filters that an array goes through when it is written: their numbers and settings."""
    plist = found.id.get_create_plist()
    each = [plist.get_filter(i) for i in range(plist.get_nfilters())]
    return [(one[0], one[2]) for one in each]


def _size(found) -> int:
    return math.prod(found.chunks) * found.dtype.itemsize


def _pieces(found) -> list[tuple]:
    """Where the pieces are that are stored, and which filters each has not gone through."""
    if hasattr(found.id, "chunk_iter"):
        pieces: list = []
        found.id.chunk_iter(pieces.append)
    else:
        pieces = [found.id.get_chunk_info(i) for i in range(found.id.get_num_chunks())]
    return [(piece.chunk_offset, piece.filter_mask) for piece in pieces]


def _unpacks_to_more(content: bytes, size: int) -> bool:
    unpacker, made = zlib.decompressobj(), 0
    try:
        while content and made <= size:
            made += len(unpacker.decompress(content, _STEP))
            content = unpacker.unconsumed_tail
    except zlib.error:  # damaged: HDF5 will say so
        return False
    return made > size
