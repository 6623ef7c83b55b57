"""CallbackList: all callbacks of one run behind one set of hooks."""

from __future__ import annotations

import inspect

from torchkeras_lite import data
from torchkeras_lite.callbacks.backup import BackupAndRestore
from torchkeras_lite.callbacks.base import HOOKS, Callback
from torchkeras_lite.callbacks.history import History
from torchkeras_lite.callbacks.progress import ProgbarLogger
from torchkeras_lite.logs import Logs


class CallbackList(Callback):
    """Calls the hooks of several callbacks, in their order; that of a BackupAndRestore last, where something ends.

    Which callback overrides which hook is found out once, when the list is made (and by `append`): a hook that nobody
    overrides is never called. `wants_train_batch_end` and its like say whether anybody listens, so that a loop need not
    even make the logs.

    Args:
        callbacks: a callback, or a list of them (lists in it are opened).
        add_history: add a `History` unless there is one.
        add_progbar: add a `ProgbarLogger` unless there is one.
        model: given to every callback, as `callback.model`.
        **params: given to every callback, as `callback.params` (`verbose`, `epochs`, `steps`).

    Raises:
        TypeError: a class stands where an object is expected.
        AttributeError: something that is no callback.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        super().__init__()
        self.callbacks = list(_checked(callbacks))
        self._history = next((c for c in reversed(self.callbacks) if isinstance(c, History)), None)
        self._progbar = next((c for c in reversed(self.callbacks) if isinstance(c, ProgbarLogger)), None)
        if self._history is None and add_history:
            self._history = History()
            self.callbacks.append(self._history)
        if self._progbar is None and add_progbar:
            self._progbar = ProgbarLogger()
            self.callbacks.append(self._progbar)
        self.set_model(model)
        self.set_params(params)
        self._collect()

    @property
    def history(self) -> History | None:
        """The History among the callbacks."""
        return self._history

    def append(self, callback):
        """Adds a callback at the end."""
        for one in _checked(callback):
            self.callbacks.append(one)
            if self.model is not None:
                one.set_model(self.model)
            if self.params:
                one.set_params(self.params)
        self._collect()

    def following(self, batches):
        """The batches of a fit; kept count of, where a BackupAndRestore wants to know the place in them."""
        keepers = [callback for callback in self.callbacks if isinstance(callback, BackupAndRestore)]
        if keepers:
            batches = data.Followed(batches)
            for keeper in keepers:
                keeper.batches, keeper.company = batches, [one for one in self.callbacks if one is not keeper]
        return batches

    def __enter__(self) -> CallbackList:
        return self

    def __exit__(self, kind, error, traceback) -> None:
        """What a run that was cut off (by Ctrl-C, or by an error) leaves open is put in order."""
        if kind is not None:
            for callback in self.callbacks:
                getattr(callback, "_abandon", lambda: None)()

    def set_params(self, params):
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model):
        if model is None:
            return
        super().set_model(model)
        if self._history is not None:
            self._history.go_to(self.model)
        for callback in self.callbacks:
            callback.set_model(model)

    def _collect(self):
        hooks = {name: [getattr(c, name) for c in self.callbacks if _overrides(c, name)] for name in HOOKS}
        for moment in ("begin", "end"):  # a training batch is announced under its older name to those who know only that
            name, older = f"on_train_batch_{moment}", f"on_batch_{moment}"
            hooks[name] = [getattr(c, name) for c in self.callbacks if _overrides(c, name) or _overrides(c, older)]
        for name in ("on_train_batch_end", "on_epoch_end", "on_train_end"):
            hooks[name].sort(key=_keeps_state)  # last: what the others do at this moment is part of what is kept
        self._hooks = hooks
        self.wants_train_batch_begin = bool(hooks["on_train_batch_begin"])
        self.wants_train_batch_end = bool(hooks["on_train_batch_end"])
        self.wants_test_batch_begin = bool(hooks["on_test_batch_begin"])
        self.wants_test_batch_end = bool(hooks["on_test_batch_end"])
        self.wants_predict_batch_begin = bool(hooks["on_predict_batch_begin"])
        self.wants_predict_batch_end = bool(hooks["on_predict_batch_end"])

    def watches_batches(self, kind: str) -> bool:
        """Whether a callback, the progress bar apart, listens to single batches. `kind`: "test" or "predict"."""
        hooks = (*self._hooks[f"on_{kind}_batch_begin"], *self._hooks[f"on_{kind}_batch_end"])
        return any(type(getattr(hook, "__self__", None)) is not ProgbarLogger for hook in hooks)

    def _call(self, name, *position, logs=None):
        hooks = self._hooks[name]
        if hooks:
            logs = _as_logs(logs)
            for hook in hooks:
                hook(*position, logs)

    def _call_batch(self, name, batch, logs):
        hooks = self._hooks[name]
        if hooks:
            logs = _as_logs(logs)
            for hook in hooks:
                hook(batch, logs=logs)

    def on_batch_begin(self, batch, logs=None):
        self._call_batch("on_batch_begin", batch, logs)

    def on_batch_end(self, batch, logs=None):
        self._call_batch("on_batch_end", batch, logs)

    def on_train_batch_begin(self, batch, logs=None):
        self._call_batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self._call_batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        self._call_batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self._call_batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch, logs=None):
        self._call_batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._call_batch("on_predict_batch_end", batch, logs)

    def on_epoch_begin(self, epoch, logs=None):
        self._call("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch, logs=None):
        logs = _as_logs(logs)
        try:
            self._call("on_epoch_end", epoch, logs=logs)
        except BaseException:
            # The epoch is over all the same, whatever failed (a full disk, Ctrl-C) before the history had its turn.
            if self._history is not None and epoch not in self._history.epoch:
                self._history.on_epoch_end(epoch, logs)
            raise

    def on_train_begin(self, logs=None):
        self._call("on_train_begin", logs=logs)

    def on_train_end(self, logs=None):
        self._call("on_train_end", logs=logs)

    def on_test_begin(self, logs=None):
        self._call("on_test_begin", logs=logs)

    def on_test_end(self, logs=None):
        self._call("on_test_end", logs=logs)

    def on_predict_begin(self, logs=None):
        self._call("on_predict_begin", logs=logs)

    def on_predict_end(self, logs=None):
        self._call("on_predict_end", logs=logs)


def _as_logs(logs) -> Logs:
    """What callbacks get: lazily read, in alphabetical order as in Keras, and empty rather than None."""
    if logs is None:
        return Logs()
    return (logs if type(logs) is Logs else Logs(logs)).in_order()


def _overrides(callback, hook: str) -> bool:
    method = getattr(callback, hook, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(Callback, hook)


def _keeps_state(hook) -> bool:
    return isinstance(getattr(hook, "__self__", None), BackupAndRestore)


def _checked(callbacks):
    if callbacks is None:
        return
    if isinstance(callbacks, (list, tuple)):
        for callback in callbacks:
            if callback is None:
                raise AttributeError("`callbacks` holds None where a Callback was expected: leave the entry out.")
            yield from _checked(callback)
    elif isinstance(callbacks, dict):
        yield from _checked(list(callbacks.values()))
    elif inspect.isclass(callbacks):
        raise TypeError(
            f"`callbacks` expects objects, and {callbacks.__name__} is a class: make one with {callbacks.__name__}(...)."
        )
    elif hasattr(callbacks, "set_model") and hasattr(callbacks, "set_params"):
        yield callbacks
    else:
        raise AttributeError(
            f"`callbacks` expects Callback objects. Received: {callbacks!r} (of type {type(callbacks).__name__}). "
            "A plain function can be wrapped, for instance as LambdaCallback(on_epoch_end=function)."
        )
