"""Pooling: what is in a window becomes its maximum or its mean. Torch's kernels for it serve the layers too."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import Tensor, family, lifted
from torchkeras_lite.ops.windows import (
    WHOLE,
    WORDS,
    in_doubles,
    in_floats,
    padding_named,
    rank_of,
    same_padding,
    settled,
    spread,
    turns,
)

op = family("nn")

# ---------------------------------------------------------------- torch's kernels, where they need help


def _max_pool1d(x, window, strides, padding, dilation, ceil):
    """As an image one pixel high: torch has max pooling for channels that lie last in memory only for images."""
    y = torch.max_pool2d(x.unsqueeze(2), (1, *window), (1, *strides), (0, *padding), dilation, ceil)
    return y.squeeze(2)


def _max_pool3d(x, window, strides, padding, dilation, ceil):
    """Asks for the indices too, which torch finds in any case: without them autocast would make float32 of it on a CPU."""
    return F.max_pool3d(x, window, strides, padding, dilation, ceil, return_indices=True)[0]


def _avg_pool3d(x, window, strides, padding, ceil, count_padding):
    (d, h, w), (down, *along) = window, strides
    return _in_two_steps(
        x,
        lambda planes: F.avg_pool2d(planes, (h, w), along, padding[1:], ceil, count_padding),
        lambda depths: F.avg_pool2d(depths, (d, 1), (down, 1), (padding[0], 0), ceil, count_padding),
    )


def _adaptive_avg_pool3d(x, size):
    return _in_two_steps(
        x,
        lambda planes: F.adaptive_avg_pool2d(planes, size[1:]),
        lambda depths: F.adaptive_avg_pool2d(depths, (size[0], depths.shape[3])),
    )


def _adaptive_max_pool3d(x, size):
    return _in_two_steps(
        x,
        lambda planes: F.adaptive_max_pool2d(planes, size[1:]),
        lambda depths: F.adaptive_max_pool2d(depths, (size[0], depths.shape[3])),
    )


def _in_two_steps(x, pool_planes, pool_depths):
    """Pools volumes (batch, channels, depth, height, width) plane by plane and then along the depth, as images.

    Except for max pooling, torch has no 3-D kernels for channels that lie last in memory: it would copy input and output, and
    for half precision it has none on a CPU. Where the channels lie last, every step between the two is a view.
    """
    n, c, d, _, _ = x.shape
    y = pool_planes(x.transpose(1, 2).flatten(0, 1))  # (batch * depth, channels, height, width)
    h, w = y.shape[2:]
    y = pool_depths(y.reshape(n, d, c, h, w).transpose(1, 2).flatten(3))  # (batch, channels, depth, height * width)
    return y.reshape(n, c, y.shape[2], h, w)


# By rank. Sliding: (x, window, strides, padding, dilation, ceil_mode) and (x, window, strides, padding, ceil_mode,
# count_include_pad). Adaptive: (x, sizes).
MAX = {1: _max_pool1d, 2: torch.max_pool2d, 3: _max_pool3d}
AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: _avg_pool3d}
ADAPTIVE_MAX = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: _adaptive_max_pool3d}
ADAPTIVE_AVERAGE = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: _adaptive_avg_pool3d}

# ---------------------------------------------------------------- windows that hang over the edge


def surplus_of(window, strides, same: bool, axes) -> tuple[list[int], tuple | None]:
    """By how much "same" pads the near end of each axis more than Keras does, and the index that takes it off the output again.

    torch pads both ends alike, and windows may hang over the far end by less than a stride (`ceil_mode`). Keras's odd rest
    behind thus costs nothing, except for stride 1: there the near end gets it too, and the first window goes. `axes` are
    those that are pooled, in the output as Keras has it; the index is None where nothing goes.
    """
    surplus = [int(same and stride == 1 and side % 2 == 0) for side, stride in zip(window, strides, strict=True)]
    if not any(surplus):
        return surplus, None
    kept = [slice(None)] * (len(axes) + 2)
    for axis, first in zip(axes, surplus, strict=True):
        kept[axis] = slice(first, None)
    return surplus, tuple(kept)


def same_margins(sizes, window, strides, surplus) -> list[int]:
    """The padding at either end that amounts to "same"."""
    axes = zip(sizes, window, strides, surplus, strict=True)
    return [same_padding(size, side, stride)[0] + more for size, side, stride, more in axes]


def too_small(owner: str, sizes, window) -> str | None:
    """What is wrong with an input of these sizes if a window does not fit into it."""
    for size, side, word in zip(sizes, window, WORDS[len(window)], strict=True):
        if size < side:
            return (
                f"{owner}: the input is {size} {word}, the pool needs {side}. Received: sizes={tuple(sizes)} (without batch "
                f'and channels), pool_size={window}. The usual fix: `padding="same"`, a smaller pool_size, or fewer poolings '
                "before this one."
            )
    return None


class _Pool(NamedTuple):
    """What a pooling needs to know besides its input.

    Attributes:
        inward, outward: the orders of axes that turn the input and the output.
        window, strides, surplus, kept: see `surplus_of`.
        same: whether the padding is "same".
    """

    inward: tuple
    outward: tuple
    window: tuple
    strides: tuple
    surplus: list
    kept: tuple | None
    same: bool


@settled
def _sliding(name, ndim, pool_size, strides, padding, data_format):
    rank = rank_of(ndim, name)
    window = spread(pool_size, rank, "pool_size", name)
    strides = window if strides is None else spread(strides, rank, "strides", name)
    same = padding_named(padding, name) == "same"
    inward, outward = turns(rank, data_format)
    return _Pool(inward, outward, window, strides, *surplus_of(window, strides, same, inward[2:]), same)


def _pooled(name, inputs, kernels, pool, *options):
    """The pooling itself."""
    inward, outward, window, strides, surplus, kept, same = pool
    x = inputs.permute(inward)
    margins = same_margins(x.shape[2:], window, strides, surplus) if same else (0,) * len(window)
    try:
        y = kernels[len(window)](x, window, strides, margins, *options).permute(outward)
    except RuntimeError as error:
        problem = None if same else too_small(name, x.shape[2:], window)
        if problem is None:
            raise
        raise ValueError(problem) from error
    return y if kept is None else y[kept].contiguous()


@settled
def _adaptive(name, ndim, output_size, data_format):
    rank = rank_of(ndim, name)
    return spread(output_size, rank, "output_size", name), *turns(rank, data_format)


# ---------------------------------------------------------------- the operations


@op("MaxPool")
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The maximum of each window; what hangs over the edge with padding="same" does not count.

    Shapes: inputs (batch, *sizes, channels), or (batch, channels, *sizes) with data_format="channels_first", with one to three
    sizes. `strides`: None is `pool_size`. A new size is (size - pool_size) // strides + 1, or for "same" size / strides,
    rounded up.
    """
    data_format = config.standardize_data_format(data_format)
    if not isinstance(inputs, Tensor):
        return lifted(max_pool, inputs, pool_size, strides, padding, data_format)
    if inputs.dtype in WHOLE:
        return in_doubles(max_pool, (inputs,), pool_size, strides, padding, data_format)
    pool = _sliding("max_pool", inputs.ndim, pool_size, strides, padding, data_format)
    return _pooled("max_pool", inputs, MAX, pool, 1, pool.same)  # dilation, ceil_mode


