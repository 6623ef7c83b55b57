"""Losses as functions: one value per sample, for any rank, axis, array or list. The quick way is in `fused.py`."""

from __future__ import annotations

import warnings

import torch
import torch.nn.functional as F

from torchkeras_lite import config, registry
from torchkeras_lite.variable import tensor_of

table = registry.Table("loss", "keras.losses")
NEVER = -(2**62)  # torch skips labels of -100 unless told another number; a label that no data holds is never skipped


# ---------------------------------------------------------------- shapes, dtypes, what a loss is computed from


def same_rank(y_true, y_pred):
    """Both with the same number of axes, where they differ by one last axis of size 1; unchanged otherwise."""
    a, b = y_true.ndim, y_pred.ndim
    if a == b + 1 and y_true.shape[-1] == 1:
        return (y_true, y_pred.unsqueeze(-1)) if b == 1 else (y_true.squeeze(-1), y_pred)
    if b == a + 1 and y_pred.shape[-1] == 1:
        return (y_true.unsqueeze(-1), y_pred) if a == 1 else (y_true, y_pred.squeeze(-1))
    return y_true, y_pred


def tensors_of(y_true, y_pred):
    """Both as tensors on one device; predictions in a float type."""
    if not isinstance(y_pred, torch.Tensor):
        y_pred = tensor_of(y_pred, device=y_true.device if isinstance(y_true, torch.Tensor) else config.get_device())
        if not y_pred.is_floating_point():
            y_pred = y_pred.to(config.torch_dtype(None))
    return tensor_of(y_true, device=y_pred.device), y_pred


def cast(y_pred, dtype):
    """`y_pred` in another float type, its note about logits included."""
    if y_pred.dtype is dtype:
        return y_pred
    out = y_pred.to(dtype)
    logits = getattr(y_pred, "_keras_logits", None)
    if logits is not None:
        out._keras_logits, out._keras_activation = logits.to(dtype), y_pred._keras_activation
    return out


def logits_of(y_pred, from_logits: bool, activation: str):
    """`y_pred` as logits: itself, or what the activation before it was given; None where there are only probabilities."""
    noted = getattr(y_pred, "_keras_activation", None)
    if from_logits:
        if noted == activation:
            warnings.warn(
                f"The loss was told `from_logits=True`, but its input is the output of a {activation}: probabilities, not "
                f"logits. Drop the {activation} from the last layer, or say `from_logits=False`.",
                stacklevel=2,
            )
        return y_pred
    return y_pred._keras_logits if noted == activation else None


def _shapes(y_true, y_pred) -> str:
    return f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"


def _difference(loss: str, y_true, y_pred):
    y_true, y_pred = same_rank(*tensors_of(y_true, y_pred))
    if y_true.shape != y_pred.shape:
        try:
            torch.broadcast_shapes(y_true.shape, y_pred.shape)
        except RuntimeError:
            raise ValueError(
                f"{loss}: the targets and the predictions must have the same shape. {_shapes(y_true, y_pred)}. "
                "Usual fix: give the last layer as many units as a target has columns."
            ) from None
        warnings.warn(
            f"{loss}: targets and predictions have different shapes, so one is repeated to fit the other. "
            f"{_shapes(y_true, y_pred)}. Usual fix: give the last layer as many units as a target has columns.",
            stacklevel=3,
        )
    return y_pred - y_true.to(y_pred.dtype)


# ---------------------------------------------------------------- functions: one value per sample


def mean_squared_error(y_true, y_pred) -> torch.Tensor:
    """mean((y_pred - y_true)²) over the last axis."""
    return _difference("mean_squared_error", y_true, y_pred).square().mean(-1)


