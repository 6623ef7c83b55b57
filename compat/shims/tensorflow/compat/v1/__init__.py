"""`tf.compat.v1`: what stood in TensorFlow 1, and everything else as it stands in `tf`."""

from __future__ import annotations

import importlib
import sys

from ... import _names
from ..._missing import text

__all__ = ["layers", "logging", "losses", *sorted(set(_names.OLD) - {"__internal__", "contrib", "layers", "logging", "python"})]
_HERE = ("logging", "losses")
_MOVED = ("dimension_at_index", "dimension_value")


def __getattr__(name):
    import tensorflow

    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _HERE:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _MOVED or name in _names.OLD or name in tensorflow.__all__:
        found = getattr(tensorflow.compat if name in _MOVED else tensorflow, name)
        setattr(sys.modules[__name__], name, found)
        return found
    raise AttributeError(text(__name__, name), name=name, obj=sys.modules[__name__])
