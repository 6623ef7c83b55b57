"""Lion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Lion(Optimizer):
    """Steps of one size along the sign: `w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g)`.

    After the step, `m = beta_2 * m + (1 - beta_2) * g`. As each step has full size, it wants a rate 3 to 10 times smaller
    than Adam, and a weight decay as many times larger.

    Args:
        learning_rate: float, schedule or callable.
        beta_1: float in (0, 1], the part of `m` in the direction of the step.
        beta_2: float, the part of the old average that stays in `m`.
        For the others see `Optimizer`.

    Raises:
        ValueError: `beta_1` is out of its range.

    Source: Chen et al., Symbolic Discovery of Optimization Algorithms, arXiv:2302.06675.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "`beta_1` must be above 0 and at most 1: with 0 the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )

    def slot_names(self):
        return [("momentum",)]

    def update(self, params, grads, learning_rate, momentum):
        directions = torch._foreach_lerp(momentum, grads, 1 - self.beta_1)
        torch._foreach_sign_(directions)
        torch._foreach_add_(params, directions, alpha=-learning_rate)
        torch._foreach_lerp_(momentum, grads, 1 - self.beta_2)
