"""Losses of overlap, for masks of images: Dice and Tversky."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, paired


@known()
def dice(y_true, y_pred, axis=None) -> torch.Tensor:
    """1 - 2 |both| / (|y_true| + |y_pred|), where |.| sums over `axis` (an integer or several; None: everything)."""
    y_true, y_pred = paired("dice", y_true, y_pred)
    both = (y_true * y_pred).sum(axis)
    return 1.0 - 2.0 * both / (y_true.sum(axis) + y_pred.sum(axis) + config.epsilon())


@known()
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None) -> torch.Tensor:
    """1 - |both| / (|both| + alpha |only y_true| + beta |only y_pred|), where |.| sums over `axis` as in `dice`."""
    y_true, y_pred = paired("tversky", y_true, y_pred)
    both = (y_true * y_pred).sum(axis)
    only_true = (y_true * (1.0 - y_pred)).sum(axis)
    only_pred = (y_pred * (1.0 - y_true)).sum(axis)
    return 1.0 - both / (both + alpha * only_true + beta * only_pred + config.epsilon())


@known()
class Dice(LossFunctionWrapper):
    """1 - the share in which two masks overlap (Dice 1945, Milletari et al. 2016); `axis` as in `dice`."""

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@known()
class Tversky(LossFunctionWrapper):
    """As Dice, with the weight `alpha` for what was missed and `beta` for what was found in excess (Salehi et al. 2017)."""

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
