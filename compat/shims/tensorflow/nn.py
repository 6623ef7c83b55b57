"""`tf.nn`: activations, losses, convolutions and pooling as functions."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite import ops
from torchkeras_lite import random as _random
from torchkeras_lite.symbolic import KerasTensor, record

from . import math as _math
from ._creation import cast, given
from ._missing import getattr_of
from ._tensors import sizes, torch_dtype
from .math import in_top_k, l2_normalize, log_sigmoid, sigmoid, softplus, softsign, tanh, top_k, zero_fraction

__all__ = [
    "atrous_conv2d", "avg_pool", "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_normalization", "bias_add",
    "compute_average_loss", "conv1d", "conv2d", "conv2d_transpose", "conv3d", "convolution", "crelu", "depth_to_space",
    "depthwise_conv2d", "dropout", "elu", "embedding_lookup", "gelu", "in_top_k", "l2_loss", "l2_normalize", "leaky_relu",
    "local_response_normalization", "log_poisson_loss", "log_sigmoid", "log_softmax", "lrn", "max_pool", "max_pool1d",
    "max_pool2d", "max_pool3d", "max_pool_with_argmax", "moments", "pool", "relu", "relu6", "scale_regularization_loss", "selu",
    "separable_conv2d", "sigmoid", "sigmoid_cross_entropy_with_logits", "silu", "softmax", "softmax_cross_entropy_with_logits",
    "softplus", "softsign", "space_to_depth", "sparse_softmax_cross_entropy_with_logits", "swish", "tanh", "top_k",
    "weighted_cross_entropy_with_logits", "zero_fraction",
]  # fmt: skip
__getattr__ = getattr_of(__name__, dict.fromkeys(("ctc_beam_search_decoder", "ctc_greedy_decoder", "ctc_loss"), "_ctc"))

# TensorFlow 1's, which nobody lists.
def softmax_cross_entropy_with_logits_v2(labels, logits, axis=-1, name=None, dim=None):
    return softmax_cross_entropy_with_logits(labels, logits, axis if dim is None else dim)


def xw_plus_b(x, weights, biases, name=None):
    return ops.add(ops.matmul(given(x), given(weights)), given(biases))


# ---------------------------------------------------------------- activations


def relu(features, name=None):
    return ops.relu(given(features))


def relu6(features, name=None):
    return ops.relu6(given(features))


def crelu(features, axis=-1, name=None):
    """relu(x) and relu(-x), side by side."""
    x = given(features)
    return ops.relu(ops.concatenate([x, ops.negative(x)], axis=axis))


def elu(features, name=None):
    return ops.elu(given(features))


def selu(features, name=None):
    return ops.selu(given(features))


def gelu(features, approximate=False, name=None):
    return ops.gelu(given(features), approximate)


def leaky_relu(features, alpha=0.2, name=None):
    return ops.leaky_relu(given(features), alpha)


def silu(features, beta=1.0):
    """x * sigmoid(beta * x)."""
    x = given(features)
    return ops.silu(x) if beta == 1.0 else ops.multiply(x, ops.sigmoid(ops.multiply(x, beta)))


swish = silu


def softmax(logits, axis=None, name=None):
    return ops.softmax(given(logits), -1 if axis is None else axis)


def log_softmax(logits, axis=None, name=None):
    return ops.log_softmax(given(logits), -1 if axis is None else axis)


# ---------------------------------------------------------------- losses, one number per example


def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    """-sum(labels * log_softmax(logits)) along `axis`."""
    logits = given(logits)
    labels = cast(labels, logits.dtype)
    return ops.negative(ops.sum(ops.multiply(labels, ops.log_softmax(logits, axis)), axis=axis))


def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    """-log_softmax(logits) at the labels, integers of the shape of `logits` without its last axis."""
    logits = given(logits)
    return ops.sparse_categorical_crossentropy(given(labels), logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    """-labels * log(sigmoid(logits)) - (1 - labels) * log(1 - sigmoid(logits)), number by number."""
    logits = given(logits)
    labels = cast(labels, logits.dtype)
    # max(x, 0) - x z + log(1 + exp(-|x|)), with the last summand as softplus
    return ops.add(ops.subtract(ops.relu(logits), ops.multiply(logits, labels)), ops.softplus(ops.negative(ops.abs(logits))))


def weighted_cross_entropy_with_logits(labels, logits, pos_weight, name=None):
    """As `sigmoid_cross_entropy_with_logits`, with the part of the positive labels times `pos_weight`."""
    logits = given(logits)
    labels = cast(labels, logits.dtype)
    weight = ops.add(ops.multiply(labels, pos_weight - 1), 1)
    rest = ops.add(ops.softplus(ops.negative(ops.abs(logits))), ops.relu(ops.negative(logits)))
    return ops.add(ops.multiply(ops.subtract(1, labels), logits), ops.multiply(weight, rest))


def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None):
    """exp(c) - z * c, and with `compute_full_loss` Stirling's approximation of log(z!) beside it."""
    z, c = given(targets), given(log_input)
    loss = ops.subtract(ops.exp(c), ops.multiply(c, z))
    if compute_full_loss:
        more = z * torch.log(z) - z + 0.5 * torch.log(2 * torch.pi * z)
        loss = loss + torch.where((z >= 0) & (z <= 1), torch.zeros_like(z), more)
    return loss


