"""Layers <-> configs."""

from __future__ import annotations

from torchkeras_lite import registry
from torchkeras_lite.layer import Layer


def serialize(layer: Layer) -> dict:
    """The layer as plain data: its class and config."""
    return registry.serialize(layer)


def deserialize(config: dict, custom_objects: dict | None = None) -> Layer:
    """The layer that `serialize` wrote.

    Raises:
        ValueError: the config is no layer's.
        TypeError: its class is not known.
    """
    layer = registry.deserialize(config, custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"`deserialize` expects the config of a layer. Received: config={config!r}")
    return layer
