"""Normalization over batches, and what all normalizations have in common."""

from __future__ import annotations

import math

import torch
from torch import distributed, nn
from torch.nn import functional as F

from torchkeras_lite import config, constraints, initializers, regularizers
from torchkeras_lite.calls import going_on
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.weights import bare


class Affine(Layer):
    """The base of normalizations that end in gamma * y + beta: their arguments, and the weights in a module of torch's."""

    casts_integers = True

    def __init__(
        self,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma = self.beta = None
        self.supports_masking = True

    def _adopt_affine(self, norm, layout=None, gamma=True, beta=True):
        """Makes `norm` the body of the layer: its weight is gamma and its bias is beta, where there are to be such."""
        if not gamma:
            norm.weight = None
        if not beta:
            norm.bias = None
        self.norm = norm
        if gamma:
            self.gamma = self.adopt(
                "gamma", norm, "weight", layout, self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
            )
        if beta:
            self.beta = self.adopt(
                "beta", norm, "bias", layout, self.beta_initializer, self.beta_regularizer, self.beta_constraint
            )


def size_along(layer, axis, input_shape) -> int:
    """The size of a layer's input along an axis. ValueError if there is no such axis, or its size is not known."""
    rank = len(input_shape)
    if not -rank <= axis < rank:
        raise ValueError(
            f"Layer {layer.name!r}: axis={axis} is not an axis of an input of shape {tuple(input_shape)}. All `axis` values "
            f"must be in the range [{-rank}, {rank})."
        )
    if input_shape[axis] is None:
        raise ValueError(
            f"Layer {layer.name!r}: axis {axis} of the input, which is normalized, must have a known size. All `axis` values "
            f"to be kept must have one. Received: input_shape={tuple(input_shape)}."
        )
    return input_shape[axis]


def second(axis: int, rank: int):
    """The orders of the axes that bring `axis` to where torch has the channels, and back again.

    For channels_last data the move is a view, whose memory is the layout that torch calls channels_last.
    """
    axis %= rank
    others = [i for i in range(rank) if i != axis]
    inward = (*others[:1], axis, *others[1:])
    return inward, tuple(inward.index(i) for i in range(rank))


class BatchNormalization(Affine):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, over all axes but `axis`.

    In training mean and variance are the batch's, and the moving ones follow: moving = momentum * moving + (1 - momentum) *
    batch, with the biased variance (torch keeps the unbiased one). Otherwise, and while the layer is frozen
    (`trainable = False`), the moving ones are used. Entries that a mask hides count in no statistics. Source: Ioffe and
    Szegedy 2015, arXiv:1502.03167.

    Args:
        axis: the axis of the features: an int (or a list of one, as older files have it).
        momentum: how slowly the moving statistics follow.
        epsilon: added to the variance.
        center, scale: whether there are a beta and a gamma.
        renorm: batch renormalization, arXiv:1702.03275: y becomes r y + d (before gamma and beta), which corrects the batch's
            statistics to slowly moving ones. No gradients flow through r and d.
        renorm_clipping: bounds {"rmin", "rmax", "dmax"} for r in [rmin, rmax] and d in [-dmax, dmax]; each may be missing.
        renorm_momentum: how slowly the statistics follow that r and d are made of.
        synchronized: whether the statistics are those of the batches of all processes of the torch.distributed group.

    Raises:
        TypeError: several axes. ValueError: bounds that cannot be; an input whose size along `axis` is unknown.

    The body is `self.norm`, an nn.BatchNorm: weight is gamma, running_mean and running_var are buffers.
    """

    fusible = True
    of_samples = False  # whether the moving variance follows the unbiased one, as older Keras had it

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
        super().__init__(
            float(epsilon), center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint, **kwargs,
        )  # fmt: skip
        if isinstance(axis, (list, tuple)) and len(axis) != 1:
            raise TypeError(f"Layer {self.name!r}: `axis` is one axis, an int. Received: axis={axis}")
        self.axis = int(axis[0] if isinstance(axis, (list, tuple)) else axis)
        self.momentum, self.synchronized = float(momentum), synchronized
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.moving_mean = self.moving_variance = None
        self.renorm, self.renorm_momentum = renorm, renorm_momentum
        self.renorm_clipping = self._checked_bounds(renorm_clipping or {}) if renorm else renorm_clipping

    def _checked_bounds(self, bounds):
        low, high, shift = (bounds.get(name) for name in ("rmin", "rmax", "dmax"))
        wrong = None
        if set(bounds) - {"rmin", "rmax", "dmax"}:
            wrong = "Received invalid keys: there are 'rmin', 'rmax' and 'dmax'"
        elif low is not None and high is not None and high < low:
            wrong = "rmax should be at least rmin"
        elif shift is not None and shift < 0:
            wrong = "dmax should be non-negative"
        if wrong:
            raise ValueError(f"{wrong} in `renorm_clipping` of layer {self.name!r}. Received: renorm_clipping={bounds}")
        return bounds

    def build(self, input_shape):
        rank, size = len(input_shape), size_along(self, self.axis, input_shape)
        kind = {4: nn.BatchNorm2d, 5: nn.BatchNorm3d}.get(rank, nn.BatchNorm1d)
        norm = bare(kind, size, self.epsilon, 1 - self.momentum, **self.placement())
        norm.num_batches_tracked = None  # Keras counts no batches, and what others have counted is passed over
        norm.register_load_state_dict_pre_hook(_without_count)
        self._adopt_affine(norm, gamma=self.scale, beta=self.center)
        self.moving_mean = self.adopt("moving_mean", norm, "running_mean", None, self.moving_mean_initializer)
        self.moving_variance = self.adopt("moving_variance", norm, "running_var", None, self.moving_variance_initializer)
        if self.renorm:
            deviation = _RootOf(self.moving_variance_initializer)
            self.moving_stddev = self.add_weight(size, deviation, trainable=False, name="moving_stddev")
            self.renorm_mean = self.add_weight(size, self.moving_mean_initializer, trainable=False, name="renorm_mean")
            self.renorm_stddev = self.add_weight(size, deviation, trainable=False, name="renorm_stddev")
        self.input_spec = InputSpec(ndim=rank, axes={self.axis % rank: size})
        inward, outward = second(self.axis, rank)
        self.__dict__.update(rank=rank - 2, _inward=inward, _outward=outward, _straight=inward == (*range(rank),))

    def call(self, inputs, training=None, mask=None):
        if training is None:
            training = self.training
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ValueError(
                f"Layer {self.name!r}: the mask must have one axis less than the inputs. Received: "
                f"mask.shape={tuple(mask.shape)}, inputs.shape={tuple(inputs.shape)}."
            )
        if mask is not None:
            mask = self.turned_in(mask.bool().unsqueeze(-1).expand_as(inputs))
        return self.turned(self._normalized(self.turned_in(inputs), training, mask))

    def raw(self, inputs):
        """The output with the axes as torch has them."""
        return self._normalized(self.turned_in(inputs), self.training)

    def turned(self, y):
        """An output of `raw`, with the axes as Keras has them."""
        return y if self._straight else y.permute(self._outward)

    def turned_in(self, x):
        """A tensor with the axes as Keras has them, as torch has them."""
        return x if self._straight else x.permute(self._inward)

    def _normalized(self, x, training, mask=None):
        norm = self.norm
        if not (training and self._trainable and x.shape[0]):  # no rows: somebody only asks for the shape
            return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps)
        gamma, beta = (None, None) if self.renorm else (norm.weight, norm.bias)
        if mask is None and not (self.synchronized and _has_company()):
            y, mean, inverse = torch.native_batch_norm(x, gamma, beta, None, None, True, 0.0, norm.eps)
            # The kernel kept 1 / sqrt(variance + epsilon); from it comes the biased variance, without a second pass.
            variance = inverse.detach().pow(-2).sub_(norm.eps).clamp_(min=0)
        else:
            y, mean, variance = self._by_hand(x, mask, gamma, beta)
        if self.renorm:
            return self._renormalized(y, mean.detach(), variance.detach())
        if self.of_samples:
            count = x.numel() // x.shape[1]
            variance = variance * (count / (count - (1.0 + norm.eps)))
        self._follow((norm.running_mean, mean, self.momentum), (norm.running_var, variance, self.momentum))
        return y

    def _by_hand(self, x, mask, gamma, beta):
        """What torch's kernel returns: of the entries where the mask (of all axes of x) is True, of all processes together."""
        axes, z = [0, *range(2, x.ndim)], x if x.dtype is torch.float64 else x.float()
        add = _AddedUp.apply if self.synchronized and _has_company() else _alone
        if mask is None:
            count = add(torch.full((), x.numel() // x.shape[1], dtype=z.dtype, device=z.device))
        else:
            count = add(mask.sum(axes, keepdim=True).to(z.dtype)) + config.epsilon()
        mean = add(_hidden(z, mask).sum(axes, keepdim=True)) / count
        variance = add(_hidden(z - mean, mask).square().sum(axes, keepdim=True)) / count
        y = self._scaled((z - mean) * torch.rsqrt(variance + self.epsilon), gamma, beta)
        return y.to(x.dtype), mean.flatten(), variance.flatten()

    def _renormalized(self, y, mean, variance):
        """r y + d with gamma and beta, for y of the batch's mean 0 and variance 1; the statistics behind r and d follow."""
        bounds, floor = self.renorm_clipping, self.epsilon**0.5
        slow_mean, slow_deviation = self.renorm_mean.value, self.renorm_stddev.value.clamp(min=floor)
        deviation = torch.sqrt(variance + self.epsilon)
        furthest = math.inf if bounds.get("dmax") is None else bounds["dmax"]
        r = (deviation / slow_deviation).clamp(bounds.get("rmin", 0), bounds.get("rmax"))  # r > 0
        d = ((mean - slow_mean) / slow_deviation).clamp(-furthest, furthest)
        gamma, beta = self.norm.weight, self.norm.bias
        if gamma is not None:
            r, d = r * gamma, d * gamma
        y = self._scaled(y, r, d if beta is None else d + beta).to(y.dtype)
        self._follow(
            (self.renorm_mean.raw, mean, self.renorm_momentum),
            (self.renorm_stddev.raw, deviation, self.renorm_momentum),
            (self.norm.running_mean, mean, self.momentum),
            (self.moving_stddev.raw, deviation, self.momentum),
        )
        if not going_on.trying:
            self.norm.running_var.copy_((self.moving_stddev.raw.square() - self.epsilon).clamp_(min=0))
        return y

    def _scaled(self, y, gamma, beta):
        shape = [1, -1, *[1] * (y.ndim - 2)]
        y = y if gamma is None else y * gamma.reshape(shape)
        return y if beta is None else y + beta.reshape(shape)

    def _follow(self, *statistics):
        """Moves each tensor towards a value: (tensor, value, momentum)."""
        if going_on.trying:
            return  # only the shape is asked for
        with torch.no_grad():
            for moving, value, momentum in statistics:
                moving.lerp_(value.to(moving.dtype), 1 - momentum)


class _RootOf:
    """The initializer of a standard deviation, by that of the variance."""

    def __init__(self, initializer):
        self.initializer = initializer

    def __call__(self, shape, dtype=None):
        return self.initializer(shape, dtype=dtype).sqrt()


class _AddedUp(torch.autograd.Function):
    """The sum of a tensor over all processes; each one's gradient is the sum of the gradients of all."""

    @staticmethod
    def forward(ctx, x):
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient):
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


def _alone(x):
    return x


def _has_company() -> bool:
    """Whether there are other processes."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def _hidden(x, mask):
    return x if mask is None else x.masked_fill(~mask, 0)


def _without_count(module, state_dict, prefix, *_):
    state_dict.pop(f"{prefix}num_batches_tracked", None)
