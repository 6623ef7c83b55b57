"""Depthwise separable convolutions, nothing else (Chollet, https://arxiv.org/abs/1610.02357)."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.network import channel_axis, constructor, early_files

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

_BLOCKS = ((128, 128), (256, 256), (728, 728), *[(728, 728, 728)] * 8, (728, 1024))  # those of two convolutions halve the maps


def _normalized(x, name=None):
    return layers.BatchNormalization(axis=channel_axis(-1), name=name)(x)


def _xception(request):
    x = request.entrance(default_size=299, min_size=71)
    for name, filters, stride in (("block1_conv1", 32, 2), ("block1_conv2", 64, 1)):
        x = _normalized(layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=name)(x), f"{name}_bn")
        x = layers.Activation("relu", name=f"{name}_act")(x)
    for number, filters in enumerate(_BLOCKS, 2):
        x = _block(x, f"block{number}", filters, already_positive=number == 2)
    for name, filters in (("block14_sepconv1", 1536), ("block14_sepconv2", 2048)):
        x = layers.Activation("relu", name=f"{name}_act")(_separable(x, name, filters))
    official = early_files("xception", "xception", "0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97")
    return request.model(request.ended(x), official)


def _block(x, name, filters, already_positive):
    halves, shortcut = len(filters) == 2, x
    if halves:
        shortcut = _normalized(layers.Conv2D(filters[-1], 1, strides=2, padding="same", use_bias=False)(x))
    for i, count in enumerate(filters, 1):
        if i > 1 or not already_positive:
            x = layers.Activation("relu", name=f"{name}_sepconv{i}_act")(x)
        x = _separable(x, f"{name}_sepconv{i}", count)
    if halves:
        x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    return layers.add([x, shortcut])


def _separable(x, name, filters):
    return _normalized(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x), f"{name}_bn")


Xception = constructor(
    _xception, "Xception", "36 convolutions in residual blocks, for images of 299 x 299 (at least 71 x 71)."
)
