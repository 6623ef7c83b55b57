"""`MeanTensor`, a metric that Keras no longer has."""

from __future__ import annotations

import torch

from torchkeras_lite.losses.functions import same_rank
from torchkeras_lite.metrics import Metric
from torchkeras_lite.metrics.base import table
from torchkeras_lite.variable import tensor_of


class MeanTensor(Metric):
    """The mean of arrays of one shape, element by element.

    Args:
        name, dtype: as of any metric.
        shape: of the arrays; None takes that of the first.

    Raises:
        ValueError: an array of another shape, or a result before there was any.
    """

    def __init__(self, name="mean_tensor", dtype=None, shape=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.count = None
        if shape is not None:
            self._begin(tuple(shape))

    def _begin(self, shape) -> None:
        self.total, self.count = (self.add_variable(shape, "zeros", name=name) for name in ("total", "count"))

    def update_state(self, values, sample_weight=None):
        """Adds an array. `sample_weight`: a number, or numbers for its first axes, or for each element."""
        values = tensor_of(values, self._torch_dtype).detach()
        if self.total is None:
            self._begin(tuple(values.shape))
        elif tuple(self.total.shape) != tuple(values.shape):
            raise ValueError(
                f"The arrays of {self.name!r} have the shape {tuple(self.total.shape)}. Received: {tuple(values.shape)}"
            )
        weight = torch.ones_like(values)
        if sample_weight is not None:
            values, given = same_rank(values, tensor_of(sample_weight, self._torch_dtype, values.device))
            weight = weight * given.reshape(given.shape + (1,) * (values.ndim - given.ndim))
        self.total.assign_add(values * weight)
        self.count.assign_add(weight)

    def result(self) -> torch.Tensor:
        """The mean so far; 0 where no weight was."""
        if self.total is None:
            raise ValueError(f"{self.name!r} has no value yet: call it, or its `update_state`, first.")
        total, count = self.total.value, self.count.value
        return torch.where(count == 0, 0.0, total / torch.where(count == 0, 1.0, count))

    def get_config(self):
        return self._base_config()  # a new one may see arrays of any shape


table.add(MeanTensor)
