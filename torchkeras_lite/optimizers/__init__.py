"""Optimizers: one base, a short subclass each, and any of torch's own."""

from torchkeras_lite.optimizers import host
from torchkeras_lite.optimizers import schedules
from torchkeras_lite.optimizers import clipping
from torchkeras_lite.optimizers import slots
from torchkeras_lite.optimizers import state
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.sgd import SGD
from torchkeras_lite.optimizers.rmsprop import RMSprop
from torchkeras_lite.optimizers.adam import Adam, AdamW
from torchkeras_lite.optimizers.torch_adapter import TorchOptimizer
from torchkeras_lite.optimizers.lookup import deserialize, get, serialize
