"""Labels of classes, as losses take them, and errors that say what is wrong with them."""

from __future__ import annotations

import torch

from torchkeras_lite.losses.functions import fix_of, same_rank, shapes, tensors_of
from torchkeras_lite.notices import warn
from torchkeras_lite.ops.crossentropy import NEVER

_ONE_UNIT = (
    "one unit in the last layer for labels of 0 and 1; for integer labels of more classes use sparse_categorical_crossentropy."
)


def check_binary(loss: str, y_true, x) -> None:
    """ValueError unless there is one label of 0 or 1 for each prediction."""
    if y_true.shape != x.shape:
        raise ValueError(
            f"{loss}: the targets and the predictions must have the same shape. {shapes(y_true, x)}. "
            + fix_of(y_true, x, _ONE_UNIT)
        )


def one_hot_pair(loss: str, y_true, y_pred, axis, label_smoothing):
    """One-hot labels, smoothed, and predictions, in one dtype.

    Raises:
        ValueError: different shapes, or an axis that is a boolean.
    """
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")
    y_true, y_pred = same_rank(*tensors_of(y_true, y_pred))
    if y_true.shape != y_pred.shape or not y_true.ndim:
        labels = y_true.shape == y_pred.shape[:-1] or y_true.shape == (*y_pred.shape[:-1], 1)
        raise ValueError(
            f"{loss}: the targets and the predictions must have the same shape. {shapes(y_true, y_pred)}. "
            + (
                "The labels are integers: use sparse_categorical_crossentropy (or make them one-hot with `to_categorical`)."
                if labels
                else fix_of(y_true, y_pred, "give the last layer as many units as there are classes.")
            )
        )
    if y_pred.shape[-1] == 1:
        warn(
            f"{loss} over a single class is always 0: for two classes in one unit use binary_crossentropy. "
            + shapes(y_true, y_pred),
            SyntaxWarning,
        )
    y_true = y_true.to(y_pred.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    return y_true, y_pred


def labels_of(y_true, y_pred, axis=-1, loss: str = "sparse_categorical_crossentropy"):
    """Integer labels, without an axis for the classes."""
    if not y_pred.ndim:
        raise ValueError(f"{loss}: the predictions need an axis of classes. {shapes(y_true, y_pred)}")
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = y_true.squeeze(axis)
    axis %= y_pred.ndim
    wanted = y_pred.shape[:axis] + y_pred.shape[axis + 1 :]
    if y_true.shape != wanted:
        one_hot = "The labels are one-hot: use categorical_crossentropy." if y_true.shape == y_pred.shape else None
        raise ValueError(
            f"{loss}: there must be one integer label for each prediction, and no axis of classes. {shapes(y_true, y_pred)}. "
            + (one_hot or fix_of(y_true, y_pred, f"integers of shape {tuple(wanted)}."))
        )
    return y_true if y_true.dtype is torch.int64 else y_true.long()


def out_of_range(labels, classes: int, ignored: int = NEVER, loss: str = "sparse_categorical_crossentropy") -> ValueError:
    """The error for a label that names no class. Only called when torch has already refused, on the CPU."""
    wrong = labels[((labels < 0) | (labels >= classes)) & (labels != ignored)]
    return ValueError(
        f"{loss}: label {wrong.flatten()[0].item()} is out of range: the predictions have {classes} classes, so labels go "
        f"from 0 to {classes - 1}. Usual fix: number the labels from 0, or give the last layer as many units as there are "
        "classes."
    )
