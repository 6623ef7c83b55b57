"""`tf.compat.v1`: what scripts for TensorFlow 2 take from it, and everything else as it stands in `tf`.

Graphs, sessions and placeholders are not here.
"""

from __future__ import annotations

import sys
import types

from ..._missing import text
from . import logging

__all__ = [
    "ConfigProto", "GPUOptions", "Session", "disable_eager_execution", "disable_resource_variables", "disable_v2_behavior",
    "disable_v2_tensorshape", "enable_eager_execution", "enable_resource_variables", "enable_v2_behavior", "logging",
    "reset_default_graph", "set_random_seed",
]  # fmt: skip


def set_random_seed(seed) -> None:
    from ... import random

    random.set_seed(seed)


def _nothing() -> None:
    """Has no effect: what runs here is Python, with torch's tensors."""


disable_eager_execution = enable_eager_execution = disable_v2_behavior = enable_v2_behavior = _nothing
disable_resource_variables = enable_resource_variables = disable_v2_tensorshape = reset_default_graph = _nothing


class GPUOptions(types.SimpleNamespace):
    """Settings of TensorFlow's runtime, which mean nothing here."""


class ConfigProto(types.SimpleNamespace):
    """Settings of TensorFlow's runtime, which mean nothing here."""

    def __init__(self, **settings):
        super().__init__(**{"gpu_options": GPUOptions(), **settings})


class Session:
    """Can be made, as scripts do to pass settings on to Keras; there is no graph that it could run."""

    def __init__(self, target="", graph=None, config=None):
        self._config = config

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def close(self) -> None:
        pass

    def run(self, *args, **kwargs):
        raise NotImplementedError("There are no graphs here: values are there at once. `sess.run(x)` is `x.numpy()`.")


def __getattr__(name):
    import tensorflow

    if not name.startswith("__") and name in tensorflow.__all__:
        return getattr(tensorflow, name)
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise AttributeError(text(__name__, name), name=name, obj=sys.modules[__name__])
