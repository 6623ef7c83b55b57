"""Loss objects: they weigh, mask and reduce what a loss function gives."""

from __future__ import annotations

import types

import torch

from torchkeras_lite import config, dtype_policies, registry, symbolic, tree
from torchkeras_lite.losses.functions import cast, same_rank, table, tensors_of
from torchkeras_lite.variable import device_of, tensor_of

FUSED: dict = {}  # loss function -> its unweighted mean in one torch call; `fused.py` fills it
_MEANS = frozenset({"sum_over_batch_size", "mean", "mean_with_sample_weight"})


# ---------------------------------------------------------------- weights, masks, reduction


def apply_mask(weight, mask, dtype, mean: bool):
    """A mask merged into sample weights. With `mean`, what is left weighs as much as the whole would."""
    if mask is None:
        return weight
    mask = tensor_of(mask, dtype)
    if mean:
        mask = mask * (mask.numel() / mask.sum().clamp(min=1))
    if weight is None:
        return mask
    mask, weight = same_rank(mask, tensor_of(weight, dtype, mask.device))
    return _fitted(weight, mask.shape) * mask


def _fitted(weight, shape):
    """Weights of the leading axes of `shape` (one per sample) with axes of size 1 for the others."""
    if 0 < weight.ndim < len(shape) and weight.shape == shape[: weight.ndim]:
        return weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    return weight


def reduce_weighted(values, weight=None, mask=None, reduction="sum_over_batch_size"):
    """Values of any rank as one number (or, by `reduction`, as they are), weighted and masked."""
    weight = apply_mask(weight, mask, values.dtype, reduction in ("mean", "sum_over_batch_size"))
    if weight is not None:
        values, weight = same_rank(values, tensor_of(weight, values.dtype, values.device))
        try:
            values = values * _fitted(weight, values.shape)
        except RuntimeError:
            raise ValueError(
                f"`sample_weight` (or a mask) of shape {tuple(weight.shape)} does not fit losses of shape "
                f"{tuple(values.shape)}: give one weight per sample, or one per loss value."
            ) from None
    if reduction in (None, "none") or not values.ndim:
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean_with_sample_weight" and weight is not None:
        total = weight.sum()
        return torch.where(total == 0, 0.0, values.sum() / torch.where(total == 0, 1.0, total))
    return values.mean() if values.numel() else values.sum()


# ---------------------------------------------------------------- classes


class Loss(registry.Configurable):
    """Base class: `call(y_true, y_pred)` gives a value per sample, the object reduces them.

    Args:
        name: shown in errors and configs; None makes one from the class name.
        reduction: `"sum_over_batch_size"` or `"mean"`, `"sum"`, `"mean_with_sample_weight"` (divided by the sum of weights),
            `"none"` or None.
        dtype: what targets and predictions are computed in; None is `floatx()`.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            _forget_dtype(cls)

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        if reduction not in (*_MEANS, "sum", "none", None):
            raise ValueError(
                "Invalid value for argument `reduction`. Expected one of 'sum_over_batch_size', 'mean', "
                f"'mean_with_sample_weight', 'sum', 'none' or None. Received: reduction={reduction!r}"
            )
        self.name = name or registry.unique_name(registry.snake_case(type(self).__name__))
        self.reduction = reduction
        self._torch_dtype = dtype_policies.get(dtype or config.floatx()).compute_torch_dtype
        self._dtype = config.dtype_name(self._torch_dtype)  # users' own classes read it

    @property
    def dtype(self) -> str:
        return self._dtype

    def __call__(self, y_true, y_pred, sample_weight=None) -> torch.Tensor:
        """The loss as a scalar tensor (a value per sample where `reduction` is `"none"`)."""
        if isinstance(y_pred, symbolic.KerasTensor) or isinstance(y_true, symbolic.KerasTensor):
            return symbolic.record_op(symbolic.Op(type(self).__name__, self), (y_true, y_pred, sample_weight), {})
        mask = getattr(y_pred, "_keras_mask", None)
        if isinstance(y_true, dict) or isinstance(y_pred, dict):  # of a loss of the user's, who knows the names
            losses = self.call(*(tree.map_structure(self._converted, y) for y in (y_true, y_pred)))
        else:
            y_true, y_pred = tensors_of(y_true, y_pred)
            losses = self.call(y_true.to(self._torch_dtype), cast(y_pred, self._torch_dtype))
        if not isinstance(losses, torch.Tensor):
            if losses is None:
                raise ValueError(f"The loss {self.name!r} gave None in the place of numbers. Usual fix: a `return` at its end.")
            losses = tensor_of(losses, device=getattr(y_pred, "device", None))
        own = getattr(losses, "_keras_mask", None)
        mask = own if mask is None else mask if own is None else mask & own
        return reduce_weighted(losses.to(self._torch_dtype), sample_weight, mask, self.reduction)

    def _converted(self, x):
        return tensor_of(x, self._torch_dtype, device_of(x))

    def call(self, y_true, y_pred):
        raise NotImplementedError(f"{type(self).__name__} must define `call(y_true, y_pred)`.")

    def _base_config(self):
        return {"name": self.name, "reduction": self.reduction}


def _forget_dtype(cls):
    """Keras writes no dtype into the config of a loss."""
    cls.__init__._parameters = [p for p in cls.__init__._parameters if p.name != "dtype"]


_forget_dtype(Loss)


class LossFunctionWrapper(Loss):
    """Any function `fn(y_true, y_pred, **kwargs)` as a loss object."""

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self._kwargs = kwargs
        self._fused = (
            FUSED.get(fn) if isinstance(fn, types.FunctionType) and type(self).call is LossFunctionWrapper.call else None
        )
        for key, value in kwargs.items():
            setattr(self, key, value)

    def __call__(self, y_true, y_pred, sample_weight=None) -> torch.Tensor:
        if (
            sample_weight is None
            and self._fused is not None
            and type(y_pred) is torch.Tensor
            and type(y_true) is torch.Tensor
            and self.reduction in _MEANS
            and not hasattr(y_pred, "_keras_mask")
            and y_true.device == y_pred.device
        ):
            loss = self._fused(y_true, y_pred, self._torch_dtype, **self._kwargs)
            if loss is not None:
                return loss
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        if self.fn not in FUSED:  # ours find out themselves, and a squeezed tensor would lose its logits
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._kwargs)

    def _config_with_unusual(self, **usual):
        """The base config with those arguments that Keras's config leaves out, where they are not as usual."""
        unusual = {key: getattr(self, key) for key, value in usual.items() if getattr(self, key) != value}
        return {**self._base_config(), **unusual}

    def get_config(self):
        return {**self._base_config(), "fn": registry.serialize(self.fn), **registry.serialize(self._kwargs)}

    @classmethod
    def from_config(cls, config):
        config = registry.config_of(cls, config)
        if isinstance(config.get("fn"), str):
            config["fn"] = table.find(config["fn"])
        return super().from_config(config)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}>"


for _class in (Loss, LossFunctionWrapper):
    table.add(_class)
