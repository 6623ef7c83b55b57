"""`tf.experimental`: `tf.experimental.numpy` is `keras.ops.numpy`."""

from keras.ops import numpy

from ._missing import getattr_of

__all__ = ["numpy"]
__getattr__ = getattr_of(__name__)
