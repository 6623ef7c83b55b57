"""Cross-entropies: of labels of 0 and 1, of one-hot labels, of integer labels."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite import ops
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, logits_of, same_rank, tensors_of
from torchkeras_lite.losses.labels import check_binary, labels_of, one_hot_pair, out_of_range
from torchkeras_lite.ops.crossentropy import NEVER, log_probabilities


@known("bce", "BCE")
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1) -> torch.Tensor:
    """Cross-entropy between labels of 0 and 1 and their probabilities, averaged over `axis`.

    Args:
        from_logits: predictions are logits. (Those of a sigmoid activation are found in any case.)
        label_smoothing: moves labels this far towards 1/2.
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    logits = logits_of(y_pred, from_logits, "sigmoid")
    y_true, x = same_rank(y_true, y_pred if logits is None else logits)
    check_binary("binary_crossentropy", y_true, x)
    y_true = y_true.to(x.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.binary_crossentropy(y_true, x, logits is not None).mean(axis)


@known()
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1) -> torch.Tensor:
    """Cross-entropy between one-hot labels (or any distribution) and the probabilities of the classes along `axis`.

    Args:
        from_logits: predictions are logits. (Those of a softmax activation are found in any case.)
        label_smoothing: this share of each label is spread evenly over the classes.
    """
    y_true, y_pred = one_hot_pair("categorical_crossentropy", y_true, y_pred, axis, label_smoothing)
    return -(y_true * _log_probabilities(y_pred, from_logits, axis)).sum(axis)


@known()
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1) -> torch.Tensor:
    """Cross-entropy between integer labels 0, 1, ..., and the probabilities of the classes along `axis`.

    Args:
        from_logits: predictions are logits. (Those of a softmax activation are found in any case.)
        ignore_class: samples with this label count for nothing.
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    labels = labels_of(y_true, y_pred, axis)
    logs = _log_probabilities(y_pred, from_logits, axis)
    logs = logs.movedim(axis, -1).reshape(-1, y_pred.shape[axis])
    ignored = NEVER if ignore_class is None else ignore_class
    try:
        losses = F.nll_loss(logs, labels.reshape(-1), ignore_index=ignored, reduction="none")
    except IndexError as error:
        raise out_of_range(labels, y_pred.shape[axis], ignored) from error
    losses = losses.reshape(labels.shape)
    if ignore_class is not None:
        losses._keras_mask = labels != ignore_class
    return losses


@known()
def categorical_generalized_cross_entropy(y_true, y_pred, q) -> torch.Tensor:
    """(1 - p^q) / q, where p is the probability of the right class: between cross-entropy (q -> 0) and 1 - p (q = 1).

    Args:
        y_true: integer labels.
        y_pred: probabilities, the classes on the last axis.
        q: between 0 and 1; the greater, the less wrong labels do harm (Zhang and Sabuncu 2018).
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    labels = labels_of(y_true, y_pred, loss="categorical_generalized_cross_entropy")
    try:
        p = y_pred.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    except RuntimeError as error:
        raise out_of_range(labels, y_pred.shape[-1], loss="categorical_generalized_cross_entropy") from error
    return (1.0 - p**q) / q


def _log_probabilities(y_pred, from_logits, axis):
    logits = logits_of(y_pred, from_logits, "softmax") if axis in (-1, y_pred.ndim - 1) else (y_pred if from_logits else None)
    return log_probabilities(y_pred if logits is None else logits, logits is not None, axis)


@known()
class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of labels 0 and 1; arguments as in `binary_crossentropy`."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **options)


@known()
class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot labels; arguments as in `categorical_crossentropy`."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **options)


@known()
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of integer labels; arguments as in `sparse_categorical_crossentropy`."""

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **options)

    def get_config(self):
        config = self._config_with_unusual(axis=-1)
        return {**config, "from_logits": self.from_logits, "ignore_class": self.ignore_class}


@known()
class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """(1 - p^q) / q of integer labels; arguments as in `categorical_generalized_cross_entropy`."""

    def __init__(self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None):
        if not 0 < q < 1:
            raise ValueError(f"`q` must be in the interval (0, 1). Received: q={q}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
