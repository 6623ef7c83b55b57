"""The names that layers and models get by themselves, as the eras made them.

Keras 1 and 2 counted from one (`dense_1`), Keras 1 without underlines inside (`maxpooling2d_1`); in TensorFlow the first
layer of a kind has no number, but an input has. Programs ask for layers, inputs and outputs by these names, and files of
weights that are read `by_name` hold them.
"""

from __future__ import annotations

import re

from torchkeras_lite import registry
from torchkeras_lite.models import Model

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


# ---------------------------------------------------------------- layers of known networks

_BLOCKS = [f"conv{stage}_block{block}" for stage, count in ((2, 3), (3, 4), (4, 6), (5, 3)) for block in range(1, count + 1)]
_STEM = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "activation_1": "conv1_relu", "fc1000": "predictions"}
_get_layer = getattr(Model.get_layer, "_todays", Model.get_layer)


def todays_name(name: str) -> str:
    """What a layer of an application is called today.

    ResNet50's were `res5c_branch2c` and `bn5c_branch2c` until Keras 2.3, its additions and rectifiers numbered by themselves;
    those of DenseNet and MobileNetV3 had a `/` in them until Keras 3: `conv1/bn`, `Conv/BatchNorm`.
    """
    if name in _STEM:
        return _STEM[name]
    if found := re.fullmatch(r"(res|bn)([2-5])([a-f])_branch(?:1|2([abc]))", name):
        kind, stage, block, part = found.groups()
        return f"conv{stage}_block{'abcdef'.index(block) + 1}_{' abc'.index(part or ' ')}_{'bn' if kind == 'bn' else 'conv'}"
    if found := re.fullmatch(r"(add|activation)_(\d+)", name):
        block, part = divmod(int(found[2]) - 2, 3) if found[1] == "activation" else (int(found[2]) - 1, 3)
        if 0 <= block < len(_BLOCKS):
            return f"{_BLOCKS[block]}_{('1_relu', '2_relu', 'out', 'add')[part]}"
    return name.lower().replace("/", "_").replace("batchnorm", "bn").replace("avgpool", "avg_pool")


def get_layer(self, name=None, index=None):
    """Layers of applications under the names of their time too, where no layer has that name today."""
    try:
        return _get_layer(self, name, index)
    except ValueError:
        now = todays_name(name) if isinstance(name, str) else name
        if index is not None or now == name or all(layer.name != now for layer in self.layers):
            raise
        return _get_layer(self, now)


get_layer._todays = _get_layer
