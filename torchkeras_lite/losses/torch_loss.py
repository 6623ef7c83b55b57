"""torch's own losses as Keras losses."""

from __future__ import annotations

import copy
import functools
import inspect

from torch import nn

from torchkeras_lite import registry
from torchkeras_lite.losses.base import Loss, reduce_weighted
from torchkeras_lite.losses.functions import tensors_of

# Those whose targets are class numbers when they are no distribution.
_CLASS_LOSSES = {"cross_entropy", "nll_loss", "multi_margin_loss", "cross_entropy_loss"}
_KERAS_ORDER = {"y_true", "true", "target", "targets", "label", "labels", "y"}


def is_torch_loss(obj) -> bool:
    """Whether `obj` takes (prediction, target): an nn.Module, or a function out of `torch.nn.functional`."""
    if isinstance(obj, nn.Module):
        first = next(iter(inspect.signature(obj.forward).parameters), "")
        return first not in _KERAS_ORDER
    function = obj.func if isinstance(obj, functools.partial) else obj
    return getattr(function, "__module__", None) == "torch.nn.functional"


class TorchLoss(Loss):
    """A loss of torch (`nn.MSELoss()`, `F.cross_entropy`, a module of your own) called as Keras calls losses.

    Targets are brought into the form torch asks for: class numbers as int64 without a last axis of size 1, others in the
    dtype and shape of the predictions. Classes may stand on the last axis, as in Keras.

    Args:
        fn: takes the prediction, then the target.
    """

    def __init__(self, fn, name=None, reduction="sum_over_batch_size", dtype=None):
        function = fn.func if isinstance(fn, functools.partial) else fn
        kind = registry.snake_case(getattr(function, "__name__", type(function).__name__))
        super().__init__(name or kind, reduction, dtype)
        self.fn = fn
        self._takes_classes = kind in _CLASS_LOSSES
        self._moved = not isinstance(fn, nn.Module)

    def __call__(self, y_true, y_pred, sample_weight=None):
        mask = getattr(y_pred, "_keras_mask", None)
        y_true, y_pred = tensors_of(y_true, y_pred)
        if not self._moved:  # class weights come along, once
            self.fn.to(y_pred.device)
            self._moved = True
        y_pred, y_true = self._arrange(y_pred, y_true)
        if sample_weight is None and mask is None:
            loss = self.fn(y_pred, y_true)
            return loss.mean() if loss.ndim and self.reduction not in ("none", None) else loss
        losses = self._elementwise()(y_pred, y_true)
        if losses.ndim > 1 and losses.shape == y_pred.shape:
            losses = losses.mean(-1)
        return reduce_weighted(losses, sample_weight, mask, self.reduction)

    def _arrange(self, pred, target):
        if target.numel() == pred.numel():
            return pred, target.to(pred.dtype).reshape(pred.shape)
        if target.ndim == pred.ndim and target.shape[-1] == 1:
            target = target.squeeze(-1)
        if self._takes_classes or not target.is_floating_point():
            target = target.long()
            if pred.ndim > 2 and target.shape == pred.shape[:-1]:
                pred = pred.movedim(-1, 1)  # torch wants the classes there
        else:
            target = target.to(pred.dtype)
        return pred, target

    def _elementwise(self):
        """The same loss without its reduction."""
        if isinstance(self.fn, nn.Module):
            if getattr(self.fn, "reduction", None) is None:
                raise ValueError(
                    f"{self.name} has no `reduction`, so sample weights and masks cannot be applied to it. Pass a loss that "
                    "accepts `reduction='none'`, or a Keras loss."
                )
            fn = copy.copy(self.fn)
            fn.reduction = "none"
            return fn
        return functools.partial(self.fn, reduction="none")
