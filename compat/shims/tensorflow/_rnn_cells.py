"""`tensorflow.python.ops.rnn_cell`: the base of cells that programs wrote for TensorFlow 1's loops."""

from __future__ import annotations

import torch

from torchkeras_lite import layers

__all__ = ["RNNCell"]


class RNNCell(layers.Layer):
    """A step `output, state = cell(inputs, state)`; a subclass has `state_size`, `output_size` and `call`."""

    def zero_state(self, batch_size, dtype):
        """The states to begin with, of so many rows."""
        several = isinstance(self.state_size, (tuple, list))
        sizes = self.state_size if several else [self.state_size]
        states = [torch.zeros((int(batch_size), size), dtype=getattr(torch, getattr(dtype, "name", dtype))) for size in sizes]
        return type(self.state_size)(states) if several else states[0]


def _like_rnncell(cell) -> bool:
    return callable(cell) and all(hasattr(cell, name) for name in ("output_size", "state_size", "zero_state"))


def _concat(prefix, suffix, static=False):
    """The sizes of `prefix` and of `suffix` behind each other, each a size or several."""
    parts = [list(part) if hasattr(part, "__len__") else [part] for part in (prefix, suffix)]
    return [*parts[0], *parts[1]]
