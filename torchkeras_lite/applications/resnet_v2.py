"""Residual networks whose blocks begin with normalization (He et al., https://arxiv.org/abs/1603.05027)."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.network import constructor
from torchkeras_lite.applications.resnet import activated, residual_network

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]


def _block(x, filters, stride, widens, name):
    first = activated(x, f"{name}_preact")
    if widens:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(first)
    else:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = activated(layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(first), f"{name}_1")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = activated(layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x), f"{name}_2")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def _stage(x, filters, depth, number):
    for i in range(depth):  # here the last block of a stage halves the maps, but for the last stage
        x = _block(x, filters, 2 if i == depth - 1 and number < 5 else 1, i == 0, f"conv{number}_block{i + 1}")
    return x


def _resnet(title, depths, *hashes):
    about = f"{title[6:-2]} layers in residual blocks, version 2, for images of 224 x 224 (at least 32 x 32)."
    numbers = {"stage": _stage, "depths": depths, "hashes": hashes, "early_activation": True}
    return constructor(residual_network, title, about, __name__, **numbers)


ResNet50V2 = _resnet(
    "ResNet50V2", (3, 4, 6, 3), "3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"
)  # fmt: skip
ResNet101V2 = _resnet(
    "ResNet101V2", (3, 4, 23, 3), "6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"
)  # fmt: skip
ResNet152V2 = _resnet(
    "ResNet152V2", (3, 8, 36, 3), "a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"
)  # fmt: skip
