"""Data sets whose items are single rows, torch's and Hugging Face's, as batches."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils import _pytree as pytree
from torch.utils.data import DataLoader, IterableDataset

from torchkeras_lite.data.numbered import PyDataset

_TARGETS = ("label", "labels", "target", "targets", "y")  # what the columns of targets are called where nobody says


def is_of_rows(value) -> bool:
    """Whether it is a Dataset of torch or of Hugging Face (or looks like one: with named columns and formats)."""
    return (isinstance(value, torch.utils.data.Dataset) and not isinstance(value, PyDataset)) or is_table(value)


def is_table(value) -> bool:
    """Whether it is a data set with named columns: a Dataset or IterableDataset of Hugging Face."""
    return hasattr(value, "column_names") and hasattr(value, "with_format")


def batches_of(source, targets, batch_size: int | None, shuffle: bool, rank: int | None):
    """A data set of rows as an iterable of batches.

    Args:
        source: the data set.
        targets: of a table, the name of the column with the targets, or a list of names; None: `label`, `labels`,
            `target`, `targets` or `y`, if there is such a column.
        batch_size: rows in a batch; None is 32. (An IterableDataset of torch may give batches itself; then it is left as
            it is.)
        shuffle: whether each epoch has a new order. What can only be iterated keeps its own.
        rank: how many axes a batch of inputs has, if that is known.
    """
    size = 32 if batch_size is None else batch_size
    if is_table(source):
        return Table(source, targets, size, shuffle)
    if targets is not None:
        raise ValueError(f"`y` cannot be given beside a Dataset: its items have to be pairs (x, y). Received: y={targets!r}")
    if not isinstance(source, IterableDataset):
        return DataLoader(source, size, shuffle=bool(shuffle))
    if batch_size is None and not _gives_rows(source, rank):
        return source
    return DataLoader(source, size)


def _gives_rows(source: IterableDataset, rank: int | None) -> bool:
    """Whether the items are rows, not batches: by the axes of the input, or by parts that are single numbers."""
    item = next(iter(source), None)
    if item is None:
        return False
    inputs = pytree.tree_leaves(item[0] if isinstance(item, (tuple, list)) else item)
    if rank is not None and len(inputs) == 1:
        return np.ndim(inputs[0]) == rank - 1
    leaves = [leaf for leaf in pytree.tree_leaves(item) if leaf is not None]
    return any(np.ndim(leaf) == 0 for leaf in leaves) or len({len(leaf) for leaf in leaves}) > 1


class Table:
    """Batches (x, y) out of named columns; x is a dict of columns, or the column itself where there is one only.

    Raises:
        ValueError: there is no column of that name.
    """

    def __init__(self, source, targets, batch_size: int, shuffle: bool):
        self.batch_size, self.shuffle = batch_size, shuffle
        self.count = len(source) if hasattr(source, "__len__") else None
        form = getattr(source, "format", None)
        if self.count is not None and isinstance(form, dict) and form.get("type") is None:
            source = source.with_format("numpy")  # images and numbers as arrays, and many times faster than lists
        self.source = source
        names = list(source.column_names or ())
        if targets is None:
            self.targets = next(([name] for name in _TARGETS if name in names), [])
        else:
            self.targets = [targets] if isinstance(targets, str) else list(targets)
        for name in self.targets:
            if names and name not in names:
                raise ValueError(f"`y` names the column {name!r}, which the data set does not have. Its columns: {names}.")
        if not names:  # a stream that does not say; its first row does
            first = next(iter(source), {})
            self.targets = self.targets or next(([name] for name in _TARGETS if name in first), [])

    def __len__(self) -> int:
        if self.count is None:
            raise TypeError("Nobody knows how many batches a stream has.")
        return -(-self.count // self.batch_size)

    def __iter__(self):
        if self.count is None:
            return map(self._split, self.source.iter(batch_size=self.batch_size))
        order = torch.randperm(self.count) if self.shuffle else torch.arange(self.count)
        return (self._split(self.source[chosen.tolist()]) for chosen in order.split(self.batch_size))

    def _split(self, columns: dict) -> tuple:
        inputs = {name: _column(values) for name, values in columns.items() if name not in self.targets}
        targets = {name: _column(columns[name]) for name in self.targets}
        parts = [inputs, targets] if targets else [inputs]
        return tuple(next(iter(part.values())) if len(part) == 1 else part for part in parts)


def _column(values):
    """A list of arrays, tensors or images as one array."""
    if isinstance(values, list) and values and any(hasattr(values[0], name) for name in ("__array__", "__array_interface__")):
        return np.stack([np.asarray(value) for value in values])
    return values
