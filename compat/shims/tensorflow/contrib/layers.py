"""`tf.contrib.layers`: initializers and regularizers for Keras's layers, and functions that make a layer and call it."""

from __future__ import annotations

from torchkeras_lite import activations, initializers, ops, regularizers
from torchkeras_lite import layers as _layers

from .._creation import given
from .._missing import getattr_of

__all__ = [
    "avg_pool2d", "batch_norm", "conv2d", "dropout", "flatten", "fully_connected", "l1_l2_regularizer", "l1_regularizer",
    "l2_regularizer", "linear", "max_pool2d", "one_hot_encoding", "relu", "softmax", "variance_scaling_initializer",
    "xavier_initializer", "xavier_initializer_conv2d",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


def xavier_initializer(uniform=True, seed=None, dtype=None):
    return (initializers.GlorotUniform if uniform else _plain_normal)(seed=seed)


def _plain_normal(seed=None):
    return initializers.VarianceScaling(1.0, "fan_avg", "truncated_normal", seed)


xavier_initializer_conv2d = xavier_initializer


def variance_scaling_initializer(factor=2.0, mode="FAN_IN", uniform=False, seed=None, dtype=None):
    """Numbers of the variance `factor` / n; n by `mode`: "FAN_IN", "FAN_OUT", "FAN_AVG"."""
    return initializers.VarianceScaling(factor, mode.lower(), "uniform" if uniform else "truncated_normal", seed)


def l1_regularizer(scale, scope=None):
    return regularizers.L1(float(scale))


def l2_regularizer(scale, scope=None):
    """`scale` times half the sum of squares: twice as weak as Keras's."""
    return regularizers.L2(float(scale) / 2)


def l1_l2_regularizer(scale_l1=1.0, scale_l2=1.0, scope=None):
    return regularizers.L1L2(float(scale_l1), float(scale_l2) / 2)


def flatten(inputs, outputs_collections=None, scope=None):
    return _layers.Flatten()(given(inputs))


def fully_connected(
    inputs, num_outputs, activation_fn=activations.relu, normalizer_fn=None, normalizer_params=None, weights_initializer=None,
    weights_regularizer=None, biases_initializer="zeros", biases_regularizer=None, reuse=None, scope=None, **_,
):  # fmt: skip
    dense = _layers.Dense(
        num_outputs, None, biases_initializer is not None and normalizer_fn is None, weights_initializer or "glorot_uniform",
        biases_initializer or "zeros", weights_regularizer, biases_regularizer,
    )  # fmt: skip
    return _finished(dense(given(inputs)), normalizer_fn, normalizer_params, activation_fn)


def _finished(y, normalizer, settings, activation):
    y = y if normalizer is None else normalizer(y, **(settings or {}))
    return y if activation is None else activation(y)


def linear(inputs, num_outputs, **settings):
    return fully_connected(inputs, num_outputs, activation_fn=None, **settings)


def relu(inputs, num_outputs, **settings):
    return fully_connected(inputs, num_outputs, **settings)


def conv2d(
    inputs, num_outputs, kernel_size, stride=1, padding="SAME", data_format=None, rate=1, activation_fn=activations.relu,
    normalizer_fn=None, normalizer_params=None, weights_initializer=None, weights_regularizer=None, biases_initializer="zeros",
    biases_regularizer=None, reuse=None, scope=None, **_,
):  # fmt: skip
    conv = _layers.Conv2D(
        num_outputs, kernel_size, stride, padding.lower(), "channels_first" if data_format == "NCHW" else "channels_last", rate,
        use_bias=biases_initializer is not None and normalizer_fn is None,
        kernel_initializer=weights_initializer or "glorot_uniform", bias_initializer=biases_initializer or "zeros",
        kernel_regularizer=weights_regularizer, bias_regularizer=biases_regularizer,
    )
    return _finished(conv(given(inputs)), normalizer_fn, normalizer_params, activation_fn)


def max_pool2d(inputs, kernel_size, stride=2, padding="VALID", data_format="NHWC", outputs_collections=None, scope=None):
    return _layers.MaxPooling2D(kernel_size, stride, padding.lower(), _where(data_format))(given(inputs))


def avg_pool2d(inputs, kernel_size, stride=2, padding="VALID", data_format="NHWC", outputs_collections=None, scope=None):
    return _layers.AveragePooling2D(kernel_size, stride, padding.lower(), _where(data_format))(given(inputs))


def _where(data_format) -> str:
    return "channels_first" if data_format == "NCHW" else "channels_last"


def batch_norm(
    inputs, decay=0.999, center=True, scale=False, epsilon=0.001, activation_fn=None, is_training=True, data_format="NHWC", **_
):
    axis = 1 if data_format == "NCHW" else -1
    y = _layers.BatchNormalization(axis, decay, epsilon, center, scale)(given(inputs), training=is_training)
    return y if activation_fn is None else activation_fn(y)


def dropout(inputs, keep_prob=0.5, noise_shape=None, is_training=True, outputs_collections=None, scope=None, seed=None):
    return _layers.Dropout(1 - keep_prob, noise_shape, seed)(given(inputs), training=is_training)


def one_hot_encoding(labels, num_classes, on_value=1.0, off_value=0.0, outputs_collections=None, scope=None):
    return ops.one_hot(given(labels), num_classes) * (on_value - off_value) + off_value


def softmax(logits, scope=None):
    return ops.softmax(given(logits))
