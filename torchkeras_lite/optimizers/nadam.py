"""Nadam: Adam with the momentum of Nesterov."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.host import HostScalar
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Nadam(Optimizer):
    """`m` and `v` are moving averages of `g` and `g * g`, corrected as in Adam, and the step looks one momentum ahead.

    In the update number t, with `u_t = beta_1 * (1 - 0.5 * 0.96 ** t)` and p the product of all u so far:
    `w -= learning_rate * (u_next * m / (1 - p * u_next) + (1 - u_t) * g / (1 - p)) / (sqrt(v / (1 - beta_2 ** t)) + epsilon)`.

    Args:
        learning_rate: float, schedule or callable.
        beta_1, beta_2: floats, the part of the old average that stays in `m` and in `v`.
        epsilon: float.
        For the others see `Optimizer`.

    Source: Dozat, Incorporating Nesterov Momentum into Adam, ICLR workshop 2016.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_names(self):
        return [("momentum", "velocity")]

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._u_product = HostScalar(1.0, "float32", "variable", f"{self.name}/variable")
        self._store.variables.append(self._u_product)

    def _change(self, plan, grads):
        # Once a step, however many parameters there are.
        self._u_product.array[()] *= self.beta_1 * (1 - 0.5 * 0.96**self._step_number)
        super()._change(plan, grads)

    def update(self, params, grads, learning_rate, momentum, velocity):
        t, product = self._step_number, self._u_product.item()
        u, following = self.beta_1 * (1 - 0.5 * 0.96**t), self.beta_1 * (1 - 0.5 * 0.96 ** (t + 1))
        torch._foreach_lerp_(momentum, grads, 1 - self.beta_1)
        torch._foreach_mul_(velocity, self.beta_2)
        torch._foreach_addcmul_(velocity, grads, grads, 1 - self.beta_2)
        below = torch._foreach_div(velocity, 1 - self.beta_2**t)
        torch._foreach_sqrt_(below)
        torch._foreach_add_(below, self.epsilon)
        torch._foreach_addcdiv_(params, momentum, below, -learning_rate * following / (1 - product * following))
        torch._foreach_addcdiv_(params, grads, below, -learning_rate * (1 - u) / (1 - product))
