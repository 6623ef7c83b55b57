"""`tf.train.load_checkpoint` and its kin: what arrays are in a checkpoint, by the names that they have in the file."""

from __future__ import annotations

import os

from . import train
from .errors import NotFoundError


class CheckpointReader:
    """The arrays of a checkpoint that was written here, or of a weights file.

    Args:
        path: of the HDF5 file.
    """

    def __init__(self, path):
        import h5py

        self._arrays = {}
        with h5py.File(path, "r") as file:
            file.visititems(lambda name, one: self._take(name, one, h5py))

    def _take(self, name, one, h5py) -> None:
        if isinstance(one, h5py.Dataset):
            self._arrays[name] = one[()]

    def get_variable_to_shape_map(self) -> dict:
        return {name: list(array.shape) for name, array in self._arrays.items()}

    def get_variable_to_dtype_map(self) -> dict:
        from .dtypes import as_dtype

        return {name: as_dtype(array.dtype.name) for name, array in self._arrays.items()}

    def has_tensor(self, tensor_str) -> bool:
        return tensor_str in self._arrays

    def get_tensor(self, tensor_str):
        if tensor_str not in self._arrays:
            raise NotFoundError(f"There is no {tensor_str!r} in the checkpoint, but {', '.join(sorted(self._arrays))}.")
        return self._arrays[tensor_str]


def load_checkpoint(ckpt_dir_or_file) -> CheckpointReader:
    """The arrays of the checkpoint of this path, or of the last one in this folder.

    Raises:
        NotFoundError: there is none. ValueError: it has TensorFlow's own format, which only TensorFlow reads.
    """
    path = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(path):
        path = train.latest_checkpoint(path) or next(
            (os.path.join(path, name[:-6]) for name in sorted(os.listdir(path)) if name.endswith(".index")), path
        )
    for found in (f"{path}{train.SUFFIX}", path):
        if train._is_hdf5(found):
            return CheckpointReader(found)
    if os.path.exists(f"{path}.index") or os.path.isfile(path):
        raise ValueError(
            f"{path!r} is no checkpoint that was written here: TensorFlow's own format is read by TensorFlow alone. The way "
            "over: load it there, and write the weights with `model.save_weights('name.weights.h5')`."
        )
    raise NotFoundError(f"Unsuccessful TensorSliceReader constructor: there is no checkpoint at {path!r}.")


def list_variables(ckpt_dir_or_file) -> list[tuple]:
    """Pairs (name, shape) of the arrays in a checkpoint, by their names."""
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def load_variable(ckpt_dir_or_file, name):
    """One array of a checkpoint."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name)


def NewCheckpointReader(filepattern) -> CheckpointReader:
    return load_checkpoint(filepattern)