def mean_absolute_error(y_true, y_pred) -> torch.Tensor:
    """mean(|y_pred - y_true|) over the last axis."""
    return _difference("mean_absolute_error", y_true, y_pred).abs().mean(-1)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1) -> torch.Tensor:
    """Cross-entropy between labels of 0 and 1 and their probabilities, averaged over `axis`.

    Args:
        from_logits: predictions are logits. (Those of a sigmoid activation are found in any case.)
        label_smoothing: moves labels this far towards 1/2.
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    logits = logits_of(y_pred, from_logits, "sigmoid")
    y_true, x = same_rank(y_true, y_pred if logits is None else logits)
    if y_true.shape != x.shape:
        raise ValueError(
            f"binary_crossentropy: the targets and the predictions must have the same shape. {_shapes(y_true, x)}. Usual "
            "fix: one unit in the last layer for labels of 0 and 1; for integer labels of more classes use "
            "sparse_categorical_crossentropy."
        )
    y_true = y_true.to(x.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if logits is None:
        return F.binary_cross_entropy(_inside(x), y_true, reduction="none").mean(axis)
    return F.binary_cross_entropy_with_logits(x, y_true, reduction="none").mean(axis)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1) -> torch.Tensor:
    """Cross-entropy between one-hot labels (or any distribution) and the probabilities of the classes along `axis`.

    Args:
        from_logits: predictions are logits. (Those of a softmax activation are found in any case.)
        label_smoothing: this share of each label is spread evenly over the classes.
    """
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")
    y_true, y_pred = same_rank(*tensors_of(y_true, y_pred))
    _check_one_hot(y_true, y_pred, axis)
    y_true = y_true.to(y_pred.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    return -(y_true * _log_probabilities(y_pred, from_logits, axis)).sum(axis)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1) -> torch.Tensor:
    """Cross-entropy between integer labels 0, 1, ..., and the probabilities of the classes along `axis`.

    Args:
        from_logits: predictions are logits. (Those of a softmax activation are found in any case.)
        ignore_class: samples with this label count for nothing.
    """
    y_true, y_pred = tensors_of(y_true, y_pred)
    labels = labels_of(y_true, y_pred, axis)
    logs = _log_probabilities(y_pred, from_logits, axis)
    logs = logs.movedim(axis, -1).reshape(-1, y_pred.shape[axis])
    ignored = NEVER if ignore_class is None else ignore_class
    try:
        losses = F.nll_loss(logs, labels.reshape(-1), ignore_index=ignored, reduction="none")
    except IndexError as error:
        raise out_of_range(labels, y_pred.shape[axis], ignored) from error
    losses = losses.reshape(labels.shape)
    if ignore_class is not None:
        losses._keras_mask = labels != ignore_class
    return losses


def _inside(probabilities):
    """Away from 0 and 1, where the logarithm ends."""
    return probabilities.clamp(config.epsilon(), 1.0 - config.epsilon())


def _log_probabilities(y_pred, from_logits, axis):
    logits = logits_of(y_pred, from_logits, "softmax") if axis in (-1, y_pred.ndim - 1) else (y_pred if from_logits else None)
    if logits is not None:
        return torch.log_softmax(logits, axis)
    return _inside(y_pred / y_pred.sum(axis, keepdim=True)).log()


def _check_one_hot(y_true, y_pred, axis):
    if y_true.shape != y_pred.shape or not y_true.ndim:
        labels = y_true.shape == y_pred.shape[:-1] or y_true.shape == (*y_pred.shape[:-1], 1)
        raise ValueError(
            "categorical_crossentropy: the targets and the predictions must have the same shape. "
            f"{_shapes(y_true, y_pred)}. "
            + (
                "The labels are integers: use sparse_categorical_crossentropy (or make them one-hot with `to_categorical`)."
                if labels
                else "Usual fix: give the last layer as many units as there are classes."
            )
        )
    if y_pred.shape[-1] == 1:
        warnings.warn(
            "categorical_crossentropy over a single class is always 0: for two classes in one unit use binary_crossentropy."
            " " + _shapes(y_true, y_pred),
            SyntaxWarning,
            stacklevel=3,
        )


def labels_of(y_true, y_pred, axis=-1):
    """Integer labels, without an axis for the classes."""
    if not y_pred.ndim:
        raise ValueError(f"sparse_categorical_crossentropy: the predictions need an axis of classes. {_shapes(y_true, y_pred)}")
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = y_true.squeeze(axis)
    axis %= y_pred.ndim
    if y_true.shape != y_pred.shape[:axis] + y_pred.shape[axis + 1 :]:
        raise ValueError(
            "sparse_categorical_crossentropy: there must be one integer label for each prediction, and no axis of classes. "
            + _shapes(y_true, y_pred)
            + (". The labels are one-hot: use categorical_crossentropy." if y_true.shape == y_pred.shape else ".")
        )
    return y_true if y_true.dtype is torch.int64 else y_true.long()


def out_of_range(labels, classes: int, ignored: int = NEVER) -> ValueError:
    """The error for a label that names no class. Only called when torch has already refused, on the CPU."""
    wrong = labels[((labels < 0) | (labels >= classes)) & (labels != ignored)]
    return ValueError(
        f"sparse_categorical_crossentropy: label {wrong.flatten()[0].item()} is out of range: the predictions have "
        f"{classes} classes, so labels go from 0 to {classes - 1}. Usual fix: number the labels from 0, or give the last "
        "layer as many units as there are classes."
    )


for _function, _aliases in (
    (mean_squared_error, ("mse", "MSE")),
    (mean_absolute_error, ("mae", "MAE")),
    (binary_crossentropy, ("bce", "BCE")),
    (categorical_crossentropy, ()),
    (sparse_categorical_crossentropy, ()),
):
    table.add(_function, *_aliases)
