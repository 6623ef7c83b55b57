"""Numbers that belong to an optimizer (its step count, its learning rate) and never leave the host."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from torchkeras_lite.variable import Variable, tensor_of


class _Home(nn.Module):
    """Holds tensors that an optimizer owns, as buffers."""

    def __init__(self, **tensors: torch.Tensor):
        super().__init__()
        self._buffers.update(tensors)


def _memory(tensor: torch.Tensor) -> np.ndarray:
    """A view of a scalar's memory; where `numpy()` has been taught to give numbers for scalars (by a stand-in), too."""
    return tensor.view(1).numpy().reshape(())


class HostScalar(Variable):
    """A Variable of shape () on the CPU, whatever the device of the model: reading it never waits for a device.

    `array` is a numpy view of the tensor's own memory. A training step reads and writes it without calling torch, and what
    anybody does to the Variable (assign, or an operation in place on its tensor) is seen there at once.

    Args:
        value: the number; it is rounded to `dtype` (a numpy dtype), as the real Keras keeps it.
        name, path: as in Keras (`"learning_rate"`, `"adam/learning_rate"`).
    """

    def __init__(self, value, dtype: str, name: str, path: str):
        tensor = torch.from_numpy(np.array(value, dtype))
        self._init(_Home(value=tensor), "value", None, name, path)
        self.array = _memory(tensor)
        self.item = self.array.item  # the number, as a Python int or float

    def __getstate__(self):
        return {key: value for key, value in self.__dict__.items() if key not in ("array", "item")}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.array = _memory(self.raw)
        self.item = self.array.item


class Live:
    """Reads a number out of a Variable or tensor that the user may change: again only when it has changed.

    The tensor may lie on a device, and reading it there in every step would make each step wait.
    """

    def __init__(self, source):
        self.source = source
        self._seen, self._version, self._value = None, -1, 0.0

    def __call__(self) -> float:
        tensor = self.source.raw if isinstance(self.source, Variable) else self.source
        if tensor is not self._seen or tensor._version != self._version:
            self._seen, self._version, self._value = tensor, tensor._version, float(tensor)
        return self._value

    def assign(self, value) -> None:
        with torch.no_grad():
            target = self.source.value if isinstance(self.source, Variable) else self.source
            target.copy_(tensor_of(value))


def number_of(value) -> float:
    """The Python number that a scalar of any kind holds."""
    return value if isinstance(value, (int, float)) else tensor_of(value).item()
