"""Convolutions of one to three axes, with kernels in Keras's layout (*window, in, out)."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import Tensor, family, promoted
from torchkeras_lite.ops.windows import (
    WHOLE,
    WORDS,
    in_doubles,
    padding_named,
    padding_shares,
    rank_of,
    same_padding,
    settled,
    spread,
    transposed_shares,
    turns,
)

op = family("nn")


class _Geometry(NamedTuple):
    """What a convolution needs to know besides its tensors. A sequence counts as an image one pixel high: torch has kernels for
    channels that lie last in memory only for those.

    Attributes:
        row: the axis to put into a sequence, or None.
        inward, outward, of_kernel: the orders of axes that turn the input, the output and the kernel.
        window, strides, dilation, padding: tuples, as torch wants them.
        ahead: what F.pad adds ahead of the convolution, or (negative: cuts off) behind a transposed one; None: nothing.
        same: whether the padding is "same", which with strides follows from the size of the input.
        more: torch's output padding.
    """

    row: int | None
    inward: tuple
    outward: tuple
    of_kernel: tuple
    window: tuple
    strides: tuple
    dilation: tuple
    padding: tuple
    ahead: Any
    same: bool = False
    more: tuple = ()


_KERNELS = {2: torch.conv2d, 3: torch.conv3d}
_TRANSPOSED = {2: torch.conv_transpose2d, 3: torch.conv_transpose3d}


@settled
def _geometry(name, ndim, window, strides, padding, data_format, dilation_rate):
    axes, padding, frame = _axes(name, ndim, window, strides, padding, data_format, dilation_rate)
    pads = [same_padding(1, *axis) if padding == "same" else (0, 0) for axis in axes]  # of size 1 as of any other
    return _Geometry(*frame, *zip(*axes, strict=True), *padding_shares(pads), padding == "same")


@settled
def _transposed_geometry(ndim, window, strides, padding, output_padding, data_format, dilation_rate):
    name = "conv_transpose"
    axes, padding, frame = _axes(name, ndim, window, strides, padding, data_format, dilation_rate)
    extras = (None,) * len(axes)
    if output_padding is not None:
        extras = spread(output_padding, ndim - 2, "output_padding", name, zero=True)
        extras = (0,) * (len(axes) - len(extras)) + extras
    shares = [transposed_shares(*axis, padding, extra) for axis, extra in zip(axes, extras, strict=True)]
    inside, more, cut = zip(*shares, strict=True)
    behind = [-amount for pair in reversed(cut) for amount in pair] if any(map(any, cut)) else None
    return _Geometry(*frame, *zip(*axes, strict=True), inside, behind, more=more)


def _axes(name, ndim, window, strides, padding, data_format, dilation_rate):
    """(window, stride, dilation) for each axis, the padding's name, and how the axes turn."""
    rank = rank_of(ndim, name)
    if len(window) != rank:
        raise ValueError(
            f"{name}: the kernel must have as many axes as the input. Received: a kernel with {len(window) + 2} axes and an "
            f"input with {ndim}"
        )
    sizes = [(*window,), spread(strides, rank, "strides", name), spread(dilation_rate, rank, "dilation_rate", name)]
    row = None
    if rank == 1:
        rank, row, sizes = 2, 1 if data_format == "channels_last" else 2, [(1, *each) for each in sizes]
    of_kernel = (rank + 1, rank, *range(rank))
    return [*zip(*sizes, strict=True)], padding_named(padding, name), (row, *turns(rank, data_format), of_kernel)


def _convolve(name, inputs, kernel, groups, geometry):
    """The convolution itself, for a kernel (*window, in / groups, out)."""
    row, inward, outward, of_kernel, window, strides, dilation, padding, ahead, same, _ = geometry
    x, weight = (inputs, kernel) if row is None else (inputs.unsqueeze(row), kernel.unsqueeze(0))
    x = x.permute(inward)
    if same and max(strides) > 1:
        padding, ahead = padding_shares([*map(same_padding, x.shape[2:], window, strides, dilation)])
    if ahead is not None:
        x = F.pad(x, ahead)
    try:
        y = _KERNELS[len(window)](x, weight.permute(of_kernel), None, strides, padding, dilation, groups).permute(outward)
    except RuntimeError as error:
        problem = _problem(name, inputs, kernel, x.shape[2:], groups, geometry)
        if problem is None:
            raise
        raise ValueError(problem) from error
    return y if row is None else y.squeeze(row)


def _problem(name, inputs, kernel, sizes, groups, geometry) -> str | None:
    """What is wrong with the arguments of a convolution that torch refused."""
    rank = inputs.ndim - 2
    dilations = geometry.dilation[-rank:]
    for size, window, dilation, word in zip(sizes[-rank:], kernel.shape, dilations, WORDS[rank], strict=False):
        needed = dilation * (window - 1) + 1
        if size < needed:
            return (
                f"{name}: the input is {size} {word}, the kernel needs {needed}, so nothing can come out. "
                f"{_received(inputs, kernel)}, dilation_rate={dilations}. The usual fix: padding='same', a smaller kernel, or "
                "the other data_format."
            )
    if kernel.shape[-1] % groups:
        return (
            f"{name}: the channels of the input by those of the kernel are {groups} groups, so the output channels of the "
            f"kernel must be a multiple of that. {_received(inputs, kernel)}"
        )
    return None


