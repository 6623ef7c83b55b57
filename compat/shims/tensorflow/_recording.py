"""`tensorflow.python.eager.tape` and `tensorflow.python.ops.custom_gradient`: what gradients are taken of."""

from __future__ import annotations

from torch import no_grad as stop_recording  # noqa: F401

from ._function import custom_gradient, recompute_grad  # noqa: F401


def _graph_mode_decorator(f, args=(), kwargs=None):
    """`f(*args, **kwargs)`, where `f` gives the outputs and a function from their gradients to those of `args`."""
    return custom_gradient(f)(*args, **(kwargs or {}))
