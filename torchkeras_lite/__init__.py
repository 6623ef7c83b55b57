"""The Keras API as PyTorch itself."""

from torchkeras_lite import config as config
from torchkeras_lite import (
    activations,
    callbacks,
    constraints,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from torchkeras_lite.config import device
from torchkeras_lite.dtype_policies import DTypePolicy, FloatDTypePolicy
from torchkeras_lite.initializers import Initializer
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers import Input
from torchkeras_lite.losses import Loss
from torchkeras_lite.metrics import Metric
from torchkeras_lite.models import Model, Sequential
from torchkeras_lite.optimizers import Optimizer
from torchkeras_lite.regularizers import Regularizer
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import Variable

__version__ = "0.1.0"
