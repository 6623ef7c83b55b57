"""Adadelta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Adadelta(Optimizer):
    """`a` and `d` are moving averages of `g * g` and `u * u`: `u = -g * sqrt(d + epsilon) / sqrt(a + epsilon)`.

    `w += learning_rate * u`, where the `d` under the root is that of the step before. Epsilon stands inside the roots.

    Args:
        learning_rate: float, schedule or callable; 1.0 is the paper's.
        rho: float, the part of the old averages that stays.
        epsilon: float.
        For the others see `Optimizer`.

    Source: Zeiler, arXiv:1212.5701.
    """

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        self.rho = rho
        self.epsilon = epsilon

    def slot_names(self):
        return [("accumulated_grad", "accumulated_delta_var")]

    def update(self, params, grads, learning_rate, accumulated_grad, accumulated_delta_var):
        torch._foreach_mul_(accumulated_grad, self.rho)
        torch._foreach_addcmul_(accumulated_grad, grads, grads, 1 - self.rho)
        moves = torch._foreach_add(accumulated_delta_var, self.epsilon)
        torch._foreach_sqrt_(moves)
        torch._foreach_mul_(moves, grads)
        below = torch._foreach_add(accumulated_grad, self.epsilon)
        torch._foreach_sqrt_(below)
        torch._foreach_div_(moves, below)
        torch._foreach_mul_(accumulated_delta_var, self.rho)
        torch._foreach_addcmul_(accumulated_delta_var, moves, moves, 1 - self.rho)
        torch._foreach_add_(params, moves, alpha=-learning_rate)
