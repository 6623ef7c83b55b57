"""Normalization of each example by itself: over axes that may be chosen."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.normalization import Affine, size_along
from torchkeras_lite.notices import warn
from torchkeras_lite.variable import Reshaped
from torchkeras_lite.weights import bare


class _OverAxes:
    """Torch normalizes over the last axes; these layers over any, which move to the end and back (views)."""

    def _settle_axes(self, input_shape):
        """Notes how the axes move; returns the sizes of what is normalized, and the layout of weights of that shape.

        After it `self.axis` is a sorted list, as Keras has it; it may mix axes counted from either end.
        """
        rank = len(input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, (list, tuple)) else [self.axis]
        shape = tuple(size_along(self, axis, input_shape) for axis in self.axis)
        axes = sorted(axis % rank for axis in self.axis)
        sizes = tuple(input_shape[axis] for axis in axes)
        last = tuple(range(rank - len(axes), rank))
        self.__dict__.update(_axes=tuple(axes), _last=last, _straight=tuple(axes) == last)
        return sizes, None if shape == sizes else Reshaped(shape, sizes)

    def call(self, inputs):
        x = inputs if self._straight else inputs.movedim(self._axes, self._last)
        y = self.norm(x) if inputs.dtype is self._policy.compute_torch_dtype and not self._policy.is_mixed else self._wide(x)
        return y if self._straight else y.movedim(self._last, self._axes)

    def _wide(self, x):
        """Computed in float32 at least, returned in the compute dtype."""
        norm, wide = self.norm, torch.float64 if x.dtype is torch.float64 else torch.float32
        weights = [None if weight is None else weight.to(wide) for weight in (norm.weight, getattr(norm, "bias", None))]
        return self._function(x.to(wide), norm.normalized_shape, *weights, norm.eps).to(self._policy.compute_torch_dtype)


class LayerNormalization(_OverAxes, Affine):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each example over `axis`.

    gamma and beta have the sizes of `axis`. Statistics are made in float32 whatever the precision. Source: Ba, Kiros and
    Hinton 2016, arXiv:1607.06450.

    Args:
        axis: an int, or a list of several.
        epsilon: added to the variance.
        center, scale: whether there are a beta and a gamma.
        rms_scaling: deprecated: y = gamma x / sqrt(variance + epsilon), without a beta. `RMSNormalization` is what it was
            meant to be.

    Raises:
        TypeError: an `axis` that is neither. ValueError: the input has no such axis, or one of unknown size.

    The body is `self.norm`, an nn.LayerNorm.
    """

    _function = staticmethod(F.layer_norm)

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        rms_scaling=False,
        **kwargs,
    ):
        super().__init__(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint, **kwargs,
        )  # fmt: skip
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(
                "Expected an int or a list/tuple of ints for the argument 'axis'. Received: "
                f"axis={axis!r} in layer {self.name!r}"
            )
        if rms_scaling:
            warn(
                f"Layer {self.name!r}: `rms_scaling=True` is deprecated, for it divides by the standard deviation and not by "
                "the root mean square. Use RMSNormalization.",
            )
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.rms_scaling = rms_scaling
        self.autocast = False

    def build(self, input_shape):
        sizes, layout = self._settle_axes(input_shape)
        norm = bare(nn.LayerNorm, sizes, self.epsilon, **self.placement())
        self._adopt_affine(norm, layout, self.scale or self.rms_scaling, self.center and not self.rms_scaling)
        self.__dict__["_function"] = _by_deviation if self.rms_scaling else F.layer_norm

    def call(self, inputs):
        if not self.rms_scaling:
            return super().call(inputs)
        return self._wide(inputs.movedim(self._axes, self._last)).movedim(self._last, self._axes)


def _by_deviation(x, shape, gamma, beta, epsilon):
    variance = x.var(tuple(range(-len(shape), 0)), correction=0, keepdim=True)
    return x * torch.rsqrt(variance + epsilon) * gamma


class RMSNormalization(_OverAxes, Layer):
    """y = scale x / sqrt(mean(x²) + epsilon), with the mean of each example over `axis`, which `scale` has the sizes of.

    Source: Zhang and Sennrich 2019, arXiv:1910.07467.

    Args:
        axis: an int, or a list of several.
        epsilon: added to the mean of the squares.

    Raises:
        ValueError: the input has no such axis, or one of unknown size.

    The body is `self.norm`, an nn.RMSNorm.
    """

    casts_integers = True
    _function = staticmethod(lambda x, shape, scale, _, epsilon: F.rms_norm(x, shape, scale, epsilon))

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape):
        sizes, layout = self._settle_axes(input_shape)
        self.norm = bare(nn.RMSNorm, sizes, self.epsilon, **self.placement())
        self.scale = self.adopt("scale", self.norm, "weight", layout, "ones")


class UnitNormalization(Layer):
    """x / ||x||, with the Euclidean norm over `axis` (an int or several): every example has length 1. Zeros stay zeros.

    Raises:
        TypeError: an `axis` that is neither.
    """

    casts_integers = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(
                "Invalid value for `axis` argument: expected an int or a list/tuple of ints. Received: "
                f"axis={axis!r} in layer {self.name!r}"
            )
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.__dict__["_dims"] = axis if isinstance(axis, int) else tuple(axis)
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        smallest = 1e-12 if inputs.dtype is not torch.float16 else 1e-7  # which would be 0 there
        return F.normalize(inputs, 2.0, self._dims, smallest)
