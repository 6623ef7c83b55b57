"""Lamb: Adam with steps as long as the weights are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Lamb(Optimizer):
    """Adam's step, scaled for each variable by the length of the variable over the length of the step: for large batches.

    `w -= learning_rate * |w| / |s| * s` with `s = m / (1 - beta_1 ** t) / (sqrt(v / (1 - beta_2 ** t)) + epsilon)`, where m
    and v are moving averages of `g` and `g * g`. The factor is 1 where one of the lengths is 0.

    Args:
        learning_rate: float, schedule or callable.
        beta_1, beta_2: floats, the part of the old average that stays in `m` and in `v`.
        epsilon: float.
        For the others see `Optimizer`.

    Source: You et al., arXiv:1904.00962.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_names(self):
        return [("momentum", "velocity")]

    def update(self, params, grads, learning_rate, momentum, velocity):
        beta_1, beta_2, t = self.beta_1, self.beta_2, self._step_number
        torch._foreach_lerp_(momentum, grads, 1 - beta_1)
        torch._foreach_mul_(velocity, beta_2)
        torch._foreach_addcmul_(velocity, grads, grads, 1 - beta_2)
        below = torch._foreach_div(velocity, 1 - beta_2**t)
        torch._foreach_sqrt_(below)
        torch._foreach_add_(below, self.epsilon)
        steps = torch._foreach_div(momentum, 1 - beta_1**t)
        torch._foreach_div_(steps, below)
        torch._foreach_mul_(steps, _ratios(torch._foreach_norm(params), torch._foreach_norm(steps)))
        torch._foreach_add_(params, steps, alpha=-learning_rate)


def _ratios(above: list[torch.Tensor], below: list[torch.Tensor]) -> list[torch.Tensor]:
    """The quotients of lengths, and 1 where one of the two is 0: all in one tensor, as lists have no `where`."""
    first = above[0].device
    a, b = (torch.stack([length.to(first) for length in lengths]) for lengths in (above, below))
    ratios = torch.where((a > 0) & (b > 0), a / b, 1.0).unbind()
    return [ratio.to(length.device) for ratio, length in zip(ratios, above, strict=True)]
