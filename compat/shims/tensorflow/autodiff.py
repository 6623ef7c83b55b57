"""`tf.autodiff`."""

from ._missing import getattr_of
from ._tape import GradientTape as GradientTape

__all__ = ["GradientTape"]
__getattr__ = getattr_of(__name__)
