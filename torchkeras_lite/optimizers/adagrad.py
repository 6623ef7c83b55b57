"""Adagrad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.initializers import Constant
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Adagrad(Optimizer):
    """`a` is the sum of all `g * g` so far; `w -= learning_rate * g / sqrt(a + epsilon)`.

    Epsilon stands inside the root (torch.optim.Adagrad has it outside).

    Args:
        learning_rate: float, schedule or callable.
        initial_accumulator_value: float, where the sum begins.
        epsilon: float.
        For the others see `Optimizer`.

    Source: Duchi, Hazan and Singer, JMLR 12 (2011).
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slot_names(self):
        return [("accumulator",)]

    def slot_initializers(self):
        return {"accumulator": Constant(self.initial_accumulator_value)}

    def update_constants(self, params):
        return {"near": all(param.device.type == "cpu" and param.dtype is torch.float32 for param in params)}

    def update(self, params, grads, learning_rate, accumulator, near=False):
        torch._foreach_addcmul_(accumulator, grads, grads)
        # On the CPU a number becomes a tensor for each parameter, which takes longer than adding it does.
        epsilon = [torch.tensor(self.epsilon, dtype=torch.float32)] * len(params) if near else self.epsilon
        below = torch._foreach_add(accumulator, epsilon)
        torch._foreach_sqrt_(below)
        torch._foreach_addcdiv_(params, grads, below, -learning_rate)
