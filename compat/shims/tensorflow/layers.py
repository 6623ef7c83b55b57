"""`tf.layers` of TensorFlow 1: Keras's layers, and functions that make one and call it."""

from __future__ import annotations

from torchkeras_lite import layers as _layers

from ._missing import getattr_of

_CLASSES = """
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Conv1D Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    Dense Dropout Flatten Layer MaxPooling1D MaxPooling2D MaxPooling3D SeparableConv1D SeparableConv2D
    """.split()
globals().update({name: getattr(_layers, name) for name in _CLASSES})


def _made(cls, inputs, settings, training=None):
    """The outputs of a new layer; `name` may hold a path, `reuse` and `trainable` are said to a graph."""
    settings = {word: value for word, value in settings.items() if word not in ("reuse", "fused", "renorm", "_reuse")}
    if settings.get("name"):
        settings["name"] = settings["name"].replace("/", "_")
    return cls(**settings)(inputs, **({} if training is None else {"training": training}))


def dense(inputs, units, activation=None, **settings):
    return _made(_layers.Dense, inputs, {"units": units, "activation": activation, **settings})


def flatten(inputs, name=None, data_format="channels_last"):
    return _made(_layers.Flatten, inputs, {"name": name, "data_format": data_format})


def dropout(inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None):
    return _made(_layers.Dropout, inputs, {"rate": rate, "noise_shape": noise_shape, "seed": seed, "name": name}, training)


def batch_normalization(inputs, axis=-1, momentum=0.99, epsilon=1e-3, training=False, **settings):
    settings = {"axis": axis, "momentum": momentum, "epsilon": epsilon, **settings}
    return _made(_layers.BatchNormalization, inputs, settings, training)


def _convolution(cls, inputs, filters, kernel_size, strides, settings):
    return _made(cls, inputs, {"filters": filters, "kernel_size": kernel_size, "strides": strides, **settings})


def conv1d(inputs, filters, kernel_size, strides=1, **settings):
    return _convolution(_layers.Conv1D, inputs, filters, kernel_size, strides, settings)


def conv2d(inputs, filters, kernel_size, strides=(1, 1), padding="valid", **settings):
    return _convolution(_layers.Conv2D, inputs, filters, kernel_size, strides, {"padding": padding, **settings})


def conv3d(inputs, filters, kernel_size, strides=(1, 1, 1), padding="valid", **settings):
    return _convolution(_layers.Conv3D, inputs, filters, kernel_size, strides, {"padding": padding, **settings})


def conv2d_transpose(inputs, filters, kernel_size, strides=(1, 1), padding="valid", **settings):
    return _convolution(_layers.Conv2DTranspose, inputs, filters, kernel_size, strides, {"padding": padding, **settings})


def separable_conv2d(inputs, filters, kernel_size, strides=(1, 1), padding="valid", **settings):
    return _convolution(_layers.SeparableConv2D, inputs, filters, kernel_size, strides, {"padding": padding, **settings})


def _pooling(cls, inputs, pool_size, strides, settings):
    return _made(cls, inputs, {"pool_size": pool_size, "strides": strides, **settings})


def max_pooling1d(inputs, pool_size, strides, **settings):
    return _pooling(_layers.MaxPooling1D, inputs, pool_size, strides, settings)


def max_pooling2d(inputs, pool_size, strides, **settings):
    return _pooling(_layers.MaxPooling2D, inputs, pool_size, strides, settings)


def average_pooling1d(inputs, pool_size, strides, **settings):
    return _pooling(_layers.AveragePooling1D, inputs, pool_size, strides, settings)


def average_pooling2d(inputs, pool_size, strides, **settings):
    return _pooling(_layers.AveragePooling2D, inputs, pool_size, strides, settings)


__all__ = sorted([
    *_CLASSES, "average_pooling1d", "average_pooling2d", "batch_normalization", "conv1d", "conv2d", "conv2d_transpose",
    "conv3d", "dense", "dropout", "flatten", "max_pooling1d", "max_pooling2d", "separable_conv2d",
])  # fmt: skip
__getattr__ = getattr_of(__name__)
