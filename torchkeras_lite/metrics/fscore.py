"""Precision and recall in one number for each class."""

from __future__ import annotations

from torchkeras_lite import config
from torchkeras_lite.losses.functions import tensors_of
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.counting import Counted, spread


class FBetaScore(Counted):
    """(1 + beta²) precision recall / (beta² precision + recall).

    Args:
        average: over the classes: None (a score each), `"micro"` (of the counts of all classes), `"macro"` (the mean) or
            `"weighted"` (the mean, weighted by how often each class is true).
        beta: how much more recall counts than precision, a float.
        threshold: a prediction above it, a float in (0, 1], says yes. None: the largest of a row says yes, if it is not 0.

    Targets and predictions are (batch, classes); `sample_weight` is one number per sample.
    """

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. "
                f"Received: average={average}"
            )
        for key, value in (("beta", beta), ("threshold", 0.5 if threshold is None else threshold)):
            if not isinstance(value, float):
                raise ValueError(
                    f"Invalid `{key}` argument value. It should be a Python float. Received: {key}={value} "
                    f"of type '{type(value)}'"
                )
        if beta <= 0:
            raise ValueError(f"Invalid `beta` argument value. It should be > 0. Received: beta={beta}")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(
                f"Invalid `threshold` argument value. It should verify 0 < threshold <= 1. Received: threshold={threshold}"
            )
        self.average, self.beta, self.threshold = average, beta, threshold

    def _build(self, true_shape, shape):
        true_shape, shape = tuple(true_shape), tuple(shape)
        if len(shape) != 2 or true_shape != shape or shape[1] is None:
            known = ", with output_dim fully defined (not None)" if None in shape[1:] + true_shape[1:] else ""
            raise ValueError(
                f"FBetaScore expects 2D inputs with shape (batch_size, output_dim){known}. Received input shapes: "
                f"y_pred.shape={shape} and y_true.shape={true_shape}. (Metric: {self.name!r}.) Usual fix: make integer "
                "labels one-hot, with `to_categorical`; give labels of 0 and 1 an axis of size 1."
            )
        names = ["true_positives", "false_positives", "false_negatives", "intermediate_weights"]
        self._keep(() if self.average == "micro" else shape[1:], names)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tensors_of(y_true, y_pred)
        y_true, y_pred = y_true.to(self._torch_dtype), y_pred.detach().to(self._torch_dtype)
        if not self._sums:
            self._build(y_true.shape, y_pred.shape)
        if self.threshold is None:
            said = (y_pred >= y_pred.amax(-1, keepdim=True)) & (y_pred.abs() > 1e-9)
        else:
            said = y_pred > self.threshold
        true = y_true if sample_weight is None else y_true * spread(self, sample_weight, y_true)
        false = 1 - y_true if sample_weight is None else spread(self, sample_weight, y_true) - true
        sums = said * true, said * false, ~said * true, true
        self._add(*(each.sum() if self.average == "micro" else each.sum(0) for each in sums))

    def _score(self, tp, fp, fn, true):
        epsilon, square = config.epsilon(), self.beta**2
        precision, recall = tp / (tp + fp + epsilon), tp / (tp + fn + epsilon)
        score = precision * recall / (square * precision + recall + epsilon) * (1 + square)
        if self.average == "weighted":
            return (score * (true / (true.sum() + epsilon))).sum()
        return score if self.average is None else score.mean()

    def _is_number(self):
        return self.average is not None


class F1Score(FBetaScore):
    """2 precision recall / (precision + recall); arguments as in `FBetaScore`."""

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)


for _class in (FBetaScore, F1Score):
    table.add(_class)
