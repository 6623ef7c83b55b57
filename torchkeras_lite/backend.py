"""keras.backend: what the whole process agrees on, and questions about dtypes."""

from __future__ import annotations

import gc
import sys

from torchkeras_lite import config, registry
from torchkeras_lite.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from torchkeras_lite.promotion import result_type
from torchkeras_lite.registry import next_count as get_uid
from torchkeras_lite.symbolic import KerasTensor, drawing

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def __dir__():
    return __all__


_FLOAT8 = ("float8_e4m3fn", "float8_e5m2")  # names that torch and files know; nothing is computed in them
_PYTHON = {float: "float32", int: "int32", bool: "bool", complex: "complex64", str: "string"}


def standardize_dtype(dtype) -> str:
    """The name of a dtype given as a name, a Python type, a torch or numpy dtype, or None (then `floatx()`).

    Raises:
        ValueError: what is no dtype.
    """
    if dtype in _FLOAT8:
        return dtype
    return _PYTHON[dtype] if dtype in _PYTHON else config.dtype_name(dtype)


def is_float_dtype(dtype) -> bool:
    """Whether it is one of the floating-point dtypes."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype) -> bool:
    """Whether it is one of the integer dtypes, signed or not; bool is none."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


def is_keras_tensor(x) -> bool:
    """Whether it is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def clear_session(free_memory: bool = True) -> None:
    """Names are counted from the beginning again, and what torch has compiled is forgotten.

    Args:
        free_memory: whether Python's garbage is collected too.
    """
    registry.reset_names()
    drawing.pause()
    if "torch._dynamo" in sys.modules:
        sys.modules["torch._dynamo"].reset()
    if free_memory:
        gc.collect()
