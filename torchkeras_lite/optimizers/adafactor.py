"""Adafactor: second moments of matrices kept as the means of their rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.host import HostScalar
from torchkeras_lite.optimizers.state import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Adafactor(Optimizer):
    """Steps as long as the weights are, along `g / sqrt(v)`; `v` of a matrix is the product of two vectors.

    In the update number t, with `b = 1 - t ** beta_2_decay`: r and c are moving averages (b stays) of the means of
    `g * g + epsilon_1` over the last axis and over the one before, and `v = r / mean(r) * c`; for a vector, v is the moving
    average itself. Then, with u = `g / sqrt(v)` and `rms` the root of the mean square,
    `w -= max(epsilon_2, rms(w)) * min(learning_rate, 1 / sqrt(t)) * u / max(1, rms(u) / clip_threshold)`.

    Args:
        learning_rate: float, schedule or callable: the most that the rate is.
        beta_2_decay: float < 0.
        epsilon_1: float, keeps v away from 0.
        epsilon_2: float, the least that the length of weights counts.
        clip_threshold: float, how long u may be.
        relative_step: kept for files; the rate never exceeds `1 / sqrt(t)`, as in Keras.
        For the others see `Optimizer`.

    Source: Shazeer and Stern, arXiv:1804.04235.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_2_decay=-0.8,
        epsilon_1=1e-30,
        epsilon_2=1e-3,
        clip_threshold=1.0,
        relative_step=True,
        **settings: Unpack[Settings],
    ):
        super().__init__(learning_rate, **settings)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._rows, self._columns, self._slots["velocity"] = [], [], []
        for target in self._targets:
            shape, store, name = target.shape, self._store, target.path.rpartition("/")[2]
            if len(shape) < 2:
                pair = [HostScalar(0, "int32", name, f"{self.name}/{name}") for _ in range(2)]  # files have a place for them
                store.variables += pair
            else:
                shapes = (shape[:-1], (*shape[:-2], shape[-1]))
                pair = [store.beside(target, each, name, self.name) for each in shapes]
            self._rows.append(pair[0])
            self._columns.append(pair[1])
            self._slots["velocity"].append(self.add_variable_from_reference(target, "velocity"))

    def _made_plan(self, params, indices, key):
        plan = super()._made_plan(params, indices, key)
        targets = [self._targets[i] for i in indices]
        matrices = [at for at, target in enumerate(targets) if len(target.shape) > 1]
        plan.slots.update(
            matrices=[(at, targets[at]) for at in matrices],
            vectors=[at for at in range(len(targets)) if at not in matrices],
            rows=[self._rows[indices[at]].raw for at in matrices],
            columns=[self._columns[indices[at]].raw for at in matrices],
            shares=[param.numel() ** -0.5 for param in params],
        )
        return plan

    def update(self, params, grads, learning_rate, velocity, matrices, vectors, rows, columns, shares):
        t = self._step_number
        fresh = t**self.beta_2_decay  # the part of the moving averages that is new
        squares = torch._foreach_mul(grads, grads)
        torch._foreach_add_(squares, self.epsilon_1)
        if vectors:
            torch._foreach_lerp_([velocity[at] for at in vectors], [squares[at] for at in vectors], fresh)
        if matrices:
            seen = [target.to_keras(squares[at]) for at, target in matrices]
            torch._foreach_lerp_(rows, [square.mean(-1) for square in seen], fresh)
            torch._foreach_lerp_(columns, [square.mean(-2) for square in seen], fresh)
            shapes = [(row / row.mean(-1, keepdim=True)).unsqueeze(-1) for row in rows]
            products = [row * column.unsqueeze(-2) for row, column in zip(shapes, columns, strict=True)]
            raws = [target.to_raw(product) for (_, target), product in zip(matrices, products, strict=True)]
            torch._foreach_copy_([velocity[at] for at, _ in matrices], raws)
        steps = torch._foreach_div(grads, torch._foreach_sqrt(velocity))
        too_long = _rms(steps, shares)
        torch._foreach_div_(too_long, self.clip_threshold)
        torch._foreach_clamp_min_(too_long, 1)
        lengths = _rms(params, shares)
        torch._foreach_clamp_min_(lengths, self.epsilon_2)
        torch._foreach_div_(lengths, too_long)
        torch._foreach_mul_(steps, lengths)
        torch._foreach_add_(params, steps, alpha=-min(learning_rate, t**-0.5))


def _rms(tensors: list[torch.Tensor], shares: list[float]) -> list[torch.Tensor]:
    lengths = torch._foreach_norm(tensors)
    torch._foreach_mul_(lengths, shares)
    return list(lengths)
