"""R²: the share of the targets' variance that predictions explain."""

from __future__ import annotations

import torch

from torchkeras_lite.losses.functions import same_rank, tensors_of
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.counting import Counted, spread
from torchkeras_lite.metrics.reduction import RunningSum
from torchkeras_lite.notices import warn
from torchkeras_lite.variable import Variable

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Counted):
    """1 - squared errors / squared distances of the targets from their mean.

    Args:
        class_aggregation: over the columns: `"uniform_average"` (the mean), `"variance_weighted_average"` or None (a score
            each).
        num_regressors: the number of independent variables, for the adjusted R²; 0 is the plain one.

    Targets and predictions are (batch, columns).
    """

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {_AGGREGATIONS}. Received: "
                f"class_aggregation={class_aggregation}"
            )
        if num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`. Expected a value >= 0. Received: "
                f"num_regressors={num_regressors}"
            )
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self._num_samples = 0  # a plain number, so that it can be looked at without asking the device

    @property
    def num_samples(self) -> Variable:
        """How many targets were seen, as a variable that can be read and assigned."""
        return RunningSum(self, "_num_samples")

    @property
    def variables(self):
        return [self.num_samples, *super().variables]

    def _build(self, y_true, y_pred):
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"R2Score expects 2D inputs with shape (batch_size, output_dim). Received: y_true.shape="
                f"{tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)} (metric: {self.name!r})"
            )
        self._keep(y_pred.shape[1:], ["squared_sum", "sum", "residual", "count"])

    def _keep(self, shape, names, dtype=None):
        super()._keep(shape, names, dtype)
        self.total_mse = self.residual

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = same_rank(*tensors_of(y_true, y_pred))
        y_true, y_pred = y_true.to(self._torch_dtype), y_pred.detach().to(self._torch_dtype)
        if not self._sums:
            self._build(y_true, y_pred)
        weight = spread(self, 1 if sample_weight is None else sample_weight, y_true)
        weighted = y_true * weight
        values = y_true * weighted, weighted, (y_true - y_pred).square() * weight, weight
        self._add(*(each.sum(0) for each in values))
        self._num_samples = self._num_samples + y_true.numel()

    def reset_state(self):
        super().reset_state()
        self._num_samples = 0

    def _state(self):
        return [self._num_samples, *super()._state()]

    def _score(self, samples, squares, total, residual, count):
        variance = squares - total * (total / count)
        score = 1 - residual / variance
        score = torch.where(score.isinf(), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = score.mean()
        elif self.class_aggregation is not None:
            score = (variance * score).sum() / variance.sum()
        return self._adjusted(score, samples) if self.num_regressors else score

    def _adjusted(self, score, samples):
        free = samples - self.num_regressors - 1
        if isinstance(free, torch.Tensor):  # assigned by somebody: where there are too few, nobody can be told
            return torch.where(free > 0, 1 - (1 - score) * (samples - 1) / free, score)
        if free <= 0:
            warn(
                f"{self.name}: {samples} targets are too few for {self.num_regressors} independent variables, so this is the "
                "plain R² and not the adjusted one.",
            )
            return score
        return 1 - (1 - score) * ((samples - 1) / free)

    def _is_number(self):
        return self.class_aggregation is not None


table.add(R2Score)
