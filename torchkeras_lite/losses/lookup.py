"""What a user may pass for a loss, and losses <-> configs."""

from __future__ import annotations

from torchkeras_lite import registry
from torchkeras_lite.losses.base import Loss, LossFunctionWrapper
from torchkeras_lite.losses.crossentropies import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from torchkeras_lite.losses.functions import table
from torchkeras_lite.losses.torch_loss import TorchLoss, is_torch_loss


def get(identifier):
    """The loss that a name, config, class, object, function `(y_true, y_pred)`, torch loss or None (None) means.

    A name in snake_case gives the function, one in CamelCase a new object; torch's own losses come back as a `TorchLoss`.

    Raises:
        ValueError: there is no loss of that name.
    """
    loss = deserialize(identifier) if isinstance(identifier, dict) else table.get(identifier)
    return TorchLoss(loss) if is_torch_loss(loss) else loss


def serialize(loss):
    return registry.serialize(loss)


def deserialize(config, custom_objects=None):
    """What `serialize` wrote, or a name, as a function or an object."""
    if config is None:
        return None
    is_function = isinstance(config, dict) and config.get("class_name") == "function"
    name = config if isinstance(config, str) else config.get("config") if is_function else None
    if name is not None:
        return registry.get_registered_object(name, custom_objects) or table.find(name)
    return registry.deserialize(config, custom_objects, table)


def cross_entropy_kind(y_true, y_pred) -> str:
    """`"binary"`, `"sparse_categorical"` or `"categorical"`: what targets and predictions of these shapes ask for.

    Args:
        y_true, y_pred: shapes, or anything that has one. The batch axis counts.
    """
    true, pred = tuple(getattr(y_true, "shape", y_true)), tuple(getattr(y_pred, "shape", y_pred))
    if pred[-1] == 1:
        return "binary"
    return "sparse_categorical" if len(true) < len(pred) or true[-1] == 1 else "categorical"


_CROSS_ENTROPIES = {
    "binary": binary_crossentropy,
    "sparse_categorical": sparse_categorical_crossentropy,
    "categorical": categorical_crossentropy,
}


def resolve(identifier, y_true=None, y_pred=None) -> Loss | None:
    """What `compile(loss=...)` was given, as a `Loss` object (None stays None).

    `"crossentropy"` and `"ce"` are chosen by the shapes of targets and predictions; functions are wrapped.
    """
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        loss = _CROSS_ENTROPIES[cross_entropy_kind(y_true, y_pred)]
    else:
        loss = get(identifier)
    if loss is None or isinstance(loss, Loss):
        return loss
    return LossFunctionWrapper(loss, name=identifier if isinstance(identifier, str) else _name_of(loss))


def _name_of(obj) -> str:
    return getattr(obj, "name", None) or registry.snake_case(getattr(obj, "__name__", type(obj).__name__))
