"""`tf.losses`: Keras's; and TensorFlow 1's, with the labels first, which nobody lists."""

from __future__ import annotations

import keras

from .compat.v1 import losses as _old

__all__ = sorted(keras.losses.__all__)


class Reduction(_old.Reduction):
    """Keras's words for what becomes of the losses of rows, and TensorFlow 1's beside them."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    SUM = "sum"


def __getattr__(name: str):
    if name in _old.__all__ and not hasattr(keras.losses, name):
        return getattr(_old, name)
    return getattr(keras.losses, name)
