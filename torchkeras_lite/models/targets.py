"""A look at the targets before training: what would fail late, or never, is said early."""

from __future__ import annotations

import torch

from torchkeras_lite import losses
from torchkeras_lite.notices import warn
from torchkeras_lite.shown import worked_out


def check_targets(model, y, training: bool) -> None:
    """Warns of NaNs in `y`, naming the columns; raises ValueError for labels that the last layer has no unit for.

    One pass over the targets and one read-back for each fit.
    """
    if not isinstance(y, torch.Tensor) or y.numel() == 0:
        return
    if training and y.is_floating_point():
        bad = torch.isnan(y.reshape(y.shape[0], -1)).any(0)
        if bool(bad.any()):
            columns = bad.nonzero().flatten().tolist()
            where = f"column {columns[0]}" if len(columns) == 1 else f"columns {columns}"
            where = "`y`" if y.ndim == 1 or y[0].numel() == 1 else f"`y`, {where}"
            warn(
                f"There are NaNs in {where}: the loss will be NaN and the weights lost. The usual fix: drop those rows, or "
                "fill them in.",
            )
    loss = model._compile_loss.single if model._compile_loss is not None else None
    fn = getattr(loss, "fn", None)
    if training and fn is losses.binary_crossentropy:
        low, high = (float(value) for value in y.aminmax())
        if low < 0 or high > 1:
            warn(
                f"There is a target {low if low < 0 else high:g} in `y`, but binary_crossentropy is about targets from 0 "
                "to 1: it will go below 0. The usual fix: classes 0 and 1, or, for more than two classes, a softmax output and "
                "sparse_categorical_crossentropy.",
            )
    classes = _classes(model)
    if fn is not losses.sparse_categorical_crossentropy or classes is None or classes < 2:
        return
    if getattr(loss, "ignore_class", None) is not None:
        return
    low, high = (int(value) for value in y.aminmax())
    if low < 0 or high >= classes:
        more = f"give the last layer {high + 1} units, or " if high >= classes else ""
        raise ValueError(
            f"The label {high if high >= classes else low} in `y` is out of range: the model's output has {classes} units, so "
            f"labels must be in [0, {classes}). The usual fix: {more}number the classes from 0."
        )


def _classes(model):
    try:
        shape = worked_out(model, "output_shape")
    except (AttributeError, ValueError):
        return None
    return shape[-1] if isinstance(shape, tuple) and shape and isinstance(shape[-1], int) else None
