"""The progress bar."""

from __future__ import annotations

import io
import math
import os
import sys
import time

import numpy as np

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.callbacks.console import write

_BOLD, _GREEN, _GREY, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"
_IN_FILES = 60  # seconds between two lines in a file, where nothing can be written anew


class Progbar:
    """A line that shows how far a loop is, the time it takes, and the values it has reached.

    In a terminal or a notebook it is written anew again and again. Elsewhere (a file, a pipe, CI) it stands there once, at
    the end, and once a minute before, without colours and other signs for a terminal.

    Args:
        target: the number of steps, or None where it is not known.
        width: of the bar, in characters.
        verbose: 0 nothing, 1 a line that is written anew again and again, 2 one line at the end.
        interval: the least time between two writings, in seconds.
        stateful_metrics: names of values to show as they are; the others are averaged over the steps.
        stateless_metrics: instead: names of values to average; the others are shown as they are.
        unit_name: the word in `12ms/step`.
    """

    def __init__(
        self,
        target,
        width=20,
        verbose=1,
        interval=0.05,
        stateful_metrics=None,
        stateless_metrics=None,
        unit_name="step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Only one of `stateful_metrics` (shown as they are) and `stateless_metrics` (averaged) goes to a Progbar. "
                f"Received: stateful_metrics={stateful_metrics!r} and stateless_metrics={stateless_metrics!r}."
            )
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self.stateful_metrics = None if stateless_metrics is not None else set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._rewrites = _can_rewrite(sys.stdout)
        self._seen_so_far = 0
        self._values = {}  # name -> [sum, number of steps]
        self._start = time.time()
        self._after_first_step = None
        self._last_update, self._written = 0, self._start
        self._shown_width = 0

    def update(self, current, values=None, finalize=None):
        """Shows step `current`, if it is time to, with `values`: pairs (name, value) or a mapping.

        A mapping is looked at only when something is written, unless some of its values have to be averaged.
        `finalize`: this is the last time (default: when `current` has reached the target).
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        now = time.time()
        interval = self.interval if self._rewrites else max(self.interval, _IN_FILES)
        due = finalize or (self.verbose == 1 and now - (self._last_update if self._rewrites else self._written) >= interval)
        averages = self.stateless_metrics is None or self.stateless_metrics
        if due or averages or not hasattr(values, "items"):
            self._take(current, values, finalize)
        self._seen_so_far = current
        each = self._time_per_step(current, now)
        if not due:
            if self.verbose != 1:
                self._last_update = now
            return
        if self.verbose == 1:
            self._write_bar(current, now, each, finalize)
            self._written = now
        elif self.verbose == 2 and self.target:
            write(f"{self._count(current)} - {now - self._start:.0f}s -{self._pace(each)}{self._shown_values(signed=True)}")
        self._last_update = now

    def add(self, n, values=None):
        """Shows `n` steps more."""
        self.update(self._seen_so_far + n, values)

    def _take(self, current, values, finalize):
        for name, value in values.items() if hasattr(values, "items") else values or ():
            averaged = name in self.stateless_metrics if self.stateful_metrics is None else name not in self.stateful_metrics
            if not averaged or finalize:  # the last values are those of the whole, not of a step
                self._values[name] = [value, 1]
                continue
            steps = max(current - self._seen_so_far, 1)
            total = self._values.get(name)
            if total is None:
                self._values[name] = [value * steps, steps]
                continue
            total[0] += value * steps
            total[1] += steps

    def _time_per_step(self, current, now):
        """Seconds; without the first step, which is seldom like the others, as soon as there is a second."""
        if not current:
            return 0
        if self._after_first_step is not None and current > 1:
            each = (now - self._after_first_step) / (current - 1)
        else:
            each = (now - self._start) / current
        if current == 1:
            self._after_first_step = now
        return each

    def _write_bar(self, current, now, each, finalize):
        bold, green, grey, plain = (_BOLD, _GREEN, _GREY, _PLAIN) if self._rewrites else ("", "", "", "")
        if self.target:
            done = int(self.width * (float(current) / self.target))
            bar = f"{bold}{self._count(current)}{plain} "
            bar += f"{green}{'━' * done}{plain}" if done > 0 else ""
            bar += f"{grey}{('━' if self._rewrites else '─') * (self.width - done)}{plain}"
        else:
            bar = f"{current:7d}/Unknown"
        clock = f"{now - self._start:.0f}s" if finalize or not self.target else _left(each * (self.target - current))
        plainly = f"{self._pace(each)}{self._shown_values()}"
        line = f"{bar} {bold}{clock}{plain}{plainly}"
        if not self._rewrites:
            write(line)
            return
        width = len(line) - sum(line.count(code) * len(code) for code in (_BOLD, _GREEN, _GREY, _PLAIN))
        beyond = min(width - _columns(sys.stdout), len(plainly))
        if beyond > 0 and not finalize:  # what has gone over into a second line could not be written anew
            line, width = line[:-beyond], width - beyond
        rest = " " * (self._shown_width - width)  # what stands there from a longer line
        write("\b" * self._shown_width + "\r" + line + rest + ("\n" if finalize else ""), line_break=False)
        self._shown_width = width

    def _count(self, current) -> str:
        return f"{int(current):{int(math.log10(self.target)) + 1}d}/{int(self.target)}"

    def _pace(self, each) -> str:
        if each >= 1 or each == 0:
            return f" {each:.0f}s/{self.unit_name}"
        return f" {each * 1e3:.0f}ms/{self.unit_name}" if each >= 1e-3 else f" {each * 1e6:.0f}us/{self.unit_name}"

    def _shown_values(self, signed=False) -> str:
        return "".join(f" - {name}: {_number(*total, signed)}" for name, total in self._values.items())


def _can_rewrite(stream) -> bool:
    """Whether a line can be written anew there: in a terminal, a notebook, or the console of an editor that says so."""
    if "ipykernel" in sys.modules and not isinstance(stream, (io.StringIO, io.TextIOWrapper)):
        return True
    if "PYCHARM_HOSTED" in os.environ:
        return True
    return bool(getattr(stream, "isatty", lambda: False)()) and os.environ.get("TERM") != "dumb"


def _columns(stream) -> float:
    """How many characters a line of the terminal takes, but for the last one, behind which some go on below."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0  # a notebook shows what there is
    except (OSError, ValueError, AttributeError):
        columns = 0
    return columns - 1 if columns else math.inf


