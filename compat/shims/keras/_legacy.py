"""`keras.legacy`: what Keras 2 kept of Keras 1's layers is found in `keras.layers`, where it was."""

from keras import _legacy_interfaces as interfaces
from keras import layers
from keras._objects import deserialize_keras_object, serialize_keras_object  # `keras.legacy.saving` shows this file too

__path__ = []  # there are modules below it, by rows
__all__ = ["deserialize_keras_object", "interfaces", "layers", "serialize_keras_object"]
