"""`layer.add_metric`, `model.add_metric` and `layer.metrics`: numbers of a call among a model's metrics."""

from __future__ import annotations

import torch

from torchkeras_lite import layers
from torchkeras_lite.calls import going_on
from torchkeras_lite.metrics import Mean
from torchkeras_lite.symbolic import KerasTensor


def add_metric(self, value, name=None, aggregation=None, **settings):
    """Counts a number of this call in the model's metrics.

    Args:
        value: a tensor, whose mean over the batches of an epoch is shown under `name`; or what a metric of the layer gave,
            which counts by itself. On a model, also a KerasTensor that follows from its inputs.
        name: the name in the logs; a metric's own, if that one was called.
        aggregation: "mean" or None, which say the same today.
    """
    if isinstance(value, KerasTensor):
        metric = _metric(self, name or "metric")
        self.add_loss(layers.Lambda(_Counting(metric))(value))
        return
    if name is None:
        if not self._metrics:
            raise ValueError("Please provide a name for your metric like `self.add_metric(x, name='my_metric')`.")
        return  # the metric that gave the value is an attribute of the layer: it counts already
    if any(metric.name == name and metric is not _added(self).get(name) for metric in self._metrics):
        return
    _count(_metric(self, name), value)


class _Counting:
    """Counts what goes in, and comes out as a loss of zero."""

    def __init__(self, metric):
        self.metric = metric

    def __call__(self, x):
        _count(self.metric, x)
        return torch.zeros((), device=x.device)


def _count(metric, value) -> None:
    if not going_on.trying and not going_on.inferring:
        metric.update_state(torch.as_tensor(value).detach().float().mean())


def _added(layer) -> dict:
    return vars(layer).setdefault("_added_by_name", {})


def _metric(layer, name):
    added = _added(layer)
    if name not in added:
        with torch.inference_mode(False):  # else nobody could count outside of it
            added[name] = Mean(name=name)
        layer._metrics.append(added[name])
    return added[name]


class Metrics:
    """The metrics of a layer and of the layers in it. An attribute of that name in the layer itself comes before it."""

    def __get__(self, layer, owner=None):
        if layer is None:
            return self
        return [metric for one in layer.modules() if isinstance(one, layers.Layer) for metric in one._metrics]


metrics = Metrics()
