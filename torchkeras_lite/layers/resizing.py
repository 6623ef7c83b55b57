"""Sequences, images and volumes made larger or smaller: zeros around them, edges cut off, entries repeated or interpolated."""

from __future__ import annotations

import numbers

from torch.nn import functional as F

from torchkeras_lite.layers.spatial import Spatial
from torchkeras_lite.ops.pixels import to_dtype
from torchkeras_lite.ops.resampling import INTERPOLATIONS, resample
from torchkeras_lite.ops.windows import WORDS, spread


def _pairs(value, layer, name) -> tuple[tuple[int, int], ...]:
    """`value` (an integer, or for each axis an integer or a pair of them) as a pair (before, after) for each axis."""
    if layer.rank == 1:
        return (spread(value, 2, name, f"Layer {layer.name!r}", zero=True),)
    each = (value,) * layer.rank if isinstance(value, numbers.Integral) else value
    if isinstance(each, str) or not hasattr(each, "__len__") or len(each) != layer.rank:
        raise ValueError(
            f"Layer {layer.name!r}: `{name}` must be an integer, or a tuple with an integer or a pair (before, after) for each "
            f"of {layer.rank} axes. Received: {name}={value!r}"
        )
    return tuple(spread(one, 2, f"{name}[{axis}]", f"Layer {layer.name!r}", zero=True) for axis, one in enumerate(each))


# ---------------------------------------------------------------- zeros around


