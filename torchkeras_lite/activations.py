"""Activations: small functions over torch tensors. Arrays and lists are accepted too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import torch
import torch.nn.functional as F

from torchkeras_lite import config, registry
from torchkeras_lite.variable import tensor_of

_Function = TypeVar("_Function", bound=Callable)
_table = registry.Table("activation function", "keras.activations")


def _activation(*aliases: str) -> Callable[[_Function], _Function]:
    """Decorator: makes a function known by name, and lets it take whatever can become a tensor."""

    def decorate(function: _Function) -> _Function:
        @functools.wraps(function)
        def activation(x, *args, **kwargs):
            if not hasattr(x, "__torch_function__"):  # tensors, Variables and symbolic tensors have it
                x = tensor_of(x, device=config.get_device())
            return function(x, *args, **kwargs)

        return _table.add(activation, *aliases)

    return decorate


def _tag(out, logits, kind: str):
    """Notes on probabilities what they came from: a loss computed from the logits keeps a gradient where they saturate."""
    if type(out) is torch.Tensor and not torch.compiler.is_compiling():  # a compiled graph allows no attributes
        out._keras_logits, out._keras_activation = logits, kind
    return out


# ---------------------------------------------------------------- probabilities


@_activation()
def softmax(x, axis=-1) -> torch.Tensor:
    """exp(x) / sum(exp(x)) along `axis` (None: over all elements)."""
    if axis is None:
        return torch.softmax(x.reshape(-1), 0).reshape(x.shape)
    out = torch.softmax(x, axis)
    return _tag(out, x, "softmax") if axis == -1 or axis == x.ndim - 1 else out  # losses look along the last axis


@_activation()
def sigmoid(x) -> torch.Tensor:
    """1 / (1 + exp(-x))."""
    return _tag(torch.sigmoid(x), x, "sigmoid")


@_activation()
def log_softmax(x, axis=-1) -> torch.Tensor:
    """log(softmax(x)) along `axis` (None: over all elements)."""
    if axis is None:
        return torch.log_softmax(x.reshape(-1), 0).reshape(x.shape)
    return torch.log_softmax(x, axis)


@_activation()
def log_sigmoid(x) -> torch.Tensor:
    """log(sigmoid(x))."""
    return F.logsigmoid(x)


@_activation()
def sparsemax(x, axis=-1) -> torch.Tensor:
    """The point of the probability simplex nearest to x, along `axis`: many outputs are exactly zero.

    Source: Martins and Astudillo 2016, arXiv:1602.02068, algorithm 1. (Keras 3.15 is wrong where two or more outputs are
    not zero; it was mended after that release.)
    """
    ordered = torch.sort(x, dim=axis, descending=True).values.movedim(axis, -1)
    excess = ordered.cumsum(-1) - 1
    rank = torch.arange(1, ordered.shape[-1] + 1, dtype=x.dtype, device=x.device)
    support = (rank * ordered > excess).sum(-1, keepdim=True)  # how many entries stay above zero
    threshold = excess.gather(-1, support - 1) / support
    return torch.relu(x - threshold.movedim(-1, axis))


# ---------------------------------------------------------------- rectifiers


@_activation()
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0) -> torch.Tensor:
    """max(x, 0); or x where x > threshold and `negative_slope * (x - threshold)` below it, at most `max_value`."""
    if threshold == 0.0 and max_value is None:
        return torch.relu(x) if negative_slope == 0.0 else F.leaky_relu(x, negative_slope)
    positive = torch.where(x > threshold, x, 0) if threshold != 0.0 else torch.relu(x)
    if max_value is not None:
        positive = positive.clamp(0, max_value)
    return positive if negative_slope == 0.0 else positive - negative_slope * torch.relu(threshold - x)


@_activation()
def relu6(x) -> torch.Tensor:
    """min(max(x, 0), 6)."""
    return F.relu6(x)


@_activation()
def leaky_relu(x, negative_slope=0.2) -> torch.Tensor:
    """x where positive, `negative_slope * x` elsewhere."""
    return F.leaky_relu(x, negative_slope)


@_activation()
def elu(x, alpha=1.0) -> torch.Tensor:
    """x where positive, `alpha * (exp(x) - 1)` elsewhere."""
    return F.elu(x, alpha)


@_activation()
def celu(x, alpha=1.0) -> torch.Tensor:
    """x where positive, `alpha * (exp(x / alpha) - 1)` elsewhere."""
    return F.celu(x, alpha)


@_activation()
def selu(x) -> torch.Tensor:
    """`scale * elu(x, alpha)` with the two constants that keep mean and variance (Klambauer et al. 2017)."""
    return torch.selu(x)


@_activation()
def gelu(x, approximate=False) -> torch.Tensor:
    """x times the normal distribution function at x; `approximate` uses tanh."""
    return F.gelu(x, approximate="tanh" if approximate else "none")


@_activation("swish")
def silu(x) -> torch.Tensor:
    """x * sigmoid(x)."""
    return F.silu(x)


@_activation("hard_swish")
def hard_silu(x) -> torch.Tensor:
    """x * relu6(x + 3) / 6."""
    return F.hardswish(x)


@_activation()
def mish(x) -> torch.Tensor:
    """x * tanh(softplus(x))."""
    return F.mish(x)


@_activation()
def glu(x, axis=-1) -> torch.Tensor:
    """a * sigmoid(b), where a and b are the halves of x along `axis`."""
    return F.glu(x, axis)


@_activation()
def threshold(x, threshold, default_value) -> torch.Tensor:
    """x where x > threshold, `default_value` elsewhere."""
    return F.threshold(x, threshold, default_value)


# ---------------------------------------------------------------- smooth and piecewise shapes


@_activation()
def softplus(x) -> torch.Tensor:
    """log(1 + exp(x))."""
    return F.softplus(x)


@_activation()
def softsign(x) -> torch.Tensor:
    """x / (1 + |x|)."""
    return F.softsign(x)


@_activation()
def squareplus(x, b=4) -> torch.Tensor:
    """(x + sqrt(x² + b)) / 2."""
    return (x + torch.sqrt(x * x + b)) / 2


@_activation()
def sparse_plus(x) -> torch.Tensor:
    """0 up to -1, (x + 1)² / 4 up to 1, x from there on."""
    return torch.where(x < 1, (x.clamp(min=-1) + 1).square() / 4, x)


@_activation()
def tanh(x) -> torch.Tensor:
    """The hyperbolic tangent."""
    return torch.tanh(x)


@_activation()
def hard_tanh(x) -> torch.Tensor:
    """x between -1 and 1, cut off there."""
    return F.hardtanh(x)


@_activation()
def hard_sigmoid(x) -> torch.Tensor:
    """x / 6 + 1/2, cut off at 0 and 1."""
    return F.hardsigmoid(x)


@_activation()
def sparse_sigmoid(x) -> torch.Tensor:
    """(x + 1) / 2, cut off at 0 and 1."""
    return torch.where(x <= -1, 0.0, torch.where(x >= 1, 1.0, 0.5 * (x + 1)))


@_activation()
def tanh_shrink(x) -> torch.Tensor:
    """x - tanh(x)."""
    return F.tanhshrink(x)


@_activation()
def soft_shrink(x, threshold=0.5) -> torch.Tensor:
    """x moved towards zero by `threshold`, and 0 where it is nearer than that."""
    return F.softshrink(x, threshold)


@_activation()
def hard_shrink(x, threshold=0.5) -> torch.Tensor:
    """x where |x| > threshold, 0 elsewhere."""
    return F.hardshrink(x, threshold)


@_activation()
def exponential(x) -> torch.Tensor:
    """exp(x)."""
    return torch.exp(x)


@_activation()
def linear(x) -> torch.Tensor:
    """x itself."""
    return x


swish = silu
hard_swish = hard_silu


# ---------------------------------------------------------------- by name


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
    if isinstance(config, str):
        return registry.get_registered_object(config, custom_objects) or _table.find(config)
    if config.get("class_name") == "function" and config.get("config") in _table.objects:
        return _table.objects[config["config"]]
    return registry.deserialize(config, custom_objects, _table)
