"""Pooling over sliding windows: what is in a window becomes its maximum or its mean."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite.layers.spatial import Spatial
from torchkeras_lite.layers.windows import WORDS, same_padding, spread

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
    return in_two_steps(
        x,
        lambda planes: F.avg_pool2d(planes, (h, w), along, padding[1:], ceil, count_padding),
        lambda depths: F.avg_pool2d(depths, (d, 1), (down, 1), (padding[0], 0), ceil, count_padding),
    )


def in_two_steps(x, pool_planes, pool_depths):
    """Pools volumes (batch, channels, depth, height, width) plane by plane and then along the depth, as images.

    Except for max pooling, torch has no 3-D kernels for channels that lie last in memory: it would copy input and output, and
    for half precision it has none on a CPU. Where the channels lie last, every step between the two is a view.
    """
    n, c, d, _, _ = x.shape
    y = pool_planes(x.transpose(1, 2).flatten(0, 1))  # (batch * depth, channels, height, width)
    h, w = y.shape[2:]
    y = pool_depths(y.reshape(n, d, c, h, w).transpose(1, 2).flatten(3))  # (batch, channels, depth, height * width)
    return y.reshape(n, c, y.shape[2], h, w)


# ---------------------------------------------------------------- sliding windows


class _Pooling(Spatial):
    """Windows of `pool_size` that move by `strides`; integers and "same" padding as JAX and TensorFlow treat them."""

    kernels: dict  # rank -> function(x, window, strides, padding, *options)

    def __init__(self, pool_size, strides, padding, data_format, **kwargs):
        super().__init__(data_format, **kwargs)
        self.pool_size = spread(pool_size, self.rank, "pool_size", self.name)
        self.strides = self.pool_size if strides is None else spread(strides, self.rank, "strides", self.name)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"Layer {self.name!r}: the `padding` argument of a {type(self).__name__} must be 'valid' or 'same'. Received: "
                f"padding={padding!r}"
            )
        self.room = self.pool_size
        same = self.padding == "same"
        settled = self.__dict__
        settled["_options"] = self._options_of_kernel(same)
        settled["_margins"] = None if same else (0,) * self.rank
        # torch pads both ends alike, and windows may hang over the far end by less than a stride (`ceil_mode`). Keras's odd
        # rest behind thus costs nothing, except for stride 1: there the near end gets it too, and the first window goes.
        axes = zip(self.pool_size, self.strides, strict=True)
        surplus = [int(same and stride == 1 and window % 2 == 0) for window, stride in axes]
        settled["_surplus"] = surplus
        settled["_kept"] = None
        if any(surplus):
            kept = [slice(None)] * (self.rank + 2)
            for axis, first in zip(self._axes, surplus, strict=True):
                kept[axis] = slice(first, None)
            settled["_kept"] = tuple(kept)

    def call(self, inputs):
        if not inputs.is_floating_point():
            return self._pool_integers(inputs)
        return self.turned(self.raw(inputs.permute(self._inward)))

    def raw(self, x):
        """The pooled x, both with the axes as torch has them."""
        margins = self._margins or self._margins_for(x.shape[2:])
        try:
            return self.kernels[self.rank](x, self.pool_size, self.strides, margins, *self._options)
        except RuntimeError as error:
            self._explain_size(x.shape[2:], error)
            raise

    def turned(self, y):
        """An output of `raw`, with the axes as Keras has them."""
        y = y.permute(self._outward)
        return y if self._kept is None else y[self._kept].contiguous()

    def _margins_for(self, sizes):
        """The padding at either end that amounts to "same"."""
        axes = zip(sizes, self.pool_size, self.strides, self._surplus, strict=True)
        return [same_padding(size, window, stride)[0] + surplus for size, window, stride, surplus in axes]

    def _explain_size(self, sizes, error):
        for size, window, word in zip(sizes, self.pool_size, WORDS[self.rank], strict=True):
            if size < window and self.padding == "valid":
                raise ValueError(
                    f"Layer {self.name!r}: the input is {size} {word}, the pool needs {window}. Received: sizes={tuple(sizes)} "
                    f"(without batch and channels), pool_size={self.pool_size}. The usual fix: `padding=\"same\"`, a smaller "
                    "pool_size, or fewer poolings before this one."
                ) from error


class _MaxPooling(_Pooling):
    kernels = {1: _max_pool1d, 2: torch.max_pool2d, 3: _max_pool3d}

    def _options_of_kernel(self, same):
        return 1, same  # dilation, ceil_mode

    def _pool_integers(self, inputs):
        return self.call(inputs.double()).to(inputs.dtype)  # torch has few kernels for integers, and none for bool


class _AveragePooling(_Pooling):
    kernels = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: _avg_pool3d}

    def _options_of_kernel(self, same):
        return same, False  # ceil_mode, count_include_pad: what is padded does not count

    def _pool_integers(self, inputs):
        return self.call(inputs.float())


class MaxPooling1D(_MaxPooling):
    """The maximum of each window of a sequence.

    Shapes: input (batch, steps, channels), output (batch, new steps, channels); with `data_format="channels_first"` the
    channels come second. New steps: (steps - pool_size) // strides + 1 for "valid", steps / strides rounded up for "same".

    Args:
        pool_size: the length of the window.
        strides: by how much it moves; None is the length of the window.
        padding: "valid" (windows lie inside) or "same" (they may hang over both ends; what hangs over does not count).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: the input is shorter than the window, without padding.
    """

    rank = 1

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class MaxPooling2D(_MaxPooling):
    """The maximum of each window of an image. Ties: the gradient goes to the first.

    Shapes: input (batch, height, width, channels), output (batch, new height, new width, channels); with
    `data_format="channels_first"` the channels come second. A new size is (size - pool_size) // strides + 1 for "valid", and
    size / strides rounded up for "same".

    Args:
        pool_size: an integer, or (height, width) of the window.
        strides: by how much it moves; None is the size of the window.
        padding: "valid" (windows lie inside) or "same" (they may hang over the edges; what hangs over does not count).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: the input is smaller than the window, without padding.
    """

    rank = 2

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class MaxPooling3D(_MaxPooling):
    """The maximum of each window of a volume.

    Shapes: input (batch, depth, height, width, channels), output the same with new sizes; with `data_format="channels_first"`
    the channels come second. A new size is (size - pool_size) // strides + 1 for "valid", and size / strides rounded up for
    "same".

    Args:
        pool_size: an integer, or (depth, height, width) of the window.
        strides: by how much it moves; None is the size of the window.
        padding: "valid" (windows lie inside) or "same" (they may hang over the edges; what hangs over does not count).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: the input is smaller than the window, without padding.
    """

    rank = 3

    def __init__(self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling1D(_AveragePooling):
    """The mean of each window of a sequence; integers become float32.

    Shapes: input (batch, steps, channels), output (batch, new steps, channels); with `data_format="channels_first"` the
    channels come second. New steps: (steps - pool_size) // strides + 1 for "valid", steps / strides rounded up for "same".

    Args:
        pool_size: the length of the window.
        strides: by how much it moves; None is the length of the window.
        padding: "valid" (windows lie inside) or "same" (they may hang over both ends; the mean is of what lies inside).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: the input is shorter than the window, without padding.
    """

    rank = 1

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling2D(_AveragePooling):
    """The mean of each window of an image; integers become float32.

    Shapes: input (batch, height, width, channels), output (batch, new height, new width, channels); with
    `data_format="channels_first"` the channels come second. A new size is (size - pool_size) // strides + 1 for "valid", and
    size / strides rounded up for "same".

    Args:
        pool_size: an integer, or (height, width) of the window.
        strides: by how much it moves; None is the size of the window.
        padding: "valid" (windows lie inside) or "same" (they may hang over the edges; the mean is of what lies inside).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: the input is smaller than the window, without padding.
    """

    rank = 2

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling3D(_AveragePooling):
    """The mean of each window of a volume; integers become float32.

    Shapes: input (batch, depth, height, width, channels), output the same with new sizes; with `data_format="channels_first"`
    the channels come second. A new size is (size - pool_size) // strides + 1 for "valid", and size / strides rounded up for
    "same".

    Args:
        pool_size: an integer, or (depth, height, width) of the window.
        strides: by how much it moves; None is the size of the window.
        padding: "valid" (windows lie inside) or "same" (they may hang over the edges; the mean is of what lies inside).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: the input is smaller than the window, without padding.
    """

    rank = 3

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
