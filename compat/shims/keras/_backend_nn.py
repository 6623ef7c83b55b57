"""What networks are made of: activations, cross-entropies, normalization."""

from __future__ import annotations

import functools

import torch

from torchkeras_lite import activations, config, ops

from ._backend_calls import channels
from ._backend_shapes import int_shape, ndim

# ---------------------------------------------------------------- activations


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """x where x > threshold and `alpha * (x - threshold)` elsewhere, at most `max_value`."""
    if not hasattr(alpha, "shape") and not hasattr(max_value, "shape"):
        return activations.relu(x, alpha, max_value, threshold)
    positive = activations.relu(x, 0.0, None, threshold)  # the slope or the bound is learned
    if max_value is not None:
        positive = ops.minimum(positive, max_value)
    return ops.subtract(positive, ops.multiply(alpha, ops.relu(ops.subtract(threshold, x))))


def elu(x, alpha=1.0):
    """x where x > 0, `alpha * (exp(x) - 1)` elsewhere."""
    return ops.elu(x, alpha)


def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`."""
    return ops.softmax(x, axis)


def softplus(x):
    """log(exp(x) + 1)."""
    return ops.softplus(x)


def softsign(x):
    """x / (|x| + 1)."""
    return ops.softsign(x)


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(x)


def hard_sigmoid(x):
    """0.2 x + 0.5 between 0 and 1: the slope of Keras 1 and 2. (Keras 3 has 1/6.)"""
    if isinstance(x, torch.Tensor) and x.is_floating_point():
        return torch.nn.functional.hardsigmoid(x * 1.2)  # torch's has 1/6; recurrent layers ask for it in each step
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


hard_sigmoid.by_element = True


def tanh(x):
    """The hyperbolic tangent."""
    return ops.tanh(x)


def l2_normalize(x, axis=None):
    """x by the root of its sum of squares over `axis` (None: of all)."""
    squares = ops.sum(ops.square(x), axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-12)))


def in_top_k(predictions, targets, k):
    """For each row of `predictions`, whether the class `targets` is among its k largest."""
    return ops.in_top_k(targets, predictions, k)


# ---------------------------------------------------------------- cross-entropies


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-sum(target * log(output)) along `axis`; `output` are probabilities, or what is proportional to them, or logits.

    (Keras 1 had `output` in the first place: call it by name there.)
    """
    return ops.categorical_crossentropy(target, output, from_logits, axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-log(output) at the class that `target` names; `output` are probabilities, or what is proportional to them, or logits."""
    return ops.sparse_categorical_crossentropy(target, output, from_logits, axis)


def _output_first(function):
    """The function with its first two arguments in the order of Keras 1."""

    @functools.wraps(function)
    def swapped(output, target, *args, **words):
        return function(target, output, *args, **words)

    return swapped


def binary_crossentropy(target, output, from_logits=False):
    """-target log(output) - (1 - target) log(1 - output), element by element; `output` are probabilities or logits."""
    if from_logits:  # max(x, 0) - x t + log(1 + exp(-|x|))
        log = ops.log1p(ops.exp(ops.negative(ops.abs(output))))
        return ops.add(ops.subtract(ops.relu(output), ops.multiply(output, target)), log)
    epsilon = config.epsilon()
    output = ops.clip(output, epsilon, 1.0 - epsilon)
    yes = ops.multiply(target, ops.log(ops.add(output, epsilon)))
    no = ops.multiply(ops.subtract(1.0, target), ops.log(ops.add(ops.subtract(1.0, output), epsilon)))
    return ops.negative(ops.add(yes, no))


# ---------------------------------------------------------------- normalization


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """(x - mean) / sqrt(var + epsilon) * gamma + beta.

    Args:
        mean, var, beta, gamma: vectors along `axis`, or of a shape that broadcasts against x; beta and gamma may be None.
    """
    if isinstance(axis, float):  # Keras 1 had epsilon in this place
        axis, epsilon = -1, axis
    mean, var, beta, gamma = (_along(value, x, axis) for value in (mean, var, beta, gamma))
    factor = ops.rsqrt(ops.add(var, epsilon))
    if gamma is not None:
        factor = ops.multiply(factor, gamma)
    normed = ops.multiply(ops.subtract(x, mean), factor)
    return normed if beta is None else ops.add(normed, beta)


def _along(value, x, axis):
    """A vector in a shape that broadcasts along `axis`."""
    if value is None or ndim(value) != 1 or axis % ndim(x) == ndim(x) - 1:
        return value
    shape = [1] * ndim(x)
    shape[axis] = -1
    return ops.reshape(value, shape)


def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """(normalized x, mean, variance) with the statistics of this batch over `reduction_axes`; gamma and beta may be None."""
    axes = [axis % ndim(x) for axis in reduction_axes]
    mean, var = ops.moments(x, axes, keepdims=True)
    wide = [1 if i in axes else -1 if size is None else size for i, size in enumerate(int_shape(x))]
    gamma, beta = (value if value is None else ops.reshape(value, wide) for value in (gamma, beta))
    normed = batch_normalization(x, mean, var, beta, gamma, -1, epsilon)
    return normed, ops.squeeze(mean, axes), ops.squeeze(var, axes)


def bias_add(x, bias, data_format=None):
    """x with a bias: a vector along the channels, or one for each place, of the shape of a sample (its elements in
    the order of the sample's, but in a shape with the channels last, whatever the data format).

    Raises:
        ValueError: a bias of another number of axes.
    """
    shape, axes = int_shape(bias), ndim(x)
    if len(shape) not in (1, axes - 1):
        raise ValueError(f"Unexpected bias dimensions {len(shape)}, expect to be 1 or {axes - 1} dimensions")
    wide = [1] * (axes - len(shape)) + list(shape)
    if channels(data_format) == "channels_first" and axes > 2:
        wide = [1, wide[-1], *wide[1:-1]]
    return ops.add(x, ops.reshape(bias, wide))


# Those of Keras 1.
OUTPUT_FIRST = {f.__name__: _output_first(f) for f in (
    binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy,
)}  # fmt: skip
