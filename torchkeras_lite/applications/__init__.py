"""Networks for images, with the official weights."""

from torchkeras_lite.applications import imagenet_utils
from torchkeras_lite.applications import network
from torchkeras_lite.applications import vgg, vgg16, vgg19
from torchkeras_lite.applications import resnet, resnet50, resnet_v2
from torchkeras_lite.applications import mobilenet, mobilenet_v2, mobilenet_v3
from torchkeras_lite.applications import inception, inception_v3, inception_resnet_v2
from torchkeras_lite.applications import xception
from torchkeras_lite.applications import densenet
from torchkeras_lite.applications import efficientnet, efficientnet_v2
from torchkeras_lite.applications import nasnet
from torchkeras_lite.applications import convnext
from torchkeras_lite.applications.vgg16 import VGG16
from torchkeras_lite.applications.vgg19 import VGG19
from torchkeras_lite.applications.resnet import ResNet50, ResNet101, ResNet152
from torchkeras_lite.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
from torchkeras_lite.applications.mobilenet import MobileNet
from torchkeras_lite.applications.mobilenet_v2 import MobileNetV2
from torchkeras_lite.applications.mobilenet_v3 import MobileNetV3Large, MobileNetV3Small
from torchkeras_lite.applications.inception_v3 import InceptionV3
from torchkeras_lite.applications.inception_resnet_v2 import InceptionResNetV2
from torchkeras_lite.applications.xception import Xception
from torchkeras_lite.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from torchkeras_lite.applications.efficientnet import (
    EfficientNetB0, EfficientNetB1, EfficientNetB2, EfficientNetB3,
    EfficientNetB4, EfficientNetB5, EfficientNetB6, EfficientNetB7,
)
from torchkeras_lite.applications.efficientnet_v2 import (
    EfficientNetV2B0, EfficientNetV2B1, EfficientNetV2B2, EfficientNetV2B3, EfficientNetV2L, EfficientNetV2M, EfficientNetV2S,
)
from torchkeras_lite.applications.nasnet import NASNetLarge, NASNetMobile
from torchkeras_lite.applications.convnext import ConvNeXtBase, ConvNeXtLarge, ConvNeXtSmall, ConvNeXtTiny, ConvNeXtXLarge
