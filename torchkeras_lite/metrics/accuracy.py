"""How often predictions are right. Hits are counted as integers; the functions give them as floats, as Keras does."""

from __future__ import annotations

import functools

import torch

from torchkeras_lite import config
from torchkeras_lite.losses.functions import same_rank, tensors_of
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.reduction import MeanMetricWrapper, functions


def _hits(function):
    """Decorator: a function of two tensors that gives booleans, as one of anything that gives floats."""

    @functools.wraps(function)
    def metric(y_true, y_pred, **kwargs):
        return function(*tensors_of(y_true, y_pred), **kwargs).to(config.torch_dtype(None))

    function.__qualname__ += ".hits"  # where it can be found again, for pickle
    metric.hits = function
    functions[function.__name__] = metric
    return metric


@_hits
def accuracy(y_true, y_pred):
    """1 where a prediction equals its target, else 0."""
    y_true, y_pred = same_rank(y_true, y_pred)
    return y_pred == y_true


@_hits
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """1 where the prediction is above `threshold` and the target 1, or below and 0."""
    if y_true.ndim != y_pred.ndim:
        y_true, y_pred = same_rank(y_true, y_pred)
    return (y_pred > threshold) == y_true


@_hits
def categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction stands at the place of the one in the one-hot target."""
    y_true = y_true.byte() if y_true.dtype is torch.bool else y_true  # torch has no argmax for booleans
    return y_pred.argmax(-1) == y_true.argmax(-1)


@_hits
def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction stands at the place that the integer target names."""
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        return y_pred.argmax(-1) == y_true.squeeze(-1)
    hits = y_pred.argmax(-1) == y_true
    return hits.squeeze(-1) if hits.ndim > 1 and hits.shape[-1] == 1 else hits


@_hits
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the class of the one-hot target is among the `k` likeliest. Of equally likely ones all are among them."""
    y_true = y_true.byte() if y_true.dtype is torch.bool else y_true
    return _in_top_k(y_true.argmax(-1), y_pred, k)


@_hits
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """1 where the class that the integer target names is among the `k` likeliest.

    Args:
        from_sorted_ids: predictions are the numbers of classes, the likeliest first, instead of how likely each is.
    """
    if from_sorted_ids:
        hits = (y_pred[..., :k] == y_true.reshape(*y_pred.shape[:-1], 1)).any(-1)
    else:
        hits = _in_top_k(y_true.reshape(y_pred.shape[:-1]).long(), y_pred, k)
    return hits.reshape(y_true.shape)


def _in_top_k(labels, y_pred, k):
    # Fewer than k are larger. That needs no sorting, and any number of classes will do.
    return (~(y_pred <= y_pred.gather(-1, labels.unsqueeze(-1)))).sum(-1) < k


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets."""

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions fall on the side of `threshold` where the target of 0 or 1 is."""

    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the likeliest class is that of the one-hot target."""

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the likeliest class is that of the integer target."""

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of the one-hot target is among the `k` likeliest."""

    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of the integer target is among the `k` likeliest; arguments as in the function."""

    _direction = "up"

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)

    def get_config(self):
        config = {**self._base_config(), "k": self.k}
        return {**config, "from_sorted_ids": True} if self.from_sorted_ids else config


for _class in (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
):
    table.add(_class)
