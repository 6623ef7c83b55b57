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
        import gzip

        kind = getattr(options, "compression_type", options)
        self._file = (gzip.open if kind == "GZIP" else open)(path, "wb")  # it is open as long as the writer is

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


class TFRecordOptions:
    """How a file of records is written: `compression_type` is None, "" or "GZIP". The rest has no effect."""

    def __init__(self, compression_type=None, **settings):
        self.compression_type = compression_type


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


class _Message:
    """What a script may ask of a message of protocol buffers."""

    def SerializeToString(self) -> bytes:
        return self.encoded()

    @classmethod
    def FromString(cls, serialized):
        return cls.decoded(bytes(serialized))


class BytesList(_Message):
    def __init__(self, value=()):
        self.value = [one.encode() if isinstance(one, str) else bytes(one) for one in value]

    def encoded(self) -> bytes:
        return b"".join(_field(1, one) for one in self.value)

    @classmethod
    def decoded(cls, data):
        return cls([content for _, _, content in _fields(data)])


class FloatList(_Message):
    def __init__(self, value=()):
        self.value = [float(one) for one in value]

    def encoded(self) -> bytes:
        return _field(1, struct.pack(f"<{len(self.value)}f", *self.value))

    @classmethod
    def decoded(cls, data):
        return cls(np.frombuffer(b"".join(content for _, _, content in _fields(data)), "<f4").tolist())


class Int64List(_Message):
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


class Feature(_Message):
    """One of three lists of values: `bytes_list`, `float_list` or `int64_list`."""

    def __init__(self, bytes_list=None, float_list=None, int64_list=None):
        self.bytes_list, self.float_list, self.int64_list = bytes_list, float_list, int64_list

    def encoded(self) -> bytes:
        held = ((number, getattr(self, name)) for name, (number, _) in _LISTS.items())
        return b"".join(_field(number, one.encoded()) for number, one in held if one is not None)

    def WhichOneof(self, kind="kind"):
        """The name of the list that it has; None if it has none."""
        return next((name for name in _LISTS if getattr(self, name) is not None), None)

    @property
    def value(self) -> list:
        return next((one.value for one in (self.bytes_list, self.float_list, self.int64_list) if one is not None), [])

    @classmethod
    def decoded(cls, data):
        kinds = {number: (name, kind) for name, (number, kind) in _LISTS.items()}
        return cls(**{kinds[number][0]: kinds[number][1].decoded(content) for number, _, content in _fields(data)})


class Features(_Message):
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


class FeatureList(_Message):
    """Features in a row: the steps of a sequence."""

    def __init__(self, feature=()):
        self.feature = list(feature)

    def encoded(self) -> bytes:
        return b"".join(_field(1, one.encoded()) for one in self.feature)

    @classmethod
    def decoded(cls, data):
        return cls([Feature.decoded(content) for _, _, content in _fields(data)])


class FeatureLists(_Message):
    """Rows of features by names."""

    def __init__(self, feature_list=None):
        self.feature_list = dict(feature_list or {})

    def encoded(self) -> bytes:
        pairs = sorted(self.feature_list.items())
        return b"".join(_field(1, _field(1, name.encode()) + _field(2, one.encoded())) for name, one in pairs)

    @classmethod
    def decoded(cls, data):
        pairs = [{number: content for number, _, content in _fields(pair)} for _, _, pair in _fields(data)]
        return cls({pair[1].decode(): FeatureList.decoded(pair.get(2, b"")) for pair in pairs})


class SequenceExample(_Message):
    """A record of features, the `context`, and of rows of features."""

    def __init__(self, context=None, feature_lists=None):
        self.context = Features() if context is None else context
        self.feature_lists = FeatureLists() if feature_lists is None else feature_lists

    def encoded(self) -> bytes:
        return _field(1, self.context.encoded()) + _field(2, self.feature_lists.encoded())

    @classmethod
    def decoded(cls, data):
        parts = {number: content for number, _, content in _fields(data)}
        return cls(Features.decoded(parts.get(1, b"")), FeatureLists.decoded(parts.get(2, b"")))


# ---------------------------------------------------------------- parsing


class FixedLenFeature:
    """A feature of a known shape; `default_value` is for records that lack it."""

    def __init__(self, shape, dtype, default_value=None):
        self.shape, self.dtype, self.default_value = shape, dtype, default_value


