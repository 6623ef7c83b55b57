"""What a user may pass for a metric."""

from __future__ import annotations

import functools

from torchkeras_lite import registry
from torchkeras_lite.losses import TorchLoss, cross_entropy_kind, is_torch_loss
from torchkeras_lite.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from torchkeras_lite.metrics.base import Metric, table
from torchkeras_lite.metrics.losses import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from torchkeras_lite.metrics.reduction import MeanMetricWrapper, functions

_BY_SHAPE = {
    "accuracy": {
        "binary": BinaryAccuracy,
        "sparse_categorical": SparseCategoricalAccuracy,
        "categorical": CategoricalAccuracy,
    },
    "crossentropy": {
        "binary": BinaryCrossentropy,
        "sparse_categorical": SparseCategoricalCrossentropy,
        "categorical": CategoricalCrossentropy,
    },
}
_BY_SHAPE |= {"acc": _BY_SHAPE["accuracy"], "ce": _BY_SHAPE["crossentropy"]}


def get(identifier):
    """The metric that a name, config, class, object, function `(y_true, y_pred)` or None (None) means.

    Raises:
        ValueError: there is no metric of that name.
    """
    metric = deserialize(identifier) if isinstance(identifier, dict) else table.get(identifier)
    return TorchLoss(metric) if is_torch_loss(metric) else metric


def serialize(metric):
    return registry.serialize(metric)


def deserialize(config, custom_objects=None):
    """What `serialize` wrote, or a name, as a metric or a function."""
    if config is None:
        return None
    if isinstance(config, str):
        return registry.get_registered_object(config, custom_objects) or functions.get(config) or table.get(config)
    if isinstance(config, dict) and config.get("class_name") == "function" and config.get("config") in functions:
        return functions[config["config"]]
    return registry.deserialize(config, custom_objects, table)


def resolve(identifier, y_true=None, y_pred=None) -> Metric:
    """One entry of `compile(metrics=[...])` as a Metric.

    `"accuracy"`, `"acc"`, `"crossentropy"` and `"ce"` are chosen by shapes; a name stays the metric's name; a function
    `(y_true, y_pred)` is averaged over the samples, under its own name.

    Args:
        y_true, y_pred: shapes with the batch axis, or anything that has one. Only those four names need them.
    """
    if identifier is None:
        raise ValueError("A metric in `compile(metrics=[...])` is None. Leave it out, or name a metric such as 'accuracy'.")
    if isinstance(identifier, str) and identifier.lower() in _BY_SHAPE:
        return _BY_SHAPE[identifier.lower()][cross_entropy_kind(y_true, y_pred)](name=identifier)
    metric = get(identifier)
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric, name=_name(metric))
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def _name(function) -> str:
    function = function.func if isinstance(function, functools.partial) else function
    return getattr(function, "name", None) or registry.snake_case(getattr(function, "__name__", type(function).__name__))
