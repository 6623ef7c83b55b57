"""Depthwise separable convolutions for small devices (Howard et al., https://arxiv.org/abs/1704.04861)."""

from __future__ import annotations

from torchkeras_lite import config, layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.network import Request, channel_axis, described, files
from torchkeras_lite.notices import warn

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

_SIZES = (128, 160, 192, 224)
_STAGES = (64, -128, 128, -256, 256, -512, 512, 512, 512, 512, 512, -1024, 1024)  # filters; below 0: half the size


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=0.001,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    request.check_weights()
    request.check_shape(usual_size(rows_and_columns(input_shape), _SIZES), min_size=32)
    rows = trained_size(request, rows_and_columns(request.input_shape), _SIZES, alpha, (0.25, 0.5, 0.75, 1.0))
    if weights == "imagenet" and depth_multiplier != 1:
        raise ValueError(
            f"The weights of ImageNet are those of depth_multiplier=1. Received: depth_multiplier={depth_multiplier}"
        )
    request.name = name or f"mobilenet_{alpha:0.2f}_{rows}"
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(request.images())
    x = _activated(x, "conv1")
    for i, filters in enumerate(_STAGES, 1):
        stride, padding = (2, "valid") if filters < 0 else (1, "same")
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
        x = layers.DepthwiseConv2D(
            3, strides=stride, padding=padding, depth_multiplier=depth_multiplier, use_bias=False, name=f"conv_dw_{i}"
        )(x)
        x = _activated(x, f"conv_dw_{i}")
        x = layers.Conv2D(int(abs(filters) * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{i}")(x)
        x = _activated(x, f"conv_pw_{i}")
    width = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0"}.get(alpha, "2_5")
    return request.model(
        _classified(request, x, dropout) if include_top else request.pooled(x),
        files(f"mobilenet/mobilenet_{width}_{rows}_tf", endings=(".h5", "_no_top.h5")),
    )


def _activated(x, name):
    x = layers.BatchNormalization(axis=channel_axis(-1), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _classified(request, x, dropout):
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(request.classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((request.classes,), name="reshape_2")(x)
    return request.activated(x)


def rows_and_columns(shape):
    """Of a shape without a batch; None of None."""
    if shape is None:
        return None
    return tuple(shape[1:3] if config.image_data_format() == "channels_first" else shape[:2])


def usual_size(sizes, usual):
    """The number of rows, if there are as many columns, and it is one of the usual ones; else 224."""
    return sizes[0] if sizes and sizes[0] == sizes[1] and sizes[0] in usual else 224


def trained_size(request, sizes, usual, alpha, widths):
    """The size of images that the weights asked for were trained on; without trained weights, the number of rows.

    Raises:
        ValueError: nobody trained a network of this width.
    """
    if request.weights != "imagenet":
        return sizes[0]
    if alpha not in widths:
        raise ValueError(f"If imagenet weights are being loaded, alpha can be one of {widths} only. Received: alpha={alpha}")
    if sizes[0] != sizes[1] or sizes[0] not in usual:
        warn(
            f"`input_shape` is undefined or non-square, or its size is not in {list(usual)}: the weights are those trained at "
            "224 x 224.",
        )
    return usual_size(sizes, usual)


described(
    MobileNet,
    "MobileNet",
    "13 separable convolutions, for images of 224 x 224 (at least 32 x 32).",
    __name__,
    """
        alpha: factor of the number of filters; trained are 0.25, 0.5, 0.75 and 1.
        depth_multiplier: filters of the depthwise convolutions for each channel; 1 with trained weights.
        dropout: the fraction left out before the classifier.""",
)
