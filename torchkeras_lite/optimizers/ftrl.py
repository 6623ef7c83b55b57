"""Ftrl: follow the regularized leader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.initializers import Constant
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Ftrl(Optimizer):
    """Online learning that makes many weights exactly zero: for wide, shallow models on sparse features.

    With `a` the sum of all `g * g`, p = `-learning_rate_power`, l1 and l2 the strengths of the penalties, each step is
    `z += g + 2 * shrinkage * w - (a_new ** p - a_old ** p) / learning_rate * w` and then
    `w = (clip(z, -l1, l1) - z) / ((a_new ** p + beta) / learning_rate + 2 * l2)`.

    Args:
        learning_rate: float, schedule or callable.
        learning_rate_power: float <= 0; 0 for a rate that stays the same.
        initial_accumulator_value: float >= 0, where `a` begins.
        l1_regularization_strength, l2_regularization_strength: floats >= 0.
        l2_shrinkage_regularization_strength: float >= 0; this one is a penalty on the loss, l2 holds the steps back.
        beta: float, the paper's.
        For the others see `Optimizer`.

    Raises:
        ValueError: one of these is out of its range.

    Source: McMahan et al., Ad Click Prediction: a View from the Trenches, KDD 2013.
    """

    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0,
        beta=0.0,
        **settings: Unpack[Settings],
    ):
        super().__init__(learning_rate, **settings)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ValueError(
                f"`learning_rate_power` needs to be negative or zero. Received: learning_rate_power={learning_rate_power}."
            )
        for name in (
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` needs to be positive or zero. Received: {name}={getattr(self, name)}.")

    def slot_names(self):
        return [("accumulator", "linear")]

    def slot_initializers(self):
        return {"accumulator": Constant(self.initial_accumulator_value)}

    def update(self, params, grads, learning_rate, accumulator, linear):
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        before = torch._foreach_pow(accumulator, power)
        torch._foreach_addcmul_(accumulator, grads, grads)
        after = torch._foreach_pow(accumulator, power)
        sigma = torch._foreach_sub(after, before)
        torch._foreach_div_(sigma, learning_rate)
        torch._foreach_add_(linear, grads)
        if self.l2_shrinkage_regularization_strength:
            torch._foreach_add_(linear, params, alpha=2 * self.l2_shrinkage_regularization_strength)
        torch._foreach_addcmul_(linear, sigma, params, -1)
        torch._foreach_add_(after, self.beta)
        torch._foreach_div_(after, learning_rate)
        torch._foreach_add_(after, 2 * self.l2_regularization_strength)
        clipped = torch._foreach_clamp_max(linear, l1)
        torch._foreach_clamp_min_(clipped, -l1)
        torch._foreach_sub_(clipped, linear)
        torch._foreach_div_(clipped, after)
        torch._foreach_copy_(params, clipped)
