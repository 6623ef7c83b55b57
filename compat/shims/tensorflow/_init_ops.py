"""`tensorflow.python.ops.init_ops`: initializers by the names that they have inside TensorFlow (`Zeros`, `glorot_normal`)."""

from importlib import import_module

from torchkeras_lite import initializers


def __getattr__(name: str):
    for plain in (name, name.removesuffix("_initializer")):
        if not name.startswith("__") and hasattr(initializers, plain):
            return getattr(initializers, plain)
    return getattr(import_module("tensorflow.compat.v1"), name)