def _channels_differ(name, channels, place, inputs, kernel, data_format):
    return ValueError(
        f"{name}: the input has {channels} channels, the kernel wants {kernel.shape[place]}. The number of input channels "
        f"must match the kernel. {_received(inputs, kernel)}, data_format={data_format!r}"
    )


def _received(inputs, kernel):
    return f"Received: inputs.shape={tuple(inputs.shape)}, kernel.shape={tuple(kernel.shape)}"


# ---------------------------------------------------------------- the operations


@op("Conv", tensors=2)
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Slides a kernel over sequences, images or volumes (a correlation: the kernel is not turned round).

    Shapes: inputs (batch, *sizes, channels), or (batch, channels, *sizes) with data_format="channels_first"; kernel
    (*window, channels / groups, out), where the channels of the two say how many groups there are. padding="same": zeros on
    both sides (an odd rest behind), so that each new size is size / strides, rounded up.
    """
    data_format = config.standardize_data_format(data_format)
    if not (isinstance(inputs, Tensor) and isinstance(kernel, Tensor) and inputs.dtype is kernel.dtype):
        return promoted(conv, inputs, kernel, strides, padding, data_format, dilation_rate)
    if inputs.dtype in WHOLE:
        return in_doubles(conv, (inputs, kernel), strides, padding, data_format, dilation_rate)
    geometry = _geometry("conv", inputs.ndim, kernel.shape[:-2], strides, padding, data_format, dilation_rate)
    channels = inputs.shape[-1 if data_format == "channels_last" else 1]
    groups, rest = channels // kernel.shape[-2], channels % kernel.shape[-2]
    if rest or not groups:
        raise _channels_differ("conv", channels, -2, inputs, kernel, data_format)
    return _convolve("conv", inputs, kernel, groups, geometry)


@op("DepthwiseConv", tensors=2)
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolves each channel by itself, with `multiplier` kernels of its own. See `conv`.

    Shapes: kernel (*window, channels, multiplier), output (batch, *new_sizes, channels * multiplier).
    """
    data_format = config.standardize_data_format(data_format)
    if not (isinstance(inputs, Tensor) and isinstance(kernel, Tensor) and inputs.dtype is kernel.dtype):
        return promoted(depthwise_conv, inputs, kernel, strides, padding, data_format, dilation_rate)
    if inputs.dtype in WHOLE:
        return in_doubles(depthwise_conv, (inputs, kernel), strides, padding, data_format, dilation_rate)
    geometry = _geometry("depthwise_conv", inputs.ndim, kernel.shape[:-2], strides, padding, data_format, dilation_rate)
    channels = inputs.shape[-1 if data_format == "channels_last" else 1]
    if kernel.shape[-2] != channels:
        raise _channels_differ("depthwise_conv", channels, -2, inputs, kernel, data_format)
    return _convolve("depthwise_conv", inputs, kernel.flatten(-2).unsqueeze(-2), channels, geometry)


@op("SeparableConv", tensors=3)
def separable_conv(inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """A depthwise convolution, then a mix of all its features at each place. See `depthwise_conv`.

    Shapes: depthwise_kernel (*window, channels, multiplier), pointwise_kernel (*ones, channels * multiplier, out).
    """
    data_format = config.standardize_data_format(data_format)
    tensors = inputs, depthwise_kernel, pointwise_kernel
    if not all(isinstance(one, Tensor) and one.dtype is inputs.dtype for one in tensors):
        return promoted(separable_conv, *tensors, strides, padding, data_format, dilation_rate)
    features = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(features, pointwise_kernel, 1, "valid", data_format, dilation_rate)


@op("ConvTranspose", tensors=2)
def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """The transpose of `conv` as a linear map: each entry of the input adds the kernel, times itself, to a place of the output.

    Shapes: inputs (batch, *sizes, channels), kernel (*window, out, channels). A new size is size * strides, with
    padding="valid" at least (size - 1) * strides + window; with `output_padding` it is (size - 1) * strides + output_padding,
    plus window ("valid") or window % 2 ("same").
    """
    data_format = config.standardize_data_format(data_format)
    if not (isinstance(inputs, Tensor) and isinstance(kernel, Tensor) and inputs.dtype is kernel.dtype):
        return promoted(conv_transpose, inputs, kernel, strides, padding, output_padding, data_format, dilation_rate)
    if inputs.dtype in WHOLE:
        return in_doubles(conv_transpose, (inputs, kernel), strides, padding, output_padding, data_format, dilation_rate)
    geometry = _transposed_geometry(
        inputs.ndim, kernel.shape[:-2], strides, padding, output_padding, data_format, dilation_rate
    )
    row, inward, outward, of_kernel, window, steps, dilation, inside, behind, _, more = geometry
    channels = inputs.shape[-1 if data_format == "channels_last" else 1]
    if kernel.shape[-1] != channels:
        raise _channels_differ("conv_transpose", channels, -1, inputs, kernel, data_format)
    if row is not None:
        inputs, kernel = inputs.unsqueeze(row), kernel.unsqueeze(0)
    x, weight = inputs.permute(inward), kernel.permute(of_kernel)
    y = _TRANSPOSED[len(window)](x, weight, None, steps, inside, more, 1, dilation)
    y = (y if behind is None else F.pad(y, behind)).permute(outward)
    return y if row is None else y.squeeze(row)
