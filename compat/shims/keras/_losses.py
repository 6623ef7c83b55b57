"""What `keras.losses` and `keras.metrics` no longer have."""

from torchkeras_lite import losses


class Reduction:
    """How the losses of rows become one number, by the names that Keras 2 had for today's words."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"


def cosine_proximity(y_true, y_pred, axis=-1):
    """As a metric the cosine between targets and predictions, which as a loss is its negative."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)
