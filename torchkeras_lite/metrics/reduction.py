"""Sums and means over everything a metric has seen, and any function as such a mean."""

from __future__ import annotations

import math
import types

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.losses import FUSED, Loss, apply_mask
from torchkeras_lite.losses.functions import cast, same_rank, tensors_of
from torchkeras_lite.losses.functions import table as losses_table
from torchkeras_lite.metrics.base import Metric, table
from torchkeras_lite.variable import Variable, tensor_of


class RunningSum(Variable):
    """One running sum of a metric, seen as a variable. The sum may be a plain number while nothing needs a tensor."""

    def __init__(self, metric, key):
        self._init(metric, key, None, key.strip("_"), f"{metric.name}/{key.strip('_')}")

    @property
    def raw(self):
        value = self._module.__dict__[self._key]
        return tensor_of(
            value, self._module._torch_dtype, value.device if isinstance(value, torch.Tensor) else config.get_device()
        )

    def assign(self, value):
        value = tensor_of(value, self._module._torch_dtype).detach()
        if value.ndim:
            raise ValueError(f"{self.path} is a single number. Received: value.shape={tuple(value.shape)}")
        self._module.__dict__[self._key] = value.clone()
        return self


class Sum(Metric):
    """The sum of all values, each times its weight."""

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._total = 0

    @property
    def total(self) -> Variable:
        return RunningSum(self, "_total")

    @property
    def variables(self):
        return [self.total, *super().variables]

    def update_state(self, values, sample_weight=None):
        values, _ = _per_sample(values, sample_weight, self._torch_dtype, torch.sum)
        self._total = self._total + values.sum().detach()

    def reset_state(self):
        self._total = 0

    def result(self):
        return _result(self._total, 1.0, self._torch_dtype)


