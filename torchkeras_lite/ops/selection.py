"""One of several numbers: the larger, the smaller, the one that a condition chooses."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import (
    BESIDE,
    INEXACT,
    Tensor,
    counted,
    family,
    floated,
    lifted,
    promoted,
    to_tensor,
    together,
    weak,
)
from torchkeras_lite.symbolic import is_symbolic, open_size
from torchkeras_lite.texts import is_texts

op = family("numpy")


@op("Maximum", tensors=2)
def maximum(x1, x2):
    """The larger of x1 and x2; nan if one is nan."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(maximum, x1, x2)
    return torch.maximum(x1, x2)


@op("Minimum", tensors=2)
def minimum(x1, x2):
    """The smaller of x1 and x2; nan if one is nan."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(minimum, x1, x2)
    return torch.minimum(x1, x2)


@op("Fmax", tensors=2)
def fmax(x1, x2):
    """The larger of x1 and x2; the other one if one is nan."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(fmax, x1, x2)
    return torch.fmax(x1, x2)


@op("Fmin", tensors=2)
def fmin(x1, x2):
    """The smaller of x1 and x2; the other one if one is nan."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(fmin, x1, x2)
    return torch.fmin(x1, x2)


@op("Clip")
def clip(x, x_min, x_max):
    """x, or the nearer end of [x_min, x_max] where it lies outside. None for an end: there is none."""
    if not isinstance(x, Tensor) or x.dtype is torch.bool:
        return counted(clip, x, x_min, x_max)
    numbers = BESIDE.get(x.dtype, ())
    if type(x_min) in numbers and type(x_max) in numbers:
        return torch.clip(x, x_min, x_max)
    return torch.clip(*together([x, x_min, x_max]))


@op("Where", tensors=3)
def where(condition, x1=None, x2=None):
    """x1 where the condition holds, else x2. Without both: where it holds, as indices of shape (axes, number of places).

    Raises:
        ValueError: one of x1 and x2 alone.
    """
    if x1 is None or x2 is None:
        if x1 is not x2:
            raise ValueError(f"where: `x1` and `x2` either both should be `None`, or none of them. Received: x1={x1}, x2={x2}")
        return torch.stack(torch.where(condition)) if isinstance(condition, Tensor) else open_size(lifted(where, condition), 1)
    if not (isinstance(condition, Tensor) and condition.dtype is torch.bool):
        if is_symbolic((condition, x1, x2)):
            return lifted(where, condition, x1, x2)
        condition = to_tensor(condition, torch.bool)
    if not ((isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype) or weak(x2, x1) or weak(x1, x2)):
        if is_symbolic((x1, x2)) or is_texts(x1):
            return lifted(where, condition, x1, x2)
        x1, x2 = together([x1, x2])
    return torch.where(condition, x1, x2)


@op("NanToNum")
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """x with other numbers in the place of nan and of the infinities (None: the largest and the least that the dtype has)."""
    if not isinstance(x, Tensor):
        return lifted(nan_to_num, x, nan, posinf, neginf)
    return torch.nan_to_num(x, nan, posinf, neginf)


@op("Heaviside", tensors=2)
def heaviside(x1, x2):
    """0 where x1 is negative, 1 where it is positive, x2 where it is 0."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(heaviside, x1, x2)
    # torch.heaviside has no gradients, and takes nan for negative.
    return torch.where(x1 == 0, x2, torch.where(x1 > 0, 1, x1.clip(0, 0)))
