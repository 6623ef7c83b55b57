"""What `keras.losses` no longer has."""


class Reduction:
    """How the losses of rows become one number, by the names that Keras 2 had for today's words."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"
