"""Arithmetic of one number at a time."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import Tensor, family, promoted

op = family("numpy")


@op("Add", tensors=2)
def add(x1, x2):
    """x1 + x2."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(add, x1, x2)
    return torch.add(x1, x2)
