"""Convolutions and pooling, on arguments as the backend has them."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from torchkeras_lite import ops
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import to_tensor, together

from ._backend_calls import channels, drawn, words
from ._backend_resizing import temporal_padding
from ._backend_shapes import int_shape, permute_dimensions

_OLD = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "image_shape": None,
    "volume_shape": None,
    "filter_shape": None,
    "filter_dilation": "dilation_rate",
}


def _kernel(kernel, data_format):
    """A kernel in today's layout. Keras 1 had (out, in, *window) where the channels were first: the word `"th"` says so."""
    if data_format == "th" or (data_format == "default" and channels(None) == "channels_first"):
        return permute_dimensions(kernel, (*range(2, len(int_shape(kernel))), 1, 0))
    return kernel


@words(**_OLD, stride="strides")
def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Slides a kernel (window, in, out) over sequences (batch, steps, in). padding: "valid", "same" or "causal".

    Raises:
        ValueError: "causal" with the channels first.
    """
    if padding == "causal":
        if channels(data_format) != "channels_last":
            raise ValueError('conv1d: with padding="causal", `data_format` must be "channels_last".')
        x, padding = temporal_padding(x, (dilation_rate * (int_shape(kernel)[0] - 1), 0)), "valid"
    return ops.conv(x, _kernel(kernel, data_format), strides, padding, channels(data_format), dilation_rate)


@words(**_OLD)
def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Slides a kernel (*window, in, out) over images."""
    return ops.conv(x, _kernel(kernel, data_format), strides, padding, channels(data_format), dilation_rate)


@words(**_OLD)
def conv3d(x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)):
    """Slides a kernel (*window, in, out) over volumes."""
    return ops.conv(x, _kernel(kernel, data_format), strides, padding, channels(data_format), dilation_rate)


def atrous_conv2d(x, kernel, rate=1, border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None):
    """`conv2d` with a dilation rate, as Keras 1 called it."""
    return conv2d(x, kernel, 1, border_mode, dim_ordering, dilation_rate=rate)


@words(**_OLD)
def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Each channel by itself, with kernels (*window, channels, multiplier)."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, channels(data_format), dilation_rate)


