"""Where the data sets come from: the cache, the network, or, if one asks for it, a generator of random numbers."""

from __future__ import annotations

import functools
import os
import pickle
import warnings
import zipfile

import numpy as np

from torchkeras_lite.utils.downloads import get_file

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_SYNTHETIC = "TORCHKERAS_SYNTHETIC_DATA"


def fetched(path, name: str, file_hash: str) -> str:
    """The path of one of the published files, in the cache under the last part of `path`."""
    if os.path.isabs(os.fspath(path)) and os.path.exists(path):
        return os.fspath(path)
    return get_file(os.path.basename(os.fspath(path)), _BASE + name, file_hash=file_hash)


def is_synthetic() -> bool:
    """Whether made-up data of the true shapes stand for the real ones; says so once."""
    if os.environ.get(_SYNTHETIC, "") in ("", "0"):
        return False
    _announce()
    return True


@functools.cache
def _announce():
    warnings.warn(
        f"{_SYNTHETIC} is set: data sets are random numbers of the true shapes and types. Accuracies mean nothing.",
        stacklevel=4,
    )


# ---------------------------------------------------------------- arrays without pickle


class _Arrays(pickle.Unpickler):
    """Puts arrays and plain values together again, and knows nothing else: a file cannot name a function to be called."""

    _known = {("numpy", "ndarray"), ("numpy", "dtype"), *((f"numpy.{c}.multiarray", "_reconstruct") for c in ("core", "_core"))}

    def find_class(self, module, name):
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(f"The file of the data set names {module}.{name}, which is no part of an array.")
        return super().find_class("numpy._core.multiarray" if "." in module and hasattr(np, "_core") else module, name)


def unpickled(file, encoding: str = "ASCII"):
    """Arrays, lists, dicts and numbers out of a pickle; ValueError where it holds anything else."""
    try:
        return _Arrays(file, encoding=encoding).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError) as error:
        raise ValueError(f"The file of the data set is not what it should be: {error}") from error


def arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, those of lists too."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(member)
                if dtype.hasobject:
                    found[name.removesuffix(".npy")] = np.asarray(unpickled(member), dtype=object).reshape(shape)
                    continue
            with archive.open(name) as member:
                found[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
    return found
