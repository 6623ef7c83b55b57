"""VGG with 19 layers of weights."""

from torchkeras_lite.applications.imagenet_utils import caffe as preprocess_input
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.network import constructor
from torchkeras_lite.applications.vgg import vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = constructor(
    vgg,
    "VGG19",
    "16 convolutions and 3 dense layers, for images of 224 x 224 (at least 32 x 32).",
    module=__name__,
    convolutions=(2, 2, 4, 4, 4),
    hashes=("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
)
