"""`tf.contrib` of TensorFlow 1, of which `tf.contrib.keras` is here."""

from __future__ import annotations

import keras as keras

from .._missing import getattr_of

__all__ = ["keras"]
__getattr__ = getattr_of(__name__)
