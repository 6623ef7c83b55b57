"""Tensors as bytes, in the layout of TensorFlow's TensorProto."""

from __future__ import annotations

import numpy as np
import torch

from ._records import _field, _fields, _read_varint, _varint
from ._tensors import torch_dtype
from ._text import objects, text
from .dtypes import as_dtype

_NUMBERS = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "string": 7, "complex64": 8, "int64": 9,
    "bool": 10, "bfloat16": 14, "uint16": 17, "complex128": 18, "float16": 19, "uint32": 22, "uint64": 23,
}  # fmt: skip
_NAMES = {number: name for name, number in _NUMBERS.items()}


def tensor_message(tensor) -> bytes:
    """Field 1 is the dtype, field 2 the sizes, field 4 the bytes of numbers, field 8 a string."""
    if isinstance(tensor, torch.Tensor):
        name, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
        content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy(force=True).tobytes()
        content = _field(4, content) if content else b""
    else:
        array = objects(tensor)
        name, shape = "string", array.shape
        content = b"".join(_field(8, one.encode() if isinstance(one, str) else bytes(one)) for one in array.ravel().tolist())
    sizes = b"".join(_field(2, b"\x08" + _varint(size) if size else b"") for size in shape)
    return b"\x08" + _varint(_NUMBERS[name]) + _field(2, sizes) + content


def tensor_of_message(data: bytes, out_type):
    """The tensor. ValueError where it is of another dtype than `out_type`, or written in another way."""
    number, shape, numbers, strings = 0, (), b"", []
    for field, _, content in _fields(data):
        if field == 1:
            number = content
        elif field == 2:
            shape = tuple(_read_varint(size, 1)[0] if size else 0 for kind, _, size in _fields(content) if kind == 2)
        elif field == 4:
            numbers = content
        elif field == 8:
            strings.append(content)
        elif field != 3:  # the version
            raise ValueError("This tensor is written number by number; only those of `tf.io.serialize_tensor` are read here.")
    name = _NAMES.get(number, f"number {number}")
    if name != as_dtype(out_type).name:
        raise ValueError(f"Type mismatch between parsed tensor ({name}) and dtype ({as_dtype(out_type).name})")
    if name == "string":
        array = np.empty(len(strings), dtype=object)
        array[:] = strings
        return text(array.reshape(shape))
    kind = torch_dtype(name)
    return torch.frombuffer(bytearray(numbers), dtype=kind).reshape(shape) if numbers else torch.zeros(shape, dtype=kind)
