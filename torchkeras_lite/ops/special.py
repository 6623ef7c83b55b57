"""Integrals that have a name."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import INEXACT, Tensor, doubled, family, floated

op = family("math")
op_of_numpy = family("numpy")


@op("Erf")
def erf(x):
    """2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(erf, x)
    return torch.erf(x)


@op("Erfc")
def erfc(x):
    """1 - erf(x), exact for large x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(erfc, x)
    return torch.erfc(x)


@op("Erfinv")
def erfinv(x):
    """The number whose `erf` is x: infinite at -1 and 1, nan beyond."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(erfinv, x)
    return torch.erfinv(x)


@op_of_numpy("I0")
def i0(x):
    """The modified Bessel function of the first kind and order 0: the mean of exp(x cos t) over a circle."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return doubled(i0, x)
    return torch.i0(x)
