"""`tf.config.experimental`: the older home of the same function."""

from .._missing import getattr_of
from . import list_physical_devices

__all__ = ["list_physical_devices"]
__getattr__ = getattr_of(__name__)
