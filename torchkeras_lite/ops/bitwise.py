"""Whole numbers as rows of bits."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import Tensor, family, lifted, promoted, weak

op = family("numpy")


@op("BitwiseAnd", tensors=2)
def bitwise_and(x, y):
    """The bits that are set in both."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(bitwise_and, x, y)
    return torch.bitwise_and(x, y)


@op("BitwiseOr", tensors=2)
def bitwise_or(x, y):
    """The bits that are set in one at least."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(bitwise_or, x, y)
    return torch.bitwise_or(x, y)


@op("BitwiseXor", tensors=2)
def bitwise_xor(x, y):
    """The bits that are set in exactly one."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(bitwise_xor, x, y)
    return torch.bitwise_xor(x, y)


@op("BitwiseLeftShift", tensors=2)
def bitwise_left_shift(x, y):
    """The bits of x, y places up: x * 2**y."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(bitwise_left_shift, x, y)
    return torch.bitwise_left_shift(x, y)


@op("LeftShift", tensors=2)
def left_shift(x, y):
    """`bitwise_left_shift` under its shorter name."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(left_shift, x, y)
    return torch.bitwise_left_shift(x, y)


@op("BitwiseRightShift", tensors=2)
def bitwise_right_shift(x, y):
    """The bits of x, y places down: floor(x / 2**y)."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(bitwise_right_shift, x, y)
    return torch.bitwise_right_shift(x, y)


@op("RightShift", tensors=2)
def right_shift(x, y):
    """`bitwise_right_shift` under its shorter name."""
    if not ((isinstance(x, Tensor) and isinstance(y, Tensor) and x.dtype is y.dtype) or weak(y, x)):
        return promoted(right_shift, x, y)
    return torch.bitwise_right_shift(x, y)


@op("BitwiseInvert")
def bitwise_invert(x):
    """Every bit turned over: -x - 1 of signed numbers."""
    if not isinstance(x, Tensor):
        return lifted(bitwise_invert, x)
    return torch.bitwise_not(x)


@op("BitwiseNot")
def bitwise_not(x):
    """`bitwise_invert` under its other name."""
    if not isinstance(x, Tensor):
        return lifted(bitwise_not, x)
    return torch.bitwise_not(x)
