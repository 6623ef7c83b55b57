"""What belongs to a batch, put together and taken apart; data in two parts."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.data.pipeline import Dataset
from torchkeras_lite.models.trainer import unpack_x_y_sample_weight as unpack_x_y_sample_weight


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """What a data set yields: x alone (as a tuple if it is a list or tuple), (x, y), or (x, y, sample_weight)."""
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """Two data sets out of one: its first rows, and its last.

    Args:
        dataset: a torch Dataset, one in the manner of `tf.data`, or arrays (one, or a list, tuple or dict of them, with equally
            many rows).
        left_size, right_size: a share (a float in 0..1) or a number of rows; the one left out is the rest.
        shuffle, seed: whether rows are drawn at random, and from which seed.

    Returns:
        Two torch Datasets, whose items are rows; or two of the kind that came.

    Raises:
        ValueError: sizes that do not fit, or none.
        TypeError: something that is no data set.
    """
    if isinstance(dataset, Dataset):
        rows = dataset.listed()
    elif isinstance(dataset, torch.utils.data.Dataset):
        rows = dataset
    elif isinstance(dataset, (np.ndarray, torch.Tensor, list, tuple, dict)):
        rows = _Rows(dataset)
    else:
        raise TypeError(
            "The `dataset` argument must be a torch Dataset, or arrays (one, or a list, tuple or dict of them). Received: "
            f"{type(dataset)}"
        )
    count = len(rows)
    left, right = _sizes(count, left_size, right_size)
    order = list(range(count))
    if shuffle:
        random.Random(random.random() if seed is None else seed).shuffle(order)
    parts = order[:left], order[count - right :]
    if isinstance(dataset, Dataset):
        return tuple(dataset.of_those([rows[i] for i in part]) for part in parts)
    return tuple(torch.utils.data.Subset(rows, part) for part in parts)


def _sizes(count, left, right) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("At least one of `left_size` and `right_size` must be given.")
    found = []
    for name, size in (("left_size", left), ("right_size", right)):
        most = 1 if isinstance(size, float) else count
        if size is not None and (isinstance(size, bool) or not 0 < size < most):
            raise ValueError(f"`{name}` must be a share in (0, 1), or a number of rows less than {count}. Received: {size!r}")
        found.append(round(size * count) if isinstance(size, float) else size)
    first, last = found
    first = count - last if first is None else first
    last = count - first if last is None else last
    if first + last > count:
        raise ValueError(f"The parts are larger than the whole: {first} + {last} rows of {count}.")
    return first, last


class _Rows(torch.utils.data.Dataset):
    def __init__(self, arrays):
        if isinstance(arrays, list) and not any(isinstance(part, (np.ndarray, torch.Tensor)) for part in arrays):
            arrays = np.asarray(arrays)  # rows of numbers
        leaves, self._spec = pytree.tree_flatten(arrays)
        self._leaves = [torch.as_tensor(np.asarray(leaf)) if not isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        sizes = {len(leaf) for leaf in self._leaves}
        if len(sizes) != 1:
            raise ValueError(f"The arrays of `dataset` must have equally many rows. Received: {sorted(sizes)}")

    def __len__(self):
        return len(self._leaves[0])

    def __getitem__(self, index):
        return pytree.tree_unflatten([leaf[index] for leaf in self._leaves], self._spec)

