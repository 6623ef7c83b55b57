"""What `keras.losses` and `keras.metrics` no longer have."""

from torchkeras_lite import losses, metrics


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
