"""Adamax: Adam with the largest gradient in the place of the mean square."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Adamax(Optimizer):
    """`m` is a moving average of `g`, `u = max(beta_2 * u, |g|)`.

    `w -= learning_rate / (1 - beta_1 ** t) * m / (u + epsilon)` in the update number t.

    Args:
        learning_rate: float, schedule or callable.
        beta_1, beta_2: floats, the part of the old value that stays in `m` and in `u`.
        epsilon: float.
        For the others see `Optimizer`.

    Source: Kingma and Ba, arXiv:1412.6980, section 7.1.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_names(self):
        return [("momentum", "norm")]

    def update(self, params, grads, learning_rate, momentum, norm):
        torch._foreach_lerp_(momentum, grads, 1 - self.beta_1)
        torch._foreach_mul_(norm, self.beta_2)
        torch._foreach_maximum_(norm, torch._foreach_abs(grads))
        below = torch._foreach_add(norm, self.epsilon)
        torch._foreach_addcdiv_(params, momentum, below, -learning_rate / (1 - self.beta_1**self._step_number))
