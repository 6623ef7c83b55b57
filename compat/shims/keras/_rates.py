"""`optimizer.lr` and `optimizer.decay`: the rate that decays, and how fast."""

from __future__ import annotations

import torch

from torchkeras_lite.optimizers import Optimizer
from torchkeras_lite.optimizers.host import number_of
from torchkeras_lite.optimizers.schedules import InverseTimeDecay
from torchkeras_lite.variable import Variable

from . import _eras


class BaseRate(Variable):
    """The rate from which a schedule's decay starts, as a Variable that can be read and assigned."""

    def __init__(self, schedule: InverseTimeDecay, path: str):
        self._schedule = schedule
        self._init(None, "", None, "learning_rate", path)

    @property
    def raw(self) -> torch.Tensor:
        return torch.tensor(self.item())

    def item(self) -> float:
        return self._schedule.initial_learning_rate

    def assign(self, value):
        self._schedule.initial_learning_rate = float(number_of(value))
        return self


def _decaying(optimizer) -> InverseTimeDecay | None:
    """The schedule that the words `lr` and `decay` make."""
    rate = optimizer._rate
    return rate if type(rate) is InverseTimeDecay and rate.decay_steps == 1 and not rate.staircase else None


def _lr(optimizer):
    """The learning rate before any decay: a Variable; assigning sets it, and a decay goes on from there."""
    schedule = _decaying(optimizer)
    return _of_today.fget(optimizer) if schedule is None else BaseRate(schedule, f"{optimizer.name}/learning_rate")


def _set_lr(optimizer, value):
    schedule = _decaying(optimizer)
    if schedule is None or (callable(value) and not isinstance(value, (Variable, torch.Tensor))):
        _of_today.fset(optimizer, value)
    else:
        BaseRate(schedule, "").assign(value)


class Decay:
    """How fast the learning rate decays; 0 where it does not. An attribute of that name in a subclass comes before it."""

    def __get__(self, optimizer, owner=None):
        if optimizer is None:
            return self
        schedule = _decaying(optimizer)
        return 0.0 if schedule is None else schedule.decay_rate


lr = property(_lr, _set_lr)
decay = Decay()


# ---------------------------------------------------------------- the same by its longer name

_of_today = Optimizer.learning_rate


def _learning_rate(optimizer):
    """The rate before the decay that the word `decay` has made, as callbacks read and set it; else today's."""
    schedule = _decaying(optimizer)
    if schedule is None or not (hasattr(schedule, "by_word") or _eras.now != "3"):
        return _of_today.fget(optimizer)
    return BaseRate(schedule, f"{optimizer.name}/learning_rate")


def current(optimizer):
    """The rate of this step, after any decay."""
    return _of_today.fget(optimizer)


learning_rate = property(_learning_rate, _set_lr)
