"""Right and wrong answers to a yes-or-no question, counted above and below thresholds, and what follows from the counts."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import config, registry
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.counting import Constant, Counted, aligned, ratio, spread

LEAST = -1e10  # a prediction that is none

_OF_ONE = {  # by (is above the threshold, is true)
    "true_positives": torch.logical_and,
    "false_positives": torch.gt,
    "true_negatives": lambda above, true: ~(above | true),
    "false_negatives": torch.lt,
}
COUNTS = tuple(_OF_ONE)


class Cuts:
    """Thresholds, and the counts of what lies above them.

    Several are counted in one pass over the data: each prediction goes into the bin of how many thresholds lie below it, and
    the counts are sums of bins.

    Args:
        values: the thresholds, in any order.
        even: they divide [0, 1] evenly, so a bin is found by a multiplication (None: find out).
        closed: 0 counts as above the first one.
    """

    def __init__(self, values, even: bool | None = None, closed: bool = False):
        self.even, self.closed = is_even(values) if even is None else even, closed
        self.values = list(values)
        self._sorted = Constant(sorted(values))
        places = np.argsort(np.argsort(values, kind="stable"))  # of each threshold among the sorted ones
        self._places = None if self._sorted.values == self.values else Constant(places.tolist())

    def __len__(self):
        return len(self.values)

    def count(self, names, y_true, y_pred, weight=None, by_label: bool = False) -> list[torch.Tensor]:
        """The counts of these names, in the shape (thresholds,); with `by_label`, (thresholds, size of the last axis)."""
        true = y_true if y_true.dtype is torch.bool else y_true != 0
        if len(self) == 1 and not by_label:
            above = y_pred > self.values[0]
            masks = (_OF_ONE[name](above, true) for name in names)
            return [(mask if weight is None else mask * weight).sum(dtype=y_pred.dtype).reshape(1) for mask in masks]
        labels = y_pred.shape[-1] if by_label else 1
        bins, size = self._bins(y_pred), len(self) + 1
        bins = bins + true * size
        if by_label:
            bins = bins + torch.arange(0, 2 * size * labels, 2 * size, device=bins.device)
        bins = bins.reshape(-1)
        weight = y_pred.new_ones(()).expand(bins.shape) if weight is None else weight.reshape(-1)
        bins = y_pred.new_zeros(labels * 2 * size).index_add_(0, bins, weight).reshape(labels, 2, size)
        below = self._in_order(bins.cumsum(-1)[..., :-1])
        above = self._in_order(bins.flip(-1).cumsum(-1).flip(-1)[..., 1:])
        (tn, fn), (fp, tp) = below.unbind(1), above.unbind(1)
        found = {"true_positives": tp, "false_positives": fp, "true_negatives": tn, "false_negatives": fn}
        return [found[name].T if by_label else found[name][0] for name in names]

    def _in_order(self, counts):
        return counts if self._places is None else counts[..., self._places.on(counts.device)]

    def _bins(self, y_pred):
        """For each prediction: how many thresholds lie below it."""
        if self.even:
            last = len(self) - 1
            return (y_pred * last).ceil().clamp(int(self.closed), last).nan_to_num(int(self.closed)).long()
        thresholds = self._sorted.on(y_pred.device, y_pred.dtype)
        return torch.bucketize(y_pred.nan_to_num(-torch.inf).contiguous(), thresholds)


def is_even(values) -> bool:
    """Whether thresholds divide [0, 1] evenly, both ends included."""
    if len(values) < 3:
        return False
    return np.allclose(values, np.linspace(0, 1, len(values), dtype="float32"), atol=config.epsilon())


def parsed(thresholds, default: float) -> list:
    """The `thresholds` argument as a list. Raises ValueError for one that is not in [0, 1]."""
    if thresholds is None:
        return [default]
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    wrong = [one for one in thresholds if one is None or not 0 <= one <= 1]
    if wrong:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {wrong}")
    return thresholds


def chosen(metric, y_true, y_pred, weight, top_k=None, class_id=None):
    """Targets, predictions and weights (or None) of one shape: of all classes or one, the rest of the `top_k` without a chance.

    Masks play no part, as in Keras.
    """
    y_true, y_pred = aligned(metric, y_true, y_pred)
    if top_k is not None:
        values, places = y_pred.topk(top_k)
        y_pred = torch.full_like(y_pred, LEAST).scatter(-1, places, values)
    if class_id is not None:
        if y_pred.ndim < 2:
            raise ValueError(
                "When class_id is provided, y_pred must be a 2D array or more, whose last axis holds the classes. "
                f"Received: y_pred.shape={tuple(y_pred.shape)} (metric: {metric.name!r})"
            )
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    return y_true, y_pred, None if weight is None else spread(metric, weight, y_pred)


class _Count(Counted):
    _direction = None
    _name: str

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parsed(thresholds, 0.5)
        self._cuts = Cuts(self.thresholds)
        self._keep((len(self._cuts),), ["accumulator"])

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._add(*self._cuts.count([self._name], *chosen(self, y_true, y_pred, sample_weight)))

    def _score(self, accumulator):
        return accumulator[0] if len(self._cuts) == 1 else accumulator

    def _is_number(self):
        return len(self._cuts) == 1

    def get_config(self):
        return {**self._base_config(), "thresholds": registry.serialize(self.init_thresholds)}


class TruePositives(_Count):
    """How many predictions above the threshold belong to targets of 1.

    Args:
        thresholds: a number in [0, 1] or several (a result each); None is 0.5.
    """

    _name = "true_positives"


class FalsePositives(_Count):
    """How many predictions above the threshold belong to targets of 0; arguments as in `TruePositives`."""

    _name = "false_positives"


class TrueNegatives(_Count):
    """How many predictions not above the threshold belong to targets of 0; arguments as in `TruePositives`."""

    _name = "true_negatives"


class FalseNegatives(_Count):
    """How many predictions not above the threshold belong to targets of 1; arguments as in `TruePositives`."""

    _name = "false_negatives"


class _Share(Counted):
    _names: tuple[str, str]

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = parsed(thresholds, 0.5 if top_k is None else LEAST)
        self._cuts = Cuts(self.thresholds)
        self._keep((len(self._cuts),), self._names)

    def update_state(self, y_true, y_pred, sample_weight=None):
        data = chosen(self, y_true, y_pred, sample_weight, self.top_k, self.class_id)
        self._add(*self._cuts.count(self._names, *data))

    def _score(self, right, wrong):
        share = ratio(right, right + wrong)
        return share[0] if len(self._cuts) == 1 else share

    def _is_number(self):
        return len(self._cuts) == 1

    def get_config(self):
        thresholds = registry.serialize(self.init_thresholds)
        return {**self._base_config(), "thresholds": thresholds, "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """The share of the true among the predictions above the threshold.

    Args:
        thresholds: a number in [0, 1] or several (a result each); None is 0.5, with `top_k` none.
        top_k: only the `top_k` largest predictions of a row are above anything.
        class_id: the one class that counts, a place on the last axis.
    """

    _names = ("true_positives", "false_positives")


class Recall(_Share):
    """The share of the targets of 1 whose prediction is above the threshold; arguments as in `Precision`."""

    _names = ("true_positives", "false_negatives")


for _class in (TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision, Recall):
    table.add(_class)