def _number(total, steps, signed) -> str:
    """`signed`: Keras's line of verbose=2 writes every negative number with an exponent, its bar only small ones."""
    if isinstance(total, (str, type(None))):  # something that a callback put into the logs
        return str(total)
    mean = (total if isinstance(total, float) else np.mean(total)) / max(1, steps)
    return f"{mean:.4f}" if (mean if signed else abs(mean)) > 1e-3 else f"{mean:.4e}"


def _left(seconds) -> str:
    if seconds > 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{int(seconds % 60):02d}"
    if seconds > 60:
        return f"{seconds // 60:.0f}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"


class ProgbarLogger(Callback):
    """The progress bar of `fit`, `evaluate` and `predict`: added by them, and silent at `verbose=0`.

    It looks at the logs about ten times a second and at the end; in between nothing is fetched from the device.
    """

    def __init__(self):
        super().__init__()
        self.seen, self.progbar, self.target = 0, None, None
        self.verbose, self.epochs = 1, 1
        self._called_in_fit = False

    def set_params(self, params):
        self.params = params
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        self.epochs, self.target = params["epochs"], params["steps"]

    def on_train_begin(self, logs=None):
        self._called_in_fit = True  # validation inside `fit` is silent

    def on_test_begin(self, logs=None):
        if not self._called_in_fit:
            self._begin()

    def on_predict_begin(self, logs=None):
        self._begin()

    def on_epoch_begin(self, epoch, logs=None):
        self._begin()
        if self.verbose and self.epochs > 1:
            write(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch, logs=None):
        self._step(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        if not self._called_in_fit:
            self._step(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._step(batch, None)

    def on_epoch_end(self, epoch, logs=None):
        self._end(logs)

    def on_test_end(self, logs=None):
        if not self._called_in_fit:
            self._end(logs)

    def on_predict_end(self, logs=None):
        self._end(None)

    def _abandon(self):
        if self.progbar is not None and self.progbar._shown_width:
            write("")  # what comes next, such as a traceback, begins on a line of its own

    def _begin(self):
        self.seen = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, interval=0.1, stateless_metrics=())

    def _step(self, batch, logs):
        if self.progbar is None:
            self._begin()
        self.seen = batch + 1 if self.target is None else min(batch + 1, self.target)  # the last group of steps may be short
        if self.verbose == 1:
            self.progbar.update(self.seen, logs, finalize=False)

    def _end(self, logs):
        if self.progbar is None:
            self._begin()
        if self.target is None:  # now it is known, for this bar and the next epoch's
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.target, logs, finalize=True)
