"""`input_data.read_data_sets`: the handwritten digits as tutorials of TensorFlow 1 read them, out of Keras's data set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from torchkeras_lite.datasets import mnist

from ...._missing import getattr_of

__all__ = ["DataSet", "Datasets", "read_data_sets"]
__getattr__ = getattr_of(__name__)


class Datasets(NamedTuple):
    """The three parts."""

    train: Any
    validation: Any
    test: Any


class DataSet:
    """Images and labels, and batches of them.

    Args:
        images: (rows, 28, 28), of bytes.
        labels: (rows,), or (rows, 10) with `one_hot`.
        reshape: whether a picture is one row of 784 numbers; otherwise it is (28, 28, 1).
        dtype: a float dtype makes numbers from 0 to 1; uint8 leaves the bytes.
        seed: of the order of the batches.
    """

    def __init__(self, images, labels, fake_data=False, one_hot=False, dtype=np.float32, reshape=True, seed=None):
        images = images.reshape(len(images), -1) if reshape else images[..., None]
        kind = np.dtype(getattr(dtype, "as_numpy_dtype", dtype))
        self.images = images if kind == np.uint8 else images.astype(np.float32) * np.float32(1 / 255)
        self.labels, self.num_examples = labels, len(images)
        self.epochs_completed, self._next, self._random = 0, 0, np.random.RandomState(seed)
        self._order = None

    def _begin(self, shuffle) -> None:
        self._order, self._next = np.arange(self.num_examples), 0
        if shuffle:
            self._random.shuffle(self._order)

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
        """The next images and labels. At the end of the data it goes on with the beginning, in a new order."""
        if self._order is None:
            self._begin(shuffle)
        chosen = self._order[self._next : self._next + batch_size]
        self._next += batch_size
        if len(chosen) < batch_size:
            self.epochs_completed += 1
            missing = batch_size - len(chosen)
            self._begin(shuffle)
            chosen, self._next = np.concatenate([chosen, self._order[:missing]]), missing
        return self.images[chosen], self.labels[chosen]


def read_data_sets(
    train_dir=None, fake_data=False, one_hot=False, dtype=np.float32, reshape=True, validation_size=5000, seed=None,
    source_url=None,
) -> Datasets:  # fmt: skip
    """The parts: 55,000 to train with, 5,000 to validate with and 10,000 to test with. The files are where Keras keeps them."""
    (images, labels), (test_images, test_labels) = mnist.load_data()
    if not 0 <= validation_size <= len(images):
        raise ValueError(f"`validation_size` is from 0 to {len(images)}. Received: {validation_size}")
    if one_hot:
        labels, test_labels = np.eye(10)[labels], np.eye(10)[test_labels]
    made = (
        DataSet(*part, dtype=dtype, reshape=reshape, seed=seed) for part in (
            (images[validation_size:], labels[validation_size:]), (images[:validation_size], labels[:validation_size]),
            (test_images, test_labels),
        )
    )  # fmt: skip
    return Datasets(*made)
