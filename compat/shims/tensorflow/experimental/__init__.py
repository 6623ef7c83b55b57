"""`tf.experimental`: `tf.experimental.numpy` is numpy's functions over tensors."""

from .._missing import getattr_of

__all__ = ["numpy"]
__getattr__ = getattr_of(__name__, {"numpy": "numpy"})
