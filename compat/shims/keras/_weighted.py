"""How the losses and metrics of `compile()` were computed, where that differs from today.

Until Keras 2.2 weighted losses were divided by the share of weights that are not zero, so that rows of weight 0 (padding)
counted for nothing at all. Keras 2.3 did not divide by the share of what a mask leaves, as all others do. The metrics of
Keras 1 knew nothing of masks. `tf.keras` compared targets (rows,) with outputs (rows, n) as a column.

The outputs of a subclassed model had names, "output_1" and so on. A list of metrics was one for every output, however long;
and metrics were counted output by output, the weighted ones of each behind its others.
"""

from __future__ import annotations

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.models.compile import CompileLoss, CompileMetrics, _fresh


def _name_outputs(holder, y_pred) -> None:
    """Names for outputs that have none, held by what computes their losses or metrics."""
    if holder.output_names is None and isinstance(y_pred, (list, tuple)) and len(y_pred) > 1:
        holder.output_names = [f"output_{number}" for number in range(1, len(pytree.tree_leaves(y_pred)) + 1)]


class LossOfNamedOutputs(CompileLoss):
    """The loss of Keras 1 and 2, whose outputs all have names."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        if self.parts is None:
            _name_outputs(self, y_pred)
        return super().__call__(y_true, y_pred, sample_weight)


class LossByRowsThatCount(LossOfNamedOutputs):
    """The loss of Keras 1 to 2.2."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            sample_weight = pytree.tree_map(_by_those_not_zero, sample_weight)
        return super().__call__(y_true, y_pred, sample_weight)


def _by_those_not_zero(weights):
    if not isinstance(weights, torch.Tensor):
        return weights
    weights = weights if weights.is_floating_point() else weights.float()
    return weights * (weights.numel() / torch.count_nonzero(weights).clamp(min=1))


class LossByAllRows(LossOfNamedOutputs):
    """The loss of Keras 2.3."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return super().__call__(y_true, y_pred, _by_the_mask(y_pred, sample_weight))


def _by_the_mask(y_pred, weights):
    if isinstance(y_pred, dict):
        given = weights if isinstance(weights, dict) else dict.fromkeys(y_pred, weights)
        found = {key: _by_the_mask(one, given.get(key)) for key, one in y_pred.items()}
        return found if any(one is not None for one in found.values()) else weights
    if isinstance(y_pred, (list, tuple)):
        given = list(weights) if isinstance(weights, (list, tuple)) and len(weights) == len(y_pred) else [weights] * len(y_pred)
        if isinstance(weights, dict):  # by names, which only the model knows
            return weights
        found = list(map(_by_the_mask, y_pred, given))
        return found if any(one is not None for one in found) else weights
    mask = getattr(y_pred, "_keras_mask", None)
    if mask is None:
        return weights
    share = mask.to(y_pred.dtype).mean()
    return share if weights is None else weights * share


class MetricsByOutput(CompileMetrics):
    """The metrics of Keras 1 and 2."""

    def build(self, y_true, y_pred):
        _name_outputs(self, y_pred)
        super().build(y_true, y_pred)
        outputs = [index for index, _ in (*self.plain, *self.weighted)]
        order = sorted(range(len(outputs)), key=outputs.__getitem__)  # stable: plain ones stay in front
        self.metrics, self.labels = [self.metrics[i] for i in order], [self.labels[i] for i in order]

    def _by_output(self, given, names, count):
        if isinstance(given, (list, tuple)) and count > 1 and not any(isinstance(one, (list, tuple)) for one in given):
            return [[_fresh(one) for one in given] for _ in range(count)]
        return super()._by_output(given, names, count)


class MetricsOfAllSteps(MetricsByOutput):
    """The metrics of Keras 1."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, pytree.tree_map(_without_mask, y_pred), sample_weight)


def _without_mask(one):
    return one.detach() if isinstance(one, torch.Tensor) and hasattr(one, "_keras_mask") else one


def _in_columns(y_true, y_pred):
    if isinstance(y_pred, torch.Tensor):
        column = isinstance(y_true, torch.Tensor) and y_true.ndim == 1 and y_pred.ndim == 2
        return y_true[:, None] if column else y_true
    if isinstance(y_pred, dict) and isinstance(y_true, dict):
        return {key: _in_columns(one, y_pred[key]) if key in y_pred else one for key, one in y_true.items()}
    if isinstance(y_pred, (list, tuple)) and isinstance(y_true, (list, tuple)) and len(y_true) == len(y_pred):
        return type(y_true)(map(_in_columns, y_true, y_pred)) if type(y_true) in (list, tuple) else y_true
    return y_true


class LossOfColumns(LossOfNamedOutputs):
    """The loss of `tf.keras`."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return super().__call__(_in_columns(y_true, y_pred), y_pred, sample_weight)


class MetricsOfColumns(MetricsByOutput):
    """The metrics of `tf.keras`."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(_in_columns(y_true, y_pred), y_pred, sample_weight)


CLASSES = {"1.2": LossByRowsThatCount, "2.2": LossByRowsThatCount, "2.3": LossByAllRows, "tf2": LossOfColumns}
METRICS = {"1.2": MetricsOfAllSteps, "2.2": MetricsByOutput, "2.3": MetricsByOutput, "tf2": MetricsOfColumns}


def weigh(model, era: str) -> None:
    """Lets a model that has been compiled compute its loss as the era did."""
    loss = model._compile_loss
    if era in CLASSES and type(loss) is CompileLoss:
        loss.__class__ = CLASSES[era]
    if era in METRICS and type(model._compile_metrics) is CompileMetrics:
        model._compile_metrics.__class__ = METRICS[era]
