"""`tf.compat.v1.losses`: the mean loss of a batch, labels first."""

from __future__ import annotations

from torchkeras_lite import losses as _losses

from ..._creation import cast, given
from ..._missing import getattr_of

__all__ = [
    "Reduction", "absolute_difference", "get_regularization_loss", "get_regularization_losses", "hinge_loss", "huber_loss",
    "log_loss", "mean_squared_error", "sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


class Reduction:
    """What becomes of the losses of rows: their sum over the number of weights that are not zero, if nothing is said."""

    NONE, SUM, SUM_OVER_BATCH_SIZE, MEAN = "none", "weighted_sum", "weighted_sum_over_batch_size", "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = SUM_OVER_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"


def _mean(loss, labels, predictions, weights, reduction=Reduction.SUM_BY_NONZERO_WEIGHTS, **settings):
    """The sum of the losses times their weights, over the number of weights that are not zero, or as `reduction` has it."""
    predictions = given(predictions)
    each = loss(given(labels), predictions)
    if isinstance(weights, (int, float)) and reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
        return each.mean() * weights
    weights = cast(weights, each.dtype).expand_as(each)
    found = each * weights
    if reduction == Reduction.NONE:
        return found
    if reduction in (Reduction.SUM, "sum"):  # Keras's words too: `tf.losses.Reduction` has those
        return found.sum()
    if reduction in (Reduction.SUM_OVER_BATCH_SIZE, "sum_over_batch_size"):
        return found.mean()
    return found.sum() / (weights.sum() if reduction == Reduction.MEAN else (weights != 0).sum().clamp(min=1))


def mean_squared_error(labels, predictions, weights=1.0, scope=None, **settings):
    return _mean(lambda y, p: (p - cast(y, p.dtype)) ** 2, labels, predictions, weights, **settings)


def absolute_difference(labels, predictions, weights=1.0, scope=None, **settings):
    return _mean(lambda y, p: abs(p - cast(y, p.dtype)), labels, predictions, weights, **settings)


def softmax_cross_entropy(onehot_labels, logits, weights=1.0, label_smoothing=0, scope=None, **settings):
    return _mean(
        lambda y, p: _losses.categorical_crossentropy(cast(y, p.dtype), p, from_logits=True, label_smoothing=label_smoothing),
        onehot_labels, logits, weights, **settings,
    )  # fmt: skip


def sparse_softmax_cross_entropy(labels, logits, weights=1.0, scope=None, **settings):
    def each(y, p):
        return _losses.sparse_categorical_crossentropy(y, p, from_logits=True)

    return _mean(each, labels, logits, weights, **settings)


def sigmoid_cross_entropy(multi_class_labels, logits, weights=1.0, label_smoothing=0, scope=None, **settings):
    from ...nn import sigmoid_cross_entropy_with_logits

    def each(y, p):
        y = cast(y, p.dtype)
        return sigmoid_cross_entropy_with_logits(y * (1 - label_smoothing) + 0.5 * label_smoothing, p)

    return _mean(each, multi_class_labels, logits, weights, **settings)


def log_loss(labels, predictions, weights=1.0, epsilon=1e-7, scope=None, **settings):
    def each(y, p):
        y = cast(y, p.dtype)
        return -y * (p + epsilon).log() - (1 - y) * (1 - p + epsilon).log()

    return _mean(each, labels, predictions, weights, **settings)


def huber_loss(labels, predictions, weights=1.0, delta=1.0, scope=None, **settings):
    def each(y, p):
        error = abs(p - cast(y, p.dtype))
        near = error.clamp(max=delta)
        return 0.5 * near**2 + delta * (error - near)

    return _mean(each, labels, predictions, weights, **settings)


def hinge_loss(labels, logits, weights=1.0, scope=None, **settings):
    return _mean(lambda y, p: (1 - (2 * cast(y, p.dtype) - 1) * p).clamp(min=0), labels, logits, weights, **settings)


def get_regularization_losses(scope=None) -> list:
    """None: a model's are `model.losses`."""
    return []


def get_regularization_loss(scope=None, name=None) -> float:
    """Zero: a model's are in `model.losses`."""
    return 0.0
