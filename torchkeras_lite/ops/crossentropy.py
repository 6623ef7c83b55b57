"""Cross-entropies: a value for each prediction. `keras.losses` weighs and reduces them."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted

op = family("nn")

NEVER = -(2**62)  # torch skips labels of -100 unless told another number; a label that no data holds is never skipped


@op("BinaryCrossentropy", tensors=2)
def binary_crossentropy(target, output, from_logits=False):
    """-target log(output) - (1 - target) log(1 - output), element by element; `output` are probabilities or logits."""
    if not (
        isinstance(target, Tensor) and isinstance(output, Tensor) and target.dtype is output.dtype and output.dtype in INEXACT
    ):
        return floated(binary_crossentropy, target, output, from_logits)
    _check_same_shape("binary_crossentropy", target, output)
    if from_logits:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none")
    return F.binary_cross_entropy(inside(output), target, reduction="none")


@op("CategoricalCrossentropy", tensors=2)
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-sum(target * log(output)) along `axis`, the classes; `output` are probabilities (or what is proportional) or logits."""
    if not (
        isinstance(target, Tensor) and isinstance(output, Tensor) and target.dtype is output.dtype and output.dtype in INEXACT
    ):
        return floated(categorical_crossentropy, target, output, from_logits, axis)
    _check_same_shape("categorical_crossentropy", target, output)
    if not output.ndim:
        raise ValueError("categorical_crossentropy: `target` and `output` must have an axis of classes. Received: numbers")
    return -(target * log_probabilities(output, from_logits, axis)).sum(axis)


@op("SparseCategoricalCrossentropy", tensors=2)
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-log(output) at the class that `target` names; `output` are probabilities (or what is proportional) or logits.

    Shapes: `target` as `output` without `axis`, or with size 1 there.
    """
    if not (isinstance(target, Tensor) and isinstance(output, Tensor)):
        return lifted(sparse_categorical_crossentropy, target, output, from_logits, axis)
    if not output.ndim:
        raise ValueError("sparse_categorical_crossentropy: `output` must have an axis of classes. Received: a number")
    if target.ndim == output.ndim and target.shape[axis] == 1:
        target = target.squeeze(axis)
    place = axis % output.ndim
    if target.shape != output.shape[:place] + output.shape[place + 1 :]:
        raise ValueError(
            "sparse_categorical_crossentropy: `target` must have the shape of `output` without the axis of classes. Received: "
            f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}, axis={axis}"
        )
    logs = log_probabilities(output, from_logits, axis).movedim(axis, -1)
    try:
        losses = F.nll_loss(logs.reshape(-1, logs.shape[-1]), target.reshape(-1).long(), ignore_index=NEVER, reduction="none")
    except IndexError as error:  # on the CPU; elsewhere torch cannot tell
        raise ValueError(
            f"sparse_categorical_crossentropy: a label is out of range: `output` has {logs.shape[-1]} classes, so labels go "
            f"from 0 to {logs.shape[-1] - 1}. Received labels from {target.min()} to {target.max()}"
        ) from error
    return losses.reshape(target.shape)


def inside(probabilities):
    """Away from 0 and 1, where the logarithm ends."""
    return probabilities.clamp(config.epsilon(), 1.0 - config.epsilon())


def log_probabilities(output, from_logits: bool, axis: int):
    """The logarithms of probabilities along `axis`, which need not add up to 1, or of those that logits mean."""
    if from_logits:
        return torch.log_softmax(output, axis)
    return inside(output / output.sum(axis, keepdim=True)).log()


def _check_same_shape(name: str, target, output):
    if target.shape != output.shape:
        raise ValueError(
            f"{name}: `target` and `output` must have the same shape. Received: target.shape={tuple(target.shape)}, "
            f"output.shape={tuple(output.shape)}"
        )
