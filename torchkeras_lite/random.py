"""Random tensors: Keras's distributions, drawn by torch's generators.

Everywhere `shape` is the shape of the result, `dtype` its dtype (None: `floatx()`), and `seed` an integer (equal seeds draw
equal values), a `SeedGenerator` (each draw differs from the one before) or None (torch's own generator, which
`set_random_seed` seeds).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.calls import going_on
from torchkeras_lite.seeds import SeedGenerator, generator
from torchkeras_lite.variable import device_of, tensor_of

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

Tensor = torch.Tensor

# ---------------------------------------------------------------- bell-shaped and flat


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None) -> Tensor:
    """The normal distribution. `mean` and `stddev` may be tensors that broadcast to `shape`."""
    out = _empty(shape, _floating("normal", dtype))
    if _is_number(mean) and _is_number(stddev):
        return out.normal_(mean, stddev, generator=generator(seed, out.device))
    return _scaled(out.normal_(generator=generator(seed, out.device)), stddev, mean)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None) -> Tensor:
    """The normal distribution cut off at two standard deviations on either side of its mean."""
    out = _empty(shape, _floating("truncated_normal", dtype))
    # The inverse of the cumulative distribution has too little room in sixteen bits.
    wide = out if out.dtype in (torch.float32, torch.float64) else torch.empty_like(out, dtype=torch.float32)
    torch.nn.init.trunc_normal_(wide, 0.0, 1.0, -2.0, 2.0, generator=generator(seed, out.device))
    return _scaled(wide, stddev, mean).to(out.dtype)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None) -> Tensor:
    """The uniform distribution over `[minval, maxval)`; both may be tensors that broadcast to `shape`."""
    out = _empty(shape, _floating("uniform", dtype))
    if not (_is_number(minval) and _is_number(maxval)):
        minval, maxval = (tensor_of(bound, out.dtype, out.device) for bound in (minval, maxval))
    return _scaled(out.uniform_(generator=generator(seed, out.device)), maxval - minval, minval)


def randint(shape, minval, maxval, dtype="int32", seed=None) -> Tensor:
    """Integers from `minval` on, below `maxval`, each as likely as the others; both may be tensors that broadcast to `shape`.

    Raises:
        ValueError: a `dtype` that is no integer's.
    """
    kind = config.torch_dtype(dtype or "int32")
    if kind.is_floating_point or kind.is_complex or kind is torch.bool:
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype!r}")
    if _is_number(minval) and _is_number(maxval):
        out = _empty(shape, kind)
        return out.random_(int(minval), int(maxval), generator=generator(seed, out.device))
    # The bounds stay on the device. Of 63 random bits the remainder is as good as uniform.
    out = _empty(shape, torch.int64)
    out.random_(0, None, generator=generator(seed, out.device))
    low, high = (tensor_of(bound, torch.int64, out.device) for bound in (minval, maxval))
    return (out % (high - low) + low).to(kind)


# ---------------------------------------------------------------- of other shapes


def gamma(shape, alpha, dtype=None, seed=None) -> Tensor:
    """The gamma distribution with concentration `alpha` > 0 (a number, or a tensor that broadcasts to `shape`) and rate 1.

    Differentiable with respect to `alpha`.
    """
    kind = _floating("gamma", dtype)
    alpha = _parameter("gamma", "alpha", alpha, shape, kind)
    return torch._standard_gamma(alpha, generator=generator(seed, alpha.device)).to(kind)


def beta(shape, alpha, beta, dtype=None, seed=None) -> Tensor:
    """The beta distribution with concentrations `alpha` and `beta` > 0 (numbers, or tensors that broadcast to `shape`).

    Differentiable with respect to both.
    """
    kind = _floating("beta", dtype)
    alpha, beta = (_parameter("beta", *pair, shape, kind) for pair in (("alpha", alpha), ("beta", beta)))
    drawn_by = generator(seed, alpha.device)
    # X / (X + Y) of two gamma variables. By their logarithms, because small concentrations lead to numbers that no float holds.
    return torch.sigmoid(_log_gamma_variable(alpha, drawn_by) - _log_gamma_variable(beta, drawn_by)).to(kind)


def _log_gamma_variable(alpha, drawn_by):
    """log X of X ~ gamma(alpha): for U uniform, gamma(alpha + 1) U^(1 / alpha) is gamma(alpha). Marsaglia and Tsang 2000."""
    raised = torch._standard_gamma(alpha + 1, generator=drawn_by)
    return raised.log() - torch.empty_like(alpha).exponential_(generator=drawn_by) / alpha


def binomial(shape, counts, probabilities, dtype=None, seed=None) -> Tensor:
    """How many of `counts` trials succeed, each with `probabilities` (numbers, or tensors that broadcast to `shape`)."""
    if _is_number(probabilities) and not 0 <= probabilities <= 1:
        raise ValueError(f"`keras.random.binomial` needs `probabilities` in [0, 1]. Received: probabilities={probabilities!r}")
    if _is_number(counts) and counts < 0:
        raise ValueError(f"`keras.random.binomial` needs `counts` of at least 0. Received: counts={counts!r}")
    kind = config.torch_dtype(dtype)
    counts, probabilities = (_broadcast(value, shape, torch.float32) for value in (counts, probabilities))
    drawn = torch.binomial(counts, probabilities.to(counts.dtype), generator=generator(seed, counts.device))
    return drawn.to(kind)


def categorical(logits, num_samples, dtype="int32", seed=None) -> Tensor:
    """Class numbers, each as likely as softmax(logits) says: shape (batch, classes) -> (batch, num_samples).

    Raises:
        ValueError: logits that are no matrix.
    """
    logits = _tensor(logits)
    if logits.ndim != 2:
        raise ValueError(
            "`keras.random.categorical` needs `logits` of shape (batch, classes). "
            f"Received: logits of shape {tuple(logits.shape)}"
        )
    if 0 in logits.shape[:1]:
        return logits.new_empty((0, num_samples), dtype=config.torch_dtype(dtype))
    probabilities = torch.softmax(logits if logits.dtype is torch.float64 else logits.float(), -1)
    drawn_by = generator(seed, logits.device)
    return torch.multinomial(probabilities, num_samples, replacement=True, generator=drawn_by).to(config.torch_dtype(dtype))


# ---------------------------------------------------------------- applied to tensors


def shuffle(x, axis=0, seed=None) -> Tensor:
    """The same slices along `axis` in a random order."""
    x = _tensor(x)
    order = torch.randperm(x.shape[axis], generator=generator(seed, x.device), device=x.device)
    return x.index_select(axis, order)


def dropout(inputs, rate, noise_shape=None, seed=None) -> Tensor:
    """A random share `rate` of the inputs set to 0, the others divided by 1 - rate.

    Args:
        noise_shape: the shape of the random mask, which broadcasts to that of the inputs; None in it means the inputs' size.

    Raises:
        ValueError: a rate outside of [0, 1].
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"`keras.random.dropout` needs a `rate` between 0 and 1. Received: rate={rate!r}")
    inputs = _tensor(inputs)
    if rate == 0:
        return inputs
    if rate == 1:
        return torch.zeros_like(inputs)
    if seed is None and noise_shape is None and not going_on.inferring:
        return F.dropout(inputs, rate)
    shape = inputs.shape
    if noise_shape is not None:
        shape = [own if own is not None else size for own, size in zip(noise_shape, shape, strict=True)]
    return inputs * keep_mask(shape, rate, inputs.dtype, inputs.device, generator(seed, inputs.device))


