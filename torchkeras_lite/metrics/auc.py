"""The area under a curve through many thresholds."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.confusion import COUNTS, Cuts, chosen, is_even
from torchkeras_lite.metrics.counting import Counted, ratio
from torchkeras_lite.variable import tensor_of

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


class AUC(Counted):
    """The area under a curve, as a sum over thresholds: 1 is perfect; under ROC, 0.5 is a guess.

    Args:
        num_thresholds: how many, evenly over [0, 1], both ends included.
        curve: `"ROC"` (true positive rate over false positive rate), `"PR"` (precision over recall) or `"PRGAIN"` (both as
            gains over the share of positives).
        summation_method: the height between two thresholds: `"interpolation"` (their mean; under PR, as true and false
            positives change evenly), `"minoring"` (the lower one) or `"majoring"` (the higher one).
        thresholds: instead of `num_thresholds`: those between 0 and 1, which are added.
        multi_label: a curve for each label (the last of two axes), and the mean of the areas.
        num_labels: for `multi_label`: makes the state at once instead of at the first batch.
        label_weights: how much each label counts: in the mean of the areas, or, without `multi_label`, in the counts.
        from_logits: predictions are logits of a sigmoid.

    Raises:
        ValueError: an unknown `curve` or `summation_method`, too few thresholds, `num_labels` without `multi_label`; at the
            first batch: `multi_label` with predictions that have not two axes.
    """

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        self.curve = _one_of("AUC curve", curve, _CURVES)
        self.summation_method = _one_of("AUC summation method", summation_method, _SUMMATIONS)
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}")
        super().__init__(name=name, dtype=dtype)
        self._given = thresholds is not None
        inner = sorted(thresholds) if self._given else _between(num_thresholds)
        self.num_thresholds = len(inner) + 2
        # The ends stand a little outside, so that predictions of exactly 0 and 1 fall between them.
        ends = 0.0 - config.epsilon(), 1.0 + config.epsilon()
        self._cuts = Cuts([ends[0], *inner, ends[1]], even=not self._given or is_even([0.0, *inner, 1.0]), closed=True)
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else tensor_of(label_weights, self._torch_dtype, config.get_device())
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        if num_labels or not multi_label:
            self._build((None, num_labels))

    @property
    def thresholds(self) -> list:
        """All thresholds, both ends included."""
        return list(self._cuts.values)

    def _build(self, shape):
        if self.multi_label and len(shape) != 2:
            raise ValueError(
                f"{self.name}: with `multi_label=True` the predictions must have two axes, (samples, labels). Received: "
                f"y_pred.shape={tuple(shape)}"
            )
        self._keep((self.num_thresholds, *shape[1:]) if self.multi_label else (self.num_thresholds,), COUNTS)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred, weight = chosen(self, y_true, y_pred, sample_weight)
        if not self._sums:
            self._build(y_pred.shape)
        if self.label_weights is not None and not self.multi_label:
            labels = self.label_weights.to(y_pred.device).expand(y_pred.shape)
            weight = labels if weight is None else weight * labels
        if self.from_logits:
            y_pred = y_pred.sigmoid()
        self._add(*self._cuts.count(COUNTS, y_true, y_pred, weight, by_label=self.multi_label))

    def _score(self, tp, fp, tn, fn):
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated(tp, fp, fn)
        else:
            x, y = self._points(tp, fp, tn, fn)
            low, high = y[:-1], y[1:]
            if self.summation_method == "interpolation":
                heights = (low + high) / 2
            else:
                heights = (torch.minimum if self.summation_method == "minoring" else torch.maximum)(low, high)
            areas = (x[:-1] - x[1:]) * heights
        areas = areas.sum(0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = self.label_weights.to(areas.device)
        return ratio((areas * weights).sum(), weights.sum())

    def _points(self, tp, fp, tn, fn):
        """The curve's points, one for each threshold."""
        if self.curve == "ROC":
            return ratio(fp, fp + tn), ratio(tp, tp + fn)
        if self.curve == "PR":
            return ratio(tp, tp + fn), ratio(tp, tp + fp)
        odds = ratio(tp + fn, tn + fp)
        recall, precision = 1 - odds * ratio(fn, tp), 1 - odds * ratio(fp, tp)
        return torch.where(tp == 0, 0.0, recall).clamp(min=0), torch.where(tp == 0, 1.0, precision)

    def get_config(self):
        config = {
            **self._base_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        if self._given:
            config["thresholds"] = [float(one) for one in self.thresholds[1:-1]]
        return config


def _interpolated(tp, fp, fn):
    """The areas under precision over recall where true and false positives change evenly from threshold to threshold."""
    above = tp + fp
    before, after = above[:-1], above[1:]
    right = tp[:-1] - tp[1:]
    slope = ratio(right, (before - after).clamp(min=0))
    intercept = tp[1:] - slope * after
    log = torch.where((before > 0) & (after > 0), ratio(before, after), 1.0).log()
    return ratio(slope * (right + intercept * log), tp[1:] + fn[1:])


def _between(count: int) -> list[float]:
    """`count` thresholds, evenly over [0, 1], without both ends."""
    return (torch.arange(1, count - 1, dtype=torch.float64) / (count - 1)).tolist()


def _one_of(what: str, given, known):
    """The spelling of `given` in `known`."""
    found = next((one for one in known if given in (one.lower(), one.upper(), one.capitalize())), None)
    if found is None:
        raise ValueError(f'Invalid {what} value: "{given}". Expected one of {list(known)}.')
    return found


table.add(AUC)
