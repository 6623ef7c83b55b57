"""Angles and triangles, circular and hyperbolic."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import INEXACT, Tensor, doubled, family, floated

op = family("numpy")


@op("Sin")
def sin(x):
    """The sine of x (radians)."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(sin, x)
    return torch.sin(x)


@op("Cos")
def cos(x):
    """The cosine of x (radians)."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(cos, x)
    return torch.cos(x)


@op("Tan")
def tan(x):
    """The tangent of x (radians)."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(tan, x)
    return torch.tan(x)


@op("Sinh")
def sinh(x):
    """(exp(x) - exp(-x)) / 2."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(sinh, x)
    return torch.sinh(x)


@op("Cosh")
def cosh(x):
    """(exp(x) + exp(-x)) / 2."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(cosh, x)
    return torch.cosh(x)


@op("Tanh")
def tanh(x):
    """sinh(x) / cosh(x)."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(tanh, x)
    return torch.tanh(x)


@op("Arcsin")
def arcsin(x):
    """The angle in [-pi/2, pi/2] whose sine is x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(arcsin, x)
    return torch.arcsin(x)


@op("Arccos")
def arccos(x):
    """The angle in [0, pi] whose cosine is x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(arccos, x)
    return torch.arccos(x)


@op("Arctan")
def arctan(x):
    """The angle in (-pi/2, pi/2) whose tangent is x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(arctan, x)
    return torch.arctan(x)


@op("Arcsinh")
def arcsinh(x):
    """The number whose `sinh` is x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(arcsinh, x)
    return torch.arcsinh(x)


@op("Arccosh")
def arccosh(x):
    """The number >= 0 whose `cosh` is x; nan below 1."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(arccosh, x)
    return torch.arccosh(x)


@op("Arctanh")
def arctanh(x):
    """The number whose `tanh` is x."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(arctanh, x)
    return torch.arctanh(x)


@op("Arctan2", tensors=2)
def arctan2(x1, x2):
    """The angle in [-pi, pi] of the point with height x1 and width x2."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(arctan2, x1, x2)
    return torch.arctan2(x1, x2)


@op("Hypot", tensors=2)
def hypot(x1, x2):
    """sqrt(x1**2 + x2**2), without overflow."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype and x1.dtype in INEXACT):
        return floated(hypot, x1, x2)
    return torch.hypot(x1, x2)


@op("Sinc")
def sinc(x):
    """sin(pi x) / (pi x), and 1 at 0."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return floated(sinc, x)
    return torch.sinc(x)


@op("Deg2rad")
def deg2rad(x):
    """Degrees to radians."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return doubled(deg2rad, x)
    return torch.deg2rad(x)


@op("Rad2deg")
def rad2deg(x):
    """Radians to degrees."""
    if not (isinstance(x, Tensor) and x.dtype in INEXACT):
        return doubled(rad2deg, x)
    return torch.rad2deg(x)
