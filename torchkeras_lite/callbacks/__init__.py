"""Callbacks: what is called while a model is trained, evaluated or asked to predict."""

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.callbacks.backup import BackupAndRestore
from torchkeras_lite.callbacks.console import write
from torchkeras_lite.callbacks.history import History
from torchkeras_lite.callbacks.progress import Progbar, ProgbarLogger
from torchkeras_lite.callbacks.callback_list import CallbackList
from torchkeras_lite.callbacks.stopping import EarlyStopping, MonitorCallback
from torchkeras_lite.callbacks.checkpoint import ModelCheckpoint
from torchkeras_lite.callbacks.lambda_callback import LambdaCallback
from torchkeras_lite.callbacks.rates import LearningRateScheduler, ReduceLROnPlateau
from torchkeras_lite.callbacks.csv_logger import CSVLogger
from torchkeras_lite.callbacks.nan import TerminateOnNaN
from torchkeras_lite.callbacks.tensorboard import TensorBoard
from torchkeras_lite.callbacks.remote import RemoteMonitor
from torchkeras_lite.callbacks.averages import SwapEMAWeights
from torchkeras_lite.callbacks.orbax import OrbaxCheckpoint
