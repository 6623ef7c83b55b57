"""Adam and AdamW, on torch's fused kernel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.slots import fits_fused
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Adam(Optimizer):
    """`m` and `v` are moving averages of `g` and `g * g`; `w -= alpha * m / (sqrt(v) + epsilon)`.

    `alpha = learning_rate * sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t)` in the update number t. torch.optim.Adam corrects
    `sqrt(v)` first and adds epsilon then, which with small gradients is another result.

    Args:
        learning_rate: float, schedule or callable.
        beta_1, beta_2: floats, the part of the old average that stays in `m` and in `v`.
        epsilon: float, the "epsilon hat" of the paper.
        amsgrad: divide by the largest `v` so far.
        For the others see `Optimizer`.

    Source: Kingma and Ba, arXiv:1412.6980, the formula before section 2.1; amsgrad: Reddi et al., ICLR 2018.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **settings: Unpack[Settings],
    ):
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def slot_names(self):
        return [("momentum", "velocity"), *([("velocity_hat",)] if self.amsgrad else [])]

    def update_constants(self, params):
        """`steps` for the fused kernel where it can serve."""
        if not fits_fused(params):
            return {}
        # The kernel divides by `1 - beta ** step`, with a float32 step that it only reads (torch.optim counts it up). So late
        # a step makes that 1 exactly for every beta < 1, and leaves the correction to `alpha`; then epsilon stands where
        # Keras has it. No later: on the CPU the step has to fit into an int64.
        return {"steps": [torch.tensor(2.0**62, device=params[0].device)] * len(params)}

    def _made_plan(self, params, indices, key):
        plan = super()._made_plan(params, indices, key)
        if "steps" in plan.slots and len(plan.decayed) == len(params):
            plan.decayed, plan.slots["decay_inside"] = [], True  # the kernel can do it in the same pass over the weights
        plan.fused = "steps" in plan.slots and type(self).update is Adam.update
        return plan

    def update(self, params, grads, learning_rate, momentum, velocity, velocity_hat=(), steps=None, decay_inside=False):
        beta_1, beta_2, t = self.beta_1, self.beta_2, self._step_number
        # A captured CUDA graph would replay this number for ever: there, `alpha` has to be a tensor of the device that is
        # written before each replay (the kernel takes `lr` as a tensor too, and `_foreach_mul` its factor).
        alpha = learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        if steps is not None:
            # The kernel multiplies weights by `1 - lr * weight_decay`, and its `lr` is alpha here.
            decay = self.weight_decay * learning_rate / alpha if decay_inside and self.weight_decay and alpha else 0.0
            torch._fused_adamw_(
                params,
                grads,
                momentum,
                velocity,
                velocity_hat,
                steps,
                lr=alpha,
                beta1=beta_1,
                beta2=beta_2,
                weight_decay=decay,
                eps=self.epsilon,
                amsgrad=self.amsgrad,
                maximize=False,
                found_inf=self.overflow,
            )
            return
        hat = velocity_hat if self.amsgrad else None
        adam_step(params, grads, momentum, velocity, learning_rate, beta_1, beta_2, self.epsilon, t, hat)


def adam_step(params, grads, momentum, velocity, learning_rate, beta_1, beta_2, epsilon, t, velocity_hat=None):
    """Adam's formula as foreach kernels, in the update number t."""
    torch._foreach_lerp_(momentum, grads, 1 - beta_1)
    torch._foreach_mul_(velocity, beta_2)
    torch._foreach_addcmul_(velocity, grads, grads, 1 - beta_2)
    if velocity_hat is not None:
        torch._foreach_maximum_(velocity_hat, velocity)
        velocity = velocity_hat
    below = torch._foreach_sqrt(velocity)
    torch._foreach_add_(below, epsilon)
    torch._foreach_addcdiv_(params, momentum, below, -learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t))


class AdamW(Adam):
    """Adam with decoupled weight decay: `w *= 1 - weight_decay * learning_rate` before each update.

    Args:
        learning_rate: float, schedule or callable.
        weight_decay: float.
        For the others see `Adam` and `Optimizer`.

    Raises:
        ValueError: `weight_decay` is None.

    Source: Loshchilov and Hutter, arXiv:1711.05101.
    """

    def __init__(
        self,
        learning_rate=0.001,
        weight_decay=0.004,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **settings: Unpack[Settings],
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **settings)
        if weight_decay is None:
            raise ValueError(
                "Argument `weight_decay` must be a float. Received: weight_decay=None. Use Adam for no weight decay."
            )
