"""`tf.float32` and its kin: strings that Keras, numpy and TensorFlow scripts all understand."""

from __future__ import annotations

import numpy as np
import torch

from ._missing import getattr_of

_NUMPY = {"string": np.object_}
_PYTHON = {float: "float32", int: "int32", bool: "bool", complex: "complex128", str: "string"}


class DType(str):
    """A dtype name (`"float32"`) with TensorFlow's attributes. Equal to the numpy and torch dtypes of that name."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self)

    @property
    def base_dtype(self) -> DType:
        return self

    @property
    def as_numpy_dtype(self) -> type:
        """The numpy scalar type; for bfloat16, which numpy lacks, that of `ml_dtypes`, or a TypeError without it."""
        if self == "bfloat16":
            try:
                from ml_dtypes import bfloat16
            except ImportError as error:
                raise TypeError("numpy has no bfloat16; install ml_dtypes, which adds it") from error
            return bfloat16
        return _NUMPY.get(str(self)) or np.dtype(str(self)).type

    @property
    def size(self) -> int:
        """Bytes of one number."""
        return 1 if self == "string" else _torch(self).itemsize

    @property
    def min(self):
        """The smallest finite number of the type."""
        return _limits(self)[0]

    @property
    def max(self):
        """The largest finite number of the type."""
        return _limits(self)[1]

    @property
    def is_floating(self) -> bool:
        return "float" in str(self)

    @property
    def is_complex(self) -> bool:
        return str(self).startswith("complex")

    @property
    def is_integer(self) -> bool:
        return "int" in str(self)

    @property
    def is_unsigned(self) -> bool:
        return str(self).startswith("uint")

    @property
    def is_bool(self) -> bool:
        return str(self) == "bool"

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"tf.{self}"

    def __eq__(self, other) -> bool:
        # Python's own types stay unequal: `dtype in (float, int)` asks about those, and gets no tf.float32.
        if isinstance(other, (np.dtype, torch.dtype)) or (isinstance(other, type) and issubclass(other, np.generic)):
            other = as_dtype(other)
        return str.__eq__(self, other)

    def __ne__(self, other) -> bool:
        return not self == other

    __hash__ = str.__hash__


def _torch(dtype: DType) -> torch.dtype:
    return getattr(torch, str(dtype))


def _limits(dtype: DType):
    if dtype.is_bool:
        return False, True
    if not (dtype.is_floating or dtype.is_integer):
        raise TypeError(f"Cannot find limits of {dtype!r}.")
    info = (torch.finfo if dtype.is_floating else torch.iinfo)(_torch(dtype))
    return info.min, info.max


def as_dtype(value) -> DType:
    """The DType that a name, a numpy or torch dtype, or a Python type means; TypeError for anything else."""
    if isinstance(value, torch.dtype):
        value = str(value).removeprefix("torch.")
    elif isinstance(value, type):
        value = _PYTHON.get(value, value)
    if not isinstance(value, str):
        try:
            if value is None:  # numpy takes it for float64
                raise TypeError
            value = np.dtype(value).name
        except TypeError as error:
            raise TypeError(f"Cannot convert {value!r} to a TensorFlow DType.") from error
    name = {"half": "float16", "double": "float64", "object": "string", "float": "float32"}.get(value, value)
    if name not in _NAMES:
        raise TypeError(f"Cannot convert {value!r} to a TensorFlow DType. Known: {', '.join(_NAMES)}.")
    return DType(name)


float16 = half = DType("float16")
float32 = DType("float32")
float64 = double = DType("float64")
bfloat16 = DType("bfloat16")
int8, int16, int32, int64 = DType("int8"), DType("int16"), DType("int32"), DType("int64")
uint8, uint16, uint32, uint64 = DType("uint8"), DType("uint16"), DType("uint32"), DType("uint64")
bool = DType("bool")
string = DType("string")
complex64, complex128 = DType("complex64"), DType("complex128")

_NAMES = tuple(dict.fromkeys(str(value) for value in globals().values() if isinstance(value, DType)))
__all__ = ["DType", "as_dtype", "double", "half", *_NAMES]
__getattr__ = getattr_of(__name__, dict.fromkeys(("cast", "complex", "saturate_cast"), "_creation"))
