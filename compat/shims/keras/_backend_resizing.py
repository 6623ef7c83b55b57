"""Images and volumes made larger: enlarged, or with zeros around them."""

from __future__ import annotations

from torchkeras_lite import ops
from torchkeras_lite.ops.dispatch import to_tensor

from ._backend_calls import channels, drawn, words

_FORMAT = {"dim_ordering": "data_format", "X": "x"}


def _spatial(data_format, count):
    """Where the axes of sizes are."""
    first = 1 if channels(data_format) == "channels_last" else 2
    return range(first, first + count)


@words(**_FORMAT)
def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Images with sizes that are multiples of what they were, by `"nearest"` or `"bilinear"` interpolation.

    Raises:
        ValueError: another interpolation.
    """
    if interpolation == "nearest":
        return _enlarged(x, (height_factor, width_factor), data_format)
    if interpolation != "bilinear":
        raise ValueError(f'interpolation should be one of "nearest" or "bilinear". Received: {interpolation!r}')
    return _bilinear(x, (height_factor, width_factor), channels(data_format))


@drawn
def _bilinear(x, factors, data_format):
    x = to_tensor(x)
    size = [x.shape[axis] * factor for axis, factor in zip(_spatial(data_format, 2), factors, strict=True)]
    return ops.image.resize(x, size, "bilinear", data_format=data_format)


@words(**_FORMAT)
def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Volumes with sizes that are multiples of what they were."""
    return _enlarged(x, (depth_factor, height_factor, width_factor), data_format)


def _enlarged(x, factors, data_format):
    for axis, factor in zip(_spatial(data_format, len(factors)), factors, strict=True):
        x = ops.repeat(x, factor, axis)
    return x


# ---------------------------------------------------------------- zeros around


def temporal_padding(x, padding=(1, 1)):
    """Zeros before and behind, along the second of three axes."""
    return ops.pad(x, ((0, 0), _pair(padding), (0, 0)))


@words(**_FORMAT)
def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around images: (above, below), (left, right); a number instead of a pair is for both."""
    return _padded(x, padding, data_format, 2)


@words(**_FORMAT)
def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Zeros around volumes: a pair for each axis; a number instead of a pair is for both sides."""
    return _padded(x, padding, data_format, 3)


def asymmetric_temporal_padding(x, left_pad=1, right_pad=1):
    """`temporal_padding`, as Keras 1 called it where the two differ."""
    return temporal_padding(x, (left_pad, right_pad))


@words(**_FORMAT)
def asymmetric_spatial_2d_padding(x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, data_format=None):
    """`spatial_2d_padding`, as Keras 1 called it where the two sides differ."""
    return spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)), data_format)


def _pair(padding) -> tuple:
    before, behind = (padding, padding) if isinstance(padding, int) else padding
    return int(before), int(behind)


def _padded(x, padding, data_format, count):
    pairs = [_pair(one) for one in padding]
    if len(pairs) != count:
        raise ValueError(f"`padding` must have {count} pairs. Received: {padding!r}")
    inner = _spatial(data_format, count)
    return ops.pad(x, [pairs[axis - inner[0]] if axis in inner else (0, 0) for axis in range(count + 2)])
