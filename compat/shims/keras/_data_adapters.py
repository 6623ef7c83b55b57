"""What extensions take from `keras.src.trainers.data_adapters`: the small functions between data and batches."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import data, tree
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.utils import pack_x_y_sample_weight, unpack_x_y_sample_weight  # noqa: F401
from torchkeras_lite.variable import tensor_of

NUM_BATCHES_FOR_TENSOR_SPEC = 2


def list_to_tuple(maybe_list):
    """A list as a tuple, anything else as it is."""
    return tuple(maybe_list) if isinstance(maybe_list, list) else maybe_list


def check_data_cardinality(parts) -> None:
    """ValueError unless all arrays have the same number of rows."""
    counts = [int(array.shape[0]) for array in tree.flatten(parts) if array is not None]
    if len(set(counts)) > 1:
        raise ValueError(
            f"Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. Received: {counts} rows."
        )


def class_weight_to_sample_weights(y, class_weight: dict) -> np.ndarray:
    """A weight for each row of labels, out of {class: weight}; classes left out weigh 1."""
    y = tensor_of(y)
    return data.class_weights(class_weight, y.round() if y.is_floating_point() else y).cpu().numpy()


def train_validation_split(arrays, validation_split: float):
    """The first rows, and the last `validation_split` of them, of a structure of arrays."""
    return data.split(arrays, validation_split)


def get_keras_tensor_spec(batches):
    """KerasTensors that describe several batches of one structure: sizes that differ are None."""

    def described(*arrays):
        ranks = {np.ndim(array) for array in arrays}
        if len(ranks) > 1 or 0 in ranks:
            raise ValueError(f"Arrays of a data set need one and the same rank, at least 1. Received: ranks {sorted(ranks)}")
        sizes = [set(axis) for axis in zip(*(np.shape(array) for array in arrays), strict=True)]
        kind = getattr(arrays[0], "dtype", None)
        if not isinstance(kind, torch.dtype):
            kind = str(np.asarray(arrays[0]).dtype)
        return KerasTensor([size.pop() if len(size) == 1 else None for size in sizes], dtype=kind)

    return tree.map_structure(described, *batches)


def is_torch_tensor(value) -> bool:
    return isinstance(value, torch.Tensor)


def is_tensorflow_tensor(value) -> bool:
    return False


is_tensorflow_ragged = is_tensorflow_sparse = is_jax_array = is_jax_sparse = is_tensorflow_tensor


def is_scipy_sparse(x) -> bool:
    return type(x).__module__.startswith("scipy.sparse")
