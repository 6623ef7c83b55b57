"""keras.ops.nn: its table of contents."""
# ruff: noqa: F401

from torchkeras_lite.ops.attention import dot_product_attention
from torchkeras_lite.ops.convolution import conv, conv_transpose, depthwise_conv, separable_conv
from torchkeras_lite.ops.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from torchkeras_lite.ops.ctc import ctc_decode, ctc_loss
from torchkeras_lite.ops.encoding import depth_to_space, multi_hot, one_hot, space_to_depth
from torchkeras_lite.ops.nonlinear import (
    celu,
    elu,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    swish,
    tanh_shrink,
    threshold,
)
from torchkeras_lite.ops.normalizing import (
    batch_normalization,
    layer_normalization,
    moments,
    normalize,
    polar,
    psnr,
    rms_normalization,
)
from torchkeras_lite.ops.patches import fold, unfold
from torchkeras_lite.ops.pooling import adaptive_average_pool, adaptive_max_pool, average_pool, max_pool
