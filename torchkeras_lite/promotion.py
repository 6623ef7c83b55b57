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
        dtypes: names, torch or numpy dtypes; `int` and `float` (the types) for Python's numbers, None for a float.

    Raises:
        ValueError: an unknown dtype.
    """
    if not dtypes:
        return config.floatx()
    names = set()
    for dtype in dtypes:
        if dtype in (int, float):
            names.add(dtype.__name__)
        elif dtype is None:
            names.add("float")
        else:
            names.add("bool" if dtype is bool else config.dtype_name(dtype))
    return _meet(frozenset(names), config.floatx())


def dtype_of(value):
    """What `result_type` wants to know of a value: the dtype of a tensor or array, `int` or `float` for Python's numbers."""
    if isinstance(value, torch.Tensor):
        return value.dtype
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return type(value)
    return getattr(value, "dtype", None)
