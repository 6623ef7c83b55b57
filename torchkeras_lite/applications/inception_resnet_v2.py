"""Inception branches in residual blocks (Szegedy et al., https://arxiv.org/abs/1602.07261)."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.inception import chain, convolution, joined, mixed, stem
from torchkeras_lite.applications.network import channels, constructor, early_files

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

_BRANCHES = {  # of convolutions (filters, rows, columns)
    "block35": [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]],
    "block17": [[(192, 1)], [(128, 1), (160, 1, 7), (192, 7, 1)]],
    "block8": [[(192, 1)], [(192, 1), (224, 1, 3), (256, 3, 1)]],
}


class CustomScaleLayer(layers.Layer):
    """The first of two tensors, and `scale` times the second."""

    keras_module = "keras.src.applications.inception_resnet_v2"

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        return inputs[0] + inputs[1] * self.scale


def _inception_resnet(request):
    x = stem(request.entrance(default_size=299, min_size=75))
    x = mixed(x, "mixed_5b", [[(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]], 64)
    for i in range(1, 11):
        x = _block(x, "block35", i, 0.17)
    x = mixed(x, "mixed_6a", [[(384, 3, 3, 2)], [(256, 1), (256, 3), (384, 3, 3, 2)]])
    for i in range(1, 21):
        x = _block(x, "block17", i, 0.1)
    branches = [[(256, 1), (384, 3, 3, 2)], [(256, 1), (288, 3, 3, 2)], [(256, 1), (288, 3), (320, 3, 3, 2)]]
    x = mixed(x, "mixed_7a", branches)
    for i in range(1, 10):
        x = _block(x, "block8", i, 0.2)
    x = _block(x, "block8", 10, 1.0, activated=False)
    x = convolution(x, 1536, 1, name="conv_7b")
    official = early_files(
        "inception_resnet_v2", "inception_resnet_v2", "e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"
    )
    return request.model(request.ended(x), official)


def _block(x, kind, number, scale, activated=True):
    name = f"{kind}_{number}"
    branches = joined([chain(x, branch) for branch in _BRANCHES[kind]], f"{name}_mixed")
    change = layers.Conv2D(channels(x), 1, padding="same", name=f"{name}_conv")(branches)
    x = CustomScaleLayer(scale)([x, change])
    return layers.Activation("relu", name=f"{name}_ac")(x) if activated else x


InceptionResNetV2 = constructor(
    _inception_resnet,
    "InceptionResNetV2",
    "40 residual blocks of convolutions side by side, for images of 299 x 299 (at least 75 x 75).",
    model_name="inception_resnet_v2",
)
