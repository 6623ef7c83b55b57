"""`tf_keras`, as Keras 2 is called beside Keras 3: another root over the same modules."""

import sys

import keras

sys.modules[__name__] = keras