def l2_loss(t, name=None):
    """sum(t ** 2) / 2."""
    return ops.divide(ops.sum(ops.square(given(t))), 2)


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None):
    """The sum of the losses of examples (times their weights), divided by the batch size: their number, if not given."""
    losses = given(per_example_loss)
    if sample_weight is not None:
        losses = ops.multiply(losses, given(sample_weight))
    return ops.divide(ops.sum(losses), losses.shape[0] if global_batch_size is None else global_batch_size)


def scale_regularization_loss(regularization_loss):
    """The sum of the penalties; there is one replica to share it."""
    losses = regularization_loss if isinstance(regularization_loss, (list, tuple)) else [regularization_loss]
    return _math.add_n([ops.sum(given(loss)) for loss in losses])


# ---------------------------------------------------------------- statistics


def moments(x, axes, shift=None, keepdims=False, name=None, keep_dims=None):
    """Mean and variance along axes. (`keep_dims` is the word of TensorFlow 1.)"""
    x, axes, keepdims = given(x), sizes(axes), keepdims if keep_dims is None else keep_dims
    return ops.mean(x, axis=axes, keepdims=keepdims), ops.var(x, axis=axes, keepdims=keepdims)


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset; all broadcast."""
    factor = ops.rsqrt(ops.add(given(variance), variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, given(scale))
    found = ops.multiply(ops.subtract(given(x), given(mean)), factor)
    return found if offset is None else ops.add(found, given(offset))


def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5, name=None):
    """x / (bias + alpha * the sum of squares of the channels at most `depth_radius` away) ** beta."""
    x = given(input)
    squares = torch.nn.functional.pad(x * x, (depth_radius, depth_radius))
    return x / (bias + alpha * squares.unfold(-1, 2 * depth_radius + 1, 1).sum(-1)) ** beta


lrn = local_response_normalization


def dropout(x, rate, noise_shape=None, seed=None, name=None):
    """x with a share of `rate` zeros, and the others divided by 1 - rate."""
    return _random.dropout(given(x), float(rate), noise_shape, seed)


def embedding_lookup(params, ids, max_norm=None, name=None):
    """The rows that the ids name, cut to length `max_norm`."""
    rows = ops.take(given(params), given(ids), axis=0)
    if max_norm is None:
        return rows
    norms = ops.sqrt(ops.sum(ops.square(rows), axis=-1, keepdims=True))
    return ops.multiply(rows, ops.divide(max_norm, ops.maximum(norms, max_norm)))


def bias_add(value, bias, data_format=None, name=None):
    """value + bias along the channels: the last axis, or the second where `data_format` begins with "NC"."""
    x, bias = given(value), given(bias)
    if str(data_format).startswith("NC"):
        bias = ops.reshape(bias, (-1, *[1] * (len(x.shape) - 2)))
    return ops.add(x, bias)


def space_to_depth(input, block_size, data_format="NHWC", name=None):
    return ops.space_to_depth(given(input), int(block_size), _format(data_format))


def depth_to_space(input, block_size, data_format="NHWC", name=None):
    return ops.depth_to_space(given(input), int(block_size), _format(data_format))


# ---------------------------------------------------------------- windows


def _format(data_format) -> str:
    return "channels_first" if str(data_format).startswith("NC") else "channels_last"


def _along(values, count, data_format):
    """One number per spatial axis, of a number or of a list that may have ones for the batch and the channels too."""
    if values is None:
        return (1,) * count
    values = sizes(values)
    if len(values) == count + 2:
        values = values[2:] if _format(data_format) == "channels_first" else values[1:-1]
    return values * count if len(values) == 1 else values


def _margins(x, padding, data_format):
    """x and the name of its padding. Explicit padding, a pair for each axis, is put on at once."""
    if isinstance(padding, str):
        return x, padding.lower()
    return ops.pad(x, [tuple(pair) for pair in padding]), "valid"


def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """A convolution of any number of axes: filters of shape (*kernel, channels in, channels out)."""
    x, filters = given(input), given(filters)
    count = len(filters.shape) - 2
    x, padding = _margins(x, padding, data_format)
    strides, dilations = _along(strides, count, data_format), _along(dilations, count, data_format)
    return ops.conv(x, filters, strides, padding, _format(data_format), dilations)


def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    return convolution(input, filters, stride, padding, data_format, dilations)


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    return convolution(input, filters, strides, padding, data_format, dilations)


def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None, name=None):
    return convolution(input, filters, strides, padding, data_format, dilations)


def atrous_conv2d(value, filters, rate, padding, name=None):
    return convolution(value, filters, 1, padding, "NHWC", rate)


def conv2d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None, name=None):
    """What `conv2d` gives gradients with: filters of shape (*kernel, channels out, channels in).

    `output_shape` settles the sizes that the strides leave open.
    """
    x, filters = given(input), given(filters)
    count = len(filters.shape) - 2
    strides, dilations = _along(strides, count, data_format), _along(dilations, count, data_format)
    wanted, has = _along(output_shape, count, data_format), _along(x.shape, count, data_format)
    usual = []
    for old, kernel, stride, dilation in zip(has, filters.shape, strides, dilations, strict=False):
        reach = (kernel - 1) * dilation + 1
        usual.append(old * stride + (0 if padding == "SAME" else max(reach - stride, 0)))
    if tuple(usual) == tuple(wanted):
        return ops.conv_transpose(x, filters, strides, padding.lower(), None, _format(data_format), dilations)
    return _transposed_to(x, filters, wanted, strides, padding, data_format, dilations)


def _transposed_to(x, filters, wanted, strides, padding, data_format, dilations):
    """The gradient of the convolution that goes from sizes `wanted` to those of x: TensorFlow's definition, for all sizes."""
    first, recording = _format(data_format) == "channels_first", torch.is_grad_enabled()
    x = x if first else x.movedim(-1, 1)
    with torch.enable_grad():
        base = x.new_zeros((x.shape[0], filters.shape[-2], *wanted)).requires_grad_()
        forward = convolution(base, filters, strides, padding, "NC", dilations)
        made = torch.autograd.grad(forward, base, x, create_graph=recording)[0]
    return made if first else made.movedim(1, -1)


