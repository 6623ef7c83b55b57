"""All layers, by family."""

from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import Activation, Dense, Embedding, Input, InputLayer, Lambda
from torchkeras_lite.layers.torch_module import TorchModuleWrapper
from torchkeras_lite.layers.foreign import FlaxLayer, JaxLayer, TFSMLayer
from torchkeras_lite.layers.masking import Identity, Masking
from torchkeras_lite.layers.activation import ELU, LeakyReLU, PReLU, ReLU, Softmax
from torchkeras_lite.layers.regularization import (
    ActivityRegularization, Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D,
)
from torchkeras_lite.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from torchkeras_lite.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from torchkeras_lite.layers.normalization import BatchNormalization
from torchkeras_lite.layers.layer_normalization import LayerNormalization, RMSNormalization, UnitNormalization
from torchkeras_lite.layers.group_normalization import GroupNormalization
from torchkeras_lite.layers.data_normalization import Normalization
from torchkeras_lite.layers.einsum_dense import EinsumDense
from torchkeras_lite.layers.reversible_embedding import ReversibleEmbedding
from torchkeras_lite.layers.attention import AdditiveAttention, Attention
from torchkeras_lite.layers.multi_head import GroupedQueryAttention, GroupQueryAttention, MultiHeadAttention
from torchkeras_lite.layers.image_preprocessing import CenterCrop, Rescaling, Resizing
from torchkeras_lite.layers.image_movement import (
    RandomCrop, RandomFlip, RandomRotation, RandomShear, RandomTranslation, RandomZoom,
)
from torchkeras_lite.layers.image_colours import (
    RandomBrightness, RandomColorDegeneration, RandomColorJitter, RandomContrast, RandomGaussianBlur, RandomGrayscale,
    RandomHue, RandomInvert, RandomPosterization, RandomSaturation, RandomSharpness, Solarization,
)
from torchkeras_lite.layers.image_contrast import (
    AutoContrast, ContrastLimitedAdaptiveHistogramEqualization, Equalization,
)
from torchkeras_lite.layers.image_mixing import CutMix, MixUp, RandomElasticTransform, RandomErasing, RandomPerspective
from torchkeras_lite.layers.image_policies import AugMix, MaxNumBoundingBoxes, Pipeline, RandAugment
from torchkeras_lite.layers.categories import CategoryEncoding, Discretization, HashedCrossing, Hashing
from torchkeras_lite.layers.spectrograms import MelSpectrogram, STFTSpectrogram
from torchkeras_lite.layers.lookup import IntegerLookup, StringLookup
from torchkeras_lite.layers.text import TextVectorization
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
from torchkeras_lite.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from torchkeras_lite.layers.recurrent import GRU, LSTM, RNN, SimpleRNN
from torchkeras_lite.layers.bidirectional import Bidirectional
from torchkeras_lite.layers.wrapper import Wrapper
from torchkeras_lite.layers.spectral_normalization import SpectralNormalization
from torchkeras_lite.layers.time_distributed import TimeDistributed
from torchkeras_lite.layers.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from torchkeras_lite.layers.configs import deserialize, serialize
