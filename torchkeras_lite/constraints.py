"""Constraints: what a weight becomes after each step of the optimizer. Called with the weight in the Keras layout."""

from __future__ import annotations

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.variable import tensor_of

_table = registry.Table("constraint", "keras.constraints")


class Constraint(registry.Configurable):
    """Base class. A subclass defines `__call__(w)` and returns the constrained weight."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__module__ == __name__:
            _table.add(cls)

    def __call__(self, w) -> torch.Tensor:
        return w


def _norm(w, axis):
    """The lengths of the vectors along `axis` (an integer or several), kept as axes of size 1."""
    return torch.linalg.vector_norm(w, dim=axis, keepdim=True)


class MaxNorm(Constraint):
    """Vectors along `axis` no longer than `max_value`. For Dense kernels axis 0 is right, for Conv2D kernels [0, 1, 2]."""

    def __init__(self, max_value=2, axis=0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w) -> torch.Tensor:
        w = tensor_of(w)
        norm = _norm(w, self.axis)
        return w * (norm.clamp(0, self.max_value) / (config.epsilon() + norm))


class NonNeg(Constraint):
    """No value below zero."""

    def __call__(self, w) -> torch.Tensor:
        return tensor_of(w).clamp(min=0)


class UnitNorm(Constraint):
    """Vectors along `axis` of length 1."""

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w) -> torch.Tensor:
        w = tensor_of(w)
        return w / (config.epsilon() + _norm(w, self.axis))


class MinMaxNorm(Constraint):
    """Vectors along `axis` with lengths between `min_value` and `max_value`; `rate` is how far each step goes there."""

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w) -> torch.Tensor:
        w = tensor_of(w)
        norm = _norm(w, self.axis)
        desired = self.rate * norm.clamp(self.min_value, self.max_value) + (1 - self.rate) * norm
        return w * (desired / (config.epsilon() + norm))


_table.add(Constraint)
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm


def get(identifier):
    """The constraint that a name, config, class, callable or None (None) means; ValueError for an unknown name."""
    return _table.get(identifier)


def serialize(constraint):
    return registry.serialize(constraint)


def deserialize(config, custom_objects=None):
    return registry.deserialize(config, custom_objects, _table)
