"""`keras.legacy`: what Keras 2 kept of Keras 1's layers is found in `keras.layers`, where it was."""

from keras import layers

__path__ = []  # there are modules below it, by rows
__all__ = ["layers"]
