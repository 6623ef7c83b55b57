"""Connectionist temporal classification: sequences of labels without times."""

from __future__ import annotations

import torch

from torchkeras_lite import ops
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, shapes, tensors_of


@known()
def ctc(y_true, y_pred) -> torch.Tensor:
    """-log of the probability of the labels, summed over all alignments with the times (Graves et al. 2006).

    torch's kernel wants the number of labels on the host: this loss waits for the device.

    Args:
        y_true: (N, L), integer labels from 1 on, filled up with 0, which is the blank.
        y_pred: (N, T, classes), logits.

    Raises:
        ValueError: shapes of other ranks.
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    if y_true.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            "ctc: the targets must be integer labels of shape (samples, labels), the predictions logits of shape (samples, "
            f"times, classes). {shapes(y_true, y_pred)}"
        )
    labels = y_true.long()
    times = torch.full((y_pred.shape[0],), y_pred.shape[1], device=y_pred.device)
    return ops.ctc_loss(labels, y_pred, (labels != 0).sum(-1), times)


@known()
class CTC(LossFunctionWrapper):
    """Connectionist temporal classification of (N, L) labels and (N, T, classes) logits; class 0 is the blank."""

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, reduction, name, dtype)
