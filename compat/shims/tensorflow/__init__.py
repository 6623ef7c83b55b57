"""A stand-in for TensorFlow in front of torchkeras_lite: `tf.keras` and a few names beside it. It is not TensorFlow.

A namespace is a file of its own. A name goes into its file and into that file's `__all__`, which is also what the error
for a missing name reads out.
"""

from . import _guests, _missing

_guests.refuse_probes()  # before the imports below cost anything

import keras  # noqa: E402

from . import config, dtypes, random  # noqa: E402
from .dtypes import (  # noqa: E402
    DType, as_dtype, bfloat16, bool, complex64, complex128, double, float16, float32, float64, half, int8, int16, int32,
    int64, string, uint8, uint16, uint32, uint64,
)  # fmt: skip

_guests.welcome()
_missing.explain()

__version__ = "2.21.0"
__all__ = ["keras", "__version__", "TensorSpec", "config", "data", "dtypes", "random", *dtypes.__all__]
__getattr__ = _missing.getattr_of(__name__, {"data": "data", "TensorSpec": "data"})
