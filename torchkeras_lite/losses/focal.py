"""Focal cross-entropies: what is predicted well already counts less (Lin et al. 2017)."""

from __future__ import annotations

import torch

from torchkeras_lite import ops
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, same_rank, tensors_of
from torchkeras_lite.losses.labels import check_binary, one_hot_pair
from torchkeras_lite.ops.crossentropy import inside
from torchkeras_lite.variable import tensor_of


@known()
def binary_focal_crossentropy(
    y_true, y_pred, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
) -> torch.Tensor:
    """(1 - p)^gamma times the cross-entropy of labels of 0 and 1, averaged over `axis`; p is what the right label was given.

    Args:
        apply_class_balancing, alpha: whether the label 1 has the weight `alpha`, and 0 the rest.
        gamma: how much less well predicted labels count.
        from_logits: predictions are logits.
        label_smoothing: moves labels this far towards 1/2.
    """
    y_true, p = same_rank(*tensors_of(y_true, y_pred))
    check_binary("binary_focal_crossentropy", y_true, p)
    y_true = y_true.to(p.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        p = p.sigmoid()
    right = y_true * p + (1.0 - y_true) * (1.0 - p)
    losses = (1.0 - right) ** gamma * ops.binary_crossentropy(y_true, p)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return losses.mean(axis)


@known()
def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
) -> torch.Tensor:
    """-sum(alpha (1 - y_pred)^gamma y_true log(y_pred)) of one-hot labels and probabilities of the classes along `axis`.

    Args:
        alpha: a weight for all classes, or one for each class on the last axis.
        gamma: how much less well predicted labels count.
        from_logits: predictions are logits.
        label_smoothing: this share of each label is spread evenly over the classes.
    """
    y_true, y_pred = one_hot_pair("categorical_focal_crossentropy", y_true, y_pred, axis, label_smoothing)
    p = y_pred.softmax(axis) if from_logits else y_pred
    p = inside(p / p.sum(axis, keepdim=True))
    if not isinstance(alpha, (int, float)):
        alpha = tensor_of(alpha, p.dtype, p.device)
    return -(alpha * (1.0 - p) ** gamma * y_true * p.log()).sum(axis)


@known()
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Focal cross-entropy of labels 0 and 1; arguments as in `binary_focal_crossentropy`."""

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        options |= {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, **options)


@known()
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Focal cross-entropy of one-hot labels; arguments as in `categorical_focal_crossentropy`."""

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha, gamma=gamma, **options)
