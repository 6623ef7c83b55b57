"""CRC-32 of what is in a file, its halves by two threads at once."""

from __future__ import annotations

import functools
import mmap
import zlib
from concurrent.futures import ThreadPoolExecutor

_LARGE, _WINDOW = 1 << 24, 1 << 22
_POLYNOMIAL, _ONE = 0xEDB88320, 1 << 31  # of CRC-32; bit 31 is the coefficient of x^0


def checksum(filepath, start: int, size: int) -> int:
    """The CRC-32 of `size` bytes of a file from `start` on."""
    if size < _LARGE:
        return _of_part(filepath, start, size)
    half = size // 2
    with ThreadPoolExecutor(1) as other:
        first = other.submit(_of_part, filepath, start, half)
        second = _of_part(filepath, start + half, size - half)
        return joined(first.result(), second, size - half)


def _of_part(filepath, start, size) -> int:
    found, end = 0, start + size
    with open(filepath, "rb") as file:
        while start < end:  # a copy is saved, and a window keeps what is held in memory small
            skipped = start % mmap.ALLOCATIONGRANULARITY
            count = min(end - start, _WINDOW)
            place = {"access": mmap.ACCESS_READ, "offset": start - skipped}
            with (
                mmap.mmap(file.fileno(), count + skipped, **place) as content,
                memoryview(content) as view,
                view[skipped:] as part,
            ):
                found = zlib.crc32(part, found)
            start += count
    return found


def joined(first: int, second: int, length: int) -> int:
    """The CRC-32 of a text out of those of its two parts, the second of which has `length` bytes.

    A CRC is a remainder of polynomials over GF(2), and linear: the first part stands `8 * length` powers of x higher.
    """
    shift, power = _ONE, 3  # x^(2^3) is a byte
    while length:
        if length & 1:
            shift = _product(_power(power), shift)
        length, power = length >> 1, power + 1
    return _product(shift, first) ^ second


@functools.cache
def _power(n: int) -> int:
    """x^(2^n)."""
    return _ONE >> 1 if n == 0 else _product(_power(n - 1), _power(n - 1))


def _product(a: int, b: int) -> int:
    """a b, modulo the polynomial."""
    result = 0
    for i in range(31, -1, -1):
        if a >> i & 1:
            result ^= b
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return result
