"""Steps on one batch, for loops of one's own."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.models.feeding import as_given, to_numpy
from torchkeras_lite.models.memory import out_of_memory


class SingleBatches:
    """The part of Trainer for who brings the batches himself."""

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: dict | None = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """One step of training on one batch. Returns the loss, or [loss, metrics ...], or a dict: of this batch alone."""
        self._assert_compiled("train_on_batch")
        batch = self._one_batch(x, y, sample_weight, class_weight)
        self._build_from(batch)
        batch = self._prepared(batch)
        self.reset_metrics()
        with self._training():
            try:
                logs = self._epoch_logs(self.train_step(as_given(batch)))
            except torch.OutOfMemoryError as error:
                raise out_of_memory(error, batch) from error
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """The loss and metrics of one batch."""
        self._assert_compiled("test_on_batch")
        batch = self._one_batch(x, y, sample_weight, None)
        self._build_from(batch)
        batch = self._prepared(batch)
        self.reset_metrics()
        self._look_around()
        with torch.no_grad():
            logs = self._epoch_logs(self.test_step(as_given(batch)))
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The model's output for one batch, as numpy arrays."""
        batch = self._one_batch(x, None, None, None)
        self._build_from(batch)
        with torch.no_grad():
            return pytree.tree_map(to_numpy, self.predict_step(as_given(self._prepared(batch))))
