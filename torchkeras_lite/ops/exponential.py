"""Powers, logarithms and the functions that come of them."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import INEXACT, Tensor, doubled, family, floated

op = family("numpy")
op_of_math = family("math")


@op("Exp")
def exp(x):
    """e to the power of x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(exp, x)
    return torch.exp(x)


@op("Exp2")
def exp2(x):
    """2 to the power of x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(exp2, x)
    return torch.exp2(x)


@op("Expm1")
def expm1(x):
    """exp(x) - 1, exact for small x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(expm1, x)
    return torch.expm1(x)


@op("Log")
def log(x):
    """The logarithm of x to the base e."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(log, x)
    return torch.log(x)


@op("Log10")
def log10(x):
    """The logarithm of x to the base 10."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(log10, x)
    return torch.log10(x)


@op("Log2")
def log2(x):
    """The logarithm of x to the base 2."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(log2, x)
    return torch.log2(x)


@op("Log1p")
def log1p(x):
    """log(1 + x), exact for small x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(log1p, x)
    return torch.log1p(x)


@op("Logaddexp", tensors=2)
def logaddexp(x1, x2):
    """log(exp(x1) + exp(x2)), without overflow."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(logaddexp, x1, x2)
    return torch.logaddexp(x1, x2)


@op("Logaddexp2", tensors=2)
def logaddexp2(x1, x2):
    """log2(2**x1 + 2**x2), without overflow."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(logaddexp2, x1, x2)
    return torch.logaddexp2(x1, x2)


@op("Sqrt")
def sqrt(x):
    """The square root."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(sqrt, x)
    return torch.sqrt(x)


@op_of_math("Rsqrt")
def rsqrt(x):
    """1 / sqrt(x)."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(rsqrt, x)
    return torch.rsqrt(x)


@op("Cbrt")
def cbrt(x):
    """The cube root, of negative numbers too."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return doubled(cbrt, x)
    return torch.copysign(torch.pow(torch.abs(x), 1 / 3), x)