class _ZeroPadding(Spatial):
    def __init__(self, padding, data_format, **kwargs):
        super().__init__(data_format, **kwargs)
        pairs = _pairs(padding, self, "padding")
        self.padding = pairs if self.rank > 1 else pairs[0]
        flat = [amount for pair in reversed(pairs) for amount in pair]  # torch's order: the last axis first
        self.__dict__["_flat"] = (0, 0, *flat) if self.data_format == "channels_last" else (*flat,)

    def call(self, inputs):
        self._check_rank(inputs)
        return F.pad(inputs, self._flat)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after a sequence.

    Shapes: input (batch, steps, channels), output (batch, before + steps + after, channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        padding: how many at either end: an integer, or (before, after).
        data_format: "channels_last" or "channels_first".
    """

    rank = 1

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around an image.

    Shapes: input (batch, height, width, channels), output (batch, top + height + bottom, left + width + right, channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        padding: how many: an integer for all edges, (height, width) for both edges of an axis, or
            ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first".
    """

    rank = 2

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around a volume.

    Shapes: input (batch, depth, height, width, channels), output the same with each size grown by what is added before and
    after; with `data_format="channels_first"` the channels come second.

    Args:
        padding: how many: an integer for all sides, an integer for each axis, or a pair (before, after) for each axis.
        data_format: "channels_last" or "channels_first".
    """

    rank = 3

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


# ---------------------------------------------------------------- edges cut off


class _Cropping(Spatial):
    def __init__(self, cropping, data_format, **kwargs):
        super().__init__(data_format, **kwargs)
        pairs = _pairs(cropping, self, "cropping")
        self.cropping = pairs if self.rank > 1 else pairs[0]
        self.room = tuple(sum(pair) + 1 for pair in pairs)
        kept = [slice(None)] * (self.rank + 2)
        for axis, (before, after) in zip(self._axes, pairs, strict=True):
            kept[axis] = slice(before, -after or None)
        self.__dict__["_kept"] = tuple(kept)

    def call(self, inputs):
        self._check_rank(inputs)
        y = inputs[self._kept]  # a view
        if not y.numel():
            self._explain_size(inputs.shape)
        return y

    def _explain_size(self, shape):
        limit = "Values in `cropping` argument should be smaller than the size of the axis."
        if self.rank == 1:
            limit = "The `cropping` parameter of `Cropping1D` layer must be smaller than the number of steps."
        for axis, needed, word in zip(self._axes, self.room, WORDS[self.rank], strict=True):
            if shape[axis] < needed:
                raise ValueError(
                    f"Layer {self.name!r}: the input is {shape[axis]} {word}, and of that {needed - 1} are cropped, so nothing "
                    f"is left. {limit} Received: inputs.shape={tuple(shape)}, cropping={self.cropping}."
                )


class Cropping1D(_Cropping):
    """Cuts steps off a sequence.

    Shapes: input (batch, steps, channels), output (batch, steps - before - after, channels), a view.

    Args:
        cropping: how many at either end: an integer, or (before, after).

    Raises:
        ValueError: nothing is left.
    """

    rank = 1

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(_Cropping):
    """Cuts the edges off an image.

    Shapes: input (batch, height, width, channels), output (batch, height - top - bottom, width - left - right, channels), a
    view; with `data_format="channels_first"` the channels come second.

    Args:
        cropping: how many: an integer for all edges, (height, width) for both edges of an axis, or
            ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: nothing is left.
    """

    rank = 2

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts the sides off a volume.

    Shapes: input (batch, depth, height, width, channels), output the same with each size less what is cut off before and
    after, a view; with `data_format="channels_first"` the channels come second.

    Args:
        cropping: how many: an integer for all sides, an integer for each axis, or a pair (before, after) for each axis.
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: nothing is left.
    """

    rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


# ---------------------------------------------------------------- entries repeated


class _UpSampling(Spatial):
    """Each entry becomes as many as `factors` says along each axis."""

    def _set_factors(self, factors):
        settled = self.__dict__
        settled["_factors"] = factors
        # A sequence is an image one pixel high: torch has kernels for channels that lie last in memory only for images.
        settled["_scale"] = tuple(map(float, factors if self.rank > 1 else (1, *factors)))
        # "nearest" rounds down, and 41 * (1 / 41) is less than 1: some factors would repeat the wrong entry. "nearest-exact"
        # looks in the middle of an entry, but `vmap` has no rule for it.
        exact = all(factor & (factor - 1) == 0 for factor in factors)  # powers of two
        settled["_mode"] = "nearest" if exact else "nearest-exact"

    def call(self, inputs):
        if not inputs.is_floating_point():
            return self._repeat(inputs)
        x = inputs.permute(self._inward)
        if self.rank == 1:
            x = x.unsqueeze(2)
        y = F.interpolate(x, scale_factor=self._scale, mode=self._mode)
        return (y if self.rank > 1 else y.squeeze(2)).permute(self._outward)

    def _repeat(self, inputs):
        self._check_rank(inputs)
        for axis, factor in zip(self._axes, self._factors, strict=True):
            larger = (*inputs.shape[: axis + 1], factor, *inputs.shape[axis + 1 :])
            inputs = inputs.unsqueeze(axis + 1).expand(larger).flatten(axis, axis + 1)
        return inputs


class UpSampling1D(_UpSampling):
    """Repeats each step of a sequence.

    Shapes: input (batch, steps, channels), output (batch, steps * size, channels).

    Args:
        size: how often, a positive integer.
    """

    rank = 1

    def __init__(self, size=2, **kwargs):
        super().__init__("channels_last", **kwargs)
        if not isinstance(size, numbers.Integral) or isinstance(size, bool):
            raise TypeError(f"Expected an integer value for `size` in layer {self.name!r}. Received: size={size!r}")
        if size < 1:
            raise ValueError(f"Layer {self.name!r}: `size` should be a positive integer. Received: size={size}")
        (self.size,) = factors = spread(size, 1, "size", f"Layer {self.name!r}")
        self._set_factors(factors)


class UpSampling2D(_UpSampling):
    """Enlarges images by whole factors.

    Shapes: input (batch, height, width, channels), output (batch, height * size[0], width * size[1], channels); with
    `data_format="channels_first"` the channels come second.

    Args:
        size: an integer, or (for the height, for the width).
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest" repeats pixels; "bilinear"; "bicubic" is cubic convolution with a = -0.5 (Keys 1981);
            "lanczos3" and "lanczos5" are windowed sincs. Pixels are squares with the value in the middle; weights that would
            fall off the edge are shared out among the others. Integers are rounded, and stay in their range.
    """

    rank = 2

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(data_format, **kwargs)
        self.size = spread(size, 2, "size", f"Layer {self.name!r}")
        self.interpolation = interpolation.lower() if isinstance(interpolation, str) else interpolation
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"Layer {self.name!r}: `interpolation` must be one of {INTERPOLATIONS}. "
                f"Received: interpolation={interpolation!r}"
            )
        self._set_factors(self.size)

    def call(self, inputs):
        if self.interpolation == "nearest":
            return super().call(inputs)
        if not inputs.is_floating_point():
            return to_dtype(self.call(inputs.float()), inputs.dtype)
        if self.interpolation == "bilinear":
            x = F.interpolate(inputs.permute(self._inward), scale_factor=self._scale, mode="bilinear", align_corners=False)
            return x.permute(self._outward)
        self._check_rank(inputs)
        for axis, factor in zip(reversed(self._axes), reversed(self.size), strict=True):
            if factor > 1:
                inputs = resample(inputs, axis, inputs.shape[axis] * factor, self.interpolation)
        return inputs


class UpSampling3D(_UpSampling):
    """Repeats each entry of a volume.

    Shapes: input (batch, depth, height, width, channels), output the same with each size times its factor; with
    `data_format="channels_first"` the channels come second.

    Args:
        size: an integer, or a factor for each axis.
        data_format: "channels_last" or "channels_first".
    """

    rank = 3

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.size = spread(size, 3, "size", f"Layer {self.name!r}")
        self._set_factors(self.size)
