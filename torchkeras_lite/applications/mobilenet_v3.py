"""MobileNets found by a search (Howard et al., https://arxiv.org/abs/1905.02244)."""

from __future__ import annotations

from torchkeras_lite import config, layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import unchanged as preprocess_input
from torchkeras_lite.applications.mobilenet import trained_size
from torchkeras_lite.applications.mobilenet_v2 import check_agreement, normalized
from torchkeras_lite.applications.network import Request, channels, described, divisible, files, halving_pad

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

_BLOCKS = {  # expansion, filters, kernel, stride, squeezed, activation (r: the positive part, h: hard_swish)
    "small": (
        (1, 16, 3, 2, True, "r"), (72 / 16, 24, 3, 2, False, "r"), (88 / 24, 24, 3, 1, False, "r"), (4, 40, 5, 2, True, "h"),
        (6, 40, 5, 1, True, "h"), (6, 40, 5, 1, True, "h"), (3, 48, 5, 1, True, "h"), (3, 48, 5, 1, True, "h"),
        (6, 96, 5, 2, True, "h"), (6, 96, 5, 1, True, "h"), (6, 96, 5, 1, True, "h"),
    ),
    "large": (
        (1, 16, 3, 1, False, "r"), (4, 24, 3, 2, False, "r"), (3, 24, 3, 1, False, "r"), (3, 40, 5, 2, True, "r"),
        (3, 40, 5, 1, True, "r"), (3, 40, 5, 1, True, "r"), (6, 80, 3, 2, False, "h"), (2.5, 80, 3, 1, False, "h"),
        (2.3, 80, 3, 1, False, "h"), (2.3, 80, 3, 1, False, "h"), (6, 112, 3, 1, True, "h"), (6, 112, 3, 1, True, "h"),
        (6, 160, 5, 2, True, "h"), (6, 160, 5, 1, True, "h"), (6, 160, 5, 1, True, "h"),
    ),
}  # fmt: skip
_LAST = {"small": 1024, "large": 1280}
_HASHES = {  # (kind, width) of what is published: with the classifier, without it
    ("large", 0.75): ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    ("large", 1.0): ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    ("large_minimalistic", 1.0): ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    ("small", 0.75): ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    ("small", 1.0): ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    ("small_minimalistic", 1.0): ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}


def _activated(x, activation):
    return layers.ReLU()(x) if activation == "r" else layers.Activation("hard_swish")(x)


def _mobilenet(request, size, alpha, minimalistic, dropout_rate, include_preprocessing):
    request.check_weights()
    rows, columns = _settle_shape(request)
    kind = f"{size}_minimalistic" if minimalistic else size
    trained_size(request, (rows, columns), (224,), alpha, [width for name, width in _HASHES if name == kind])
    x = request.images()
    if include_preprocessing:
        x = layers.Rescaling(1.0 / 127.5, offset=-1.0)(x)
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = _activated(normalized(x, "conv_bn"), "r" if minimalistic else "h")
    for number, (expansion, filters, kernel, stride, squeezed, activation) in enumerate(_BLOCKS[size]):
        if minimalistic:
            kernel, squeezed, activation = 3, False, "r"
        name = f"expanded_conv_{number}_" if number else "expanded_conv_"
        x = _block(x, expansion, divisible(filters * alpha), kernel, stride, squeezed, activation, name)
    last = "r" if minimalistic else "h"
    x = layers.Conv2D(divisible(channels(x) * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    x = _activated(normalized(x, "conv_1_bn"), last)
    if request.include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        filters = divisible(_LAST[size] * alpha) if alpha > 1.0 else _LAST[size]
        x = _activated(layers.Conv2D(filters, 1, padding="same", name="conv_2")(x), last)
        if dropout_rate > 0:
            x = layers.Dropout(dropout_rate)(x)
        x = layers.Conv2D(request.classes, 1, padding="same", name="logits")(x)
        x = request.activated(layers.Flatten()(x))
    else:
        x = request.pooled(x, "avg_pool", "max_pool")
    stem = f"mobilenet_v3/weights_mobilenet_v3_{kind}_224_{alpha}_float"
    return request.model(x, files(stem, *_HASHES.get((kind, alpha), ()), endings=(".h5", "_no_top_v2.h5")))


def _settle_shape(request):
    """Rows and columns of the images, which may vary, even with the classifier."""
    sizes = check_agreement(request.input_tensor, request.input_shape) or (None, None)
    if any(size is not None and size < 32 for size in sizes):
        raise ValueError(f"Input size must be at least 32x32; Received: {sizes[0]}x{sizes[1]}")
    if request.input_shape is None:
        request.input_shape = (3, *sizes) if config.image_data_format() == "channels_first" else (*sizes, 3)
    return sizes


def _block(inputs, expansion, filters, kernel, stride, squeezed, activation, name):
    """Wider, each channel on its own, squeezed, narrow again."""
    x, wide = inputs, divisible(channels(inputs) * expansion)
    if name != "expanded_conv_":
        x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = _activated(normalized(x, f"{name}expand_bn"), activation)
    if stride == 2:
        x = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"{name}depthwise_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=f"{name}depthwise")(x)
    x = _activated(normalized(x, f"{name}depthwise_bn"), activation)
    if squeezed:
        x = _squeezed(x, wide, f"{name}squeeze_excite_")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = normalized(x, f"{name}project_bn")
    if stride == 1 and channels(inputs) == filters:
        return layers.Add(name=f"{name}add")([inputs, x])
    return x


def _squeezed(x, filters, name):
    """Each channel times a factor from 0 to 1 that the means of all channels say."""
    factors = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    factors = layers.Conv2D(divisible(filters * 0.25), 1, padding="same", name=f"{name}conv")(factors)
    factors = layers.ReLU(name=f"{name}relu")(factors)
    factors = layers.Conv2D(filters, 1, padding="same", name=f"{name}conv_1")(factors)
    factors = layers.ReLU(6.0)(factors + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{name}mul")([x, factors])


def _variant(size):
    title = f"MobileNetV3{size.capitalize()}"

    def make(
        input_shape=None,
        alpha=1.0,
        minimalistic=False,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        classes=1000,
        pooling=None,
        dropout_rate=0.2,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=title,
    ):
        request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return _mobilenet(request, size, alpha, minimalistic, dropout_rate, include_preprocessing)

    about = f"{len(_BLOCKS[size])} inverted residual blocks, for images of any size (at least 32 x 32; trained on 224 x 224)."
    more = """
        alpha: factor of the number of filters; trained are 0.75 and 1.
        minimalistic: without squeezing, `hard_swish` and convolutions of 5 x 5; trained with `alpha` 1.
        dropout_rate: the fraction left out before the classifier.
        include_preprocessing: whether the model takes pixels from 0 to 255; otherwise numbers from -1 to 1."""
    return described(make, title, about, __name__, more)


MobileNetV3Large, MobileNetV3Small = _variant("large"), _variant("small")
