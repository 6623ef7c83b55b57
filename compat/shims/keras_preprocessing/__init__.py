"""`keras_preprocessing`, the package that Keras 2 had its preprocessing from: another root over `keras.preprocessing`."""

import sys

import keras.preprocessing

sys.modules[__name__] = keras.preprocessing
