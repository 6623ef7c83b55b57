"""Other spellings of the same data."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

LABELS = np.array([[0, 2, 3], [1, 1, 0]], "int32")
IMAGES = drawn((2, 4, 6, 8))


def hot(labels, classes):
    return (labels[..., None] == np.arange(classes)).astype("float32")


ROWS = [
    row("one_hot", LABELS, 4),
    row("one_hot", LABELS, 4, axis=0),
    row("one_hot", LABELS, 4, axis=1),
    row("one_hot", LABELS, 4, dtype="int32"),
    row("one_hot", LABELS, 4, dtype="bool"),
    row("one_hot", LABELS - 1, 4),
    row("one_hot", LABELS[0], 4, axis=0),
    # Keras on torch raises for labels that are too large, JAX gives zeros.
    row("one_hot", LABELS, 3).but(expected=hot(LABELS, 3), config=False),
    # It wants symbolic axes from the front, and puts the classes one axis too far back when counted from behind.
    row("one_hot", LABELS, 4, axis=-2).but(expected=hot(LABELS, 4).swapaxes(1, 2), symbolic=None, config=False),
    row("one_hot", LABELS, 4, axis=2).but(symbolic=None, config=False),
    # Without a tensor among the arguments there is nothing symbolic.
    row("one_hot", [0, 2], 3).but(symbolic=False, config=False),
    row("one_hot", 2, 3).but(symbolic=False, config=False),
    *over_dtypes("one_hot", np.array([[0, 1], [1, 0]]), 3),
    row("one_hot", np.zeros((0, 2), "int64"), 3).but(config=False),
    row("multi_hot", LABELS, 4),
    row("multi_hot", LABELS, num_classes=5, dtype="int32"),
    row("multi_hot", LABELS[0], 4),
    row("multi_hot", np.stack([LABELS, LABELS + 1]), 5),
    row("multi_hot", LABELS, 4, axis=1),
    row("multi_hot", LABELS - 1, 4),
    row("multi_hot", [0, 2], 3).but(symbolic=False, config=False),
    *over_dtypes("multi_hot", np.array([[0, 1], [1, 0]]), 3),
    row("depth_to_space", IMAGES, 2),
    row("depth_to_space", IMAGES.reshape(2, 8, 6, 4), 2, data_format="channels_first"),
    row("depth_to_space", drawn((1, 2, 3, 18)), 3),
    row("space_to_depth", IMAGES, 2),
    row("space_to_depth", IMAGES, 2, data_format="channels_first"),
    row("space_to_depth", drawn((1, 6, 3, 2)), 3),
    *over_dtypes("depth_to_space", np.arange(16).reshape(1, 2, 2, 4), 2),
    *over_dtypes("space_to_depth", np.arange(16).reshape(1, 2, 4, 2), 2),
]
