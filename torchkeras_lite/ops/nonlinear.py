"""The nonlinear functions of networks. `keras.activations` shows them by name."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite.notices import warn
from torchkeras_lite.ops.dispatch import Tensor, family, lifted

op = family("nn")


# ---------------------------------------------------------------- probabilities


@op("Softmax")
def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis` (several: over them together; None: over all elements)."""
    if not isinstance(x, Tensor):
        return lifted(softmax, x, axis)
    if type(axis) is not int:
        return _over(torch.softmax, x, axis)
    out = torch.softmax(x, axis)
    if x.ndim and x.shape[axis] == 1:
        warn(
            f"softmax over axis {axis} of a tensor of shape {tuple(x.shape)}: a softmax of one number is always 1. Usual fix: "
            "use a sigmoid for a single unit, or another axis.",
        )
    return out


@op("LogSoftmax")
def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis` (several: over them together; None: over all elements)."""
    if not isinstance(x, Tensor):
        return lifted(log_softmax, x, axis)
    if type(axis) is not int:
        return _over(torch.log_softmax, x, axis)
    return torch.log_softmax(x, axis)


def _over(function, x, axes):
    """A function of one axis, over several as if they were one."""
    if axes is None:
        return function(x.reshape(-1), 0).reshape(x.shape)
    last = tuple(range(-len(axes), 0))
    moved = x.movedim(tuple(axes), last)
    return function(moved.flatten(-len(axes)), -1).reshape(moved.shape).movedim(last, tuple(axes))


@op("Sparsemax")
def sparsemax(x, axis=-1):
    """The point of the probability simplex nearest to x, along `axis`: many outputs are exactly zero.

    Source: Martins and Astudillo 2016, arXiv:1602.02068, algorithm 1. (Keras 3.15 is wrong where two or more outputs are
    not zero; it was mended after that release.)
    """
    if not isinstance(x, Tensor):
        return lifted(sparsemax, x, axis)
    ordered = torch.sort(x, dim=axis, descending=True).values.movedim(axis, -1)
    excess = ordered.cumsum(-1) - 1
    rank = torch.arange(1, ordered.shape[-1] + 1, dtype=x.dtype, device=x.device)
    support = (rank * ordered > excess).sum(-1, keepdim=True)  # how many entries stay above zero
    below = excess.gather(-1, support - 1) / support
    return torch.relu(x - below.movedim(-1, axis))


@op("Sigmoid")
def sigmoid(x):
    """1 / (1 + exp(-x))."""
    if not isinstance(x, Tensor):
        return lifted(sigmoid, x)
    return torch.sigmoid(x)


@op("LogSigmoid")
def log_sigmoid(x):
    """log(sigmoid(x))."""
    if not isinstance(x, Tensor):
        return lifted(log_sigmoid, x)
    return F.logsigmoid(x)


@op("HardSigmoid")
def hard_sigmoid(x):
    """x / 6 + 1/2, cut off at 0 and 1."""
    if not isinstance(x, Tensor):
        return lifted(hard_sigmoid, x)
    return F.hardsigmoid(x)


@op("SparseSigmoid")
def sparse_sigmoid(x):
    """(x + 1) / 2, cut off at 0 and 1."""
    if not isinstance(x, Tensor):
        return lifted(sparse_sigmoid, x)
    y = 0.5 * x + 0.5
    return torch.where(y <= 0, 0.0, torch.where(y >= 1, 1.0, y))  # (a clamp would let gradients through at the corners)


# ---------------------------------------------------------------- rectifiers


@op("Relu")
def relu(x):
    """max(x, 0)."""
    if not isinstance(x, Tensor):
        return lifted(relu, x)
    return torch.relu(x)


@op("Relu6")
def relu6(x):
    """min(max(x, 0), 6)."""
    if not isinstance(x, Tensor):
        return lifted(relu6, x)
    return F.relu6(x)


@op("LeakyRelu")
def leaky_relu(x, negative_slope=0.2):
    """x where positive, `negative_slope * x` elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(leaky_relu, x, negative_slope)
    return F.leaky_relu(x, negative_slope)


@op("Elu")
def elu(x, alpha=1.0):
    """x where positive, `alpha * (exp(x) - 1)` elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(elu, x, alpha)
    return F.elu(x, alpha)


@op("Celu")
def celu(x, alpha=1.0):
    """x where positive, `alpha * (exp(x / alpha) - 1)` elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(celu, x, alpha)
    return torch.celu(x, alpha)


@op("Selu")
def selu(x):
    """`scale * elu(x, alpha)` with the two constants that keep mean and variance (Klambauer et al. 2017)."""
    if not isinstance(x, Tensor):
        return lifted(selu, x)
    return torch.selu(x)


@op("Gelu")
def gelu(x, approximate=True):
    """x times the normal distribution function at x; `approximate` uses tanh."""
    if not isinstance(x, Tensor):
        return lifted(gelu, x, approximate)
    return F.gelu(x, approximate="tanh" if approximate else "none")


@op("Silu")
def silu(x):
    """x * sigmoid(x)."""
    if not isinstance(x, Tensor):
        return lifted(silu, x)
    return F.silu(x)


@op("HardSilu")
def hard_silu(x):
    """x * relu6(x + 3) / 6."""
    if not isinstance(x, Tensor):
        return lifted(hard_silu, x)
    return F.hardswish(x)


@op("Glu")
def glu(x, axis=-1):
    """a * sigmoid(b), where a and b are the halves of x along `axis`."""
    if not isinstance(x, Tensor):
        return lifted(glu, x, axis)
    if x.shape[axis] % 2:
        raise ValueError(f"glu: axis {axis} must have an even size, to be halved. Received: x.shape={tuple(x.shape)}")
    return F.glu(x, axis)


@op("Threshold")
def threshold(x, threshold, default_value):
    """x where x > threshold, `default_value` elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(_threshold, x, threshold, default_value)
    return torch.threshold(x, threshold, default_value)


_threshold = threshold  # inside, its second argument has the name

swish = silu
hard_swish = hard_silu


# ---------------------------------------------------------------- smooth and piecewise shapes


@op("Softplus")
def softplus(x):
    """log(1 + exp(x))."""
    if not isinstance(x, Tensor):
        return lifted(softplus, x)
    return F.softplus(x)


@op("SparsePlus")
def sparse_plus(x):
    """0 up to -1, (x + 1)² / 4 up to 1, x from there on."""
    if not isinstance(x, Tensor):
        return lifted(sparse_plus, x)
    return torch.where(x < 1, torch.relu(x + 1).square() / 4, x)


@op("Squareplus")
def squareplus(x, b=4):
    """(x + sqrt(x² + b)) / 2."""
    if not isinstance(x, Tensor):
        return lifted(squareplus, x, b)
    return (x + torch.sqrt(x * x + b)) / 2


@op("Softsign")
def softsign(x):
    """x / (1 + |x|)."""
    if not isinstance(x, Tensor):
        return lifted(softsign, x)
    return F.softsign(x)


@op("HardTanh")
def hard_tanh(x):
    """x between -1 and 1, cut off there."""
    if not isinstance(x, Tensor):
        return lifted(hard_tanh, x)
    return F.hardtanh(x)


@op("TanhShrink")
def tanh_shrink(x):
    """x - tanh(x)."""
    if not isinstance(x, Tensor):
        return lifted(tanh_shrink, x)
    return x - torch.tanh(x)


@op("SoftShrink")
def soft_shrink(x, threshold=0.5):
    """x moved towards zero by `threshold`, and 0 where it is nearer than that."""
    if not isinstance(x, Tensor):
        return lifted(soft_shrink, x, threshold)
    return F.softshrink(x, threshold)


@op("HardShrink")
def hard_shrink(x, threshold=0.5):
    """x where |x| > threshold, 0 elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(hard_shrink, x, threshold)
    return F.hardshrink(x, threshold)
