"""Callbacks that watch one value of the logs: the base that decides what is better, and EarlyStopping."""

from __future__ import annotations

import numpy as np

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.callbacks.console import write
from torchkeras_lite.notices import warn


class MonitorCallback(Callback):
    """Base of callbacks that ask whether a value of the logs has become better.

    Args:
        monitor: the value's name in the logs (`"val_loss"`, `"accuracy"`).
        mode: `"min"` (less is better), `"max"`, or `"auto"`: losses go down, a metric says itself which way is up.
        baseline: what the first value has to beat.
        min_delta: a change has to be larger than this to count.

    Raises:
        ValueError: at the end of the first epoch, when `"auto"` cannot know the direction.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warn(
                f"{type(self).__name__} mode {mode!r} is unknown. Taking 'auto'; the others are 'min' and 'max'.",
            )
            mode = "auto"
        self.monitor, self.mode, self.best = monitor, mode, baseline
        self.min_delta = abs(min_delta)
        self.monitor_op = None  # np.less or np.greater, known when the model's metrics are

    def _set_monitor_op(self):
        mode = self.mode if self.mode != "auto" else self._direction()
        self.monitor_op = np.less if mode == "min" else np.greater
        if mode == "min":
            self.min_delta *= -1

    def _direction(self) -> str:
        name = self.monitor.removeprefix("val_")
        directions = {"up": "max", "down": "min"}
        found = [getattr(m, "_direction", None) for m in _leaves(getattr(self.model, "metrics", None)) if m.name == name]
        known = [directions[d] for d in found if d in directions]
        if known:
            return known[-1]
        if name == "loss":
            return "min"
        raise ValueError(
            f"{type(self).__name__}(monitor={self.monitor!r}, mode='auto') cannot know whether more or less of "
            f"{self.monitor!r} is better, because no metric of that name says so. Pass mode='max' or mode='min'."
        )

    def _is_improvement(self, monitor_value, reference_value):
        if self.monitor_op is None:
            self._set_monitor_op()
        if reference_value is None:
            return True
        return self.monitor_op(monitor_value - self.min_delta, reference_value)


def _leaves(metrics):
    """The single metrics in a list that may hold groups of them."""
    for metric in metrics or ():
        inner = getattr(metric, "metrics", None)
        if inner:
            yield from _leaves(inner)
        elif hasattr(metric, "name"):
            yield metric


class EarlyStopping(MonitorCallback):
    """Ends training when a value has stopped becoming better.

    Args:
        monitor: the value's name in the logs.
        min_delta: a change has to be larger than this to count.
        patience: epochs without anything better after which training ends.
        verbose: 1 says so when it acts.
        mode: `"min"`, `"max"`, or `"auto"`: after the metric.
        baseline: a value that has to be beaten for patience to begin anew.
        restore_best_weights: go back to the weights of the best epoch when training ends. They are kept on the device.
        start_from_epoch: epochs at the beginning that do not count.

    Attributes:
        stopped_epoch: the epoch after which it ended training, 0 if it did not.
        best, best_epoch, best_weights: what is known of the best epoch; `model.set_weights(best_weights)` goes back to it.
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._forget()

    resumes_with = ("best", "wait", "stopped_epoch", "best_epoch", "best_weights")

    def _forget(self):
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_train_begin(self, logs=None):
        self._forget()  # so that one object may serve several calls of `fit`

    def on_epoch_end(self, epoch, logs=None):
        current = self.get_monitor_value(logs)
        if current is None:  # (a name that is not there has no direction either)
            return
        if self.monitor_op is None:
            self._set_monitor_op()
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(current, self.best):  # the first epoch always is one, so there is something to go back to
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                # What `get_weights()` gives, frozen weights and running averages too, without the way over the host.
                self.best_weights = [variable.value.detach().clone() for variable in self.model.weights]
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            write(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                write(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            for variable, value in zip(self.model.weights, self.best_weights, strict=True):
                variable.assign(value)

    def get_monitor_value(self, logs):
        """The watched value, or None with a warning."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warn(
                f"EarlyStopping watches {self.monitor!r}, which is not in the logs. There is: {', '.join(logs or {})}. "
                "(Names that begin with 'val_' need validation data.)",
            )
        return value