def keep_mask(shape, rate: float, dtype, device, generator=None) -> Tensor:
    """Factors of an inverted dropout: 0 with probability `rate`, else 1 / (1 - rate).

    A Bernoulli draw for each element is slow on a CPU. Sixteen random bits decide as well at a fifth of the time; the rate is
    met to 2^-17.
    """
    count = math.prod(shape)
    dropped = min(round(rate * 65536), 65535)
    bits = torch.empty((count + 3) // 4, dtype=torch.int64, device=device).random_(-(2**63), None, generator=generator)
    keep = bits.view(torch.int16)[:count].view(tuple(shape)) >= dropped - 32768
    return keep.to(dtype).mul_(1 / (1 - rate))


# ---------------------------------------------------------------- arguments


def _floating(name: str, dtype) -> torch.dtype:
    kind = config.torch_dtype(dtype)
    if not kind.is_floating_point:
        raise ValueError(f"`keras.random.{name}` requires a floating point `dtype`. Received: dtype={dtype!r}")
    return kind


def _empty(shape, kind: torch.dtype) -> Tensor:
    return torch.empty(tuple(shape), dtype=kind, device=config.get_device())


def _is_number(value) -> bool:
    return isinstance(value, (int, float, np.number))


def _scaled(drawn: Tensor, scale, shift) -> Tensor:
    """drawn * scale + shift: in place where both are numbers."""
    if _is_number(scale) and _is_number(shift):
        return drawn.mul_(scale).add_(shift)
    scale, shift = (value if _is_number(value) else tensor_of(value, drawn.dtype, drawn.device) for value in (scale, shift))
    return drawn * scale + shift


def _tensor(value) -> Tensor:
    return value if isinstance(value, Tensor) else tensor_of(value, None, device_of(value))


def _broadcast(value, shape, kind: torch.dtype) -> Tensor:
    """A parameter of a distribution, for each element of the result: float64 if it or the result is, else float32."""
    value = _tensor(value)
    kind = torch.float64 if torch.float64 in (value.dtype, kind) else torch.float32
    return value.to(kind).broadcast_to(tuple(shape))


def _parameter(name: str, argument: str, value, shape, kind: torch.dtype) -> Tensor:
    if _is_number(value) and not value > 0:
        raise ValueError(f"`keras.random.{name}` needs `{argument}` above 0. Received: {argument}={value!r}")
    return _broadcast(value, shape, kind)
