"""What Keras 2 kept of `compile()` on a model: `compiled_loss` and `compiled_metrics`, for training steps of one's own."""

from __future__ import annotations

import torch
from torch.utils import _pytree as pytree


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
