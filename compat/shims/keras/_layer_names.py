"""The names that layers and models get by themselves, as the eras made them.

Keras 1 and 2 counted from one (`dense_1`), Keras 1 without underlines inside (`maxpooling2d_1`); in TensorFlow the first
layer of a kind has no number, but an input has. Programs ask for layers, inputs and outputs by these names, and files of
weights that are read `by_name` hold them.
"""

from __future__ import annotations

from torchkeras_lite import registry

from . import _eras

_CLASSES = {"input_layer": "input", "functional": "model"}  # what they were called
_KERAS_1 = {"conv1d": "convolution1d", "conv2d": "convolution2d", "conv3d": "convolution3d"}


def name_of(prefix: str) -> str:
    """A name that no layer has; `prefix` is the name of its class in snake_case."""
    era = _eras.now
    if era == "3":
        return registry.unique_name(prefix)
    kind = _CLASSES.get(prefix, prefix)
    if era == "1.2":
        kind = kind.replace("_", "")
        kind = _KERAS_1.get(kind, kind)
    # Layers are counted alone: operators took no name of theirs.
    from_zero = era == "tf2" or (era == "2.2" and _eras.within_tensorflow)
    count = registry.next_count(f"layer {kind}") - (from_zero and kind != "input")
    return f"{kind}_{count}" if count else kind


_check_name = getattr(registry.check_name, "_todays", registry.check_name)


def check_name(name) -> None:
    """A name could have a `/` in it: `fire2/squeeze1x1`."""
    if _eras.now == "3" or not isinstance(name, str):
        _check_name(name)


check_name._todays = _check_name


def input_name(first) -> str | None:
    """The name of the Input that a Sequential makes for its first layer."""
    if _eras.now != "1.2":
        return None if _eras.now == "3" else f"{first.name}_input"
    kind, _, number = first.name.rpartition("_")
    return f"{kind}_input_{number}" if kind and number.isdigit() else f"{first.name}_input_1"
