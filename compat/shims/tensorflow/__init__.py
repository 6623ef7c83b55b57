"""A stand-in for TensorFlow in front of torchkeras_lite: `tf.keras`, and TensorFlow 2's functions over torch's tensors.

A namespace is a file of its own. A name goes into its file and into that file's `__all__`, which is also what the error
for a missing name reads out. What stands directly under `tf` has a row in `_names.py`, and its file is imported when
somebody asks for it, so that `import tensorflow` stays quick.
"""

from . import _guests, _missing

_guests.refuse_probes()  # before the imports below cost anything

import keras  # noqa: E402

from . import _members, _names, _tensors, config, dtypes, random  # noqa: E402
from .dtypes import (  # noqa: E402
    DType, as_dtype, bfloat16, bool, complex64, complex128, double, float16, float32, float64, half, int8, int16, int32,
    int64, string, uint8, uint16, uint32, uint64,
)  # fmt: skip

_guests.welcome([_tensors, _members])
_missing.explain()

newaxis = None
__version__ = "2.21.0"
__all__ = [
    "keras", "__version__", "config", "dtypes", "newaxis", "random", *dtypes.__all__,
    *sorted({*_names.LATER, *_names.KERAS} - {*dtypes.__all__}),
]  # fmt: skip
_others = _missing.getattr_of(__name__, {**_names.OLD, **_names.LATER})


def __getattr__(name):
    return getattr(keras, name) if name in _names.KERAS else _others(name)
