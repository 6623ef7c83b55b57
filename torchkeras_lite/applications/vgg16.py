"""VGG with 16 layers of weights."""

from torchkeras_lite.applications.imagenet_utils import caffe as preprocess_input
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.network import constructor
from torchkeras_lite.applications.vgg import vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

VGG16 = constructor(
    vgg,
    "VGG16",
    "13 convolutions and 3 dense layers, for images of 224 x 224 (at least 32 x 32).",
    module=__name__,
    convolutions=(2, 2, 3, 3, 3),
    hashes=("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
)
