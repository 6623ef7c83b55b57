"""Pooling over as many windows as asked for (adaptive), or over all there is (global)."""

from __future__ import annotations

import numbers

import torch

from torchkeras_lite.layers.spatial import Spatial
from torchkeras_lite.ops.pooling import ADAPTIVE_AVERAGE, ADAPTIVE_MAX
from torchkeras_lite.ops.windows import spread

# ---------------------------------------------------------------- as many windows as asked for


class _AdaptivePooling(Spatial):
    """`output_size` windows along each axis, as equal as the input's size allows: window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n)."""

    kernels: dict  # rank -> function(x, sizes)

    def __init__(self, output_size, data_format, **kwargs):
        super().__init__(data_format, **kwargs)
        given = output_size
        if isinstance(output_size, numbers.Integral):
            output_size = (output_size,) * self.rank
        wrong = ValueError if self.rank == 1 and isinstance(output_size, (tuple, list)) else TypeError  # as in Keras
        if not isinstance(output_size, (tuple, list)) or len(output_size) != self.rank:
            raise wrong(
                f"Layer {self.name!r}: `output_size` must be an integer or a tuple of {self.rank}. Received: "
                f"output_size={given!r} (of type {type(given).__name__})"
            )
        self.output_size = spread(output_size, self.rank, "output_size", f"Layer {self.name!r}")

    def call(self, inputs):
        if not inputs.is_floating_point():
            return self._pool_integers(inputs)
        return self.kernels[self.rank](inputs.permute(self._inward), self.output_size).permute(self._outward)


class _AdaptiveAveragePooling(_AdaptivePooling):
    kernels = ADAPTIVE_AVERAGE

    def _pool_integers(self, inputs):
        return self.call(inputs.float())


class _AdaptiveMaxPooling(_AdaptivePooling):
    kernels = ADAPTIVE_MAX

    def _pool_integers(self, inputs):
        return self.call(inputs.double()).to(inputs.dtype)


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """The means of `output_size` windows that cover a sequence, however long.

    Shapes: input (batch, steps, channels), output (batch, output_size, channels); with `data_format="channels_first"` the
    channels come second.

    Args:
        output_size: an integer, or a tuple of one.
        data_format: "channels_last" or "channels_first".
    """

    rank = 1

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """The means of windows that cover an image of any size, `output_size` of them along each side.

    Shapes: input (batch, height, width, channels), output (batch, *output_size, channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        output_size: an integer, or (height, width).
        data_format: "channels_last" or "channels_first".
    """

    rank = 2

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """The means of windows that cover a volume of any size, `output_size` of them along each side.

    Shapes: input (batch, depth, height, width, channels), output (batch, *output_size, channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        output_size: an integer, or (depth, height, width).
        data_format: "channels_last" or "channels_first".
    """

    rank = 3

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """The maxima of `output_size` windows that cover a sequence, however long.

    Shapes: input (batch, steps, channels), output (batch, output_size, channels); with `data_format="channels_first"` the
    channels come second.

    Args:
        output_size: an integer, or a tuple of one.
        data_format: "channels_last" or "channels_first".
    """

    rank = 1

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """The maxima of windows that cover an image of any size, `output_size` of them along each side.

    Shapes: input (batch, height, width, channels), output (batch, *output_size, channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        output_size: an integer, or (height, width).
        data_format: "channels_last" or "channels_first".
    """

    rank = 2

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """The maxima of windows that cover a volume of any size, `output_size` of them along each side.

    Shapes: input (batch, depth, height, width, channels), output (batch, *output_size, channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        output_size: an integer, or (depth, height, width).
        data_format: "channels_last" or "channels_first".
    """

    rank = 3

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(output_size, data_format, **kwargs)


# ---------------------------------------------------------------- all there is


class _GlobalPooling(Spatial):
    def __init__(self, data_format, keepdims, **kwargs):
        super().__init__(data_format, **kwargs)
        self.keepdims = keepdims


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, inputs):
        self._check_rank(inputs)
        if inputs.is_floating_point():
            return inputs.mean(self._axes, self.keepdims)
        return inputs.mean(self._axes, self.keepdims, dtype=torch.float32)


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, inputs):
        self._check_rank(inputs)
        return inputs.amax(self._axes, self.keepdims)


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean over the steps of a sequence; those that a mask hides do not count. Integers become float32.

    Shapes: input (batch, steps, channels), output (batch, channels), or (batch, 1, channels) with `keepdims`; with
    `data_format="channels_first"` the channels come second. The mask is (batch, steps). A sequence without any step gives NaN.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axis of the steps stays, with size 1.
    """

    rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        self._check_rank(inputs)
        mask = mask.bool().unsqueeze(2 if self.data_format == "channels_last" else 1)
        x = inputs if inputs.is_floating_point() else inputs.float()
        return torch.where(mask, x, 0).sum(self._axes, self.keepdims) / mask.sum(self._axes, self.keepdims).to(x.dtype)

    def compute_mask(self, inputs, mask=None):
        return None  # the steps are gone


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean over an image, channel by channel. Integers become float32.

    Shapes: input (batch, height, width, channels), output (batch, channels), or (batch, 1, 1, channels) with `keepdims`; with
    `data_format="channels_first"` the channels come second.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axes that are pooled stay, with size 1.
    """

    rank = 2

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean over a volume, channel by channel. Integers become float32.

    Shapes: input (batch, depth, height, width, channels), output (batch, channels), or (batch, 1, 1, 1, channels) with
    `keepdims`; with `data_format="channels_first"` the channels come second.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axes that are pooled stay, with size 1.
    """

    rank = 3

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The maximum over the steps of a sequence, channel by channel. Ties share the gradient.

    Shapes: input (batch, steps, channels), output (batch, channels), or (batch, 1, channels) with `keepdims`; with
    `data_format="channels_first"` the channels come second.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axis of the steps stays, with size 1.
    """

    rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The maximum over an image, channel by channel. Ties share the gradient.

    Shapes: input (batch, height, width, channels), output (batch, channels), or (batch, 1, 1, channels) with `keepdims`; with
    `data_format="channels_first"` the channels come second.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axes that are pooled stay, with size 1.
    """

    rank = 2

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The maximum over a volume, channel by channel. Ties share the gradient.

    Shapes: input (batch, depth, height, width, channels), output (batch, channels), or (batch, 1, 1, 1, channels) with
    `keepdims`; with `data_format="channels_first"` the channels come second.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axes that are pooled stay, with size 1.
    """

    rank = 3

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)


GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D
