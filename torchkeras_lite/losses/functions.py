"""What the loss functions have in common: names, shapes, dtypes, and whether there are logits behind probabilities."""

from __future__ import annotations

import functools
import inspect

import torch

from torchkeras_lite import config, registry, symbolic
from torchkeras_lite.notices import warn
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import tensor_of

table = registry.Table("loss", "keras.losses")
_UNITS = "give the last layer as many units as a target has columns."


def known(*aliases: str):
    """Decorator: `get` finds this function or class by its name, and by these. On KerasTensors a function is drawn."""
    return lambda loss: table.add(loss if inspect.isclass(loss) else _drawable(loss), *aliases)


def _drawable(loss):
    @functools.wraps(loss)
    def drawable(y_true, y_pred, *args, **kwargs):
        if isinstance(y_pred, KerasTensor) or isinstance(y_true, KerasTensor):
            return symbolic.record(loss, (y_true, y_pred, *args), kwargs)
        return loss(y_true, y_pred, *args, **kwargs)

    return drawable


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
            warn(
                f"The loss was told `from_logits=True`, but its input is the output of a {activation}: probabilities, not "
                f"logits. Drop the {activation} from the last layer, or say `from_logits=False`.",
            )
        return y_pred
    return y_pred._keras_logits if noted == activation else None


def shapes(y_true, y_pred) -> str:
    """The end of a message about shapes."""
    return f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"


def fix_of(y_true, y_pred, otherwise: str) -> str:
    """What to do where two shapes do not fit: look at the rows, if it is these that differ."""
    if y_true.ndim and y_pred.ndim and y_true.shape[0] != y_pred.shape[0]:
        rows = f"Rows of targets: {y_true.shape[0]}, of predictions: {y_pred.shape[0]}."
        return f"{rows} Usual fix: as many rows in `y` as in `x`, in each batch."
    return f"Usual fix: {otherwise}"


def paired(loss: str, y_true, y_pred):
    """Both as tensors of one rank, dtype and device, for losses that compare them element by element.

    Raises:
        ValueError: neither can be repeated to fit the other.
    """
    y_true, y_pred = same_rank(*tensors_of(y_true, y_pred))
    if y_true.shape != y_pred.shape:
        try:
            torch.broadcast_shapes(y_true.shape, y_pred.shape)
        except RuntimeError:
            raise ValueError(
                f"{loss}: the targets and the predictions must have the same shape. {shapes(y_true, y_pred)}. "
                + fix_of(y_true, y_pred, _UNITS)
            ) from None
        warn(
            f"{loss}: targets and predictions have different shapes, so one is repeated to fit the other. "
            f"{shapes(y_true, y_pred)}. {fix_of(y_true, y_pred, _UNITS)}",
        )
    return y_true.to(y_pred.dtype), y_pred


def positive_part(x):
    """max(x, 0). At 0 it has half the gradient, as in Keras."""
    return torch.maximum(x, x.new_zeros(()))
