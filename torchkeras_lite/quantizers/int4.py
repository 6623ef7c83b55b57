"""Two integers of four bits in a byte."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import to_tensor

_BYTES = ("int8", "uint8")


def pack_int4(arr, axis=0, dtype="int8"):
    """Pairs along an axis become one byte each: the first in its low half, the second in its high half.

    Args:
        arr: integers from -8 to 7, or 0 to 15, in `dtype`. An odd one at the end is followed by a zero.
        dtype: `"int8"` or `"uint8"`.

    Returns:
        The bytes, their shape as a tuple, and how long the axis was.

    Raises:
        ValueError: another `dtype`.
        TypeError: `arr` is of another dtype.
    """
    _check(dtype)
    x = to_tensor(arr)
    if config.dtype_name(x.dtype) != dtype:
        raise TypeError(f"Expected {dtype} tensor for packing, got {config.dtype_name(x.dtype)}.")
    x = torch.movedim(x, axis, 0)
    length = x.shape[0]
    if length % 2:
        x = torch.cat([x, torch.zeros_like(x[:1])])
    packed = torch.movedim((x[0::2] & 0x0F) | ((x[1::2] & 0x0F) << 4), 0, axis)
    return packed, tuple(packed.shape), length


def unpack_int4(packed, orig_len, axis=0, dtype="int8"):
    """The way back from `pack_int4`: from -8 to 7 for `"int8"`, from 0 to 15 for `"uint8"`.

    Args:
        orig_len: how long the axis was.

    Raises:
        ValueError: another `dtype`.
        TypeError: `packed` holds no bytes.
    """
    _check(dtype)
    x = to_tensor(packed)
    if config.dtype_name(x.dtype) not in _BYTES:
        raise TypeError(f"Expected int8 or uint8 tensor for unpacking, got {config.dtype_name(x.dtype)}")
    axis %= x.ndim
    if dtype == "int8":  # shifts carry the sign along
        x = x.view(torch.int8)
        pairs = torch.stack([(x << 4) >> 4, x >> 4], dim=axis + 1)
    else:
        x = x.view(torch.uint8)
        pairs = torch.stack([x & 0x0F, x >> 4], dim=axis + 1)
    return pairs.flatten(axis, axis + 1).narrow(axis, 0, orig_len)


def _check(dtype):
    if dtype not in _BYTES:
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got '{dtype}'.")
