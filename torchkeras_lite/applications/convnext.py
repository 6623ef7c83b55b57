"""Convolutional networks with the habits of transformers (Liu et al., https://arxiv.org/abs/2201.03545)."""

from __future__ import annotations

import torch

from torchkeras_lite import initializers, layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import unchanged as preprocess_input
from torchkeras_lite.applications.network import Request, channels, described, files, only_channels_last
from torchkeras_lite.models import Sequential

__all__ = [
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge",
    "decode_predictions", "preprocess_input",
]  # fmt: skip

_EPSILON = 1e-6


class StochasticDepth(layers.Layer):
    """In training a share of the rows becomes zero, and the others grow by as much."""

    keras_module = "keras.src.applications.convnext"

    def __init__(self, drop_path_rate, **kwargs):
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate

    def call(self, x, training=None):
        if not training:
            return x
        keep = 1 - self.drop_path_rate
        drawn = torch.rand((x.shape[0],) + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x / keep * torch.floor(keep + drawn)


class LayerScale(layers.Layer):
    """Each channel times a factor that is learned."""

    keras_module = "keras.src.applications.convnext"

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=initializers.Constant(self.init_values))

    def call(self, x):
        return x * self.gamma


def _normalized(x, name=None):
    return layers.LayerNormalization(epsilon=_EPSILON, name=name)(x)


def _block(x, filters, name):
    inputs = x
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(x)
    x = layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(_normalized(x, f"{name}_layernorm"))
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


def _scaled(x, name):
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    return layers.Normalization(
        mean=[m * 255 for m in mean], variance=[(d * 255) ** 2 for d in deviation], name=f"{name}_prestem_normalization"
    )(x)


def _convnext(request, depths, widths, kind, hashes, include_preprocessing):
    only_channels_last("ConvNeXt")
    name = request.name
    x = request.entrance(default_size=224, min_size=32)
    if include_preprocessing and channels(x) == 3:
        x = _scaled(x, name)
    halvings = [
        layers.Conv2D(widths[0], 4, strides=4, name=f"{name}_stem_conv"),
        layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_stem_layernorm"),
    ]
    halvings = [Sequential(halvings, name=f"{name}_stem")]
    for i, width in enumerate(widths[1:]):
        norm = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_downsampling_layernorm_{i}")
        conv = layers.Conv2D(width, 2, strides=2, name=f"{name}_downsampling_conv_{i}")
        halvings.append(Sequential([norm, conv], name=f"{name}_downsampling_block_{i}"))
    for i, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        x = halvings[i](x)
        for j in range(depth):
            x = _block(x, width, f"{name}_stage_{i}_block_{j}")
    if request.include_top:
        x = _normalized(layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x), f"{name}_head_layernorm")
        x = request.classified(x, f"{name}_head_dense")
    else:
        x = _normalized(request.pooled(x))
    return request.model(x, files(f"convnext/{kind}", *hashes))


def _variant(size, depths, widths, *hashes):
    kind = f"convnext_{size.lower()}"

    def make(
        include_top=True,
        include_preprocessing=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=kind,
    ):
        request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return _convnext(request, depths, widths, kind, hashes, include_preprocessing)

    about = f"{sum(depths)} depthwise blocks, for images of 224 x 224 (at least 32 x 32)."
    more = """
        include_preprocessing: whether the model takes pixels from 0 to 255; otherwise normalized ones."""
    return described(make, f"ConvNeXt{size}", about, __name__, more)


ConvNeXtTiny = _variant(
    "Tiny", (3, 3, 9, 3), (96, 192, 384, 768),
    "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
    "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
)  # fmt: skip
ConvNeXtSmall = _variant(
    "Small", (3, 3, 27, 3), (96, 192, 384, 768),
    "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
    "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
)  # fmt: skip
ConvNeXtBase = _variant(
    "Base", (3, 3, 27, 3), (128, 256, 512, 1024),
    "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
    "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
)  # fmt: skip
ConvNeXtLarge = _variant(
    "Large", (3, 3, 27, 3), (192, 384, 768, 1536),
    "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
    "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
)  # fmt: skip
ConvNeXtXLarge = _variant(
    "XLarge", (3, 3, 27, 3), (256, 512, 1024, 2048),
    "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
    "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
)  # fmt: skip
