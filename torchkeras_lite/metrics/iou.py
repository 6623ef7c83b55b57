"""Intersection over union: how well the places of a class are found."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.losses.functions import tensors_of
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.counting import Constant, Counted
from torchkeras_lite.notices import warn
from torchkeras_lite.variable import tensor_of


class IoU(Counted):
    """true positives / (true positives + false positives + false negatives), the mean over some classes.

    Classes that were neither seen nor predicted are left out of the mean; labels that name no class count for nothing.

    Args:
        num_classes: labels are 0 to `num_classes - 1`.
        target_class_ids: the classes of the mean.
        dtype: of the counts; None is int32. Weights that are no whole numbers need a float type.
        ignore_class: places with this label count for nothing.
        sparse_y_true, sparse_y_pred: labels are integers; otherwise the class of the largest number along `axis` is meant.

    Raises:
        ValueError: a target class that is not among the classes.
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        if max(target_class_ids) >= num_classes:
            raise ValueError(f"Target class id {max(target_class_ids)} is out of range, which is [0, {num_classes}).")
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, list(target_class_ids), ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self._chosen = Constant(self.target_class_ids)
        self._sums = (self.add_variable((num_classes, num_classes), "zeros", name="total_confusion_matrix"),)

    @property
    def total_cm(self):
        """The counts so far, as a variable (classes that are true, classes that were predicted)."""
        return self._sums[0]

    @total_cm.setter
    def total_cm(self, variable):
        self._sums = (variable,)
        self._variables = [variable]

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tensors_of(y_true, y_pred)
        true = (y_true if self.sparse_y_true else y_true.argmax(self.axis)).reshape(-1).long()
        said = (y_pred if self.sparse_y_pred else y_pred.argmax(self.axis)).reshape(-1).long()
        if true.shape != said.shape:
            raise ValueError(
                f"{self.name}: there must be one prediction for each target. Received: y_true.shape={tuple(y_true.shape)}, "
                f"y_pred.shape={tuple(y_pred.shape)}. Usual fix: `sparse_y_true=False` for one-hot targets, "
                "`sparse_y_pred=False` for predictions with a number per class."
            )
        classes = self.num_classes
        counts = (true >= 0) & (true < classes) & (said >= 0) & (said < classes)
        if self.ignore_class is not None:
            counts &= true != self.ignore_class
        places = torch.where(counts, true * classes + said, classes**2)  # the last one is for what counts for nothing
        weight = self._weight(sample_weight, places)
        sums = weight.new_zeros(classes**2 + 1).index_add_(0, places, weight)
        self._add(sums[:-1].reshape(classes, classes))

    def _weight(self, weight, places):
        if weight is None:
            return torch.ones((), dtype=self._torch_dtype, device=places.device).expand(places.shape)
        if "float" in str(getattr(weight, "dtype", "")) and not self._torch_dtype.is_floating_point:
            warn(
                f"{self.name}: the sample weights are floats, and its counts have an int dtype ({self.dtype}): casting cuts "
                "off what follows the point. Pass `dtype='float32'` to the metric, or integer weights.",
            )
        return tensor_of(weight, self._torch_dtype, places.device).detach().reshape(-1).expand(places.shape)

    def _score(self, matrix):
        both = matrix.diagonal()
        any_of_both = matrix.sum(0) + matrix.sum(1) - both
        chosen = self._chosen.on(matrix.device)
        both, any_of_both = both[chosen].float(), any_of_both[chosen].float()
        seen = any_of_both > 1e-9
        scores = torch.where(seen, both / (any_of_both + config.epsilon()), 0.0)
        return scores.sum() / (seen.sum() + config.epsilon())


class BinaryIoU(IoU):
    """IoU of the classes 0 and 1, where a prediction of at least `threshold` means 1.

    Args:
        target_class_ids: `(0,)`, `(1,)` or both, whose mean it is.
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tensors_of(y_true, y_pred)
        super().update_state(y_true, y_pred >= self.threshold, sample_weight)


class MeanIoU(IoU):
    """The mean IoU of all classes; arguments as in `IoU`."""

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        every = torch.arange(num_classes).tolist()
        super().__init__(num_classes, every, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """IoU of targets that are one-hot along `axis`; the other arguments as in `IoU`."""

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """The mean IoU of all classes, of targets that are one-hot along `axis`; the other arguments as in `IoU`."""

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)


for _class in (IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU):
    table.add(_class)
