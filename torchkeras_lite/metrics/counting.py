"""Metrics whose state is a few sums, and whose result is computed from these when somebody looks."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.losses.functions import fix_of, same_rank, tensors_of
from torchkeras_lite.metrics.base import Metric
from torchkeras_lite.variable import tensor_of


def ratio(a, b):
    """a / b, and 0 where b is 0."""
    return torch.where(b == 0, 0.0, a / b)


def aligned(metric, y_true, y_pred):
    """Targets and predictions as tensors of one shape and device, the predictions in the metric's dtype, without gradients.

    Raises:
        ValueError: shapes that differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_rank(*tensors_of(y_true, y_pred))
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{metric.name}: the targets and the predictions must have the same shape. Received: y_true.shape="
            f"{tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}. "
            + fix_of(y_true, y_pred, "make integer labels of several classes one-hot, with `to_categorical`.")
        )
    return y_true, y_pred.detach().to(metric._torch_dtype)


def spread(metric, weight, values):
    """Weights for the leading axes of `values` (one per sample, or more), repeated to its shape."""
    weight = tensor_of(weight, metric._torch_dtype, values.device).detach()
    if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
        weight = weight.squeeze(-1)
    shape = tuple(weight.shape) + (1,) * (values.ndim - weight.ndim)
    try:
        return weight.reshape(shape).expand(values.shape)
    except RuntimeError:
        raise ValueError(
            f"{metric.name}: `sample_weight` of shape {tuple(weight.shape)} does not fit values of shape "
            f"{tuple(values.shape)}: give one weight per sample, or one per value."
        ) from None


class Constant:
    """A few numbers, copied to each device once: a copy in every step would make the host wait."""

    def __init__(self, values):
        self.values, self._copies = list(values), {}

    def on(self, device, dtype=None) -> torch.Tensor:
        copy = self._copies.get((device, dtype))
        if copy is None:
            copy = self._copies[device, dtype] = torch.tensor(self.values, dtype=dtype, device=device)
        return copy

    def __getstate__(self):
        return {"values": self.values, "_copies": {}}


class Later:
    """A result that is computed only when somebody looks, from the state as it was.

    Args:
        compute: gives the result, a tensor with one element.
        state: what it is computed from. A metric replaces its sums and never writes into them, so they stay what they are.
    """

    __slots__ = ("_compute", "_state")

    def __init__(self, compute, state):
        self._compute, self._state = compute, state

    def __float__(self):
        return float(self._compute(*self._state))


class Counted(Metric):
    """A metric of a few sums over rows, so that two batches counted as one give the same.

    A subclass says what they are (`_keep`), adds to them (`_add`), and defines `_score(*sums)`.
    """

    _direction = "up"
    _sums: tuple = ()  # none before the first batch has told the number of classes

    def _keep(self, shape, names, dtype=None) -> None:
        """Makes a variable for each name, an attribute of that name too."""
        self._sums = tuple(self.add_variable(shape, "zeros", dtype, name=name) for name in names)
        for name, variable in zip(names, self._sums, strict=True):
            setattr(self, name, variable)

    def _begin_as(self, state) -> None:
        self._keep(state[0][1].shape, [name for name, _ in state], state[0][1].dtype)

    def _add(self, *values) -> None:
        for variable, value in zip(self._sums, values, strict=True):
            variable.assign_add(value)

    def _state(self) -> list:
        return [variable.value for variable in self._sums]

    def _score(self, *sums):
        raise NotImplementedError

    def result(self):
        """The value for all that was seen; 0 before the first batch."""
        if not self._sums:
            return torch.zeros((), dtype=self._torch_dtype, device=config.get_device())
        return self._score(*self._state())

    def _is_number(self) -> bool:
        """Whether the result is a single number."""
        return True

    def pending(self):
        mine = type(self).result.__module__.startswith(__package__)  # a user's own result may be anything
        return Later(self._score, self._state()) if mine and self._sums and self._is_number() else self.result()
