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
from torchkeras_lite.optimizers.adagrad import Adagrad
from torchkeras_lite.optimizers.adadelta import Adadelta
from torchkeras_lite.optimizers.adamax import Adamax
from torchkeras_lite.optimizers.nadam import Nadam
from torchkeras_lite.optimizers.lamb import Lamb
from torchkeras_lite.optimizers.lion import Lion
from torchkeras_lite.optimizers.ftrl import Ftrl
from torchkeras_lite.optimizers.adafactor import Adafactor
from torchkeras_lite.optimizers.muon import Muon
from torchkeras_lite.optimizers.schedule_free import ScheduleFreeAdamW
from torchkeras_lite.optimizers.torch_adapter import TorchOptimizer
from torchkeras_lite.optimizers.loss_scale import LossScaleOptimizer
from torchkeras_lite.optimizers.multi import MultiOptimizer, OptimizerMap
from torchkeras_lite.optimizers.lookup import deserialize, get, serialize
