"""The shape of a workload, and images for those that look at images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

PREDICT_BATCH = 32  # the default of Keras's predict
LARGE_BATCH = 1024  # what somebody in a hurry passes


@dataclass(frozen=True)
class Workload:
    """One model on one data set.

    rows: number of samples at scale 1. data(rows) gives (x, y) as numpy arrays. build_keras(keras) gives an uncompiled
    model, `keras` being any module that spells Keras. build_torch(torch) gives a hand_torch.Net. loss is Keras's word
    for it. says: the model in a few words, for the README. calls: how many `fit(epochs=1)` are timed in a process.
    long: the epochs of the one longer `fit`. goal: fit may take this many times the hand-written epoch. build_modules: the
    same from torch's modules, where build_torch does without them.
    """

    rows: int
    batch: int
    loss: str
    data: Callable[[int], tuple[np.ndarray, np.ndarray]]
    build_keras: Callable[[Any], Any]
    build_torch: Callable[[Any], Any]
    says: str
    calls: int
    long: int
    goal: float
    build_modules: Callable[[Any], Any] | None = None


def images(rows, side, channels, classes=10):
    """Images (rows, side, side, channels) with pixels in 0..1: a coarse pattern per class, half drowned in noise."""
    rng = np.random.default_rng(7)
    patterns = rng.random((classes, side // 4, side // 4, channels), dtype=np.float32).repeat(4, 1).repeat(4, 2)
    x = rng.random((rows, side, side, channels), dtype=np.float32)
    y = rng.integers(0, classes, rows)
    for label in range(classes):  # not patterns[y]: a second array of that size would show in the peak of the memory
        x[y == label] += patterns[label]
    x *= 0.5
    return x, y
