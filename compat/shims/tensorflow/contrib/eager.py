"""`tf.contrib.eager`: what TensorFlow 2 has under other names."""

from __future__ import annotations

from .._control import executing_eagerly
from .._graphs import enable_eager_execution
from .._missing import getattr_of
from .._tape import GradientTape
from .._variable import Variable
from ..train import Checkpoint

__all__ = ["Checkpoint", "GradientTape", "Variable", "enable_eager_execution", "executing_eagerly"]
__getattr__ = getattr_of(__name__)
