"""Pooling over sliding windows: what is in a window becomes its maximum or its mean."""

from __future__ import annotations

from torchkeras_lite.layers.spatial import Spatial
from torchkeras_lite.ops.pooling import AVERAGE, MAX, same_margins, surplus_of, too_small
from torchkeras_lite.ops.windows import spread


class _Pooling(Spatial):
    """Windows of `pool_size` that move by `strides`; integers and "same" padding as JAX and TensorFlow treat them."""

    kernels: dict  # rank -> function(x, window, strides, padding, *options)

    def __init__(self, pool_size, strides, padding, data_format, **kwargs):
        super().__init__(data_format, **kwargs)
        self.pool_size = spread(pool_size, self.rank, "pool_size", f"Layer {self.name!r}")
        self.strides = self.pool_size if strides is None else spread(strides, self.rank, "strides", f"Layer {self.name!r}")
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
        settled["_surplus"], settled["_kept"] = surplus_of(self.pool_size, self.strides, same, self._axes)

    def call(self, inputs):
        if not inputs.is_floating_point():
            return self._pool_integers(inputs)
        return self.turned(self.raw(inputs.permute(self._inward)))

    def raw(self, x):
        """The pooled x, both with the axes as torch has them."""
        margins = self._margins or same_margins(x.shape[2:], self.pool_size, self.strides, self._surplus)
        try:
            return self.kernels[self.rank](x, self.pool_size, self.strides, margins, *self._options)
        except RuntimeError as error:
            problem = too_small(f"Layer {self.name!r}", x.shape[2:], self.pool_size) if self.padding == "valid" else None
            if problem is None:
                raise
            raise ValueError(problem) from error

    def turned(self, y):
        """An output of `raw`, with the axes as Keras has them."""
        y = y.permute(self._outward)
        return y if self._kept is None else y[self._kept].contiguous()


class _MaxPooling(_Pooling):
    kernels = MAX

    def _options_of_kernel(self, same):
        return 1, same  # dilation, ceil_mode

    def _pool_integers(self, inputs):
        return self.call(inputs.double()).to(inputs.dtype)  # torch has few kernels for integers, and none for bool


class _AveragePooling(_Pooling):
    kernels = AVERAGE

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
