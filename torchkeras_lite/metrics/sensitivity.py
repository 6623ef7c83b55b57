"""The best one rate can be where another has to be at least so much, over many thresholds."""

from __future__ import annotations

import torch

from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.confusion import COUNTS, Cuts, chosen
from torchkeras_lite.metrics.counting import Counted, ratio


class _Best(Counted):
    def __init__(self, kind, value, num_thresholds=200, class_id=None, name=None, dtype=None):
        if not 0 <= value <= 1:
            raise ValueError(f"Argument `{kind}` must be in the range [0, 1]. Received: {kind}={value}")
        super().__init__(name=name, dtype=dtype)
        if num_thresholds <= 0:
            raise ValueError(f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={num_thresholds}")
        setattr(self, kind, value)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        last = num_thresholds - 1
        self.thresholds = (torch.arange(num_thresholds, dtype=torch.float64) / last).tolist() if last else [0.5]
        self._cuts = Cuts(self.thresholds, even=bool(last))
        self._keep((num_thresholds,), COUNTS)

    def update_state(self, y_true, y_pred, sample_weight=None):
        data = chosen(self, y_true, y_pred, sample_weight, class_id=self.class_id)
        self._add(*self._cuts.count(COUNTS, *data))

    def _rates(self, tp, fp, tn, fn):
        """The rate that has to be large enough, and the one that is wanted."""
        raise NotImplementedError

    def _score(self, tp, fp, tn, fn):
        held, wanted = self._rates(tp, fp, tn, fn)
        return torch.where(held >= self.value, wanted, 0.0).amax()


class SensitivityAtSpecificity(_Best):
    """The largest true positive rate at thresholds where the true negative rate is at least `specificity`.

    Args:
        specificity: in [0, 1].
        num_thresholds: so many thresholds are tried, evenly over [0, 1].
        class_id: the one class that counts, a place on the last axis.
    """

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)

    def _rates(self, tp, fp, tn, fn):
        return ratio(tn, tn + fp), ratio(tp, tp + fn)


class SpecificityAtSensitivity(_Best):
    """The largest true negative rate at thresholds where the true positive rate is at least `sensitivity`.

    The other arguments are as in `SensitivityAtSpecificity`.
    """

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)

    def _rates(self, tp, fp, tn, fn):
        return ratio(tp, tp + fn), ratio(tn, tn + fp)


class PrecisionAtRecall(_Best):
    """The largest precision at thresholds where the recall is at least `recall`.

    The other arguments are as in `SensitivityAtSpecificity`.
    """

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("recall", recall, num_thresholds, class_id, name, dtype)

    def _rates(self, tp, fp, tn, fn):
        return ratio(tp, tp + fn), ratio(tp, tp + fp)


class RecallAtPrecision(_Best):
    """The largest recall at thresholds where the precision is at least `precision`.

    The other arguments are as in `SensitivityAtSpecificity`.
    """

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)

    def _rates(self, tp, fp, tn, fn):
        return ratio(tp, tp + fp), ratio(tp, tp + fn)


for _class in (SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision):
    table.add(_class)
