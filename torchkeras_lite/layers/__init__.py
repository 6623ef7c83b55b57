"""All layers, by family."""

from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import Activation, Dense, Embedding, Input, InputLayer, Lambda
from torchkeras_lite.layers.torch_module import TorchModuleWrapper
from torchkeras_lite.layers.activation import ReLU, Softmax
from torchkeras_lite.layers.regularization import Dropout
from torchkeras_lite.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from torchkeras_lite.layers.normalization import BatchNormalization
from torchkeras_lite.layers.preprocessing import Rescaling
from torchkeras_lite.layers.merging import (
    Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract,
    add, average, concatenate, dot, maximum, minimum, multiply, subtract,
)
from torchkeras_lite.layers.convolutional import (
    Conv1D, Conv2D, Conv3D, Convolution1D, Convolution2D, Convolution3D,
)
from torchkeras_lite.layers.convolution_variants import (
    Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D,
    Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose, SeparableConvolution1D, SeparableConvolution2D,
)
from torchkeras_lite.layers.pooling import (
    AveragePooling1D, AveragePooling2D, AveragePooling3D, AvgPool1D, AvgPool2D, AvgPool3D,
    MaxPool1D, MaxPool2D, MaxPool3D, MaxPooling1D, MaxPooling2D, MaxPooling3D,
)
from torchkeras_lite.layers.global_pooling import (
    AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D, AdaptiveMaxPooling2D, AdaptiveMaxPooling3D,
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
    GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D,
    GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D,
)
from torchkeras_lite.layers.resizing import (
    Cropping1D, Cropping2D, Cropping3D, UpSampling1D, UpSampling2D, UpSampling3D,
    ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
)
