"""ModelCheckpoint: writes the model or its weights to files while it trains."""

from __future__ import annotations

import os

import numpy as np

from torchkeras_lite.callbacks.console import write
from torchkeras_lite.callbacks.stopping import MonitorCallback
from torchkeras_lite.files import may_become_model
from torchkeras_lite.notices import warn


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after each epoch or every so many batches.

    Args:
        filepath: where to; may hold `{epoch}` (from 1), `{batch}` and names from the logs, as in
            `"{epoch:02d}-{val_loss:.2f}.weights.h5"`. Folders are made.
        monitor: the value that `save_best_only` watches.
        verbose: 1 says what it does.
        save_best_only: save only when the value has become better.
        save_weights_only: call `model.save_weights(path)`, not `model.save(path)`.
        mode: `"min"`, `"max"`, or `"auto"`: after the metric.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: what the first value has to beat.

    Raises:
        ValueError: `save_freq` is neither.
        KeyError: `filepath` names something that the logs do not have.
        OSError: `filepath` is a folder (a model that was saved under a name without an ending is one, and is replaced).
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, (int, np.integer))):
            raise ValueError(f"Unrecognized save_freq: it is 'epoch' or a number of batches. Received: save_freq={save_freq!r}")
        self.filepath, self.verbose, self.save_freq = os.fspath(filepath), verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self._current_epoch = 0
        self._batches = 0  # since the last save
        self._last_batch = None

    resumes_with = ("best", "_batches", "_last_batch")

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._should_save_on_batch(batch):
            self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor_op is None and self.save_best_only and self.monitor in (logs or {}):
            self._set_monitor_op()
        if self.save_freq == "epoch":
            self._save_model(epoch=epoch, batch=None, logs=logs)

    # The names of what follows are Keras's: the checkpoints of other libraries are subclasses that call and replace them.

    def _should_save_on_batch(self, batch) -> bool:
        """Counts the batches up to this one (from 0 in each epoch); whether they are as many as `save_freq`."""
        if self.save_freq == "epoch":
            return False
        begun_anew = self._last_batch is None or batch <= self._last_batch
        # A step may stand for several batches, so the number of calls says nothing.
        self._batches += batch + 1 if begun_anew else batch - self._last_batch
        self._last_batch = batch
        if self._batches < self.save_freq:
            return False
        self._batches = 0
        return True

    def _save_model(self, epoch, batch, logs) -> None:
        """Saves to the path of this epoch and batch (None at the end of an epoch), if it is to be saved."""
        path = self._get_file_path(epoch, batch, logs)
        if not self._should_save_model(epoch, batch, logs, path):
            return
        if os.path.isdir(path) and (self.save_weights_only or os.path.splitext(path)[1] or not may_become_model(path)):
            raise IsADirectoryError(f"ModelCheckpoint writes a file, and `filepath` is a folder that exists: {path!r}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        self._say(epoch, f"finished saving model to {path}")

    def _should_save_model(self, epoch, batch, logs, filepath) -> bool:
        logs = logs or {}
        if not self.save_best_only:
            self._say(epoch, f"saving model to {filepath}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"ModelCheckpoint(save_best_only=True) watches {self.monitor!r}, which is not in the logs "
                f"({', '.join(logs)}): saving whatever comes.",
            )
            return True
        if np.ndim(current):
            warn(
                f"ModelCheckpoint(save_best_only=True) needs a single number, and {self.monitor!r} is {current!r}: "
                "saving whatever comes.",
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._say(epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {filepath}")
        self.best = current
        return True

    def _get_file_path(self, epoch, batch, logs) -> str:
        names = {"epoch": epoch + 1, **(logs or {})}
        if batch is not None:
            names.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**names)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint's `filepath` {self.filepath!r} names {error}. What it may name here: "
                f"{', '.join(sorted(names))}. (Names that begin with 'val_' need validation data; `batch` needs a "
                "`save_freq` in batches.)"
            ) from None

    def _say(self, epoch, text):
        if self.verbose > 0:
            write(f"\nEpoch {epoch + 1}: {text}")
