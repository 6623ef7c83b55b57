"""Adam without a schedule: the weights are an interpolation between where the steps lead and their average."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ScheduleFreeAdamW(Optimizer):
    """No decay of the rate is needed: it takes an average of the weights instead, and trains near that average.

    Steps are made from z: `z -= learning_rate * g / (sqrt(v / (1 - beta_2 ** t)) + epsilon)`, with v a moving average of
    `g * g`. x is the mean of all z so far, and the weights are `(1 - beta_1) * z + beta_1 * x`.

    Args:
        learning_rate: float, schedule or callable.
        beta_1: float > 0, how near to the average the weights are.
        beta_2: float, the part of the old average that stays in `v`.
        epsilon: float.
        warmup_steps: int, the steps in which the rate rises to its full value.
        For the others see `Optimizer`.

    Source: Defazio et al., The Road Less Scheduled, arXiv:2405.15682.
    """

    def __init__(
        self,
        learning_rate=0.0025,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        warmup_steps=0,
        **settings: Unpack[Settings],
    ):
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def slot_names(self):
        return [("momentum", "velocity")]

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        for momentum, target in zip(self._slots["momentum"], self._targets, strict=True):
            momentum.assign(target.value.detach())

    def update(self, params, grads, learning_rate, momentum, velocity):
        beta_1, beta_2, t = self.beta_1, self.beta_2, self._step_number
        if self.warmup_steps > 0:
            learning_rate *= min(t / self.warmup_steps, 1)
        # With w the weights and a = 1 / t: x = (w - (1 - beta_1) * z) / beta_1 becomes (1 - a) * x + a * z_new, and that,
        # times beta_1, plus (1 - beta_1) * z_new, are the new weights. So beta_1 * x is all we need of x.
        torch._foreach_add_(params, momentum, alpha=beta_1 - 1)
        torch._foreach_mul_(params, 1 - 1 / t)
        torch._foreach_mul_(velocity, beta_2)
        torch._foreach_addcmul_(velocity, grads, grads, 1 - beta_2)
        below = torch._foreach_div(velocity, 1 - beta_2**t)
        torch._foreach_sqrt_(below)
        torch._foreach_add_(below, self.epsilon)
        torch._foreach_addcdiv_(momentum, grads, below, -learning_rate)
        torch._foreach_add_(params, momentum, alpha=1 - beta_1 + beta_1 / t)
