"""What the Inception networks share: convolutions with normalization, and branches side by side."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.network import channel_axis


def convolution(x, filters, rows, columns=None, stride=1, padding=None, name=None):
    """Convolution, normalization, positive part; a stride leaves out what does not fit."""
    padding = padding or ("same" if stride == 1 else "valid")
    x = layers.Conv2D(filters, (rows, columns or rows), strides=stride, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)


def stem(x):
    """(batch, 299, 299, 3) to (batch, 35, 35, 192)."""
    x = convolution(x, 32, 3, stride=2)
    x = convolution(x, 32, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(convolution(x, 64, 3))
    x = convolution(x, 80, 1, padding="valid")
    x = convolution(x, 192, 3, padding="valid")
    return layers.MaxPooling2D(3, strides=2)(x)


def chain(x, convolutions):
    """One `convolution` after the other; each is its numbers."""
    for numbers in convolutions:
        x = convolution(x, *numbers)
    return x


def joined(branches, name=None):
    return layers.concatenate(branches, axis=channel_axis(), name=name)


def averages(x, filters):
    """Each place becomes the mean of its surroundings, then a convolution."""
    return convolution(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1)


def mixed(x, name, branches, pool_filters=None):
    """Chains side by side, and a pooling: averages and a convolution, or, without `pool_filters`, maxima at half the size."""
    ends = [chain(x, branch) for branch in branches]
    ends.append(averages(x, pool_filters) if pool_filters else layers.MaxPooling2D(3, strides=2)(x))
    return joined(ends, name)
