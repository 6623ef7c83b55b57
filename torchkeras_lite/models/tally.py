"""Tally: steps whose losses and predictions are kept for a while, to be counted together.

Feeding the metrics costs a handful of small kernels for each batch, which in a small model is as much as its forward pass. For
losses, and for metrics that are means over rows, nothing is lost by counting a dozen batches in one go, or whenever somebody
looks at the numbers.
"""

from __future__ import annotations

import weakref

import torch

from torchkeras_lite.logs import Logs
from torchkeras_lite.metrics import Mean

_STEPS = 16
_ELEMENTS = 2**16  # predictions kept at most: a batch of large ones is counted at once


class Tally:
    """Steps not yet counted.

    Args:
        tracker: the Mean that follows the loss.
        metrics: the CompileMetrics.
        loss: the CompileLoss, or None.

    Attributes:
        held: the metrics that are attributes of the model or of layers in it.
    """

    def __init__(self, tracker: Mean, metrics, loss=None):
        self.tracker, self.metrics, self.loss = tracker, metrics, loss
        self.held: list = []
        self.losses: list[torch.Tensor] = []
        self.rows: list[int] = []
        self.pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.names: dict | None = None
        self.last = None

    def add_loss(self, loss: torch.Tensor, rows: int) -> None:
        """Keeps the loss of a step over so many rows."""
        late = self.last and self.last()
        if late is not None:
            late._settle()  # somebody keeps the logs of the step before: they are that step's for ever
        if len(self.losses) >= _STEPS:
            self.count()
        self.losses.append(loss)
        self.rows.append(rows)

    def takes(self, y, y_pred, sample_weight) -> bool:
        """Whether this batch may wait: all metrics are plain means over its rows."""
        return (
            sample_weight is None
            and type(y) is torch.Tensor
            and type(y_pred) is torch.Tensor
            and self.metrics.can_wait
            and y_pred.numel() * _STEPS <= _ELEMENTS
            and not hasattr(y_pred, "_keras_mask")
        )

    def add(self, y: torch.Tensor, y_pred: torch.Tensor) -> Logs:
        """Keeps a batch; returns logs that count when they are looked at."""
        pairs = self.pairs
        if pairs and (pairs[0][1].shape[1:] != y_pred.shape[1:] or pairs[0][0].shape[1:] != y.shape[1:]):
            self.count()
        if self.metrics.metrics:
            self.pairs.append((y, y_pred.detach()))
        if self.names is None:
            self.names = dict.fromkeys(sorted(self.read()))
        late = Late(self)
        self.last = weakref.ref(late)
        return late

    def with_compiled(self, held: list) -> list:
        """All metrics: those of `compile()`, then these."""
        trackers = self.loss.trackers if self.loss is not None else []
        compiled = [self.metrics] if self.metrics.given else []
        return [self.tracker, *compiled, *trackers, *held]

    def read(self) -> Logs:
        """The results so far, by name, not yet read from the device."""
        self.count()
        results = {}
        for metric in self.with_compiled(self.held):
            value = metric.pending() if hasattr(metric, "pending") else metric.result()
            if type(value) is dict:
                results.update(value)
            else:
                results[metric.name] = value
        return Logs(results)

    def count(self) -> None:
        """Hands all that is kept to the tracker and the metrics."""
        losses, rows, pairs = self.losses, self.rows, self.pairs
        self.losses, self.rows, self.pairs = [], [], []
        if len(losses) > 1 and rows.count(rows[0]) == len(rows):
            self.tracker.add(torch.stack(losses).mean(), rows[0] * len(rows), mean=True)
        else:
            for loss, count in zip(losses, rows, strict=True):
                self.tracker.add(loss, count, mean=True)
        if len(pairs) == 1:
            self.metrics.update_state(*pairs[0])
        elif pairs:
            self.metrics.update_state(torch.cat([y for y, _ in pairs]), torch.cat([y_pred for _, y_pred in pairs]))

    def clear(self) -> None:
        """Forgets what is kept: the metrics begin anew."""
        late = self.last and self.last()
        if late is not None:
            late._settle()
        self.losses, self.rows, self.pairs = [], [], []
        self.names = None

    def __getstate__(self):
        # A copy keeps no watch over the logs of the original, and begins its own counting.
        return {**self.__dict__, "losses": [], "rows": [], "pairs": [], "last": None}


class Late(Logs):
    """Logs whose values are counted at the first look, or before the next step if somebody has kept them."""

    __slots__ = ("__weakref__", "_tally")

    def __init__(self, tally: Tally):
        self._tally = tally
        self._pending = True
        dict.__init__(self, tally.names)

    def _settle(self):
        tally, self._tally = self._tally, None
        if tally is not None:
            tally.count()
            dict.update(self, dict.items(tally.read()))

    def _fetch(self):
        self._settle()
        super()._fetch()
