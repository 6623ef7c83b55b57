"""Learning rates that follow the step count: float arithmetic on the host, a tensor only for who calls them."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.variable import tensor_of

TABLE = registry.Table("learning rate schedule", "keras.optimizers.schedules")


class LearningRateSchedule(registry.Configurable):
    """Base of schedules. One of your own overrides `__call__(step)`, where `step` is the optimizer's step count."""

    def __call__(self, step):
        raise NotImplementedError(
            f"The learning rate schedule {type(self).__name__!r} has to override `__call__(self, step)`: it returns the "
            "learning rate of that step."
        )

    def get_config(self) -> dict:
        raise NotImplementedError(
            f"The learning rate schedule {type(self).__name__!r} has to override `get_config()` (its constructor's "
            "arguments as a dict) so that it can be saved."
        )


class Formula(LearningRateSchedule):
    """A schedule that is a formula over numbers. Calling it gives a tensor on the CPU, of the shape of `step`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if registry.public_module(cls) == TABLE.public:
            TABLE.add(cls)

    def value(self, step: float) -> float:
        """The learning rate at `step`, number in and number out: what an optimizer asks in each step."""
        raise NotImplementedError

    def __call__(self, step):
        dtype = config.torch_dtype(config.floatx())
        if isinstance(step, (int, float)):
            return torch.tensor(self.value(step), dtype=dtype)
        steps = tensor_of(step).detach()  # a whole range of steps is what people plot
        rates = [self.value(number) for number in steps.flatten().tolist()]
        return torch.tensor(rates, dtype=dtype).reshape(steps.shape)


def _check_positive(name: str, value) -> None:
    if value <= 0:
        raise ValueError(f"`{name}` is the number of steps that the decay takes, and must be > 0. Received: {name}={value}")


class ExponentialDecay(Formula):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: float, the rate at step 0.
        decay_steps: int > 0, the steps in which the rate is multiplied once by `decay_rate`.
        decay_rate: float.
        staircase: decay in jumps, every `decay_steps` steps.
        name: a name.
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        _check_positive("decay_steps", decay_steps)

    def value(self, step):
        periods = step / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return self.initial_learning_rate * self.decay_rate**periods


class PiecewiseConstantDecay(Formula):
    """`values[i]` for the first i with `step <= boundaries[i]`, and `values[-1]` behind the last boundary.

    Args:
        boundaries: increasing list of numbers.
        values: list of floats, one more than boundaries.
        name: a name.
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "`values` must have one element more than `boundaries`: one value for each interval. Received: "
                f"{len(boundaries)} boundaries ({boundaries}) and {len(values)} values ({values})."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def value(self, step):
        for boundary, rate in zip(self.boundaries, self.values, strict=False):
            if step <= boundary:
                return rate
        return self.values[-1]


class PolynomialDecay(Formula):
    """From `initial_learning_rate` to `end_learning_rate` along `(1 - step / decay_steps) ** power`.

    Args:
        initial_learning_rate: float, the rate at step 0.
        decay_steps: int > 0.
        end_learning_rate: float, the rate at `decay_steps` and behind.
        power: float, 1 for a straight line.
        cycle: start anew each time the end is reached, with a decay that takes one more `decay_steps` each time.
        name: a name.
    """

    def __init__(
        self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name="PolynomialDecay"
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        _check_positive("decay_steps", decay_steps)

    def value(self, step):
        length = self.decay_steps
        if self.cycle:
            length *= max(1, math.ceil(step / length))
        left = 1 - min(step, length) / length
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


class InverseTimeDecay(Formula):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: float, the rate at step 0.
        decay_steps: int > 0, how often the decay is applied.
        decay_rate: float.
        staircase: decay in jumps, every `decay_steps` steps.
        name: a name.
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        _check_positive("decay_steps", decay_steps)

    def value(self, step):
        periods = step / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return self.initial_learning_rate / (1 + self.decay_rate * periods)


class CosineDecay(Formula):
    """Half a cosine wave from the initial rate down to `alpha` times it, if wanted behind a straight warm-up.

    Args:
        initial_learning_rate: float, the rate at step 0.
        decay_steps: int > 0, the steps of the decay (behind the warm-up).
        alpha: float, the part of the rate that remains.
        name: a name.
        warmup_target: float or None (no warm-up), the rate at the end of the warm-up, from where the decay starts.
        warmup_steps: int, the steps of the warm-up.

    Source: Loshchilov and Hutter, SGDR, arXiv:1608.03983; the warm-up: Goyal et al., arXiv:1706.02677.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None, warmup_steps=0):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        _check_positive("decay_steps", decay_steps)

    def value(self, step):
        start = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return start + (self.warmup_target - start) * step / self.warmup_steps
            start, step = self.warmup_target, step - self.warmup_steps
        wave = 0.5 * (1 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return start * ((1 - self.alpha) * wave + self.alpha)


class CosineDecayRestarts(Formula):
    """Cosine decays one behind the other: each `t_mul` times as long as the one before, from `m_mul` times its rate.

    Args:
        initial_learning_rate: float, the rate at step 0.
        first_decay_steps: int > 0, the steps of the first decay.
        t_mul: float, by which the length grows.
        m_mul: float, by which the rate grows.
        alpha: float, the part of the initial rate that remains at the end of each decay.
        name: a name.

    Source: Loshchilov and Hutter, SGDR, arXiv:1608.03983.
    """

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        _check_positive("first_decay_steps", first_decay_steps)

    def value(self, step):
        done = step / self.first_decay_steps  # in lengths of the first decay
        if self.t_mul == 1:
            restarts = math.floor(done)
            done -= restarts
        else:
            # Decay number i begins where (t_mul**i - 1) / (t_mul - 1) first lengths are over. A logarithm may land one off.
            def begin(i):
                return (self.t_mul**i - 1) / (self.t_mul - 1)

            restarts = math.floor(math.log(1 + done * (self.t_mul - 1)) / math.log(self.t_mul))
            restarts += (done >= begin(restarts + 1)) - (done < begin(restarts))
            done = (done - begin(restarts)) / self.t_mul**restarts
        wave = 0.5 * self.m_mul**restarts * (1 + math.cos(math.pi * done))
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict:
    """The schedule as a dict of plain data."""
    return registry.serialize(learning_rate_schedule)


def deserialize(config: dict, custom_objects: dict | None = None) -> LearningRateSchedule:
    """The schedule that `serialize` wrote."""
    return registry.deserialize(config, custom_objects, TABLE)
