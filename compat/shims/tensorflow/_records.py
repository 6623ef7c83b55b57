"""TFRecord files, and the `tf.train.Example`s in them: read and written as TensorFlow does, without its protocol buffers.

A record is its length and its bytes, with a checksum (CRC-32C) behind each. Lengths are checked when reading, bytes are not:
in Python that would take longer than everything else.
"""

from __future__ import annotations

import struct

import numpy as np
import torch

from ._creation import given
from ._tensors import is_string, sizes, torch_dtype
from ._text import objects, text

# ---------------------------------------------------------------- files


def _table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


_CRC = tuple(_table())


def masked_crc(data: bytes) -> int:
    """The checksum of TFRecord files."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class TFRecordWriter:
    """Writes records into a file: `with tf.io.TFRecordWriter(path) as writer: writer.write(example.SerializeToString())`."""

    def __init__(self, path, options=None):
        self._file = open(path, "wb")  # noqa: SIM115  it is open as long as the writer is

    def write(self, record) -> None:
        record = record.encode() if isinstance(record, str) else bytes(record)
        length = struct.pack("<Q", len(record))
        self._file.write(length + struct.pack("<I", masked_crc(length)) + record + struct.pack("<I", masked_crc(record)))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def records(path, compression_type=None):
    """The records of a file, as bytes. ValueError where the file is damaged."""
    import gzip

    with (gzip.open if compression_type == "GZIP" else open)(path, "rb") as file:
        while head := file.read(12):
            if len(head) < 12 or struct.unpack("<I", head[8:])[0] != masked_crc(head[:8]):
                raise ValueError(f"{str(path)!r} is no TFRecord file, or it is damaged.")
            size = struct.unpack("<Q", head[:8])[0]
            record = file.read(size + 4)
            if len(record) < size + 4:
                raise ValueError(f"{str(path)!r} ends within a record.")
            yield record[:size]


# ---------------------------------------------------------------- messages


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF  # negative numbers are two's complement of 64 bits
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _fields(data: bytes):
    """Number, kind and content of each field of a message."""
    place = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        kind = key & 7
        if kind == 0:
            content, place = _read_varint(data, place)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                size, place = _read_varint(data, place)
            content, place = data[place : place + size], place + size
        yield key >> 3, kind, content


class BytesList:
    def __init__(self, value=()):
        self.value = [one.encode() if isinstance(one, str) else bytes(one) for one in value]

    def encoded(self) -> bytes:
        return b"".join(_field(1, one) for one in self.value)

    @classmethod
    def decoded(cls, data):
        return cls([content for _, _, content in _fields(data)])


class FloatList:
    def __init__(self, value=()):
        self.value = [float(one) for one in value]

    def encoded(self) -> bytes:
        return _field(1, struct.pack(f"<{len(self.value)}f", *self.value))

    @classmethod
    def decoded(cls, data):
        return cls(np.frombuffer(b"".join(content for _, _, content in _fields(data)), "<f4").tolist())


class Int64List:
    def __init__(self, value=()):
        self.value = [int(one) for one in value]

    def encoded(self) -> bytes:
        return _field(1, b"".join(map(_varint, self.value)))

    @classmethod
    def decoded(cls, data):
        found = []
        for _, kind, content in _fields(data):
            place = 0
            if kind == 0:
                found.append(content)
                continue
            while place < len(content):
                value, place = _read_varint(content, place)
                found.append(value)
        return cls([value - (1 << 64) if value >> 63 else value for value in found])


_LISTS = {"bytes_list": (1, BytesList), "float_list": (2, FloatList), "int64_list": (3, Int64List)}


class Feature:
    """One of three lists of values: `bytes_list`, `float_list` or `int64_list`."""

    def __init__(self, bytes_list=None, float_list=None, int64_list=None):
        self.bytes_list, self.float_list, self.int64_list = bytes_list, float_list, int64_list

    def encoded(self) -> bytes:
        held = ((number, getattr(self, name)) for name, (number, _) in _LISTS.items())
        return b"".join(_field(number, one.encoded()) for number, one in held if one is not None)

    @property
    def value(self) -> list:
        return next((one.value for one in (self.bytes_list, self.float_list, self.int64_list) if one is not None), [])

    @classmethod
    def decoded(cls, data):
        kinds = {number: (name, kind) for name, (number, kind) in _LISTS.items()}
        return cls(**{kinds[number][0]: kinds[number][1].decoded(content) for number, _, content in _fields(data)})


class Features:
    """Features by names."""

    def __init__(self, feature=None):
        self.feature = dict(feature or {})

    def encoded(self) -> bytes:
        pairs = sorted(self.feature.items())
        return b"".join(_field(1, _field(1, name.encode()) + _field(2, one.encoded())) for name, one in pairs)

    @classmethod
    def decoded(cls, data):
        pairs = [{number: content for number, _, content in _fields(pair)} for _, _, pair in _fields(data)]
        return cls({pair[1].decode(): Feature.decoded(pair.get(2, b"")) for pair in pairs})


class Example:
    """A record of features: `tf.train.Example(features=tf.train.Features(feature={...}))`."""

    def __init__(self, features=None):
        self.features = Features() if features is None else features

    def SerializeToString(self) -> bytes:
        return _field(1, self.features.encoded())

    def ParseFromString(self, serialized) -> int:
        self.features = Example.FromString(serialized).features
        return len(serialized)

    @classmethod
    def FromString(cls, serialized):
        return cls(next((Features.decoded(content) for number, _, content in _fields(bytes(serialized)) if number == 1), None))


# ---------------------------------------------------------------- parsing


class FixedLenFeature:
    """A feature of a known shape; `default_value` is for records that lack it."""

    def __init__(self, shape, dtype, default_value=None):
        self.shape, self.dtype, self.default_value = shape, dtype, default_value


def parse_single_example(serialized, features, example_names=None, name=None) -> dict:
    """The features of one record as tensors (text for bytes). ValueError where one is missing or of another number."""
    found = Example.FromString(serialized).features.feature
    return {name: _tensor(name, found.get(name), spec) for name, spec in features.items()}


def _tensor(name, feature, spec):
    if not isinstance(spec, FixedLenFeature):
        raise NotImplementedError(f"Feature {name!r}: only tf.io.FixedLenFeature is read here. Received: {spec!r}")
    shape = sizes(spec.shape)
    if feature is None or not feature.value:
        if spec.default_value is None:
            raise ValueError(f"Feature: {name} (data type: {spec.dtype}) is required but could not be found.")
        made = given(spec.default_value, None if is_string(spec.dtype) else spec.dtype)
        return made if not isinstance(made, torch.Tensor) else made.expand(shape).clone()
    values = np.array([*feature.value, None], dtype=object)[:-1] if is_string(spec.dtype) else feature.value
    if len(values) != int(np.prod(shape)):
        raise ValueError(f"Key: {name}. Can't parse serialized Example: expected shape {shape}, got {len(values)} values.")
    if is_string(spec.dtype):
        return text(values.reshape(shape))
    return torch.tensor(values, dtype=torch_dtype(spec.dtype)).reshape(shape)


def parse_example(serialized, features, example_names=None, name=None) -> dict:
    """The features of a batch of records, stacked."""
    rows = [parse_single_example(one, features) for one in objects(serialized).ravel()]
    made = {}
    for key in features:
        parts = [row[key] for row in rows]
        if isinstance(parts[0], torch.Tensor):
            made[key] = torch.stack(parts)
        else:
            made[key] = text(np.stack([objects(part) for part in parts]))
    return made
