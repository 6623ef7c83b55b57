"""`tf.contrib` of TensorFlow 1: of it `keras`, and of `layers` and `eager` what goes with Keras."""

from __future__ import annotations

import keras as keras

from .._missing import getattr_of

_LATER = {name: name for name in ("eager", "layers")}
__all__ = ["keras", *_LATER]
__getattr__ = getattr_of(__name__, _LATER)
