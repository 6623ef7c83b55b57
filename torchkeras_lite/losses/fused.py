"""The unweighted mean of a loss in one torch call: the way of a training step.

Each function takes two tensors and the dtype to compute in, and returns the mean as a scalar, or None for anything unusual,
which then goes the careful way through the function itself.
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F

from torchkeras_lite import config
from torchkeras_lite.losses.base import FUSED
from torchkeras_lite.losses.crossentropies import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from torchkeras_lite.losses.divergence import poisson
from torchkeras_lite.losses.functions import logits_of
from torchkeras_lite.losses.labels import labels_of, out_of_range
from torchkeras_lite.losses.regression import huber, mean_absolute_error, mean_squared_error
from torchkeras_lite.ops.crossentropy import NEVER


def _difference(mean, y_true, y_pred, dtype):
    if y_true.shape != y_pred.shape:
        if y_pred.ndim != 2 or y_true.shape != y_pred.shape[:1] or y_pred.shape[1] != 1:
            return None
        y_true = y_true.unsqueeze(1)  # targets (N,), predictions (N, 1)
    if not y_pred.numel():  # torch's mean of nothing is NaN
        return None
    return mean(y_pred if y_pred.dtype is dtype else y_pred.to(dtype), y_true if y_true.dtype is dtype else y_true.to(dtype))


def _huber(y_true, y_pred, dtype, delta=1.0):
    return _difference(functools.partial(F.huber_loss, delta=delta), y_true, y_pred, dtype)


def _poisson(y_true, y_pred, dtype):
    mean = functools.partial(F.poisson_nll_loss, log_input=False, eps=config.epsilon())
    return _difference(mean, y_true, y_pred, dtype)


def _binary(y_true, y_pred, dtype, from_logits=False, label_smoothing=0.0, axis=-1):
    x = logits_of(y_pred, from_logits, "sigmoid")
    if x is None or label_smoothing or not x.numel():
        return None
    if y_true.shape != x.shape:
        if x.ndim != 2 or y_true.shape != x.shape[:1] or x.shape[1] != 1:
            return None
        y_true = y_true.unsqueeze(1)
    return F.binary_cross_entropy_with_logits(
        x if x.dtype is dtype else x.to(dtype), y_true if y_true.dtype is dtype else y_true.to(dtype)
    )


def _categorical(y_true, y_pred, dtype, from_logits=False, label_smoothing=0.0, axis=-1):
    shape = y_pred.shape
    if y_true.shape != shape or len(shape) < 2 or shape[-1] == 1 or axis not in (-1, len(shape) - 1):
        return None
    x = logits_of(y_pred, from_logits, "softmax")
    if x is None or not x.numel():
        return None
    if len(shape) > 2:
        x, y_true = x.reshape(-1, shape[-1]), y_true.reshape(-1, shape[-1])
    return F.cross_entropy(
        x if x.dtype is dtype else x.to(dtype),
        y_true if y_true.dtype is dtype else y_true.to(dtype),
        label_smoothing=label_smoothing,
    )


def _sparse(y_true, y_pred, dtype, from_logits=False, ignore_class=None, axis=-1):
    shape = y_pred.shape
    if ignore_class is not None or len(shape) < 2 or axis not in (-1, len(shape) - 1):
        return None
    x = logits_of(y_pred, from_logits, "softmax")
    if x is None or not x.numel():
        return None
    if y_true.shape != shape[:-1]:
        y_true = labels_of(y_true, y_pred)  # (N, 1), or an error that says what is wrong
    if len(shape) > 2:
        x, y_true = x.reshape(-1, shape[-1]), y_true.reshape(-1)
    try:
        return F.cross_entropy(
            x if x.dtype is dtype else x.to(dtype),
            y_true if y_true.dtype is torch.int64 else y_true.long(),
            ignore_index=NEVER,
        )
    except IndexError as error:
        raise out_of_range(y_true.long(), shape[-1]) from error


FUSED |= {
    mean_squared_error: functools.partial(_difference, F.mse_loss),
    mean_absolute_error: functools.partial(_difference, F.l1_loss),
    huber: _huber,
    poisson: _poisson,
    binary_crossentropy: _binary,
    categorical_crossentropy: _categorical,
    sparse_categorical_crossentropy: _sparse,
}
