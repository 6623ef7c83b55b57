"""Real numbers are complex ones too."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted

op = family("numpy")


@op("Real")
def real(x):
    """The real part."""
    if not isinstance(x, Tensor):
        return lifted(real, x)
    return torch.real(x)


@op("Imag")
def imag(x):
    """The imaginary part: zeros for real numbers."""
    if not isinstance(x, Tensor):
        return lifted(imag, x)
    return x.imag if x.is_complex() else torch.zeros_like(x)


@op("Conjugate")
def conjugate(x):
    """The same number with its imaginary part turned over."""
    if not isinstance(x, Tensor):
        return lifted(conjugate, x)
    return torch.conj(x).resolve_conj()


conj = conjugate


@op("Angle")
def angle(x):
    """The angle of x in the complex plane, in [-pi, pi]: 0 or pi for real numbers."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(angle, x)
    if x.dtype is torch.float16 and x.is_cuda:  # where torch has no kernel for it
        return torch.angle(x.float()).half()
    return torch.angle(x)
