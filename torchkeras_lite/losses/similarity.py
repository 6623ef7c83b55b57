"""Losses of embeddings: the cosine between two, and the circle loss of a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite import ops
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, paired, positive_part, tensors_of
from torchkeras_lite.variable import tensor_of


@known()
def cosine_similarity(y_true, y_pred, axis=-1) -> torch.Tensor:
    """-cosine between the vectors along `axis`: -1 for the same direction, 1 for the opposite one; 0 beside zeros."""
    y_true, y_pred = paired("cosine_similarity", y_true, y_pred)
    return -(ops.normalize(y_true, axis) * ops.normalize(y_pred, axis)).sum(axis)


@known()
def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4) -> torch.Tensor:
    """How badly each embedding can be told from those of other classes (Sun et al. 2020).

    Args:
        y_true: (N,) or (N, 1), integer labels.
        y_pred: (N, D), embeddings of length 1.
        ref_labels, ref_embeddings: what to compare with; None: the batch with itself.
        remove_diagonal: leave out the i-th with the i-th: in the batch that is itself.
        gamma: how sharply hard pairs are preferred to easy ones.
        margin: how far from the ideal a pair may be.

    Returns:
        (N,) losses, with a mask that leaves out those that are 0: easy ones, and those whose class no other has.
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    labels = y_true.int().reshape(-1, 1)
    others = labels if ref_labels is None else tensor_of(ref_labels, torch.int32, y_pred.device).reshape(-1, 1)
    embeddings = y_pred if ref_embeddings is None else tensor_of(ref_embeddings, y_pred.dtype, y_pred.device)
    same = labels == others.T
    different = ~same
    if remove_diagonal:
        same.fill_diagonal_(False)
    distances = positive_part(1.0 - y_pred @ embeddings.T)
    pull = gamma * (margin + distances) * (distances - margin)
    push = gamma * positive_part(1.0 + margin - distances) * (1.0 - margin - distances)
    never = float("-inf")
    losses = F.softplus(pull.masked_fill(~same, never).logsumexp(1) + push.masked_fill(~different, never).logsumexp(1))
    losses._keras_mask = losses > 0
    return losses


@known()
class CosineSimilarity(LossFunctionWrapper):
    """-cosine between the vectors along `axis`."""

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)

    def get_config(self):
        return self._config_with_unusual(axis=-1)


@known()
class Circle(LossFunctionWrapper):
    """The circle loss of embeddings of length 1 and their integer labels; arguments as in `circle`."""

    def __init__(
        self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction="sum_over_batch_size", name="circle", dtype=None
    ):
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