@op("AveragePool")
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window, with padding="same" of what lies inside; integers become `floatx()`. Shapes as `max_pool`."""
    data_format = config.standardize_data_format(data_format)
    if not isinstance(inputs, Tensor):
        return lifted(average_pool, inputs, pool_size, strides, padding, data_format)
    if inputs.dtype in WHOLE:
        return in_floats(average_pool, inputs, pool_size, strides, padding, data_format)
    pool = _sliding("average_pool", inputs.ndim, pool_size, strides, padding, data_format)
    return _pooled("average_pool", inputs, AVERAGE, pool, pool.same, False)  # ceil_mode, count_include_pad


@op("AdaptiveMaxPool")
def adaptive_max_pool(inputs, output_size, data_format=None):
    """The maxima of `output_size` windows along each axis, that cover it: window i of n reaches from floor(i * size / n) to
    ceil((i + 1) * size / n).

    Shapes: inputs (batch, *sizes, channels), or (batch, channels, *sizes) with data_format="channels_first", with one to three
    sizes; output the same with `output_size`, an integer or one for each axis.
    """
    data_format = config.standardize_data_format(data_format)
    if not isinstance(inputs, Tensor):
        return lifted(adaptive_max_pool, inputs, output_size, data_format)
    if inputs.dtype in WHOLE:
        return in_doubles(adaptive_max_pool, (inputs,), output_size, data_format)
    sizes, inward, outward = _adaptive("adaptive_max_pool", inputs.ndim, output_size, data_format)
    return ADAPTIVE_MAX[len(sizes)](inputs.permute(inward), sizes).permute(outward)


@op("AdaptiveAveragePool")
def adaptive_average_pool(inputs, output_size, data_format=None):
    """The means of the windows of `adaptive_max_pool`; integers become `floatx()`."""
    data_format = config.standardize_data_format(data_format)
    if not isinstance(inputs, Tensor):
        return lifted(adaptive_average_pool, inputs, output_size, data_format)
    if inputs.dtype in WHOLE:
        return in_floats(adaptive_average_pool, inputs, output_size, data_format)
    sizes, inward, outward = _adaptive("adaptive_average_pool", inputs.ndim, output_size, data_format)
    return ADAPTIVE_AVERAGE[len(sizes)](inputs.permute(inward), sizes).permute(outward)
