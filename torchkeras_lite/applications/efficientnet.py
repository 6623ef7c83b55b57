"""Width, depth and image size that grow together (Tan and Le, https://arxiv.org/abs/1905.11946)."""

from __future__ import annotations

import math

from torchkeras_lite import initializers, layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import unchanged as preprocess_input
from torchkeras_lite.applications.network import channel_axis, channels, constructor, divisible, files, halving_pad

__all__ = [
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3",
    "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7", "decode_predictions", "preprocess_input",
]  # fmt: skip

_STAGES = (  # kernel, blocks, filters, expansion, stride of the first block
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
_DEVIATIONS = (0.229, 0.224, 0.225)
_DROP = 0.2  # the share of rows for which the last block would be left out; earlier ones less, in proportion


def drawn(scale=2.0, distribution="truncated_normal"):
    """The initializer of convolutions, and with a third and `uniform`, of the classifier."""
    return initializers.VarianceScaling(scale, "fan_out", distribution)


def activated(x, name, momentum=0.99):
    """Normalized, then `swish`; the names are those of the convolution before it."""
    x = layers.BatchNormalization(axis=channel_axis(), momentum=momentum, name=f"{name}bn")(x)
    return layers.Activation("swish", name=f"{name}activation")(x)


def convolution(x, filters, name, size=1, stride=1):
    return layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer=drawn(), name=f"{name}conv"
    )(x)


def squeezed(x, reduced, name):
    """Each channel times a factor that the means of all channels say."""
    filters = channels(x)
    factors = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    factors = layers.Reshape((filters, 1, 1) if channel_axis() == 1 else (1, 1, filters), name=f"{name}se_reshape")(factors)
    for count, activation, word in ((reduced, "swish", "reduce"), (filters, "sigmoid", "expand")):
        factors = layers.Conv2D(
            count, 1, padding="same", activation=activation, kernel_initializer=drawn(), name=f"{name}se_{word}"
        )(factors)
    return layers.multiply([x, factors], name=f"{name}se_excite")


def block_end(x, inputs, stride, drop, name):
    """With the block's input where it has the same shape; a share of rows then goes without the block."""
    if stride != 1 or channels(x) != channels(inputs):
        return x
    if drop > 0:
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.add([x, inputs], name=f"{name}add")


def block(inputs, filters, kernel, stride, expansion, name, drop, momentum=0.99, padded=True, depthwise="dwconv"):
    """Wider, each channel on its own, squeezed, narrow again. With a stride, `padded` by a layer, else by the convolution."""
    x, entering = inputs, channels(inputs)
    if expansion != 1:
        x = activated(convolution(x, entering * expansion, f"{name}expand_"), f"{name}expand_", momentum)
    padding = "same"
    if padded and stride == 2:
        x, padding = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"{name}dwconv_pad")(x), "valid"
    x = layers.DepthwiseConv2D(
        kernel, strides=stride, padding=padding, use_bias=False, depthwise_initializer=drawn(), name=f"{name}{depthwise}"
    )(x)
    x = squeezed(activated(x, name, momentum), max(1, entering // 4), name)
    x = convolution(x, filters, f"{name}project_")
    x = layers.BatchNormalization(axis=channel_axis(), momentum=momentum, name=f"{name}project_bn")(x)
    return block_end(x, inputs, stride, drop, name)


def classified(request, x, dropout, **dense):
    """The end of these networks."""
    initializer = drawn(1.0 / 3.0, "uniform")
    return request.ended(
        x, average="avg_pool", maximum="max_pool", dropout=dropout, kernel_initializer=initializer, **dense
    )  # fmt: skip


def _efficientnet(request, width, depth, size, dropout, kind, hashes):
    x = request.entrance(default_size=size, min_size=32)
    x = layers.Normalization(axis=channel_axis())(layers.Rescaling(1.0 / 255.0)(x))
    if request.weights == "imagenet":  # the published weights were trained with roots of the deviations
        x = layers.Rescaling([1.0 / math.sqrt(deviation) for deviation in _DEVIATIONS])(x)
    x = layers.ZeroPadding2D(halving_pad(x, 3), name="stem_conv_pad")(x)
    x = layers.Conv2D(
        divisible(32 * width), 3, strides=2, use_bias=False, kernel_initializer=drawn(), name="stem_conv"
    )(x)  # fmt: skip
    x = activated(x, "stem_")
    counts = [math.ceil(depth * stage[1]) for stage in _STAGES]
    done = 0
    for number, (kernel, _, filters, expansion, stride) in enumerate(_STAGES, 1):
        for i in range(counts[number - 1]):
            x = block(
                x, divisible(filters * width), kernel, 1 if i else stride, expansion,
                f"block{number}{chr(ord('a') + i)}_", _DROP * done / sum(counts),
            )  # fmt: skip
            done += 1
    x = activated(convolution(x, divisible(1280 * width), "top_"), "top_")
    official = files(f"efficientnet{kind}", *hashes, base="https://storage.googleapis.com/keras-applications/")
    return request.model(classified(request, x, dropout), official)


def _variant(kind, width, depth, size, dropout, *hashes):
    about = f"inverted residual blocks, for pixels from 0 to 255, in images of {size} x {size} (at least 32 x 32)."
    return constructor(
        _efficientnet, f"EfficientNet{kind.upper()}", about,
        width=width, depth=depth, size=size, dropout=dropout, kind=kind, hashes=hashes,
    )  # fmt: skip


EfficientNetB0 = _variant("b0", 1.0, 1.0, 224, 0.2, "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d")
EfficientNetB1 = _variant("b1", 1.0, 1.1, 240, 0.2, "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432")
EfficientNetB2 = _variant("b2", 1.1, 1.2, 260, 0.3, "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39")
EfficientNetB3 = _variant("b3", 1.2, 1.4, 300, 0.3, "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226")
EfficientNetB4 = _variant("b4", 1.4, 1.8, 380, 0.4, "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba")
EfficientNetB5 = _variant("b5", 1.6, 2.2, 456, 0.4, "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f")
EfficientNetB6 = _variant("b6", 1.8, 2.6, 528, 0.5, "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743")
EfficientNetB7 = _variant("b7", 2.0, 3.1, 600, 0.5, "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a")
