"""BackupAndRestore: after a crash or a kill, the same script goes on where it was."""

from __future__ import annotations

import os
import pickle
import shutil
from typing import Any

import numpy as np
import torch
from torch import nn

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.data.followed import random_state, set_random_state
from torchkeras_lite.files import Sink, whole
from torchkeras_lite.seeds import generators_of

_FORMAT = 1


class Place:
    """Where a fit is to go on.

    Attributes:
        epoch: in which epoch, from 0.
        batch: behind how many of its batches.
    """

    def __init__(self, callback: BackupAndRestore, state: dict[str, Any]):
        self.callback, self.state = callback, state
        self.epoch, self.batch = state["epoch"], state["batch"]

    def take(self, model) -> None:
        """Puts all that training changes where it was, and winds the data forward."""
        self.callback._restore(model, self.state, self.batch > 0)
        if self.callback.batches is None:
            set_random_state(self.state["random"])
        else:
            self.callback.batches.wind(self.state["pass"], self.state["count"], self.state["random"])


class BackupAndRestore(Callback):
    """Keeps what is needed to go on with training, and goes on from there when `fit` is called again after an interruption.

    The same script, run again after it was killed, ends with the weights, the history and the random state of a run that
    nobody interrupted. Kept are the weights, the optimizer, the sums in the metrics, the place in the (shuffled) data, the
    state of all random generators, the history, and what EarlyStopping, ReduceLROnPlateau and ModelCheckpoint know (of other
    callbacks: the attributes that their `resumes_with` names). A generator's batches are drawn once more and passed over.

    Args:
        backup_dir: a folder of its own, for one run at a time.
        save_freq: `"epoch"`: at the end of each epoch; a number: after so many batches; False: never.
        double_checkpoint: keep the state before the last one too, and go back to it should the last one be unreadable.
        delete_checkpoint: remove the folder when training has come to its end.

    Raises:
        ValueError: there is no `backup_dir`, or `save_freq` is none of these.
        OSError: what was kept can no longer be read.
    """

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if not backup_dir:
            raise ValueError(f"Empty `backup_dir` argument passed: BackupAndRestore needs a folder. Received: {backup_dir!r}")
        if save_freq != "epoch" and not isinstance(save_freq, (int, np.integer)):
            raise ValueError(f"Invalid value: `save_freq` is 'epoch', a number of batches, or False. Received: {save_freq!r}")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._path = os.path.join(self.backup_dir, "latest.state")
        self.company: list[Callback] = []  # all callbacks of this fit; CallbackList says so
        self.batches = None  # the data.Followed of this fit
        self._epoch = self._since = 0
        self._last_batch = -1

    # ------------------------------------------------------------ hooks

    def on_train_begin(self, logs=None):
        self._since, self._last_batch = 0, -1
        state = self._read()
        if state is not None:
            self._restore(self.model, state, False)
            self.model.__dict__["_place"] = Place(self, state)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch" or not self.save_freq:
            return
        self._since += batch - self._last_batch if batch > self._last_batch else batch + 1
        self._last_batch = batch
        if self._since >= self.save_freq:
            self._since = 0
            self._write(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self._last_batch = -1
        if self.save_freq == "epoch":
            self._write(epoch + 1, 0)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.isdir(self.backup_dir):
            shutil.rmtree(self.backup_dir)

    # ------------------------------------------------------------ the file

    def _write(self, epoch: int, batch: int) -> None:
        """Keeps the state, to go on at this place."""
        model = self.model
        metrics = model.metrics  # counts what waits
        state = {
            "format": _FORMAT,
            "epoch": epoch,
            "batch": batch,
            "weights": model.state_dict(),
            "seeds": [seed.state.value for seed in _seeds(model)],
            "generators": [{str(device): one.get_state() for device, one in held.items()} for held in _generators(model)],
            "optimizer": _optimizer_state(model.optimizer),
            "metrics": [[variable.value for variable in metric.variables] for metric in metrics] if batch else [],
            "callbacks": self._known(),
            "since": self._since,
            "random": random_state(),
            "pass": self.batches.begun_with if self.batches is not None else None,
            "count": self.batches.count if self.batches is not None else 0,
        }
        keep = f"{self._path}.bkp" if self.double_checkpoint else None
        with whole(self._path, keep) as draft, open(draft, "wb", buffering=0) as file:
            sink = Sink(file)  # torch would say where in its own code it stopped
            torch.save(_plain(state), sink)
            if sink.problem is not None:
                raise sink.problem

    def _read(self) -> dict | None:
        """The last state that can be read; None if there is none."""
        found = [path for path in (self._path, f"{self._path}.bkp") if os.path.exists(path)]
        for path in found:
            try:
                state = torch.load(path, map_location="cpu", weights_only=True)
                if state["format"] != _FORMAT:
                    raise ValueError(f"format {state['format']}")
                return state
            except (OSError, RuntimeError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
                failure = error
        if found:
            raise OSError(
                f"BackupAndRestore cannot read {found[0]!r} ({failure}). The usual fix: remove the folder and begin anew; "
                "`double_checkpoint=True` keeps a state to go back to."
            ) from failure
        return None

    # ------------------------------------------------------------ what is in it

    def _known(self) -> list:
        """What the callbacks know, one after the other; `which` says whose it is: the how many-th of a class."""
        names = [type(callback).__qualname__ for callback in self.company]
        return [
            {"which": f"{names[:place].count(names[place])} {names[place]}", **_known(callback)}
            for place, callback in enumerate(self.company)
        ]

    def _restore(self, model, state: dict, in_epoch: bool) -> None:
        model.load_state_dict(state["weights"])
        for seed, value in zip(_seeds(model), state["seeds"], strict=True):
            seed.state.assign(value)
        for held, states in zip(_generators(model), state["generators"], strict=True):
            for device, value in states.items():
                held.setdefault(torch.device(device), torch.Generator(device)).set_state(value)
        if model.optimizer is not None:
            _set_optimizer_state(model, state["optimizer"])
        if in_epoch:
            model.reset_metrics()
            for metric, values in zip(model.metrics, state["metrics"], strict=True):
                for variable, value in zip(metric.variables, values, strict=True):
                    variable.assign(value)
        self._since, self._last_batch = state["since"], state["batch"] - 1
        for callback, known in zip(self.company, self._known(), strict=True):
            which = known["which"]
            for name, value in next((one for one in state["callbacks"] if one["which"] == which), {}).items():
                if name in callback.resumes_with:  # a file says no other attribute
                    setattr(callback, name, value)


def _known(callback) -> dict:
    return {name: getattr(callback, name) for name in getattr(callback, "resumes_with", ()) if hasattr(callback, name)}


def _seeds(model) -> list:
    found: dict = {}
    for module in nn.Module.modules(model):
        found.update((id(seed), seed) for seed in generators_of(module))
    return list(found.values())


def _generators(model) -> list[dict]:
    """The torch generators that layers with a fixed seed hold, by device."""
    return [module._generators for module in nn.Module.modules(model) if "_generators" in module.__dict__]


def _optimizer_state(optimizer):
    if optimizer is None:
        return None
    inner = getattr(optimizer, "optimizer", None)
    own = inner.state_dict() if isinstance(inner, torch.optim.Optimizer) else None
    return {"variables": [torch.as_tensor(variable.value) for variable in optimizer.variables], "torch": own}


def _set_optimizer_state(model, state) -> None:
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    for variable, value in zip(optimizer.variables, state["variables"], strict=True):
        variable.assign(value)
    if state["torch"] is not None:  # last: it has the rate in double precision
        optimizer.optimizer.load_state_dict(state["torch"])


def _plain(value):
    """Only what can be read without trusting the file: numbers, texts, tensors, and lists, tuples and dicts of them."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone() if value.numel() < value.untyped_storage().size() else value.detach()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        values = [_plain(each) for each in value]
        return values if isinstance(value, list) else tuple(values)
    return value
