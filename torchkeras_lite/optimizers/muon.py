"""Muon for matrices, Adam for all else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.adam import adam_step
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.host import HostScalar
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Muon(Optimizer):
    """Matrices move along the orthogonal matrix that is nearest to their momentum; everything else as in Adam.

    `m = momentum * m + g`, and `w -= learning_rate * rms_rate * sqrt(max(rows, columns)) * O` with O what a few
    Newton-Schulz iterations make of m (with `nesterov`: of `g + momentum * m`).

    Args:
        learning_rate: float, schedule or callable.
        adam_beta_1, adam_beta_2, epsilon: floats, Adam's.
        adam_weight_decay: float or None, weight decay of what Adam trains.
        weight_decay: float or None, weight decay of what Muon trains.
        exclude_layers: list of (regular) expressions: what has one of them in its path is for Adam.
        exclude_embeddings: what has "embedding" in its path is for Adam.
        muon_a, muon_b, muon_c: floats, the polynomial `a * x + b * x^3 + c * x^5` of an iteration.
        adam_lr_ratio: float, Adam's rate over that of Muon.
        momentum: float, the part of m that stays.
        ns_steps: int, the number of iterations.
        nesterov: look one momentum ahead.
        rms_rate: float or None; None is the step without `rms_rate * sqrt(...)`.
        For the others see `Optimizer`.

    Source: Jordan et al., https://kellerjordan.github.io/posts/muon; Liu et al., arXiv:2502.16982 for `rms_rate`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1=0.9,
        adam_beta_2=0.999,
        adam_weight_decay=0.004,
        epsilon=1e-7,
        weight_decay=0.004,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        exclude_layers=None,
        exclude_embeddings=True,
        muon_a=3.4445,
        muon_b=-4.7750,
        muon_c=2.0315,
        adam_lr_ratio=1,
        momentum=0.95,
        ns_steps=5,
        nesterov=True,
        rms_rate=0.2,
        **settings: Unpack[Settings],
    ):
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **settings,
        )
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.exclude_layers, self.exclude_embeddings = exclude_layers or [], exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.momentum, self.nesterov = momentum, nesterov
        self.ns_steps, self.rms_rate = ns_steps, rms_rate

    def _should_use_adamw(self, target) -> bool:
        if len(target.shape) != 2 or (self.exclude_embeddings and "embedding" in target.path.lower()):
            return True
        return any(re.search(expression, target.path) for expression in self.exclude_layers)

    def _decay_of(self, target):
        return self.adam_weight_decay if self._should_use_adamw(target) else self.weight_decay

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums, self.adam_velocities = [], []
        for target in self._targets:
            self.momentums.append(self.add_variable_from_reference(target, "momentum"))
            adam = self._should_use_adamw(target)
            self.adam_velocities.append(self.add_variable_from_reference(target, "velocity") if adam else None)

    def _made_plan(self, params, indices, key):
        plan = super()._made_plan(params, indices, key)
        adam, muon = _Share(), _Share()
        for at, (param, i) in enumerate(zip(params, indices, strict=True)):
            target, velocity = self._targets[i], self.adam_velocities[i]
            share = muon if velocity is None else adam
            share.positions.append(at)
            share.params.append(param)
            share.momenta.append(self.momentums[i].raw)
            if velocity is not None:
                share.velocities.append(velocity.raw)
                continue
            # A matrix that torch keeps transposed, or with rows in another order, is as good: so is then its step.
            turned = None if sorted(param.shape) == sorted(target.shape) else target
            kind = (tuple(param.shape if turned is None else target.shape), param.device, param.dtype)
            muon.alike.setdefault(kind, []).append((len(muon.params) - 1, turned))
        decayed = {id(param) for param in plan.decayed}
        plan.decayed = [param for param in muon.params if id(param) in decayed]
        adam.decayed = [param for param in adam.params if id(param) in decayed]
        plan.slots.update(adam=adam, muon=muon)
        return plan

    def _change(self, plan, grads):
        adam = plan.slots["adam"]
        if self.adam_weight_decay is not None and adam.decayed:
            rate = self._rate.item() if type(self._rate) is HostScalar else self._rate_now()
            torch._foreach_mul_(adam.decayed, 1 - self.adam_weight_decay * rate)
        super()._change(plan, grads)

    def update(self, params, grads, learning_rate, adam, muon):
        if adam.params:
            adam_step(
                adam.params,
                [grads[at] for at in adam.positions],
                adam.momenta,
                adam.velocities,
                learning_rate * self.adam_lr_ratio,
                self.adam_beta_1,
                self.adam_beta_2,
                self.epsilon,
                self._step_number,
            )
        if muon.params:
            grads = [grads[at] for at in muon.positions]
            torch._foreach_mul_(muon.momenta, self.momentum)
            torch._foreach_add_(muon.momenta, grads)
            ahead = torch._foreach_add(grads, muon.momenta, alpha=self.momentum) if self.nesterov else muon.momenta
            for members in muon.alike.values():
                matrices = [ahead[at] if turned is None else turned.to_keras(ahead[at]) for at, turned in members]
                steps = self.zeropower_via_newtonschulz5(torch.stack(matrices), self.ns_steps)
                steps = self.lr_adjust(steps).unbind()
                steps = [
                    step if turned is None else turned.to_raw(step) for step, (_, turned) in zip(steps, members, strict=True)
                ]
                torch._foreach_add_([muon.params[at] for at, _ in members], steps, alpha=-learning_rate)

    def lr_adjust(self, x):
        """The steps `x`, (..., rows, columns), as long as those of Adam are: by `rms_rate`, where it is not None."""
        return x if self.rms_rate is None else x * (max(x.shape[-2:]) ** 0.5 * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x, steps: int):
        """The nearly orthogonal matrix with the singular vectors of `x`: all its singular values become about 1.

        Args:
            x: (..., rows, columns).
            steps: the number of iterations.

        Raises:
            ValueError: `x` is no matrix.
        """
        if x.dim() < 2:
            raise ValueError(f"Expected a matrix, or several, with at least 2 axes. Received: shape={tuple(x.shape)}")
        wide = x if x.shape[-2] <= x.shape[-1] else x.mT  # the smaller of the two products
        wide = wide / (torch.linalg.matrix_norm(wide, keepdim=True) + 1e-7)
        for _ in range(steps):
            square = wide @ wide.mT
            wide = self.muon_a * wide + (self.muon_b * square + self.muon_c * square @ square) @ wide
        return wide if x.shape[-2] <= x.shape[-1] else wide.mT


class _Share:
    """What one of the two optimizers trains, and with what."""

    def __init__(self):
        self.positions: list[int] = []  # among all the gradients
        self.params: list[torch.Tensor] = []
        self.momenta: list[torch.Tensor] = []
        self.velocities: list[torch.Tensor] = []
        self.decayed: list[torch.Tensor] = []
        self.alike: dict[tuple, list] = {}  # matrices of one shape, that become one stack
