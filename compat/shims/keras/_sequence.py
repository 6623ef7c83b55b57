"""`keras.preprocessing.sequence`: sequences of numbers as samples."""

from __future__ import annotations

import json
import random

import numpy as np

from torchkeras_lite.utils import PyDataset, pad_sequences

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "remove_long_seq", "skipgrams"]


def make_sampling_table(size, sampling_factor=1e-5):
    """For each of `size` words, the most frequent first, how likely a sample of it should be kept.

    Frequencies are those of Zipf's law; the probability is that of word2vec, sqrt(factor / frequency), at most 1.
    """
    rank = np.arange(size)
    rank[0] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse))


def skipgrams(
    sequence, vocabulary_size, window_size=4, negative_samples=1.0, shuffle=True, categorical=False, sampling_table=None,
    seed=None,
):  # fmt: skip
    """Pairs of words, and whether they stand near each other: as word2vec learns them.

    Args:
        sequence: numbers of words; 0 is nobody's and left out.
        vocabulary_size: one more than the largest number.
        window_size: how far two words may be from each other.
        negative_samples: how many pairs of a word and a random one, for each true pair.
        categorical: labels [0, 1] and [1, 0] in the place of 1 and 0.
        sampling_table: for each number, the probability of being kept.

    Returns:
        couples, labels.
    """
    couples = []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1)):
            if j != i and sequence[j]:
                couples.append([word, sequence[j]])
    labels = [[0, 1] if categorical else 1 for _ in couples]
    count = int(len(labels) * negative_samples)
    if count > 0:
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)]
        labels += [[1, 0] if categorical else 0 for _ in range(count)]
    if shuffle:
        order = list(range(len(couples)))
        (random if seed is None else random.Random(seed)).shuffle(order)
        couples, labels = [couples[i] for i in order], [labels[i] for i in order]
    return couples, labels


def remove_long_seq(maxlen, seq, label):
    """The sequences shorter than `maxlen`, and their labels."""
    kept = [(one, of) for one, of in zip(seq, label, strict=True) if len(one) < maxlen]
    return [one for one, _ in kept], [of for _, of in kept]


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a series, each with the target at the place behind the window.

    Args:
        data, targets: a row for each moment, equally many.
        length: the moments that a window spans.
        sampling_rate: every how many moments a window has a row.
        stride: from one window to the next.
        start_index, end_index: the moments between which windows lie.
        shuffle: windows at random places.
        reverse: the latest moment first.
        batch_size: windows in a batch.
    """

    def __init__(
        self, data, targets, length, sampling_rate=1, stride=1, start_index=0, end_index=None, shuffle=False, reverse=False,
        batch_size=128,
    ):  # fmt: skip
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(f"Data and targets must have the same length. Received: {len(data)} and {len(targets)}.")
        self.data, self.targets = data, targets
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index + length = {self.start_index} > end_index = {self.end_index}` is not allowed: no window of "
                f"{length} moments fits."
            )

    def __len__(self):
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index):
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        samples = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1, ...] if self.reverse else samples), targets

    def get_config(self):
        """Its arguments and its data, as plain data."""
        names = "length sampling_rate stride start_index end_index shuffle reverse batch_size".split()
        data, targets = (json.dumps(np.asarray(values).tolist()) for values in (self.data, self.targets))
        return {"data": data, "targets": targets, **{name: getattr(self, name) for name in names}}

    def to_json(self, **kwargs):
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)
