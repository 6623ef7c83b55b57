"""Strings as data: what torch's tensors cannot hold travels beside them, in arrays that answer what is asked of a tensor."""

from __future__ import annotations

import numpy as np
import torch

_HOST = torch.device("cpu")


class Texts(np.ndarray):
    """An array of strings (dtype=object), always on the host, that can be cut, picked from and moved as tensors are."""

    device = _HOST

    def __new__(cls, values, encoding: str = "utf-8"):
        array = np.asarray(values)
        if array.dtype.kind in "SO":
            decoded = [value.decode(encoding) if isinstance(value, bytes) else str(value) for value in array.ravel().tolist()]
            array = np.array([*decoded, None], dtype=object)[:-1].reshape(array.shape)  # (a list of one string would be one)
        return array.astype(object, copy=False).view(cls)

    def to(self, *args, **kwargs) -> Texts:
        return self

    detach = pin_memory = to

    def split(self, size: int) -> list[Texts]:
        return [self[i : i + size] for i in range(0, len(self), size)]

    def index_select(self, axis: int, places) -> Texts:
        return self.take(places.cpu().numpy(), axis)

    def unsqueeze(self, axis: int) -> Texts:
        return np.expand_dims(self, axis)

    def numpy(self) -> np.ndarray:
        """The same as a plain array."""
        return np.asarray(self)

    def numel(self) -> int:
        return self.size

    def element_size(self) -> int:
        return 0  # of a device's memory

    def is_floating_point(self) -> bool:
        return False


def is_texts(value) -> bool:
    """Whether these are strings: one, an array, or lists of them."""
    if isinstance(value, (list, tuple)):
        while isinstance(value, (list, tuple)) and value:
            value = value[0]
        return isinstance(value, (str, bytes))
    if isinstance(value, (str, bytes, Texts)):
        return True
    if not isinstance(value, np.ndarray):
        return False
    return value.dtype.kind in "US" or (value.dtype.kind == "O" and value.size > 0 and isinstance(value.flat[0], (str, bytes)))
