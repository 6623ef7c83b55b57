"""Activations by name. Most are functions of `ops`; here are those that Keras's activations have otherwise, or alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from torchkeras_lite import ops, registry
from torchkeras_lite.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    silu,
    soft_shrink,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from torchkeras_lite.ops.dispatch import lifted
from torchkeras_lite.symbolic import name_op

_table = registry.Table("activation function", "keras.activations")
_FILE = "keras.src.activations.activations"


# ---------------------------------------------------------------- probabilities


def softmax(x, axis=-1) -> torch.Tensor:
    """exp(x) / sum(exp(x)) along `axis` (several: over them together; None: over all elements)."""
    out = ops.softmax(x, axis)
    # Losses look along the last axis.
    return _tag(out, x, "softmax") if axis == -1 or axis == out.ndim - 1 else out


def sigmoid(x) -> torch.Tensor:
    """1 / (1 + exp(-x))."""
    return _tag(ops.sigmoid(x), x, "sigmoid")


def _tag(out, logits, kind: str):
    """Notes on probabilities what they came from: a loss computed from the logits keeps a gradient where they saturate."""
    # (A compiled graph allows no attributes.)
    if type(out) is torch.Tensor and isinstance(logits, torch.Tensor) and not torch.compiler.is_compiling():
        out._keras_logits, out._keras_activation = logits, kind
    return out


# ---------------------------------------------------------------- others


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0) -> torch.Tensor:
    """max(x, 0); or x where x > threshold and `negative_slope * (x - threshold)` below it, at most `max_value`."""
    if not isinstance(x, torch.Tensor):
        return lifted(relu, x, negative_slope, max_value, threshold)
    if threshold == 0.0 and max_value is None:
        return torch.relu(x) if negative_slope == 0.0 else F.leaky_relu(x, negative_slope)
    positive = torch.where(x > threshold, x, 0) if threshold != 0.0 else torch.relu(x)
    if max_value is not None:
        positive = positive.clamp(0, max_value)
    return positive if negative_slope == 0.0 else positive - negative_slope * torch.relu(threshold - x)


def gelu(x, approximate=False) -> torch.Tensor:
    """x times the normal distribution function at x; `approximate` uses tanh. (`ops.gelu` does so unless told otherwise.)"""
    return ops.gelu(x, approximate)


def mish(x) -> torch.Tensor:
    """x * tanh(softplus(x))."""
    if not isinstance(x, torch.Tensor):
        return lifted(mish, x)
    return F.mish(x)


def exponential(x) -> torch.Tensor:
    """exp(x)."""
    return ops.exp(x)


def linear(x) -> torch.Tensor:
    """x itself."""
    return x


swish = silu
hard_swish = hard_silu

name_op(relu, "ReLU", _FILE, ("x",))
name_op(mish, "Mish", _FILE, ("x",))


# ---------------------------------------------------------------- by name


# Keras writes these names, whichever of its modules a function comes from.
_shared = registry.Table("activation function", "keras.ops")
for _function, *_aliases in (
    (celu,), (elu,), (glu,), (hard_shrink,), (hard_sigmoid,), (hard_silu, "hard_swish"), (hard_tanh,), (leaky_relu,),
    (log_sigmoid,), (log_softmax,), (ops.relu,), (relu6,), (selu,), (ops.sigmoid,), (silu, "swish"), (soft_shrink,),
    (ops.softmax,), (softplus,), (softsign,), (sparse_plus,), (sparse_sigmoid,), (sparsemax,), (squareplus,), (tanh,),
    (tanh_shrink,), (threshold,),
):  # fmt: skip
    _shared.add(_function, *_aliases)
for _function in (softmax, sigmoid, relu, gelu, mish, exponential, linear):
    _table.add(_function)
for _name, _function in _shared.objects.items():
    _table.objects.setdefault(_name, _function)


def get(identifier) -> Callable:
    """The function that a name, a config, a callable (torch's too) or None (`linear`) means.

    Raises:
        ValueError: there is no activation of that name.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict) and identifier.get("class_name") == "function":
        return deserialize(identifier)
    return _table.get(identifier)


def serialize(activation):
    """The name of one of ours, or the config dict of any other."""
    return registry.serialize(activation)


def deserialize(config, custom_objects: dict | None = None) -> Callable:
    """What `serialize` wrote, or a name, as a function."""
    if config is None:
        return None
    if isinstance(config, str):
        return registry.get_registered_object(config, custom_objects) or _table.find(config)
    if isinstance(config, dict) and config.get("class_name") == "function" and config.get("config") in _table.objects:
        return _table.objects[config["config"]]
    return registry.deserialize(config, custom_objects, _table)
