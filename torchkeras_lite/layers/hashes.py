"""Numbers for strings that are the same everywhere and for ever: FarmHash's Fingerprint64 and SipHash-2-4.

Sources: Google's FarmHash (farmhashna, 2014); Aumasson and Bernstein 2012, "SipHash: a fast short-input PRF".
"""

from __future__ import annotations

import functools

_ALL = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995
_CROSS_KEY = 0xDECAFCAFFE  # the number that TensorFlow begins crosses with


def _turn(x: int, bits: int) -> int:
    """64 bits turned to the right."""
    x &= _ALL
    return (x >> bits | x << (64 - bits)) & _ALL


def _left(x: int, bits: int) -> int:
    return _turn(x, 64 - bits)


def _mix(x: int) -> int:
    x &= _ALL
    return x ^ x >> 47


def _pair(u: int, v: int, mul: int) -> int:
    a = _mix((u ^ v) * mul)
    return _mix((v ^ a) * mul) * mul & _ALL


def _ends(data: bytes):
    """`read(i)`: the 8 bytes from place i on (from the end, if negative), as a number."""
    size = len(data)

    def read(i: int) -> int:
        i = i + size if i < 0 else i
        return int.from_bytes(data[i : i + 8], "little")

    return read


def fingerprint(data: bytes) -> int:
    """FarmHash's Fingerprint64 of bytes."""
    size = len(data)
    if size <= 16:
        return _up_to_16(data, size)
    read, mul = _ends(data), _K2 + size * 2
    if size <= 32:
        a, b, c, d = read(0) * _K1, read(8), read(-8) * mul, read(-16) * _K2
        return _pair((_turn(a + b, 43) + _turn(c, 30) + d) & _ALL, (a + _turn(b + _K2, 18) + c) & _ALL, mul)
    if size <= 64:
        return _up_to_64(read, mul)
    return _longer(data, size)


def _up_to_16(data, size):
    mul = _K2 + size * 2
    if size >= 8:
        read = _ends(data)
        a, b = read(0) + _K2, read(-8)
        return _pair((_turn(b, 37) * mul + a) & _ALL, (_turn(a, 25) + b) * mul & _ALL, mul)
    if size >= 4:
        first, last = int.from_bytes(data[:4], "little"), int.from_bytes(data[-4:], "little")
        return _pair((size + (first << 3)) & _ALL, last, mul)
    if size > 0:
        y, z = data[0] + (data[size >> 1] << 8), size + (data[-1] << 2)
        return _mix(y * _K2 ^ z * _K0) * _K2 & _ALL
    return _K2


def _up_to_64(read, mul):
    a, b, c, d = read(0) * _K2, read(8), read(-8) * mul, read(-16) * _K2
    y = (_turn(a + b, 43) + _turn(c, 30) + d) & _ALL
    z = _pair(y, (a + _turn(b + _K2, 18) + c) & _ALL, mul)
    e, f = read(16) * mul, read(24)
    g, h = (y + read(-32)) * mul, (z + read(-24)) * mul
    return _pair((_turn(e + f, 43) + _turn(g, 30) + h) & _ALL, (e + _turn(f + a, 18) + g) & _ALL, mul)


def _weak(read, at, a, b):
    w, x, y, z = (read(at + 8 * i) for i in range(4))
    a += w
    b = _turn(b + a + z, 21)
    c = a
    a += x + y
    b += _turn(a, 44)
    return (a + z) & _ALL, (b + c) & _ALL


def _longer(data, size):
    read = _ends(data)
    x, y = 81, (81 * _K1 + 113) & _ALL
    z = _mix(y * _K2 + 113) * _K2 & _ALL
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + read(0)) & _ALL
    for at in range(0, (size - 1) // 64 * 64, 64):
        x = _turn(x + y + v[0] + read(at + 8), 37) * _K1 & _ALL
        y = _turn(y + v[1] + read(at + 48), 42) * _K1 & _ALL
        x ^= w[1]
        y = (y + v[0] + read(at + 40)) & _ALL
        z = _turn(z + w[0], 33) * _K1 & _ALL
        v = _weak(read, at, v[1] * _K1, x + w[0])
        w = _weak(read, at + 32, z + w[1], y + read(at + 16))
        z, x = x, z
    mul, at = _K1 + ((z & 0xFF) << 1), size - 64
    w = (w[0] + ((size - 1) & 63), w[1])
    v = ((v[0] + w[0]) & _ALL, v[1])
    w = ((w[0] + v[0]) & _ALL, w[1])
    x = _turn(x + y + v[0] + read(at + 8), 37) * mul & _ALL
    y = _turn(y + v[1] + read(at + 48), 42) * mul & _ALL
    x ^= w[1] * 9 & _ALL
    y = (y + v[0] * 9 + read(at + 40)) & _ALL
    z = _turn(z + w[0], 33) * mul & _ALL
    v = _weak(read, at, v[1] * mul, x + w[0])
    w = _weak(read, at + 32, z + w[1], y + read(at + 16))
    z, x = x, z
    first = (_pair(v[0], w[0], mul) + _mix(y) * _K0 + z) & _ALL
    return _pair(first, (_pair(v[1], w[1], mul) + x) & _ALL, mul)


def siphash(data: bytes, key) -> int:
    """SipHash-2-4 of bytes, under a key of two numbers of 64 bits."""
    k0, k1 = (part & _ALL for part in key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        _rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xFF
    _rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[int], count: int) -> None:
    a, b, c, d = v
    for _ in range(count):
        a, c = (a + b) & _ALL, (c + d) & _ALL
        b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
        a, c = (_left(a, 32) + d) & _ALL, (c + b) & _ALL
        b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
        c = _left(c, 32)
    v[:] = a, b, c, d


@functools.lru_cache(maxsize=1 << 16)
def bucket(text: str, buckets: int, key: tuple[int, int] | None = None) -> int:
    """A number below `buckets` for a string: by FarmHash, or by SipHash under a key."""
    data = text.encode()
    return (fingerprint(data) if key is None else siphash(data, key)) % buckets


def crossed(values, buckets: int) -> int:
    """A number below `buckets` for several strings and integers together."""
    result = _CROSS_KEY
    for value in values:
        number = fingerprint(value.encode()) if isinstance(value, str) else value & _ALL
        result ^= _CAT
        result ^= _mix(number * _CAT) * _CAT & _ALL
        result = _mix(result * _CAT) * _CAT & _ALL
        result = _mix(result)
    return result % buckets
