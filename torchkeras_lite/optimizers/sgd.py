"""Stochastic gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.slots import fits_fused
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class SGD(Optimizer):
    """`w -= learning_rate * g`; with momentum `m = momentum * m - learning_rate * g`, `w += m`.

    The buffer `m` holds the learning rate: torch.optim.SGD keeps it outside, and differs as soon as the rate moves.

    Args:
        learning_rate: float, schedule or callable.
        momentum: float in [0, 1].
        nesterov: `w += momentum * m - learning_rate * g` instead.
        For the others see `Optimizer`.

    Raises:
        ValueError: `momentum` is no float in [0, 1].
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **settings: Unpack[Settings]):
        super().__init__(learning_rate, **settings)
        if not isinstance(momentum, float) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: {momentum!r} ({type(momentum).__name__})")
        self.momentum = momentum
        self.nesterov = nesterov

    def slot_names(self):
        return [("momentum",)] if self.momentum else []

    def update_constants(self, params):
        return {"fused": True} if fits_fused(params) else {}

    def _made_plan(self, params, indices, key):
        plan = super()._made_plan(params, indices, key)
        plan.fused = "fused" in plan.slots and type(self).update is SGD.update
        return plan

    def update(self, params, grads, learning_rate, momentum=None, fused=False):
        if fused:
            # The kernel's formula is `m = momentum * m + (1 - dampening) * g`, `w -= lr * m`; without m, `w -= lr * g`.
            if momentum is not None:
                share = self.momentum if self.nesterov else 1.0
                self._fused(params, grads, momentum, self.momentum, -share, 1 + learning_rate)
            if momentum is None or self.nesterov:
                self._fused(params, grads, [], 0.0, learning_rate, 0.0)
        elif momentum is None:
            torch._foreach_add_(params, grads, alpha=-learning_rate)
        else:
            torch._foreach_mul_(momentum, self.momentum)
            torch._foreach_add_(momentum, grads, alpha=-learning_rate)
            if self.nesterov:
                torch._foreach_add_(params, grads, alpha=-learning_rate)
                torch._foreach_add_(params, momentum, alpha=self.momentum)
            else:
                torch._foreach_add_(params, momentum)

    def _fused(self, params, grads, buffers, momentum, rate, dampening):
        torch._fused_sgd_(
            params,
            grads,
            buffers,
            weight_decay=0.0,
            momentum=momentum,
            lr=rate,
            dampening=dampening,
            nesterov=False,
            maximize=False,
            is_first_step=False,
            found_inf=self.overflow,
        )
