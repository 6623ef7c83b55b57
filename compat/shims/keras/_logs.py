"""`History.history` under the names that metrics once had: `history["acc"]` where it holds "accuracy"."""

from __future__ import annotations

from importlib import import_module

from torchkeras_lite.callbacks import rates
from torchkeras_lite.callbacks.stopping import MonitorCallback

from ._methods import Answer
from ._tables import LOGS


def of_old(logs, name):
    """What stands in logs under today's name for this one; KeyError if nothing does."""
    if name in ("batch", "size"):
        return import_module("keras._eras").of_batch(name)
    for old, now in LOGS.items():
        if name == old or str(name).endswith(f"_{old}"):
            now = f"{name.removesuffix(old)}{now}"
            if dict.__contains__(logs, now):
                return logs[now]
    raise KeyError(name)


_direction = getattr(MonitorCallback._direction, "_todays", MonitorCallback._direction)


def direction(callback) -> str:
    """Whether more or less of what a callback watches is better; under Keras 2 "acc" in the name said so."""
    monitor = callback.monitor
    try:
        return _direction(callback)
    except ValueError:
        for old, now in LOGS.items():
            if monitor == old or monitor.endswith(f"_{old}"):
                callback.monitor = f"{monitor.removesuffix(old)}{now}"
                try:
                    return _direction(callback)
                except ValueError:
                    continue
                finally:
                    callback.monitor = monitor
        if import_module("keras._eras").now == "3":
            raise
    return "max" if "acc" in monitor or monitor.startswith("fmeasure") else "min"


direction._todays = _direction


_note_rates = getattr(rates._note_rates, "_todays", rates._note_rates)


def note_rates(model, logs) -> None:
    """Puts the learning rate into the logs of an epoch, by the name that it had."""
    _note_rates(model, logs)
    if import_module("keras._eras").now != "3" and "learning_rate" in logs:
        logs["lr"] = logs.pop("learning_rate")


note_rates._todays = _note_rates


def get(logs, name, default=None):
    """`logs.get` of what a callback is given."""
    try:
        return logs[name]
    except KeyError:
        return default


class OldNames(dict):
    """A dict that, asked for a name it does not have, looks under today's. It holds, shows and pickles today's only."""

    def __missing__(self, name):
        return of_old(self, name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __reduce__(self):
        return dict, (dict(self),)


def _history(callback):
    return vars(callback)["history"]


def _set_history(callback, value):
    vars(callback)["history"] = OldNames(value)


history = property(_history, _set_history)


# `callback.writer` of TensorBoard: what scripts write numbers of their own with, `writer.add_summary(tf.Summary(...), step)`.
writer = Answer(lambda callback: import_module("tensorflow.summary").FileWriter(callback._writer("train")))
