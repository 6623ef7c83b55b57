"""Warnings that point at the line of the user's code that they are about."""

from __future__ import annotations

import sys
import warnings

import torch

# What lies between that line and the place that warns: this package, torch, and what stands in for Keras and TensorFlow.
_INSIDE = frozenset(("torchkeras_lite", "torch", "keras", "tensorflow"))


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns as the innermost call would that comes from outside; where there is none, as the caller."""
    if torch.compiler.is_compiling():  # a graph holds no warnings
        return
    level, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=2 if frame is None else level)
