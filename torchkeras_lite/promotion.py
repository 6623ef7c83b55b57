"""Which dtype comes out where several go in: Keras's rules, which are JAX's.

Dtypes form a lattice: each has next larger ones, and two meet in the least that both can reach. Python's numbers are weak: they
take on the dtype of the tensor beside them, if that is of their kind.
"""

from __future__ import annotations

import functools

import torch

from torchkeras_lite import config

# Each dtype with the next larger ones. "int" and "float" are Python's numbers.
_NEXT = {
    "bool": ("int",),
    "int": ("uint8", "int8", "complex64"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}


@functools.cache
def _above(name: str) -> frozenset[str]:
    """All dtypes that `name` can become, itself among them."""
    return frozenset({name}).union(*(_above(larger) for larger in _NEXT[name]))


@functools.lru_cache(4096)
def _meet(names: frozenset[str], floatx: str) -> str:
    """The least dtype that all of `names` can become; Python's floats are `floatx` where nothing else decides."""
    shared = frozenset.intersection(*map(_above, names))
    least = next(name for name in shared if shared <= _above(name))
    return {"int": "int32", "float": floatx}.get(least, least)


def result_type(*dtypes) -> str:
    """The dtype's name for tensors of these dtypes.

    Args:
        dtypes: names, torch or numpy dtypes; `int` and `float` (the types) for Python's numbers, None for `floatx()`.

    Raises:
        ValueError: an unknown dtype, or one (float8) that never becomes another by itself.
    """
    return _meet(frozenset(map(_name, dtypes)), config.floatx()) if dtypes else config.floatx()


def _name(dtype) -> str:
    if dtype is int or dtype is float:  # not `in`: numpy's int64 equals int
        return dtype.__name__
    name = "complex64" if dtype is complex else config.dtype_name(getattr(dtype, "name", dtype))
    if name not in _NEXT:
        raise ValueError(f"The dtype {name!r} does not become another by itself: cast the tensor. Expected one of {[*_NEXT]}.")
    return name


@functools.lru_cache(4096)
def _meeting(floatx: str, *dtypes) -> torch.dtype:
    return config.torch_dtype(_meet(frozenset(map(_name, dtypes)), floatx))


def torch_result_type(*dtypes) -> torch.dtype:
    """As `result_type`, but the torch dtype itself, and quick."""
    return _meeting(config.floatx(), *dtypes)


def common_dtype(values, *dtypes) -> torch.dtype:
    """The dtype in which tensors, arrays, Variables and Python's numbers meet, together with `dtypes` as of `result_type`."""
    return _meeting(config.floatx(), *map(dtype_of, values), *dtypes)


def dtype_of(value):
    """What `result_type` wants to know of a value: the dtype of a tensor or array, the type of one of Python's numbers."""
    if isinstance(value, torch.Tensor):
        return value.dtype
    for kind in (bool, int, float):  # a numpy.float64 is a float, and as weak as one
        if isinstance(value, kind):
            return kind
    return complex if type(value) is complex else getattr(value, "dtype", None)
