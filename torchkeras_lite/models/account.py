"""Account: the numbers that a model keeps while it runs, and in which order they come back."""

from __future__ import annotations

import torch

from torchkeras_lite.logs import Logs
from torchkeras_lite.models.compile import CompileMetrics
from torchkeras_lite.shown import Shown


class Account:
    """The part of Trainer that deals with metrics."""

    _compile_loss = _compile_metrics = _loss_tracker = _tally = _kept_history = None
    _held_metrics: tuple | list = ()

    @Shown
    def history(self):
        """The History of the last `fit`."""
        if self._kept_history is None:
            raise AttributeError(f"Model {self.name!r} has no history: it was not trained by `fit`.")
        return self._kept_history.of(self)

    def keep_history(self, kept) -> None:
        """Takes what a History keeps as that of the last `fit`."""
        if "history" in self.__dict__:
            del self.history
        object.__setattr__(self, "_kept_history", kept)

    @property
    def metrics(self) -> list:
        """The loss tracker, metrics held by the model and its layers, and those of `compile()`."""
        if self._tally is not None:
            self._tally.count()
        return self._with_compiled(self._find_held_metrics())

    def _find_held_metrics(self) -> list:
        """Metrics that are attributes of the model or of layers in it. Looking through all modules is not for every step."""
        found = []
        for layer in self._flatten_layers():
            if isinstance(layer, Account) and layer is not self:
                continue  # a model inside keeps its own account
            found += [metric for metric in layer._metrics if not any(metric is known for known in found)]
        object.__setattr__(self, "_held_metrics", found)
        if self._tally is not None:
            self._tally.held = found
        return found

    def _with_compiled(self, held: list) -> list:
        return self._tally.with_compiled(held) if self.compiled else list(held)

    @property
    def metrics_names(self) -> list[str]:
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        self._tally.clear()
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict:
        """The results of all metrics so far, by name, as tensors on the device."""
        results = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def _epoch_logs(self, logs) -> Logs:
        """The results behind the last step: what it returned, or the metrics' results where a user's step names just those."""
        if isinstance(logs, Logs):
            return logs
        results = self.get_metrics_result()
        return as_logs(results if logs is not None and set(results) == set(logs) else logs)

    def _as_list(self, logs):
        """[loss, metric, ...] in the order of `compile()`; the loss alone where it is alone."""
        names = []
        for metric in self._with_compiled(self._held_metrics):
            names += [one.name for one in metric.metrics] if isinstance(metric, CompileMetrics) else [metric.name]
        # A metric whose label is not its name (the second of that name) comes behind, as in Keras.
        values = [logs[name] for name in names if name in logs] + [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values


def as_logs(logs) -> Logs:
    """What a step returned, as logs."""
    if isinstance(logs, Logs):
        return logs
    if not isinstance(logs, dict):
        return Logs({} if logs is None else {"loss": logs})
    return Logs({key: value.detach() if isinstance(value, torch.Tensor) else value for key, value in logs.items()})