class Mean(Metric):
    """The mean of all values, each times its weight.

    The sums are replaced, never written into, so that a pair taken with `pending()` stays what it was. Without weights the
    count is a plain number: nothing has to be computed on the device for it.
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._total = self._count = 0

    @property
    def total(self) -> Variable:
        """The sum of the values, as a variable that can be read and assigned."""
        return RunningSum(self, "_total")

    @property
    def count(self) -> Variable:
        """The sum of the weights, as a variable that can be read and assigned."""
        return RunningSum(self, "_count")

    @property
    def variables(self):
        return [self.total, self.count, *super().variables]

    def add(self, total, count, mean: bool = False) -> None:
        """Adds a sum (or `mean`) that is known already, over `count` samples: what a training loop does with its loss."""
        if isinstance(total, torch.Tensor):
            total = total.detach() if total.requires_grad else total
            if mean and isinstance(self._total, torch.Tensor):
                self._total = torch.add(self._total, total, alpha=count)
                self._count = self._count + count
                return
        self._total = self._total + (total * count if mean else total)
        self._count = self._count + count

    def update_state(self, values, sample_weight=None):
        if sample_weight is None:
            values = values if isinstance(values, torch.Tensor) else tensor_of(values, device=config.get_device())
            total = values.sum() if values.dtype is self._torch_dtype else values.sum(dtype=self._torch_dtype)
            self.add(*_rows(total, values.shape))
        else:
            values, weight = _per_sample(values, sample_weight, self._torch_dtype, torch.mean)
            self.add(values.sum(), weight.sum())

    def reset_state(self):
        self._total = self._count = 0
        if self._variables:  # of a subclass
            super().reset_state()

    def result(self):
        """The mean so far, a 0-dim tensor; 0 where nothing was seen."""
        return _result(self._total, self._count, self._torch_dtype)

    def pending(self):
        """(total, count), each a number or a 0-dim tensor: the mean without the division."""
        return (self._total, self._count) if type(self).result is Mean.result else self.result()


def _rows(total, shape):
    """The sum over `shape` as a sum of one mean per sample, and the number of samples."""
    if not shape:
        return total, 1
    inner = math.prod(shape[1:]) if len(shape) > 1 else 1
    return (total if inner == 1 else total / inner), shape[0]


def _result(total, count, dtype):
    if isinstance(count, torch.Tensor):
        quotient = torch.where(count == 0, 0.0, total / torch.where(count == 0, 1.0, count))
    elif not isinstance(total, torch.Tensor):
        return torch.tensor(total / count if count else 0.0, dtype=dtype, device=config.get_device())
    else:
        quotient = total / count if count else torch.zeros_like(total)
    return quotient.to(dtype)


def _per_sample(values, weight, dtype, reduce):
    """Values reduced to one per sample and multiplied by the weights, and the weights as broadcast (None: none)."""
    mask = getattr(values, "_keras_mask", None)
    values = tensor_of(values, dtype, values.device if isinstance(values, torch.Tensor) else config.get_device())
    if weight is not None:
        weight = apply_mask(tensor_of(weight, dtype, values.device), mask, dtype, mean=False)
        values, weight = same_rank(values, weight) if values.ndim else (values.expand(weight.shape), weight)  # one for all
        if values.ndim > weight.ndim > 0:
            values = reduce(values, dim=tuple(range(weight.ndim, values.ndim)))
        elif values.ndim > weight.ndim:
            values = reduce(values)
        weight = weight.expand(values.shape)
        values = values * weight
        if weight.ndim > 1:
            weight = reduce(weight, dim=tuple(range(1, weight.ndim)))
    if values.ndim > 1:
        values = reduce(values, dim=tuple(range(1, values.ndim)))
    return values, weight


class MeanMetricWrapper(Mean):
    """The mean of `fn(y_true, y_pred, **kwargs)` over all samples.

    Args:
        fn: gives a value per sample (or one for the batch).
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn, self._kwargs = fn, kwargs
        self._fused = FUSED.get(fn) if isinstance(fn, types.FunctionType) else None
        self._hits = getattr(fn, "hits", None)  # the same as booleans: a cheaper sum
        if self._direction is None and (isinstance(fn, Loss) or _is_loss_function(fn)):
            self._direction = "down"
        for key, value in kwargs.items():
            setattr(self, key, value)

    @property
    def fn(self):
        return self._fn

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: targets, predictions and, if any, weights (one per sample, or as many as values)."""
        mask = getattr(y_pred, "_keras_mask", None)
        if type(y_pred) is not torch.Tensor or type(y_true) is not torch.Tensor or y_true.device != y_pred.device:
            y_true, y_pred = tensors_of(y_true, y_pred)
        if sample_weight is None and mask is None:
            if self._fused is not None and y_pred.ndim > 1:
                mean = self._fused(y_true, y_pred, self._torch_dtype, **self._kwargs)
                if mean is not None:
                    rows = y_pred.shape[0]
                    self._total = self._total + mean.detach() * rows
                    self._count += rows
                    return
            elif self._hits is not None:
                hits = self._hits(y_true, y_pred, **self._kwargs)
                if hits.ndim == 1:
                    self._total = self._total + hits.sum()
                    self._count += hits.shape[0]
                else:
                    self.add(*_rows(hits.sum(), hits.shape))
                return
        values = self._fn(y_true, y_pred if self._hits is not None else cast(y_pred, self._torch_dtype), **self._kwargs)
        if values is None:
            raise ValueError(f"The metric {self.name!r} gave None in the place of numbers. Usual fix: a `return` at its end.")
        super().update_state(values, apply_mask(sample_weight, mask, self._torch_dtype, mean=False))

    def get_config(self):
        fn, name = self._fn, getattr(self._fn, "__name__", None)
        if _is_loss_function(fn) or functions.get(name) is fn:  # as Keras names those it knows
            fn = {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
        else:
            fn = registry.serialize(fn)
        return {**self._base_config(), "fn": fn, **registry.serialize(self._kwargs)}

    @classmethod
    def from_config(cls, config):
        config = registry.config_of(cls, config)
        fn = config.get("fn")
        if isinstance(fn, dict) and fn.get("class_name") == "function":
            fn = fn["config"]
        if isinstance(fn, str):
            config["fn"] = registry.get_registered_object(fn) or functions.get(fn) or losses_table.find(fn)
        return super().from_config(config)


def _is_loss_function(fn) -> bool:
    return isinstance(fn, types.FunctionType) and losses_table.objects.get(fn.__name__) is fn


functions = table.functions  # for configs that name one


for _class in (Metric, Mean, Sum, MeanMetricWrapper):
    table.add(_class)
