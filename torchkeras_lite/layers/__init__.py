"""All layers, by family."""

from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import Activation, Dense, Embedding, Input, InputLayer, Lambda
from torchkeras_lite.layers.torch_module import TorchModuleWrapper
from torchkeras_lite.layers.activation import ReLU, Softmax
from torchkeras_lite.layers.regularization import Dropout
from torchkeras_lite.layers.reshaping import Flatten, Reshape
from torchkeras_lite.layers.normalization import BatchNormalization
from torchkeras_lite.layers.preprocessing import Rescaling
