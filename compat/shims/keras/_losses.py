"""What `keras.losses` and `keras.metrics` no longer have."""

from torchkeras_lite import losses, metrics
from torchkeras_lite.losses.base import reduce_weighted
from torchkeras_lite.variable import tensor_of


class Reduction:
    """How the losses of rows become one number, by the names that Keras 2 had for today's words."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """The share of what is right in the last axis; today's function says of each number whether it is."""
    return metrics.binary_accuracy(y_true, y_pred, threshold=threshold).mean(-1)


def cosine_proximity(y_true, y_pred, axis=-1):
    """As a metric the cosine between targets and predictions, which as a loss is its negative."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


# ---------------------------------------------------------------- keras.utils.losses_utils


def compute_weighted_loss(losses, sample_weight=None, reduction="sum_over_batch_size", name=None):
    """The losses of rows times their weights, as the one number that `reduction` makes of them (or one by one: "none")."""
    losses = tensor_of(losses)
    if losses.is_floating_point():
        return reduce_weighted(losses, sample_weight, None, reduction)
    return reduce_weighted(losses.float(), sample_weight, None, reduction).to(losses.dtype)


def reduce_weighted_loss(weighted_losses, reduction="sum_over_batch_size"):
    return reduce_weighted(weighted_losses, None, None, reduction)


def squeeze_or_expand_dimensions(y_pred, y_true=None, sample_weight=None):
    """The three with one number of axes, where they differ by a last one of size 1. Weights get one that they lack."""
    if y_true is not None:
        y_true, y_pred = remove_squeezable_dimensions(y_true, y_pred)
    if sample_weight is not None:
        y_pred, sample_weight = tensor_of(y_pred), tensor_of(sample_weight)
        more = sample_weight.ndim - y_pred.ndim
        if more == 1 and sample_weight.shape[-1] == 1:
            sample_weight = sample_weight.squeeze(-1)
        elif more == -1 and sample_weight.ndim:
            sample_weight = sample_weight.unsqueeze(-1)
    return y_pred, y_true, sample_weight


def remove_squeezable_dimensions(labels, predictions, expected_rank_diff=0, name=None):
    """Both, without the last axis (of size 1) of the one that has more axes than are expected."""
    labels, predictions = tensor_of(labels), tensor_of(predictions)
    more = predictions.ndim - labels.ndim - expected_rank_diff
    if more == 1 and predictions.shape[-1] == 1:
        predictions = predictions.squeeze(-1)
    elif more == -1 and labels.shape[-1] == 1:
        labels = labels.squeeze(-1)
    return labels, predictions
