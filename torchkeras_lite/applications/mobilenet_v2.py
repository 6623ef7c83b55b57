"""Inverted residual blocks with linear ends (Sandler et al., https://arxiv.org/abs/1801.04381)."""

from __future__ import annotations

from torchkeras_lite import config, layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.mobilenet import rows_and_columns, trained_size, usual_size
from torchkeras_lite.applications.network import Request, channel_axis, channels, described, divisible, files, halving_pad
from torchkeras_lite.symbolic import KerasTensor

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

_SIZES, _WIDTHS = (96, 128, 160, 192, 224), (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
_STAGES = (  # filters, blocks, stride of the first block
    (16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1),
)  # fmt: skip


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
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
    sizes = check_agreement(input_tensor, input_shape)
    request.check_shape(usual_size(sizes, _SIZES), min_size=32)
    rows = trained_size(request, rows_and_columns(request.input_shape), _SIZES, alpha, _WIDTHS)
    request.name = name or f"mobilenetv2_{alpha:0.2f}_{rows}"
    x = request.images()
    x = layers.Conv2D(divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(normalized(x, "bn_Conv1"))
    number = 0
    for filters, blocks, first_stride in _STAGES:
        for i in range(blocks):
            x = _block(x, divisible(int(filters * alpha)), 1 if i else first_stride, number)
            number += 1
    x = layers.Conv2D(divisible(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    x = layers.ReLU(6.0, name="out_relu")(normalized(x, "Conv_1_bn"))
    stem = f"mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{rows}"
    return request.model(request.ended(x, top=None), files(stem, endings=(".h5", "_no_top.h5")))


def normalized(x, name):
    return layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


def _block(inputs, filters, stride, number):
    """Wider (6 times), each channel on its own, narrow again."""
    x, name = inputs, f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(6 * channels(x), 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = layers.ReLU(6.0, name=f"{name}expand_relu")(normalized(x, f"{name}expand_BN"))
    if stride == 2:
        x = layers.ZeroPadding2D(halving_pad(x, 3), name=f"{name}pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False, name=f"{name}depthwise")(x)
    x = layers.ReLU(6.0, name=f"{name}depthwise_relu")(normalized(x, f"{name}depthwise_BN"))
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = normalized(x, f"{name}project_BN")
    if channels(inputs) == filters and stride == 1:
        return layers.Add(name=f"{name}add")([inputs, x])
    return x


def check_agreement(input_tensor, input_shape):
    """Rows and columns of the images, as far as they are given; ValueError where tensor and shape do not agree."""
    if input_tensor is None:
        return rows_and_columns(input_shape)
    if not isinstance(input_tensor, KerasTensor):
        if input_shape is not None:
            raise ValueError(f"input_tensor is not a Keras tensor; Received `input_tensor={input_tensor}`")
        return None
    sizes = rows_and_columns(input_tensor.shape[1:])
    if input_shape is not None and rows_and_columns(input_shape)[1] != sizes[1]:
        raise ValueError(
            "input_shape and input_tensor must have equally many columns; "
            f"Received `input_tensor.shape={input_tensor.shape}`, `input_shape={input_shape}` ({config.image_data_format()})"
        )
    return sizes


described(
    MobileNetV2,
    "MobileNetV2",
    "17 inverted residual blocks, for images of 224 x 224 (at least 32 x 32).",
    __name__,
    """
        alpha: factor of the number of filters; trained are 0.35, 0.5, 0.75, 1, 1.3 and 1.4.""",
)
