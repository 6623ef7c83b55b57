"""Regularizers: a penalty for a weight, as a scalar tensor. Called with the weight in the Keras layout."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from torchkeras_lite import config, registry
from torchkeras_lite.variable import tensor_of

_table = registry.Table("regularizer", "keras.regularizers")


class Regularizer(registry.Configurable):
    """Base class. A subclass defines `__call__(x)` and returns a scalar."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__module__ == __name__:
            _table.add(cls)

    def __call__(self, x) -> torch.Tensor | float:
        return 0.0


def _factor(name: str, value, default: float) -> float:
    if value is None:
        return default
    if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"Invalid value for argument {name}: expected a non-negative float. Received: {name}={value!r}")
    return float(value)


class L1(Regularizer):
    """l1 * sum(|x|)."""

    def __init__(self, l1=0.01):
        self.l1 = _factor("l1", l1, 0.01)

    def __call__(self, x) -> torch.Tensor:
        return self.l1 * tensor_of(x).abs().sum()


class L2(Regularizer):
    """l2 * sum(x²)."""

    def __init__(self, l2=0.01):
        self.l2 = _factor("l2", l2, 0.01)

    def __call__(self, x) -> torch.Tensor:
        return self.l2 * tensor_of(x).square().sum()


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x²)."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1, self.l2 = _factor("l1", l1, 0.0), _factor("l2", l2, 0.0)

    def __call__(self, x) -> torch.Tensor:
        x = tensor_of(x)
        penalty = self.l1 * x.abs().sum() if self.l1 else 0.0
        if self.l2:
            penalty = penalty + self.l2 * x.square().sum()
        return penalty if self.l1 or self.l2 else x.new_zeros(())


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean |cosine| between the rows (or columns) of a matrix: it pushes them to be orthogonal."""

    def __init__(self, factor=0.01, mode="rows"):
        self.factor = _factor("factor", factor, 0.01)
        if mode not in ("rows", "columns"):
            raise ValueError(f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}')
        self.mode = mode

    def __call__(self, x) -> torch.Tensor:
        x = tensor_of(x)
        if x.ndim != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={tuple(x.shape)}")
        rows = x if self.mode == "rows" else x.T
        rows = F.normalize(rows, dim=1, eps=config.epsilon())
        cosines = (rows @ rows.T).abs()
        pairs = len(rows) * (len(rows) - 1)
        return self.factor * (cosines.sum() - cosines.diagonal().sum()) / pairs


_table.add(Regularizer)
_table.objects.update({"l1_l2": L1L2})
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


def get(identifier):
    """The regularizer that a name, config, class, callable or None (None) means; ValueError for an unknown name."""
    return _table.get(identifier)


def serialize(regularizer):
    return registry.serialize(regularizer)


def deserialize(config, custom_objects=None):
    return registry.deserialize(config, custom_objects, _table)
