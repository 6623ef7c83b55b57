"""Tables of numbers: prices of houses."""

from __future__ import annotations

import numpy as np

from torchkeras_lite.datasets.source import arrays, fetched, is_synthetic


def boston_housing(path="boston_housing.npz", test_split=0.2, seed=113):
    """506 quarters of Boston: 13 numbers each, and the median price in 1000 dollars, split into training and test.

    The set holds a column about race whose use is disputed. Source: Harrison and Rubinfeld 1978.
    """
    checksum = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
    return _split(*_table(path, "boston_housing.npz", checksum, (506, 13), 22.0), test_split, seed)


def california_housing(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """20,640 quarters of California (`version="small"`: 600): 8 numbers each, and the median price in dollars.

    Source: Pace and Barry 1997.
    """
    if version not in ("small", "large"):
        raise ValueError(f"Argument `version` must be one of 'small', 'large'. Received: version={version}")
    checksum = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
    x, y = _table(path, "california_housing.npz", checksum, (20640, 8), 2e5)
    rows = 600 if version == "small" else None
    return _split(x[:rows], y[:rows], test_split, seed)


def _table(path, name, file_hash, shape, mean):
    if is_synthetic():
        draw = np.random.default_rng(0)
        return draw.normal(size=shape), mean + draw.normal(size=shape[0]) * mean / 5
    found = arrays(fetched(path, name, file_hash))
    return found["x"], found["y"]


def _split(x, y, test_split, seed):
    if not 0 <= test_split < 1:
        raise ValueError(f"Invalid `test_split` argument: {test_split}. It must be at least 0 and less than 1.")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    cut = int(len(x) * (1 - test_split))
    return (x[order[:cut]], y[order[:cut]]), (x[order[cut:]], y[order[cut:]])
