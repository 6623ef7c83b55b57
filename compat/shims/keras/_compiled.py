"""What Keras 2 kept of `compile()` on a model: `compiled_loss` and `compiled_metrics`, for training steps of one's own."""

from __future__ import annotations

import weakref
from importlib import import_module

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.metrics import resolve
from torchkeras_lite.models import Sequential

from ._backend_calls import draw
from ._methods import Answer


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


def _names_known(model) -> list[str]:
    """The names of what `evaluate` gives, in its order: Keras 3 has one name for all the metrics of `compile()`."""
    if model.compiled and not model._compile_metrics.built and import_module("keras._eras").now != "3":
        outputs = [None] if isinstance(model, Sequential) else getattr(model, "output_names", None)
        if outputs:
            return [*_names_to_come(model, outputs), *vars(model).get("_added_by_name", ())]
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


class _Beside(list):
    """`model.metrics_names` or `model.metrics_tensors`. A name and a tensor put behind make one metric more, as they did."""

    def __init__(self, model, place, known=()):
        super().__init__(known)
        self._model, self._place = model, place

    def append(self, one) -> None:
        super().append(one)
        waiting = vars(self._model).setdefault("_metrics_beside", ([], []))
        waiting[self._place].append(one)
        if all(waiting):
            name, tensor = (queue.pop(0) for queue in waiting)
            self._model.add_metric(tensor, name=name)


def metrics_names(model) -> list[str]:
    """The names of what `evaluate` gives, in its order."""
    names = _names_known(model)
    return names if import_module("keras._eras").now == "3" else _Beside(model, 0, names)


metrics_names = property(metrics_names)


def metrics_tensors(model) -> list:
    """Empty: what the metrics gave is known when a batch is through."""
    return _Beside(model, 1)


metrics_tensors = property(metrics_tensors)


def _names_to_come(model, outputs) -> list[str]:
    """What the names will be once a batch has been seen."""
    metrics = model._compile_metrics
    given = getattr(model._compile_loss, "given", None)
    with_loss = [name for name in outputs if (given.get(name) if isinstance(given, dict) else given) is not None]
    if isinstance(given, (list, tuple)):
        with_loss = [name for name, loss in zip(outputs, given, strict=True) if loss is not None]
    names = ["loss", *(f"{name}_loss" for name in with_loss if len(with_loss) > 1)]
    given = (metrics._by_output(of_one, outputs, len(outputs)) for of_one in (metrics.metrics_given, metrics.weighted_given))
    for output, groups in zip(outputs, zip(*given, strict=True), strict=True):
        for kind, group in zip(("", "weighted_"), groups, strict=True):
            prefix = f"{output}_" if len(outputs) > 1 else ""
            for found in (resolve(one, (1, 1), (1, 1)).name for one in group if one is not None):
                names.append(f"{prefix}{kind}{found}" if f"{prefix}{found}" in names else f"{prefix}{found}")
    return names


# ---------------------------------------------------------------- the loss as a tensor, for `K.gradients` and `K.function`

_drawn = weakref.WeakKeyDictionary()  # a model -> its CompileLoss, and the tensors drawn for that one


def _loss_of(model) -> tuple:
    """Placeholders for targets and weights, and the loss that follows from these and from the model's outputs."""
    known = _drawn.get(model)
    if known is None or known[0] is not model._compile_loss:
        if model._compile_loss is None:
            raise AttributeError(f"Model {model.name!r} has no loss: it was not compiled with one.")
        backend, outputs = import_module("keras.backend"), model.outputs
        targets = [backend.placeholder(shape=(None,) * len(tensor.shape), dtype=tensor.dtype) for tensor in outputs]
        weights = [backend.placeholder(shape=(None,)) for _ in outputs]
        total = draw(_Total(model), (outputs, targets, weights), (), backend.floatx())
        known = _drawn[model] = (model._compile_loss, targets, weights, total)
    return known


class _Total:
    """What training makes small, as a function of outputs, targets and weights."""

    __name__ = "total_loss"

    def __init__(self, model):
        self.loss, self.penalized = model._compile_loss, [v for v in model.weights if v.regularizer is not None]

    def __call__(self, outputs, targets, weights):
        several = len(outputs) > 1
        loss = self.loss(*(part if several else part[0] for part in (targets, outputs, weights)))
        return loss + sum(variable.regularizer(variable.value) for variable in self.penalized)


targets, sample_weights, total_loss = (Answer(lambda model, i=i: _loss_of(model)[i]) for i in (1, 2, 3))
