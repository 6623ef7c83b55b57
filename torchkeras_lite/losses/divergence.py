"""Losses of distributions and counts."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite import config
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, paired


@known("kld", "KLD")
def kl_divergence(y_true, y_pred) -> torch.Tensor:
    """sum(y_true log(y_true / y_pred)) over the last axis, of probabilities that are at least `epsilon()`."""
    y_true, y_pred = (p.clamp(config.epsilon(), 1) for p in paired("kl_divergence", y_true, y_pred))
    return (y_true * (y_true / y_pred).log()).sum(-1)


@known()
def poisson(y_true, y_pred) -> torch.Tensor:
    """mean(y_pred - y_true log(y_pred)) over the last axis, where `y_pred` is the count expected."""
    y_true, y_pred = paired("poisson", y_true, y_pred)
    return F.poisson_nll_loss(y_pred, y_true, log_input=False, eps=config.epsilon(), reduction="none").mean(-1)


@known()
class KLDivergence(LossFunctionWrapper):
    """sum(y_true log(y_true / y_pred)) of distributions (Kullback and Leibler 1951)."""

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


@known()
class Poisson(LossFunctionWrapper):
    """mean(y_pred - y_true log(y_pred)), where `y_pred` is the count expected."""

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)
