"""`tf.version`: which TensorFlow the stand-in is like."""

from ._missing import getattr_of

__all__ = ["COMPILER_VERSION", "GIT_VERSION", "VERSION"]
__getattr__ = getattr_of(__name__)

VERSION, GIT_VERSION, COMPILER_VERSION = "2.21.0", "torchkeras_lite", ""
