"""Normalization of each example by itself: over groups of channels."""

from __future__ import annotations

import torch
from torch import nn

from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layers.normalization import Affine, second, size_along
from torchkeras_lite.weights import bare


class GroupNormalization(Affine):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each example and group of channels.

    Statistics are made in float32 whatever the precision. Source: Wu and He 2018, arXiv:1803.08494.

    Args:
        groups: into how many groups of neighbours the channels are divided. 1 is much like a LayerNormalization over all axes,
            -1 (as many groups as channels) an instance normalization.
        axis: the axis of the channels.
        epsilon: added to the variance.
        center, scale: whether there are a beta and a gamma, each with an entry for a channel.

    Raises:
        ValueError: `groups` is neither positive nor -1, or does not divide the channels; their number is unknown.

    The body is `self.norm`, an nn.GroupNorm.
    """

    def __init__(
        self,
        groups=32,
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
        **kwargs,
    ):
        super().__init__(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint, **kwargs,
        )  # fmt: skip
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                f"Layer {self.name!r}: the argument `groups` must be a positive integer, or -1 for as many as there are "
                f"channels. Received: groups={groups!r}"
            )
        self.groups, self.axis = groups, axis
        self.autocast = False

    def build(self, input_shape):
        rank = len(input_shape)
        if -rank <= self.axis < rank and input_shape[self.axis] is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer {self.name!r} got none. "
                f"Received: input_shape={tuple(input_shape)}."
            )
        channels = size_along(self, self.axis, input_shape)
        groups = channels if self.groups == -1 else self.groups
        if channels % groups:
            wrong = "cannot be more than" if groups > channels else "must divide"
            raise ValueError(
                f"Layer {self.name!r}: groups={groups} {wrong} the number of channels, which is {channels} (input of shape "
                f"{tuple(input_shape)}, axis={self.axis})."
            )
        self.groups = groups
        norm = bare(nn.GroupNorm, groups, channels, self.epsilon, **self.placement())
        self._adopt_affine(norm, None, self.scale, self.center)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})
        inward, outward = second(self.axis, rank)
        self.__dict__.update(_inward=inward, _outward=outward, _straight=inward == (*range(rank),))

    def call(self, inputs):
        x = inputs if self._straight else inputs.permute(self._inward)
        norm, kind = self.norm, self._policy.compute_torch_dtype
        weight, bias = norm.weight, norm.bias
        wide = x.dtype is not kind or self._policy.is_mixed
        if wide:
            x = x if x.dtype is torch.float64 else x.float()
            weight, bias = (None if each is None else each.to(x.dtype) for each in (weight, bias))
        # (The module itself refuses groups of one number, of which Keras makes beta; the backward pass of torch's kernel fails
        # where there is a bias and no weight.)
        y = torch.group_norm(x, norm.num_groups, weight, None if weight is None else bias, norm.eps)
        if weight is None and bias is not None:
            y = y + bias.reshape(1, -1, *[1] * (y.ndim - 2))
        y = y.to(kind) if wide else y
        return y if self._straight else y.permute(self._outward)
