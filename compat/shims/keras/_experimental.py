"""`tf.keras.experimental`: what stayed there until TensorFlow 2.15, and what had moved by then."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import layers, random
from torchkeras_lite.layers.recurrent_cells import plain
from torchkeras_lite.optimizers.schedules import CosineDecay as CosineDecay
from torchkeras_lite.optimizers.schedules import CosineDecayRestarts as CosineDecayRestarts
from torchkeras_lite.optimizers.schedules import Formula

from ._backend_nn import hard_sigmoid

__all__ = ["CosineDecay", "CosineDecayRestarts", "LinearCosineDecay", "NoisyLinearCosineDecay", "PeepholeLSTMCell"]


class LinearCosineDecay(Formula):
    """A straight line down to zero times a wave around it: `rate * ((alpha + line) * (1 + cos) / 2 + beta)`.

    Args:
        initial_learning_rate: float, the rate that is scaled.
        decay_steps: int, the steps of the line.
        num_periods: how many waves there are in that time.
        alpha, beta: what is added to the line, and to the whole.

    Source: Bello et al., Neural Optimizer Search with RL, arXiv:1709.07417.
    """

    def __init__(self, initial_learning_rate, decay_steps, num_periods=0.5, alpha=0.0, beta=0.001, name=None):
        self.initial_learning_rate, self.decay_steps, self.num_periods = initial_learning_rate, decay_steps, num_periods
        self.alpha, self.beta, self.name = alpha, beta, name

    def value(self, step):
        part = min(step, self.decay_steps) / self.decay_steps
        wave = 0.5 * (1 + math.cos(2 * math.pi * self.num_periods * part))
        return self.initial_learning_rate * ((self.alpha + 1 - part + self.noise(part * self.decay_steps)) * wave + self.beta)

    def noise(self, step):
        return 0.0


class NoisyLinearCosineDecay(LinearCosineDecay):
    """The same with noise on the line, of the variance `initial_variance / (1 + step) ** variance_decay`."""

    def __init__(
        self, initial_learning_rate, decay_steps, initial_variance=1.0, variance_decay=0.55, num_periods=0.5, alpha=0.0,
        beta=0.001, name=None,
    ):  # fmt: skip
        super().__init__(initial_learning_rate, decay_steps, num_periods, alpha, beta, name)
        self.initial_variance, self.variance_decay = initial_variance, variance_decay

    def noise(self, step):
        return float(random.normal((), stddev=math.sqrt(self.initial_variance / (1 + step) ** self.variance_decay)))


class PeepholeLSTMCell(layers.LSTMCell):
    """An LSTMCell whose gates see the cell's state too: i and f the one before, o the one after.

    Its recurrent activation is 0.2 x + 0.5 between 0 and 1, unless another one is given.

    Source: Gers, Schraudolph and Schmidhuber 2002.
    """

    kernels = {}

    def __init__(self, units, activation="tanh", recurrent_activation=hard_sigmoid, **kwargs):
        super().__init__(units, activation, recurrent_activation, **kwargs)

    def get_config(self) -> dict:
        config = super().get_config()
        if self.recurrent_activation is hard_sigmoid:
            del config["recurrent_activation"]
        return config

    def build(self, input_shape):
        super().build(input_shape)
        self.input_gate_peephole_weights, self.forget_gate_peephole_weights, self.output_gate_peephole_weights = (
            self.add_weight((self.units,), self.kernel_initializer, name=f"{gate}_gate_peephole_weights")
            for gate in ("input", "forget", "output")
        )

    def stepper(self, states, training):
        activation, gate = plain(self.activation), plain(self.recurrent_activation)
        added = self.recurrence_added(states[0], training)
        seen = [getattr(self, f"{name}_gate_peephole_weights").value for name in ("input", "forget", "output")]

        def step(projected, states):
            h, c = states
            i, f, g, o = added(projected, h).chunk(4, -1)
            c = torch.addcmul(gate(i + seen[0] * c) * activation(g), gate(f + seen[1] * c), c)
            h = gate(o + seen[2] * c) * activation(c)
            return h, [h, c]

        return step
