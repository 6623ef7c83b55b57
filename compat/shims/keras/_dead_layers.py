"""Layers that Keras no longer has."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from torchkeras_lite import activations, constraints, initializers, layers, registry, regularizers

from ._locally_connected import LocallyConnected1D, LocallyConnected2D
from ._words import initializer

__all__ = [
    "Highway", "LocallyConnected1D", "LocallyConnected2D", "MaxoutDense", "ParametricSoftplus", "RandomFourierFeatures",
    "SReLU", "SyncBatchNormalization", "ThresholdedReLU",
]  # fmt: skip


class _Dense1(layers.Layer):
    """The base of those that have the weights of a Dense of Keras 1."""

    def _settle_arguments(self, init, W_regularizer, b_regularizer, W_constraint, b_constraint, bias):
        self.init = initializers.get(initializer(init))
        self.W_regularizer, self.b_regularizer = regularizers.get(W_regularizer), regularizers.get(b_regularizer)
        self.W_constraint, self.b_constraint = constraints.get(W_constraint), constraints.get(b_constraint)
        self.bias = bias

    def _kernel(self, name, shape):
        return self.add_weight(shape, self.init, regularizer=self.W_regularizer, constraint=self.W_constraint, name=name)

    def _bias(self, name, shape, begin="zeros"):
        if self.bias:
            return self.add_weight(shape, begin, regularizer=self.b_regularizer, constraint=self.b_constraint, name=name)
        return None


class SyncBatchNormalization(layers.BatchNormalization):
    """BatchNormalization with the statistics of the batches of all processes together."""

    def __init__(self, axis=-1, momentum=0.99, epsilon=0.001, synchronized=True, **kwargs):
        super().__init__(axis=axis, momentum=momentum, epsilon=epsilon, synchronized=synchronized, **kwargs)


class BatchNormalizationOfMode(layers.BatchNormalization):
    """What BatchNormalization was with a `mode`: 1 normalizes each row along its last axis, 2 goes by the batch in any phase.

    Keras 1 added epsilon to the deviation of a row once more. No moving statistics follow.
    """

    fusible = False

    def __init__(self, mode=1, **kwargs):
        super().__init__(**kwargs)
        self.mode = mode

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}

    def call(self, x):
        axis = -1 if self.mode == 1 else self.axis
        own, shape = [axis % x.ndim], [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
        over = own if self.mode == 1 else [i for i in range(x.ndim) if i not in own]
        centered = x - x.mean(over, keepdim=True)
        deviation = (centered.square().mean(over, keepdim=True) + self.epsilon).sqrt()
        y = centered / (deviation + self.epsilon if self.mode == 1 else deviation)
        return y * self.gamma.reshape(shape) + self.beta.reshape(shape)


class Highway(_Dense1):
    """t * activation(x W + b) + (1 - t) * x, where t = sigmoid(x W_carry + b_carry).

    Shapes: input and output (batch, features); W and W_carry (features, features).

    Args:
        init, W_regularizer, W_constraint: of both kernels; b_regularizer, b_constraint, bias: of both biases.
        activation: a name or function.
    """

    def __init__(
        self, init="glorot_uniform", activation=None, weights=None, W_regularizer=None, b_regularizer=None,
        activity_regularizer=None, W_constraint=None, b_constraint=None, bias=True, input_dim=None, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **_given(weights, input_dim), **kwargs)
        self._settle_arguments(init, W_regularizer, b_regularizer, W_constraint, b_constraint, bias)
        self.activation = activations.get(activation)

    def build(self, input_shape):
        features = input_shape[-1]
        self.W, self.W_carry = self._kernel("W", (features, features)), self._kernel("W_carry", (features, features))
        self.b = self._bias("b", (features,))
        self.b_carry = self._bias("b_carry", (features,), initializers.Constant(-2.0))

    def call(self, x):
        new, share = x @ self.W, x @ self.W_carry
        if self.bias:
            new, share = new + self.b, share + self.b_carry
        share = torch.sigmoid(share)
        return share * self.activation(new) + (1 - share) * x


class MaxoutDense(_Dense1):
    """The largest of `nb_feature` linear functions, in each of `output_dim` places.

    Shapes: input (batch, features), output (batch, output_dim); W (nb_feature, features, output_dim).
    """

    def __init__(
        self, output_dim, nb_feature=4, init="glorot_uniform", weights=None, W_regularizer=None, b_regularizer=None,
        activity_regularizer=None, W_constraint=None, b_constraint=None, bias=True, input_dim=None, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **_given(weights, input_dim), **kwargs)
        self._settle_arguments(init, W_regularizer, b_regularizer, W_constraint, b_constraint, bias)
        self.output_dim, self.nb_feature = output_dim, nb_feature

    def build(self, input_shape):
        self.W = self._kernel("W", (self.nb_feature, input_shape[-1], self.output_dim))
        self.b = self._bias("b", (self.nb_feature, self.output_dim))

    def call(self, x):
        y = torch.einsum("ni,kio->nko", x, self.W.value)
        return (y + self.b if self.bias else y).amax(1)


def _given(weights, input_dim) -> dict:
    given = {"weights": weights, "input_dim": input_dim}
    return {word: value for word, value in given.items() if value is not None}


# ---------------------------------------------------------------- activations


class _Learned(layers.Layer):
    """The base of activations with weights of the shape of a row, equal along `shared_axes` (counted from 1)."""

    def __init__(self, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.supports_masking = True

    def _weight(self, input_shape, begin, name):
        shape = [1 if axis in (self.shared_axes or ()) else size for axis, size in enumerate(input_shape)][1:]
        return self.add_weight(shape, initializer(begin), name=name)


class ParametricSoftplus(_Learned):
    """alpha * log(1 + exp(beta * x)), alpha and beta learned. Output shape: that of the input."""

    def __init__(self, alpha_init=0.2, beta_init=5.0, weights=None, shared_axes=None, **kwargs):
        super().__init__(shared_axes, **_given(weights, None), **kwargs)
        self.alpha_init, self.beta_init = alpha_init, beta_init

    def build(self, input_shape):
        self.alphas = self._weight(input_shape, initializers.Constant(self.alpha_init), "alphas")
        self.betas = self._weight(input_shape, initializers.Constant(self.beta_init), "betas")

    def call(self, x):
        return F.softplus(self.betas * x) * self.alphas


class SReLU(_Learned):
    """Three straight lines: slope a_left below t_left, 1 up to t_right, a_right above; all learned.

    t_right is t_left + |the weight of that name|. Output shape: that of the input.
    """

    def __init__(
        self, t_left_init="zero", a_left_init="glorot_uniform", t_right_init="glorot_uniform", a_right_init="one",
        shared_axes=None, **kwargs,
    ):  # fmt: skip
        super().__init__(shared_axes, **kwargs)
        self.t_left_init, self.a_left_init = t_left_init, a_left_init
        self.t_right_init, self.a_right_init = t_right_init, a_right_init

    def build(self, input_shape):
        for name in ("t_left", "a_left", "t_right", "a_right"):
            setattr(self, name, self._weight(input_shape, getattr(self, f"{name}_init"), name))

    def call(self, x):
        width = torch.abs(self.t_right.value)
        left, right = self.t_left.value, self.t_left + width
        above = x - left
        middle = torch.minimum(torch.relu(above), width) - self.a_left * torch.relu(-above)
        return left + middle + torch.relu(x - right) * self.a_right


class ThresholdedReLU(layers.Layer):
    """x where x > theta, else 0. Output shape: that of the input."""

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        if theta is None or theta < 0:
            raise ValueError(f"`theta` of ThresholdedReLU must be a number, not below 0. Received: {theta}")
        self.theta = theta
        self.supports_masking = True
        self.built = True

    def call(self, x):
        return x * (x > self.theta)


class RandomFourierFeatures(layers.Layer):
    """cos(x W / scale + b) with random W and b, which do not train: inner products of it are about those of a kernel method.

    Shapes: input (batch, features), output (batch, output_dim).

    Args:
        kernel_initializer: "gaussian", "laplacian", or an initializer: what W is drawn from.
        scale: the width of the kernel, which trains if the layer does. None: sqrt(features / 2) for "gaussian", else 1.
    """

    def __init__(self, output_dim, kernel_initializer="gaussian", scale=None, trainable=False, name=None, **kwargs):
        super().__init__(trainable=trainable, name=name, **kwargs)
        if output_dim <= 0:
            raise ValueError(f"`output_dim` should be a positive integer. Received: {output_dim}")
        if isinstance(kernel_initializer, str) and kernel_initializer.lower() not in ("gaussian", "laplacian"):
            raise ValueError(f"Unsupported `kernel_initializer`: {kernel_initializer}. Known: 'gaussian', 'laplacian'")
        if scale is not None and scale <= 0:
            raise ValueError(f"`scale` should be a positive number. Received: {scale}")
        self.output_dim, self.kernel_initializer, self.scale = output_dim, kernel_initializer, scale

    def build(self, input_shape):
        if len(input_shape) != 2 or input_shape[1] is None:
            raise ValueError(f"Layer {self.name!r}: the input should be of shape (batch, features). Received: {input_shape}")
        features, kind = input_shape[1], self.kernel_initializer
        kind = kind.lower() if isinstance(kind, str) else kind
        drawn = {"gaussian": initializers.RandomNormal(stddev=1.0), "laplacian": _cauchy}.get(kind, kind)
        if self.scale is None:
            self.scale = (features / 2) ** 0.5 if kind == "gaussian" else 1.0
        self.unscaled_kernel = self.add_weight((features, self.output_dim), drawn, trainable=False, name="unscaled_kernel")
        self.bias = self.add_weight(
            (self.output_dim,), initializers.RandomUniform(0.0, 2 * math.pi), trainable=False, name="bias"
        )
        self.kernel_scale = self.add_weight((1,), initializers.Constant(self.scale), constraint="non_neg", name="kernel_scale")

    def call(self, inputs):
        kernel = self.unscaled_kernel.value / self.kernel_scale.value
        return torch.cos(inputs.to(kernel.dtype) @ kernel + self.bias.value)


def _cauchy(shape, dtype=None):
    return torch.tan(math.pi * (initializers.RandomUniform(0.0, 1.0)(shape, dtype) - 0.5))


for _name in [*__all__, "BatchNormalizationOfMode"]:  # configs and files of the eras name them so
    registry.add_class(globals()[_name], "keras.layers", _name)
