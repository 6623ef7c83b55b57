"""Normalization."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite import config, constraints, initializers, regularizers
from torchkeras_lite.calls import going_on
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.weights import bare


def _without_count(module, state_dict, prefix, *_):
    state_dict.pop(f"{prefix}num_batches_tracked", None)


class BatchNormalization(Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, over all axes but `axis`.

    In training mean and variance are the batch's, and the moving ones follow: moving = momentum * moving + (1 - momentum) *
    batch, with the biased variance (torch keeps the unbiased one). Otherwise, and while the layer is frozen
    (`trainable = False`), the moving ones are used. Source: Ioffe and Szegedy 2015, arXiv:1502.03167.

    Args:
        axis: the axis of the features (an int).
        momentum: how slowly the moving statistics follow.
        epsilon: added to the variance.
        center, scale: whether there are a beta and a gamma.
        renorm, renorm_clipping, renorm_momentum: batch renormalization, arXiv:1702.03275.
        synchronized: accepted; statistics are those of one process.

    The body is `self.norm`, an nn.BatchNorm: weight is gamma, running_mean and running_var are buffers.
    """

    casts_integers = True
    fusible = True

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if renorm:
            raise NotImplementedError(f"Layer {self.name!r}: batch renormalization (`renorm=True`) is not supported yet.")
        self.axis = int(axis[0]) if isinstance(axis, (list, tuple)) else int(axis)
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.center, self.scale, self.synchronized = center, scale, synchronized
        self.renorm, self.renorm_clipping, self.renorm_momentum = renorm, renorm_clipping, renorm_momentum
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ValueError(
                f"Layer {self.name!r}: axis={self.axis} is not an axis of an input of shape {tuple(input_shape)}."
            )
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(
                f"Layer {self.name!r}: axis {self.axis} of the input, which is normalized, must have a known size. Received: "
                f"input_shape={tuple(input_shape)}."
            )
        kind = {4: nn.BatchNorm2d, 5: nn.BatchNorm3d}.get(rank, nn.BatchNorm1d)
        norm = bare(kind, size, self.epsilon, 1 - self.momentum, **self.placement())
        norm.num_batches_tracked = None  # Keras counts no batches, and what others have counted is passed over
        norm.register_load_state_dict_pre_hook(_without_count)
        if not self.scale:
            norm.weight = None
        if not self.center:
            norm.bias = None
        self.norm = norm
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.adopt(
                "gamma", norm, "weight", None, self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
            )
        if self.center:
            self.beta = self.adopt(
                "beta", norm, "bias", None, self.beta_initializer, self.beta_regularizer, self.beta_constraint
            )
        self.moving_mean = self.adopt("moving_mean", norm, "running_mean", None, self.moving_mean_initializer)
        self.moving_variance = self.adopt("moving_variance", norm, "running_var", None, self.moving_variance_initializer)
        axis = self.axis % rank
        self.input_spec = InputSpec(ndim=rank, axes={axis: size})
        # torch wants the features on axis 1. For channels_last data the move is a view, whose memory is the layout that
        # torch calls channels_last.
        others = [i for i in range(rank) if i != axis]
        inward = (*others[:1], axis, *others[1:])
        outward = tuple(inward.index(i) for i in range(rank))
        self.__dict__.update(rank=rank - 2, _inward=inward, _outward=outward, _straight=axis == 1)

    def call(self, inputs, training=None, mask=None):
        if training is None:
            training = self.training
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ValueError(
                f"Layer {self.name!r}: the mask must have one axis less than the inputs. Received: "
                f"mask.shape={tuple(mask.shape)}, inputs.shape={tuple(inputs.shape)}."
            )
        if mask is None or not (training and self._trainable):
            return self.turned(self._normalized(self._turned_in(inputs), training))
        mask = mask.bool().unsqueeze(-1).expand_as(inputs)
        return self.turned(self._masked(self._turned_in(inputs), self._turned_in(mask)))

    def raw(self, inputs):
        """The output with the axes as torch has them."""
        return self._normalized(self._turned_in(inputs), self.training)

    def turned(self, y):
        """An output of `raw`, with the axes as Keras has them."""
        return y if self._straight else y.permute(self._outward)

    def _turned_in(self, x):
        return x if self._straight else x.permute(self._inward)

    def _normalized(self, x, training):
        norm = self.norm
        if not (training and self._trainable):
            return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps)
        y, mean, inverse = torch.native_batch_norm(x, norm.weight, norm.bias, None, None, True, 0.0, norm.eps)
        # The kernel kept 1 / sqrt(variance + epsilon); from it comes the biased variance, without a second pass.
        self._follow(mean, inverse.detach().pow(-2).sub_(norm.eps).clamp_(min=0))
        return y

    def _masked(self, x, mask):
        """Statistics over the entries where the mask (with all axes of x) is True; the others may hold anything."""
        axes = [0, *range(2, x.ndim)]
        count = mask.sum(axes, keepdim=True) + config.epsilon()
        mean = x.masked_fill(~mask, 0).sum(axes, keepdim=True) / count
        variance = (x - mean).masked_fill(~mask, 0).square().sum(axes, keepdim=True) / count
        self._follow(mean.flatten(), variance.flatten())
        y = (x - mean) * torch.rsqrt(variance + self.epsilon)
        shape = [1, -1, *[1] * (x.ndim - 2)]
        y = y * self.norm.weight.reshape(shape) if self.scale else y
        return y + self.norm.bias.reshape(shape) if self.center else y

    def _follow(self, mean, variance):
        if going_on.trying:
            return  # only the shape is asked for
        with torch.no_grad():
            self.norm.running_mean.lerp_(mean.to(self.norm.running_mean.dtype), 1 - self.momentum)
            self.norm.running_var.lerp_(variance.to(self.norm.running_var.dtype), 1 - self.momentum)