class VarLenFeature:
    """A feature of any number of values: it becomes a SparseTensor."""

    def __init__(self, dtype):
        self.dtype = dtype


class FixedLenSequenceFeature(FixedLenFeature):
    """A feature of any number of values of a known shape each."""

    def __init__(self, shape, dtype, allow_missing=False, default_value=None):
        super().__init__(shape, dtype, default_value)
        self.allow_missing = allow_missing


def parse_single_sequence_example(
    serialized, context_features=None, sequence_features=None, example_names=None, name=None
) -> tuple[dict, dict]:
    """The context of one record and its rows of features, each by names. Rows of `VarLenFeature` are one SparseTensor."""
    found = SequenceExample.FromString(serialized)
    context = {name: _tensor(name, found.context.feature.get(name), spec) for name, spec in (context_features or {}).items()}
    rows = {}
    for name, spec in (sequence_features or {}).items():
        steps = found.feature_lists.feature_list.get(name, FeatureList()).feature
        if isinstance(spec, VarLenFeature):
            rows[name] = _sparse([step.value for step in steps], spec.dtype)
        else:
            one = FixedLenFeature(spec.shape, spec.dtype)
            rows[name] = _together([_tensor(name, step, one) for step in steps])
    return context, rows


def _values(values, dtype):
    """A vector of the values, which may be none."""
    if is_string(dtype):
        return text(np.array([*values, None], dtype=object)[:-1])
    return torch.tensor(list(values), dtype=torch_dtype(dtype))


def _sparse(rows, dtype):
    """Rows of values, side by side."""
    from .sparse import SparseTensor

    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    widest = max(map(len, rows), default=0)
    flat = [value for row in rows for value in row]
    return SparseTensor(np.array(places, "int64").reshape(-1, 2), _values(flat, dtype), (len(rows), widest))


def _together(parts):
    return torch.stack(parts) if isinstance(parts[0], torch.Tensor) else text(np.stack([objects(part) for part in parts]))


def parse_single_example(serialized, features, example_names=None, name=None) -> dict:
    """The features of one record as tensors (text for bytes). ValueError where one is missing or of another number.

    A `VarLenFeature` is a SparseTensor, a `FixedLenSequenceFeature` a tensor with an axis more.
    """
    found = Example.FromString(serialized).features.feature
    return {name: _tensor(name, found.get(name), spec) for name, spec in features.items()}


def _tensor(name, feature, spec):
    if isinstance(spec, VarLenFeature):
        from .sparse import SparseTensor

        values = _values([] if feature is None else feature.value, spec.dtype)
        return SparseTensor(np.arange(len(values)).reshape(-1, 1), values, (len(values),))
    if not isinstance(spec, FixedLenFeature):
        raise NotImplementedError(
            f"Feature {name!r}: FixedLenFeature, FixedLenSequenceFeature and VarLenFeature are read here. Received: {spec!r}"
        )
    shape = sizes(spec.shape)
    if isinstance(spec, FixedLenSequenceFeature):
        values = _values([] if feature is None else feature.value, spec.dtype)
        return values.reshape(-1, *shape)
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
    for key, spec in features.items():
        parts = [row[key] for row in rows]
        if isinstance(spec, VarLenFeature):
            made[key] = _sparse([_listed(part.values) for part in parts], spec.dtype)
        elif isinstance(spec, FixedLenSequenceFeature):
            made[key] = _filled_up(parts, spec)
        else:
            made[key] = _together(parts)
    return made


def _listed(values) -> list:
    return values.tolist() if isinstance(values, torch.Tensor) else objects(values).tolist()


def _filled_up(parts, spec):
    """Sequences of unequal lengths, stacked: filled up with the default value."""
    longest = max(len(part) for part in parts)
    if isinstance(parts[0], torch.Tensor):
        made = parts[0].new_full((len(parts), longest, *sizes(spec.shape)), spec.default_value or 0)
    else:
        made = np.full((len(parts), longest, *sizes(spec.shape)), spec.default_value or "", dtype=object)
    for i, part in enumerate(parts):
        made[i, : len(part)] = part if isinstance(part, torch.Tensor) else objects(part)
    return made if isinstance(made, torch.Tensor) else text(made)
