"""Small images with labels: digits, clothes, and things in colour."""

from __future__ import annotations

import gzip
import os

import numpy as np

from torchkeras_lite import config
from torchkeras_lite.datasets.source import arrays, fetched, is_synthetic, unpickled
from torchkeras_lite.utils.downloads import get_file, keras_home


def synthetic(train: int, test: int, shape: tuple[int, ...], classes: int, column: bool):
    """Random images and labels, the same at each call."""
    draw = np.random.default_rng(0)

    def part(rows):
        labels = draw.integers(0, classes, (rows, 1) if column else (rows,), dtype="uint8")
        return draw.integers(0, 256, (rows, *shape), dtype="uint8"), labels

    return part(train), part(test)


def mnist(path="mnist.npz"):
    """70,000 handwritten digits: uint8 images (28, 28) and labels 0 to 9, as `(x_train, y_train), (x_test, y_test)`.

    60,000 are for training. Source: LeCun, Cortes and Burges. `path` is the name in the cache.
    """
    if is_synthetic():
        return synthetic(60000, 10000, (28, 28), 10, column=False)
    found = arrays(fetched(path, "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"))
    return (found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])


def fashion_mnist():
    """70,000 pieces of clothing: uint8 images (28, 28) and labels 0 to 9, as `(x_train, y_train), (x_test, y_test)`.

    60,000 are for training. Source: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747.
    """
    if is_synthetic():
        return synthetic(60000, 10000, (28, 28), 10, column=False)
    base = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
    folder = os.path.join("datasets", "fashion-mnist")
    parts = []
    for part in ("train", "t10k"):
        names = [f"{part}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
        images, labels = (get_file(name, base + name, cache_subdir=folder) for name in names)
        y = _after(labels, 8)
        parts.append((_after(images, 16).reshape(len(y), 28, 28), y))
    return tuple(parts)


def _after(path, header: int) -> np.ndarray:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def cifar10():
    """60,000 photographs of 10 kinds: uint8 images (32, 32, 3), labels (n, 1), as `(x_train, y_train), (x_test, y_test)`.

    50,000 are for training; channels come first if `image_data_format()` says so. Source: Krizhevsky 2009.
    """
    if is_synthetic():
        return _arranged(*synthetic(50000, 10000, (3, 32, 32), 10, column=True))
    checksum = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    folder = _cifar("cifar-10-batches-py", "cifar-10-python.tar.gz", checksum)
    train = [_batch(os.path.join(folder, f"data_batch_{i}"), b"labels") for i in range(1, 6)]
    together = tuple(np.concatenate(each) for each in zip(*train, strict=True))
    return _arranged(together, _batch(os.path.join(folder, "test_batch"), b"labels"))


def cifar100(label_mode="fine"):
    """60,000 photographs of 100 kinds in 20 groups: as `cifar10`; `label_mode` is `"fine"` or `"coarse"` (the groups)."""
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f'`label_mode` must be one of `"fine"`, `"coarse"`. Received: label_mode={label_mode!r}.')
    if is_synthetic():
        return _arranged(*synthetic(50000, 10000, (3, 32, 32), 100 if label_mode == "fine" else 20, column=True))
    checksum = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
    folder = _cifar("cifar-100-python", "cifar-100-python.tar.gz", checksum)
    key = f"{label_mode}_labels".encode()
    return _arranged(*(_batch(os.path.join(folder, part), key) for part in ("train", "test")))


def _cifar(name: str, archive: str, file_hash: str) -> str:
    """The folder of the batches, in the cache or fetched. Keras 2 unpacked it elsewhere than Keras 3 does."""
    before = os.path.join(keras_home(), "datasets", name)
    if os.path.isdir(before):
        return before
    path = get_file(f"{name}-target", f"https://www.cs.toronto.edu/~kriz/{archive}", extract=True, file_hash=file_hash)
    return os.path.join(path, name)


def _batch(path: str, key: bytes):
    with open(path, "rb") as file:
        found = unpickled(file, encoding="bytes")
    return np.asarray(found[b"data"]).reshape(-1, 3, 32, 32), np.asarray(found[key], "uint8").reshape(-1, 1)


def _arranged(*parts):
    if config.image_data_format() == "channels_first":
        return parts
    return tuple((x.transpose(0, 2, 3, 1), y) for x, y in parts)
