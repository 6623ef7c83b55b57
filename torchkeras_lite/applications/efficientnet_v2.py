"""EfficientNets whose first stages are plain convolutions (Tan and Le, https://arxiv.org/abs/2104.00298)."""

from __future__ import annotations

import math

from torchkeras_lite import initializers, layers
from torchkeras_lite.applications.efficientnet import activated, block, block_end, classified, convolution
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import unchanged as preprocess_input
from torchkeras_lite.applications.network import Request, channel_axis, channels, described, files

__all__ = [
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M",
    "EfficientNetV2S", "decode_predictions", "preprocess_input",
]  # fmt: skip

_MOMENTUM, _DROP = 0.9, 0.2
_STAGES = {  # blocks, filters, expansion, stride of the first block; the first three stages are plain convolutions
    "b": ((1, 16, 1, 1), (2, 32, 4, 2), (2, 48, 4, 2), (3, 96, 4, 2), (5, 112, 6, 1), (8, 192, 6, 2)),
    "s": ((2, 24, 1, 1), (4, 48, 4, 2), (4, 64, 4, 2), (6, 128, 4, 2), (9, 160, 6, 1), (15, 256, 6, 2)),
    "m": ((3, 24, 1, 1), (5, 48, 4, 2), (5, 80, 4, 2), (7, 160, 4, 2), (14, 176, 6, 1), (18, 304, 6, 2), (5, 512, 6, 1)),
    "l": ((4, 32, 1, 1), (7, 64, 4, 2), (7, 96, 4, 2), (10, 192, 4, 2), (19, 224, 6, 1), (25, 384, 6, 2), (7, 640, 6, 1)),
}
_STEM = {"b": 32, "s": 24, "m": 24, "l": 32}


def _rounded(filters):
    return max(8, int(filters + 4) // 8 * 8)


def _plain_block(inputs, filters, stride, expansion, name, drop):
    """One convolution; or, to be wider inside, one that widens and one that narrows."""
    x = inputs
    if expansion != 1:
        wide = channels(x) * expansion
        x = activated(convolution(x, wide, f"{name}expand_", 3, stride), f"{name}expand_", _MOMENTUM)
        x = convolution(x, filters, f"{name}project_")
        x = layers.BatchNormalization(axis=channel_axis(), momentum=_MOMENTUM, name=f"{name}project_bn")(x)
    else:
        x = activated(convolution(x, filters, f"{name}project_", 3, stride), f"{name}project_", _MOMENTUM)
    return block_end(x, inputs, stride, drop, name)


def _scaled(x, kind):
    if kind.startswith("b") and channels(x) == 3:
        variance = [0.229**2, 0.224**2, 0.225**2]
        x = layers.Rescaling(1.0 / 255)(x)
        return layers.Normalization(mean=[0.485, 0.456, 0.406], variance=variance, axis=channel_axis())(x)
    return layers.Rescaling(1.0 / 128.0, offset=-1)(x)


def _efficientnet(request, width, depth, size, kind, hashes, include_preprocessing):
    x = request.entrance(default_size=size, min_size=32)
    if include_preprocessing:
        x = _scaled(x, kind)
    stages = _STAGES[kind[0]]
    x = activated(convolution(x, _rounded(_STEM[kind[0]] * width), "stem_", 3, 2), "stem_", _MOMENTUM)
    done, count = 0, sum(stage[0] for stage in stages)
    for number, (blocks, filters, expansion, stride) in enumerate(stages, 1):
        filters = _rounded(filters * width)
        for i in range(math.ceil(depth * blocks)):
            name, drop, step = f"block{number}{chr(ord('a') + i)}_", _DROP * done / count, 1 if i else stride
            if number <= 3:
                x = _plain_block(x, filters, step, expansion, name, drop)
            else:
                x = block(x, filters, 3, step, expansion, name, drop, _MOMENTUM, padded=False, depthwise="dwconv2")
            done += 1
    x = activated(convolution(x, _rounded(1280 * width), "top_"), "top_", _MOMENTUM)
    x = classified(request, x, 0.2, bias_initializer=initializers.Constant(0.0))
    return request.model(x, files(f"efficientnet_v2/efficientnetv2-{kind}", *hashes))


def _variant(kind, width, depth, size, *hashes):
    def make(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=f"efficientnetv2-{kind}",
    ):
        request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return _efficientnet(request, width, depth, size, kind, hashes, include_preprocessing)

    about = f"inverted residual blocks after plain ones, for images of {size} x {size} (at least 32 x 32)."
    more = """
        include_preprocessing: whether the model takes pixels from 0 to 255; otherwise numbers from -1 to 1."""
    return described(make, f"EfficientNetV2{kind.upper()}", about, __name__, more)


EfficientNetV2B0 = _variant("b0", 1.0, 1.0, 224, "21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff")
EfficientNetV2B1 = _variant("b1", 1.0, 1.1, 240, "069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37")
EfficientNetV2B2 = _variant("b2", 1.1, 1.2, 260, "424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb")
EfficientNetV2B3 = _variant("b3", 1.2, 1.4, 300, "1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856")
EfficientNetV2S = _variant("s", 1.0, 1.0, 384, "e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070")
EfficientNetV2M = _variant("m", 1.0, 1.0, 480, "a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342")
EfficientNetV2L = _variant("l", 1.0, 1.0, 480, "27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615")
