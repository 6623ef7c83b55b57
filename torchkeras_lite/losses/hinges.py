"""Hinge losses: nothing to pay for what is on the right side, by a margin of 1."""

from __future__ import annotations

import torch

from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, paired, positive_part


def _margins(loss: str, y_true, y_pred):
    """How much each prediction lacks to a margin of 1. Labels are -1 and 1; 0 and 1 become them, if there are no others."""
    y_true, y_pred = paired(loss, y_true, y_pred)
    binary = ((y_true == 0) | (y_true == 1)).all()
    y_true = torch.where(binary, 2.0 * y_true - 1.0, y_true)  # asking on the host would wait for the device
    return positive_part(1.0 - y_true * y_pred)


@known()
def hinge(y_true, y_pred) -> torch.Tensor:
    """mean(max(1 - y_true y_pred, 0)) over the last axis; labels are -1 and 1, or 0 and 1."""
    return _margins("hinge", y_true, y_pred).mean(-1)


@known()
def squared_hinge(y_true, y_pred) -> torch.Tensor:
    """mean(max(1 - y_true y_pred, 0)²) over the last axis; labels are -1 and 1, or 0 and 1."""
    return _margins("squared_hinge", y_true, y_pred).square().mean(-1)


@known()
def categorical_hinge(y_true, y_pred) -> torch.Tensor:
    """max(wrong - right + 1, 0): the greatest prediction for a wrong class, and the one for the right class.

    Args:
        y_true: one-hot labels, the classes on the last axis.
    """
    y_true, y_pred = paired("categorical_hinge", y_true, y_pred)
    right = (y_true * y_pred).sum(-1)
    wrong = ((1.0 - y_true) * y_pred).amax(-1)
    return positive_part(wrong - right + 1.0)


@known()
class Hinge(LossFunctionWrapper):
    """mean(max(1 - y_true y_pred, 0)); labels are -1 and 1, or 0 and 1."""

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


@known()
class SquaredHinge(LossFunctionWrapper):
    """mean(max(1 - y_true y_pred, 0)²); labels are -1 and 1, or 0 and 1."""

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


@known()
class CategoricalHinge(LossFunctionWrapper):
    """max(wrong - right + 1, 0) for one-hot labels: the greatest prediction for a wrong class, and that for the right one."""

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)