@words(**_OLD)
def separable_conv1d(x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Each channel by itself, then a mix (1, channels * multiplier, out) of all at each step."""
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, channels(data_format), dilation_rate)


@words(**_OLD)
def separable_conv2d(
    x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Each channel by itself, then a mix (1, 1, channels * multiplier, out) of all at each place."""
    kernels = _kernel(depthwise_kernel, data_format), _kernel(pointwise_kernel, data_format)
    return ops.separable_conv(x, *kernels, strides, padding, channels(data_format), dilation_rate)


# ---------------------------------------------------------------- transposed


@words(**_OLD)
def conv2d_transpose(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """The gradient of `conv2d` by its images, of which `output_shape` is the shape (the batch's size is not looked at).

    Shapes: kernel (*window, out, in).
    """
    return _transposed(x, kernel, _inner(output_shape, data_format), strides, padding, data_format, dilation_rate)


def deconv2d(
    x, kernel, output_shape, strides=(1, 1), border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None
):
    """`conv2d_transpose`, as Keras 1 called it, with a kernel (*window, in, out)."""
    kernel = permute_dimensions(_kernel(kernel, dim_ordering), (0, 1, 3, 2))
    return conv2d_transpose(x, kernel, output_shape, strides, border_mode, channels(dim_ordering))


@words(**_OLD)
def conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding="valid", data_format=None):
    """The gradient of `conv3d` by its volumes. See `conv2d_transpose`."""
    return _transposed(x, kernel, _inner(output_shape, data_format), strides, padding, data_format, 1)


def _inner(shape, data_format) -> tuple[int, ...]:
    """The sizes without those of batch and channels."""
    sizes = shape[1:-1] if channels(data_format) == "channels_last" else shape[2:]
    return tuple(int(size) for size in sizes)


@drawn
def _transposed(x, kernel, sizes, strides, padding, data_format, dilation_rate):
    x, kernel = together([x, kernel])
    if padding not in ("valid", "same"):
        raise ValueError(f"Invalid padding: {padding!r}. Expected 'valid' or 'same'.")
    y = ops.conv_transpose(x, kernel, strides, "valid", None, channels(data_format), dilation_rate)
    first = 1 if channels(data_format) == "channels_last" else 2
    steps, dilations = ((value,) * len(sizes) if isinstance(value, int) else value for value in (strides, dilation_rate))
    for i, (size, step, dilation) in enumerate(zip(sizes, steps, dilations, strict=True)):
        before, window = 0, dilation * (kernel.shape[i] - 1) + 1
        made = math.ceil((size if padding == "same" else size - window + 1) / step)  # by a convolution of that size
        if made != x.shape[first + i] and not going_on.inferring:
            raise ValueError(
                f"The size {size} in `output_shape` does not go with an input of size {x.shape[first + i]}: a convolution "
                f"makes {made} of it, with a window of {window}, a stride of {step} and padding={padding!r}."
            )
        if padding == "same":  # what it would have added in front
            before = max((made - 1) * step + window - size, 0) // 2
        y = y.narrow(first + i, before, min(size, y.shape[first + i] - before))
        if y.shape[first + i] < size:  # places that no window reached
            y = F.pad(y, (0, 0) * (y.ndim - first - i - 1) + (0, size - y.shape[first + i]))
    return y


# ---------------------------------------------------------------- pooling


@words(**_OLD)
def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest ("max") or mean ("avg") value in windows of images."""
    return _pooled(x, pool_size, strides, padding, data_format, pool_mode)


@words(**_OLD)
def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest ("max") or mean ("avg") value in windows of volumes."""
    return _pooled(x, pool_size, strides, padding, data_format, pool_mode)


def _pooled(x, pool_size, strides, padding, data_format, pool_mode):
    pools = {"max": ops.max_pool, "avg": ops.average_pool}
    if pool_mode not in pools:
        raise ValueError(f"Invalid pool_mode: {pool_mode!r}. Expected 'max' or 'avg'.")
    return pools[pool_mode](x, pool_size, strides, padding, channels(data_format))


# ---------------------------------------------------------------- a kernel for each place


@drawn
def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """A kernel of its own for each place. Shapes: inputs (batch, steps, in), kernel (places, window * in, out); with the
    channels first, inputs (batch, in, steps) and kernel (places, in * window, out)."""
    inputs, kernel = together([inputs, kernel])
    last = channels(data_format) == "channels_last"
    parts = inputs.unfold(1 if last else 2, kernel_size[0], strides[0])
    parts = (parts.transpose(2, 3) if last else parts.transpose(1, 2))[:, : len(kernel)].flatten(2)
    y = torch.einsum("bpi,pio->bpo", parts, kernel)
    return y if last else y.transpose(1, 2)


@drawn
def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """A kernel of its own for each place. Shapes: kernel (rows * columns, window * in, out), `output_shape` (rows, columns)."""
    inputs, kernel = together([inputs, kernel])
    last = channels(data_format) == "channels_last"
    axes = (1, 2) if last else (2, 3)
    parts = inputs
    for axis, size, step, count in zip(axes, kernel_size, strides, output_shape, strict=True):
        parts = parts.unfold(axis, size, step).narrow(axis, 0, count)
    # (batch, rows, columns, in, *window) or (batch, in, rows, columns, *window); a window is laid out as the inputs are
    parts = parts.permute(0, 1, 2, 4, 5, 3) if last else parts.permute(0, 2, 3, 1, 4, 5)
    rows, columns = output_shape
    kernel = to_tensor(kernel).reshape(rows, columns, *kernel.shape[1:])
    y = torch.einsum("brci,rcio->brco", parts.flatten(3), kernel)
    return y if last else y.movedim(-1, 1)
