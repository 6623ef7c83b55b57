"""Small numeric helpers of preprocessing."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite.ops import normalizing
from torchkeras_lite.symbolic import KerasTensor


def to_categorical(x, num_classes: int | None = None):
    """One-hot rows out of integers: shape (...,) or (..., 1) -> (..., num_classes), float.

    Args:
        x: integers from 0 on: an array, list or torch tensor (the result is of the same kind).
        num_classes: how many classes there are; the largest integer + 1 if left out.

    Raises:
        ValueError: a label that is negative or not below `num_classes`.
    """
    if isinstance(x, torch.Tensor):
        return torch.as_tensor(to_categorical(x.cpu().numpy(), num_classes), device=x.device)
    x = np.asarray(x, dtype="int64")
    shape = x.shape[:-1] if x.ndim > 1 and x.shape[-1] == 1 else x.shape
    labels = x.reshape(-1)
    if not num_classes:
        num_classes = int(labels.max()) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        outlier = labels.min() if labels.min() < 0 else labels.max()
        raise ValueError(
            f"The label {outlier} is not in [0, {num_classes}). The usual fix: num_classes is the largest label + 1, and "
            "classes are numbered from 0."
        )
    rows = np.zeros((labels.size, num_classes), dtype="float64")
    rows[np.arange(labels.size), labels] = 1.0
    return rows.reshape(*shape, num_classes)


def normalize(x, axis: int = -1, order: int = 2):
    """x divided by its norm of this order over `axis`; rows of zeros stay. A tensor gives a tensor, and gradients flow."""
    if isinstance(x, (torch.Tensor, KerasTensor)):
        return normalizing.normalize(x, axis, order)
    x = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, axis)
