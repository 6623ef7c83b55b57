"""`tf.experimental.numpy`: numpy's functions over tensors, which are those of `keras.ops.numpy`."""

from types import SimpleNamespace

import keras.ops.numpy as _functions
import numpy as _numpy
import torch
from keras import random as _draw
from keras import utils as _utils

ndarray = torch.Tensor
float32, float64, int32, int64, bool_ = torch.float32, torch.float64, torch.int32, torch.int64, torch.bool
pi, e, inf, nan, newaxis = _numpy.pi, _numpy.e, _numpy.inf, _numpy.nan, None
random = SimpleNamespace(
    seed=_utils.set_random_seed,
    randn=lambda *shape: _draw.normal(shape),
    standard_normal=lambda size=(): _draw.normal(size if isinstance(size, (tuple, list)) else (size,)),
    rand=lambda *shape: _draw.uniform(shape),
    uniform=lambda low=0.0, high=1.0, size=(): _draw.uniform(size if isinstance(size, (tuple, list)) else (size,), low, high),
    randint=lambda low, high=None, size=(): _draw.randint(
        size if isinstance(size, (tuple, list)) else (size,), *((0, low) if high is None else (low, high))
    ),
)


def experimental_enable_numpy_behavior(*args, **kwargs):
    """Tensors behave so already."""


def asarray(a, dtype=None):
    return _functions.array(a, dtype)


def shape(a):
    return tuple(a.shape) if hasattr(a, "shape") else _numpy.shape(a)


def __getattr__(name: str):
    return getattr(_functions, name)


def __dir__():
    return sorted({*globals(), *dir(_functions)})
