"""RMSprop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class RMSprop(Optimizer):
    """`v` is a moving average of `g * g`; `w -= learning_rate * g / sqrt(v + epsilon)`.

    Epsilon stands inside the root (torch.optim.RMSprop has it outside).

    Args:
        learning_rate: float, schedule or callable.
        rho: float, the part of the old average that stays.
        momentum: float; above 0, `m = momentum * m + learning_rate * g / sqrt(...)` and `w -= m`.
        epsilon: float.
        centered: divide by the variance: `sqrt(v - a * a + epsilon)` with `a` the moving average of `g`.
        For the others see `Optimizer`.

    Source: Hinton, Neural Networks for Machine Learning, lecture 6.
    """

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.9,
        momentum=0.0,
        epsilon=1e-7,
        centered=False,
        **settings: Unpack[Settings],
    ):
        super().__init__(learning_rate, **settings)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slot_names(self):
        names = ["velocity"] + ["momentum"] * (self.momentum > 0) + ["average_gradient"] * bool(self.centered)
        return [(name,) for name in names]

    def update(self, params, grads, learning_rate, velocity, momentum=None, average_gradient=None):
        torch._foreach_mul_(velocity, self.rho)
        torch._foreach_addcmul_(velocity, grads, grads, 1 - self.rho)
        below = torch._foreach_add(velocity, self.epsilon)
        if average_gradient is not None:
            torch._foreach_mul_(average_gradient, self.rho)
            torch._foreach_add_(average_gradient, grads, alpha=1 - self.rho)
            torch._foreach_addcmul_(below, average_gradient, average_gradient, -1)
        torch._foreach_sqrt_(below)
        if momentum is None:
            torch._foreach_addcdiv_(params, grads, below, -learning_rate)
            return
        torch._foreach_mul_(momentum, self.momentum)
        torch._foreach_addcdiv_(momentum, grads, below, learning_rate)
        torch._foreach_sub_(params, momentum)
