"""Each layer sees the maps of all layers before it (Huang et al., https://arxiv.org/abs/1608.06993)."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.imagenet_utils import as_torch as preprocess_input
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.network import channels, constructor, early_files, only_channels_last
from torchkeras_lite.applications.resnet import normalized

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

_GROWTH = 32  # maps that a layer adds


def _densenet(request, blocks, hashes):
    only_channels_last("DenseNet")
    x = request.entrance(default_size=224, min_size=32)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(layers.ZeroPadding2D(3)(x))
    x = layers.Activation("relu", name="conv1_relu")(normalized(x, "conv1"))
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(layers.ZeroPadding2D(1)(x))
    for number, count in enumerate(blocks, 2):
        for i in range(count):
            x = _layer(x, f"conv{number}_block{i + 1}")
        if number < 5:
            x = _transition(x, f"pool{number}")
    x = layers.BatchNormalization(axis=3, epsilon=1.001e-5, name="bn")(x)
    x = request.ended(layers.Activation("relu", name="relu")(x), average="avg_pool", maximum="max_pool")
    kind = f"densenet{2 * sum(blocks) + 5}"
    return request.model(x, early_files("densenet", kind, *hashes))


def _layer(x, name):
    new = layers.Activation("relu", name=f"{name}_0_relu")(normalized(x, f"{name}_0"))
    new = layers.Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = layers.Activation("relu", name=f"{name}_1_relu")(normalized(new, f"{name}_1"))
    new = layers.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(axis=3, name=f"{name}_concat")([x, new])


def _transition(x, name):
    """Half the maps, and half their size."""
    x = layers.Activation("relu", name=f"{name}_relu")(normalized(x, name))
    x = layers.Conv2D(channels(x) // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _variant(title, blocks, *hashes):
    about = f"{title[8:]} layers in dense blocks, for images of 224 x 224 (at least 32 x 32)."
    return constructor(_densenet, title, about, blocks=blocks, hashes=hashes)


DenseNet121 = _variant(
    "DenseNet121", (6, 12, 24, 16), "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"
)  # fmt: skip
DenseNet169 = _variant(
    "DenseNet169", (6, 12, 32, 32), "d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"
)  # fmt: skip
DenseNet201 = _variant(
    "DenseNet201", (6, 12, 48, 32), "1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"
)  # fmt: skip
