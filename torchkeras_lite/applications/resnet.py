"""Residual networks (He et al., https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.imagenet_utils import caffe as preprocess_input
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.network import channel_axis, constructor, early_files

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

_FILTERS = (64, 128, 256, 512)


def normalized(x, name: str):
    return layers.BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)


def activated(x, name: str):
    """Normalized, then the positive part."""
    return layers.Activation("relu", name=f"{name}_relu")(normalized(x, name))


def residual_network(request, stage, depths, hashes, early_activation: bool):
    """A stem, four stages of blocks, a classifier.

    Args:
        stage: gives `(x, filters, depth, number)` the layers of one stage, numbered 2 to 5.
        depths: the number of blocks of each stage.
        hashes: of the official weights.
        early_activation: whether blocks begin with normalization (version 2): then the end needs one, and the stem none.
    """
    kind = f"resnet{sum(depths) * 3 + 2}{'v2' if early_activation else ''}"
    x = request.entrance(default_size=224, min_size=32)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if not early_activation:
        x = activated(x, "conv1")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for number, (filters, depth) in enumerate(zip(_FILTERS, depths, strict=True), 2):
        x = stage(x, filters, depth, number)
    if early_activation:
        x = activated(x, "post")
    x = request.ended(x, average="avg_pool", maximum="max_pool")
    return request.model(x, early_files("resnet", kind, *hashes))


def _block(x, filters, stride, widens, name):
    shortcut = x
    if widens:
        shortcut = normalized(layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x), f"{name}_0")
    x = activated(layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x), f"{name}_1")
    x = activated(layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x), f"{name}_2")
    x = normalized(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _stage(x, filters, depth, number):
    for i in range(depth):  # the first block of a stage halves the maps, but for the first stage: the pooling before it did
        x = _block(x, filters, 2 if i == 0 and number > 2 else 1, i == 0, f"conv{number}_block{i + 1}")
    return x


def _resnet(title, depths, *hashes):
    about = f"{title[6:]} layers in residual blocks, for images of 224 x 224 (at least 32 x 32)."
    numbers = {"stage": _stage, "depths": depths, "hashes": hashes, "early_activation": False}
    return constructor(residual_network, title, about, **numbers)


ResNet50 = _resnet(
    "ResNet50", (3, 4, 6, 3), "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"
)  # fmt: skip
ResNet101 = _resnet(
    "ResNet101", (3, 4, 23, 3), "f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"
)  # fmt: skip
ResNet152 = _resnet(
    "ResNet152", (3, 8, 36, 3), "100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"
)  # fmt: skip
