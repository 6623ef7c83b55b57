"""The Keras API as PyTorch itself."""

from torchkeras_lite import config as config
from torchkeras_lite import (
    activations,
    applications,
    backend,
    callbacks,
    constraints,
    datasets,
    distillation,
    distribution,
    dtype_policies,
    export,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    preprocessing,
    quantizers,
    random,
    regularizers,
    saving,
    tree,
    utils,
    visualization,
    wrappers,
)
from torchkeras_lite.config import VERSION as __version__
from torchkeras_lite.config import device, version
from torchkeras_lite.dtype_policies import DTypePolicy, FloatDTypePolicy
from torchkeras_lite.initializers import Initializer
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers import Input
from torchkeras_lite.losses import Loss
from torchkeras_lite.metrics import Metric
from torchkeras_lite.models import Model, Sequential
from torchkeras_lite.operation import Function, Operation
from torchkeras_lite.optimizers import Optimizer
from torchkeras_lite.quantizers import Quantizer
from torchkeras_lite.recomputing import RematScope, remat
from torchkeras_lite.regularizers import Regularizer
from torchkeras_lite.scopes import StatelessScope, SymbolicScope, name_scope
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import Variable
