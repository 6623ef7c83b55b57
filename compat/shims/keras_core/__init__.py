"""`keras_core`, as Keras 3 was called before it came out: another root over the same modules."""

import sys

import keras

sys.modules[__name__] = keras
