"""Losses of numbers: how far predictions are from their targets."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from torchkeras_lite import config
from torchkeras_lite.losses.base import LossFunctionWrapper
from torchkeras_lite.losses.functions import known, paired


@known("mse", "MSE")
def mean_squared_error(y_true, y_pred) -> torch.Tensor:
    """mean((y_pred - y_true)²) over the last axis."""
    y_true, y_pred = paired("mean_squared_error", y_true, y_pred)
    return (y_pred - y_true).square().mean(-1)


@known("mae", "MAE")
def mean_absolute_error(y_true, y_pred) -> torch.Tensor:
    """mean(|y_pred - y_true|) over the last axis."""
    y_true, y_pred = paired("mean_absolute_error", y_true, y_pred)
    return (y_pred - y_true).abs().mean(-1)


@known("mape", "MAPE")
def mean_absolute_percentage_error(y_true, y_pred) -> torch.Tensor:
    """100 mean(|y_pred - y_true| / |y_true|) over the last axis; a target of 0 counts as `epsilon()` below the line."""
    y_true, y_pred = paired("mean_absolute_percentage_error", y_true, y_pred)
    return 100.0 * ((y_true - y_pred) / y_true.abs().clamp(min=config.epsilon())).abs().mean(-1)


@known("msle", "MSLE")
def mean_squared_logarithmic_error(y_true, y_pred) -> torch.Tensor:
    """mean((log(1 + y_pred) - log(1 + y_true))²) over the last axis; what is below `epsilon()` counts as that."""
    y_true, y_pred = paired("mean_squared_logarithmic_error", y_true, y_pred)
    return (_logarithm(y_pred) - _logarithm(y_true)).square().mean(-1)


def _logarithm(x):
    return x.clamp(min=config.epsilon()).log1p()


@known()
def huber(y_true, y_pred, delta=1.0) -> torch.Tensor:
    """The mean over the last axis of error² / 2 where |error| <= delta, and delta (|error| - delta / 2) beyond."""
    y_true, y_pred = paired("huber", y_true, y_pred)
    return F.huber_loss(y_pred, y_true, reduction="none", delta=delta).mean(-1)


@known()
def log_cosh(y_true, y_pred) -> torch.Tensor:
    """mean(log(cosh(y_pred - y_true))) over the last axis: a parabola near 0, a line far away."""
    y_true, y_pred = paired("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return (error + F.softplus(-2.0 * error) - math.log(2.0)).mean(-1)  # cosh itself overflows


@known()
class MeanSquaredError(LossFunctionWrapper):
    """mean((y_pred - y_true)²)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


@known()
class MeanAbsoluteError(LossFunctionWrapper):
    """mean(|y_pred - y_true|)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


@known()
class MeanAbsolutePercentageError(LossFunctionWrapper):
    """100 mean(|y_pred - y_true| / |y_true|)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@known()
class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """mean((log(1 + y_pred) - log(1 + y_true))²)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@known()
class Huber(LossFunctionWrapper):
    """A parabola for errors up to `delta`, a line beyond (Huber 1964)."""

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)

    def get_config(self):
        return self._config_with_unusual(delta=1.0)


@known()
class LogCosh(LossFunctionWrapper):
    """mean(log(cosh(y_pred - y_true)))."""

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)
