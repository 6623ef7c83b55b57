"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import numpy as np

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.callbacks.console import write
from torchkeras_lite.callbacks.stopping import MonitorCallback
from torchkeras_lite.notices import warn


def _optimizers(model) -> dict:
    """The optimizers whose rate is set, by what their rates are called in the logs."""
    several = getattr(model.optimizer, "optimizers", None)
    return {f"learning_rate_{each.name}": each for each in several} if several else {"learning_rate": model.optimizer}


def _note_rates(model, logs) -> None:
    for name, optimizer in _optimizers(model).items():
        logs[name] = float(optimizer.learning_rate)


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    Args:
        schedule: a function `(epoch, rate) -> rate`, or `(epoch) -> rate`. Epochs count from 0.
        verbose: 1 says what it sets.

    Raises:
        ValueError: the function returns no float.
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch, logs=None):
        for name, optimizer in _optimizers(self.model).items():
            try:
                rate = self.schedule(epoch, float(optimizer.learning_rate))
            except TypeError:  # a function of the epoch only
                rate = self.schedule(epoch)
            if isinstance(rate, bool) or not isinstance(rate, (float, np.floating)):
                raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate!r} for epoch {epoch}.")
            optimizer.learning_rate = float(rate)
            if self.verbose > 0:
                which = "" if name == "learning_rate" else f"{optimizer.name} "
                write(f"\nEpoch {epoch + 1}: LearningRateScheduler setting {which}learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        _note_rates(self.model, {} if logs is None else logs)


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when a value has stopped becoming better.

    Args:
        monitor: the value's name in the logs.
        factor: less than 1.
        patience: epochs without anything better after which it acts.
        verbose: 1 says what it sets.
        mode: `"min"`, `"max"`, or `"auto"`: after the metric.
        min_delta: a change has to be larger than this to count.
        cooldown: epochs after a reduction that do not count.
        min_lr: the rate never becomes less.

    Raises:
        ValueError: a factor of 1 or more.
    """

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor, self.patience, self.verbose, self.cooldown, self.min_lr = factor, patience, verbose, cooldown, min_lr
        self._reset()

    resumes_with = ("best", "cooldown_counter", "wait")

    def _reset(self):
        self.best, self.cooldown_counter, self.wait = None, 0, 0

    def on_train_begin(self, logs=None):
        self._reset()

    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        _note_rates(self.model, logs)
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"ReduceLROnPlateau watches {self.monitor!r}, which is not in the logs. There is: {', '.join(logs)}. "
                "(Names that begin with 'val_' need validation data.)",
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, epoch) -> bool:
        reduced = False
        for name, optimizer in _optimizers(self.model).items():
            rate = float(optimizer.learning_rate)
            if rate <= np.float32(self.min_lr):
                continue
            reduced, rate = True, max(rate * self.factor, self.min_lr)
            optimizer.learning_rate = rate
            if self.verbose > 0:
                which = "" if name == "learning_rate" else f" {optimizer.name}"
                write(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing{which} learning rate to {rate}.")
        return reduced
