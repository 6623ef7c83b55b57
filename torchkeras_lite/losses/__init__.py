"""Losses: by function, by class, by name, and torch's own."""

from torchkeras_lite.losses.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from torchkeras_lite.losses.fused import FUSED
from torchkeras_lite.losses.base import Loss, LossFunctionWrapper, apply_mask, reduce_weighted
from torchkeras_lite.losses.torch_loss import TorchLoss, is_torch_loss
from torchkeras_lite.losses.classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
    cross_entropy_kind,
    deserialize,
    get,
    resolve,
    serialize,
)
