"""From what a user calls an optimizer to an optimizer, and to plain data and back."""

from __future__ import annotations

from torchkeras_lite import registry
from torchkeras_lite.optimizers.base import TABLE, Optimizer
from torchkeras_lite.optimizers.torch_adapter import TorchOptimizer, is_torch_optimizer


def get(identifier):
    """The optimizer that `identifier` means.

    Args:
        identifier: a name in any case ("adam"), a config dict, an Optimizer (given back as it is) or a class of one;
            or one of torch's optimizers: an instance, a class, or a functools.partial of a class.

    Raises:
        ValueError: an unknown name, or something that is no optimizer.
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if is_torch_optimizer(identifier):
        return TorchOptimizer(identifier)
    found = deserialize(identifier) if isinstance(identifier, dict) else TABLE.get(identifier)
    if not isinstance(found, Optimizer):
        raise ValueError(
            f"Could not interpret optimizer identifier: {identifier!r} (of type {type(identifier).__name__}). Expected a "
            "name such as 'adam', a config dict, or an optimizer."
        )
    return found


def serialize(optimizer: Optimizer) -> dict:
    """The optimizer's settings as a dict of plain data."""
    return registry.serialize(optimizer)


def deserialize(config: dict, custom_objects: dict | None = None) -> Optimizer:
    """The optimizer that `serialize` wrote; names of built-in ones may be in any case."""
    if not isinstance(config, dict):
        raise TypeError(f"`deserialize` expects the config of an optimizer. Received: config={config!r}")
    name = config.get("class_name", "")
    known = next((key for key in TABLE.objects if key.lower() == str(name).lower()), name)
    return registry.deserialize({**config, "class_name": known}, custom_objects, TABLE)