def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None):
    """Each channel by itself: filters of shape (height, width, channels, filters per channel)."""
    x, padding = _margins(given(input), padding, data_format)
    strides, dilations = _along(strides, 2, data_format), _along(dilations, 2, data_format)
    return ops.depthwise_conv(x, given(filter), strides, padding, _format(data_format), dilations)


def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding, data_format=None, dilations=None, name=None):
    found = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return convolution(found, pointwise_filter, 1, "VALID", data_format)


def _pooled(function, input, ksize, strides, padding, data_format, count=None):
    x = given(input)
    count = len(x.shape) - 2 if count is None else count
    window, strides = _along(ksize, count, data_format), _along(strides, count, data_format)
    return function(x, window, strides, padding.lower(), _format(data_format))


def max_pool(input, ksize, strides, padding, data_format=None, name=None):
    """The largest number of each window."""
    return _pooled(ops.max_pool, input, ksize, strides, padding, data_format)


def max_pool_with_argmax(
    input, ksize, strides, padding, data_format="NHWC", output_dtype="int64", include_batch_in_index=False, name=None
):
    """The largest number of each window of (batch, height, width, channels), and its place in the flattened picture."""
    x = given(input)
    if isinstance(x, KerasTensor):
        said = (ksize, strides, padding, data_format, output_dtype, include_batch_in_index)
        return record(max_pool_with_argmax, (x, *said), {})
    (height, width), steps = _along(ksize, 2, data_format), _along(strides, 2, data_format)
    rows, columns, channels = x.shape[1:]
    margins = [0, 0, 0, 0]
    if padding == "SAME":
        for size, window, step, side in ((columns, width, steps[1], 0), (rows, height, steps[0], 2)):
            more = max((-(-size // step) - 1) * step + window - size, 0)
            margins[side : side + 2] = more // 2, more - more // 2
    padded = F.pad(x.movedim(-1, 1), margins, value=-torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).min)
    found, place = F.max_pool2d(padded, (height, width), steps, return_indices=True)
    row, column = place // padded.shape[-1] - margins[2], place % padded.shape[-1] - margins[0]
    place = (row * columns + column).movedim(1, -1) * channels + torch.arange(channels, device=x.device)
    if include_batch_in_index:
        place = place + torch.arange(len(x), device=x.device).reshape(-1, 1, 1, 1) * (rows * columns * channels)
    return found.movedim(1, -1), place.to(torch_dtype(output_dtype))


def avg_pool(input, ksize, strides, padding, data_format=None, name=None):
    """The mean of each window."""
    return _pooled(ops.average_pool, input, ksize, strides, padding, data_format)


def pool(input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """The largest number ("MAX") or the mean ("AVG") of each window."""
    kinds = {"MAX": max_pool, "AVG": avg_pool}
    if pooling_type not in kinds:
        raise ValueError(f"`pooling_type` is 'MAX' or 'AVG'. Received: {pooling_type!r}")
    if any(step != 1 for step in dilations or ()):
        raise NotImplementedError(f"Windows with gaps are not here. Received: dilations={dilations}")
    return kinds[pooling_type](input, window_shape, strides or [1] * len(window_shape), padding, data_format)


max_pool1d = max_pool2d = max_pool3d = max_pool
avg_pool1d = avg_pool2d = avg_pool3d = avg_pool
