"""`tensorflow.python.training.moving_averages`."""

from __future__ import annotations

__all__ = ["assign_moving_average"]


def assign_moving_average(variable, value, decay, zero_debias=True, name=None):
    """variable = decay * variable + (1 - decay) * value. Returns the Variable."""
    variable.assign_sub((variable - value) * (1 - decay))
    return variable
