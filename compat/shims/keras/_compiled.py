"""What Keras 2 kept of `compile()` on a model: `compiled_loss` and `compiled_metrics`, for training steps of one's own."""

from __future__ import annotations

from importlib import import_module

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.metrics import resolve
from torchkeras_lite.models import Sequential


class CompiledLoss:
    """The loss of `compile()` as a function, which counts what it gives for the "loss" in the logs.

    Args:
        model: the model that was compiled.
    """

    def __init__(self, model):
        self.model = model

    @property
    def metrics(self) -> list:
        """What averages the losses of an epoch."""
        return [self.model._loss_tracker, *getattr(self.model._compile_loss, "trackers", ())]

    def __call__(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        """The loss of a batch, with the regularization losses (a list of numbers) added to it."""
        loss = self.model._compile_loss
        parts = list(regularization_losses or ())
        if loss is not None:
            parts.insert(0, loss(y_true, y_pred, sample_weight))
        total = sum(parts[1:], parts[0]) if parts else torch.zeros(())
        self.model._tally.add_loss(total.detach(), len(pytree.tree_leaves(y_pred)[0]))
        return total


compiled_loss = property(CompiledLoss)
compiled_metrics = property(lambda model: model._compile_metrics)


def metrics_names(model) -> list[str]:
    """The names of what `evaluate` gives, in its order: Keras 3 has one name for all the metrics of `compile()`."""
    if model.compiled and not model._compile_metrics.built and import_module("keras._eras").knows_names():
        outputs = [None] if isinstance(model, Sequential) else getattr(model, "output_names", None)
        if outputs:
            return _names_to_come(model, outputs)
    losses, computed, names = [], [], []
    of_outputs = getattr(model._compile_loss, "trackers", ())
    for metric in model.metrics:
        if metric is model._compile_metrics and metric.labels:
            computed += metric.labels
        elif metric is getattr(model, "_loss_tracker", None) or any(metric is one for one in of_outputs):
            losses.append(metric.name)
        else:
            names.append(metric.name)
    return [*losses, *computed, *names]


metrics_names = property(metrics_names)


def _names_to_come(model, outputs) -> list[str]:
    """What the names will be once a batch has been seen."""
    metrics = model._compile_metrics
    given = getattr(model._compile_loss, "given", None)
    with_loss = [name for name in outputs if (given.get(name) if isinstance(given, dict) else given) is not None]
    if isinstance(given, (list, tuple)):
        with_loss = [name for name, loss in zip(outputs, given, strict=True) if loss is not None]
    names = ["loss", *(f"{name}_loss" for name in with_loss if len(with_loss) > 1)]
    for of_one in (metrics.metrics_given, metrics.weighted_given):
        for output, group in zip(outputs, metrics._by_output(of_one, outputs, len(outputs)), strict=True):
            found = [resolve(one, (1, 1), (1, 1)).name for one in group if one is not None]
            names += [f"{output}_{name}" if len(outputs) > 1 else name for name in found]
    return names
