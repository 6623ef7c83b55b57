"""Other spellings of the same data: numbers of classes as vectors, space as channels."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import Tensor, family, lifted

op = family("nn")


@op("OneHot")
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """A new axis of size `num_classes` (at `axis` of the result), 1 at the class that x names and 0 elsewhere.

    What names no class (negative, too large) becomes zeros. `dtype`: None is `floatx()`. `sparse`: what comes out is dense.
    """
    dtype = config.torch_dtype(dtype)
    if not isinstance(x, Tensor):
        return lifted(one_hot, x, num_classes, axis, config.dtype_name(dtype))
    return _is_class(one_hot, x, num_classes, axis).to(dtype)


@op("MultiHot")
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False):
    """1 at each class that is named along axis 1 of the one-hot code of `inputs` (along axis 0 if they have one axis).

    So (samples, labels) become (samples, classes). `dtype`: None is `floatx()`. `sparse`: what comes out is dense.
    """
    if num_classes is None:
        raise ValueError("multi_hot: `num_classes` must be given")
    dtype = config.torch_dtype(dtype)
    if not isinstance(inputs, Tensor):
        return lifted(multi_hot, inputs, num_classes, axis, config.dtype_name(dtype))
    return _is_class(multi_hot, inputs, num_classes, axis).any(1 if inputs.ndim > 1 else 0).to(dtype)


def _is_class(function, x, num_classes, axis):
    """Whether x names the class, for each class, along a new `axis`."""
    place = axis if axis >= 0 else axis + x.ndim + 1
    if not 0 <= place <= x.ndim:
        raise ValueError(
            f"{function.__name__}: `axis` must be between {-x.ndim - 1} and {x.ndim}, to be an axis of the result. Received: "
            f"axis={axis}, x.shape={tuple(x.shape)}"
        )
    if x.is_floating_point() or x.dtype is torch.bool:
        x = x.long()
    classes = torch.arange(num_classes, device=x.device).reshape(-1, *[1] * (x.ndim - place))
    return x.unsqueeze(place) == classes


@op("DepthToSpace")
def depth_to_space(x, block_size, data_format="channels_last"):
    """Channels spread over blocks of space: (N, H, W, C) becomes (N, H b, W b, C / b²), where b is `block_size`.

    With channels last, a channel's number counts row, column and channel of the result, with channels first channel, row and
    column (as F.pixel_shuffle has it).
    """
    data_format = config.standardize_data_format(data_format)
    _check_block(depth_to_space, block_size)
    if not isinstance(x, Tensor):
        return lifted(depth_to_space, x, block_size, data_format)
    n, h, w, c = _sizes(depth_to_space, x, data_format)
    if c % block_size**2:
        raise ValueError(
            f"depth_to_space: the number of channels must be divisible by block_size² = {block_size**2}. Received: {c} "
            f"channels, x.shape={tuple(x.shape)}"
        )
    if data_format == "channels_first":
        return F.pixel_shuffle(x, block_size)
    blocks = x.reshape(n, h, w, block_size, block_size, c // block_size**2).transpose(2, 3)
    return blocks.reshape(n, h * block_size, w * block_size, c // block_size**2)


@op("SpaceToDepth")
def space_to_depth(x, block_size, data_format="channels_last"):
    """Blocks of space gathered as channels: (N, H, W, C) becomes (N, H / b, W / b, b² C), where b is `block_size`.

    The way back from `depth_to_space`, with the same order of channels.
    """
    data_format = config.standardize_data_format(data_format)
    _check_block(space_to_depth, block_size)
    if not isinstance(x, Tensor):
        return lifted(space_to_depth, x, block_size, data_format)
    n, h, w, c = _sizes(space_to_depth, x, data_format)
    if h % block_size or w % block_size:
        raise ValueError(
            f"space_to_depth: height and width must be divisible by block_size={block_size}. Received: height {h}, width {w}, "
            f"x.shape={tuple(x.shape)}"
        )
    if data_format == "channels_first":
        blocks = x.reshape(n, c, h // block_size, block_size, w // block_size, block_size).permute(0, 1, 3, 5, 2, 4)
        return blocks.reshape(n, c * block_size**2, h // block_size, w // block_size)  # F.pixel_unshuffle is wrong without rows
    blocks = x.reshape(n, h // block_size, block_size, w // block_size, block_size, c).transpose(2, 3)
    return blocks.reshape(n, h // block_size, w // block_size, c * block_size**2)


def _check_block(function, block_size):
    if block_size < 2:
        raise ValueError(f"{function.__name__}: `block_size` must be at least 2. Received: block_size={block_size}")


def _sizes(function, x, data_format):
    """(N, H, W, C)."""
    if x.ndim != 4:
        raise ValueError(f"{function.__name__}: expected images with 4 axes. Received: x.shape={tuple(x.shape)}")
    n, *rest = x.shape
    return (n, *rest) if data_format == "channels_last" else (n, *rest[1:], rest[0])
