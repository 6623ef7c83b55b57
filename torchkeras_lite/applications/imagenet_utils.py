"""Images as the networks want them, and the names of their classes."""

from __future__ import annotations

import functools
import json

import numpy as np
import torch

from torchkeras_lite import activations, config, ops
from torchkeras_lite.notices import warn
from torchkeras_lite.utils import get_file

__all__ = ["decode_predictions", "preprocess_input"]

_CLASSES = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet's pixels, 0 to 255
_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # the same, 0 to 1


def preprocess_input(x, data_format=None, mode="caffe"):
    """Pixels from 0 to 255, in the order red, green, blue, as a network was trained on them.

    Args:
        x: an array, tensor or KerasTensor of shape (rows, columns, 3) or (batch, rows, columns, 3); with `channels_first` the
            colours come before the rows. A NumPy array of floats is overwritten.
        data_format: `"channels_last"` or `"channels_first"`; None is `config.image_data_format()`.
        mode: `"caffe"`: blue, green, red, less the mean colour of ImageNet. `"tf"`: from -1 to 1. `"torch"`: from 0 to 1, less
            the mean colour, over the standard deviation of each colour.

    Returns:
        Floats of the shape of `x`.

    Raises:
        ValueError: another `mode` or `data_format`.
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"Expected mode to be one of `caffe`, `tf` or `torch`. Received: mode={mode}")
    data_format = config.standardize_data_format(data_format)
    if isinstance(x, np.ndarray):
        return _of_array(x, mode, data_format)
    if "float" not in str(x.dtype):
        x = ops.cast(x, config.floatx())
    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        return (x / 255.0 + _like(x, np.negative(_MEAN_RGB), data_format)) / _like(x, _DEVIATION_RGB, data_format)
    if data_format == "channels_last":
        x = ops.stack([x[..., colour] for colour in (2, 1, 0)], axis=-1)
    else:
        axis = len(x.shape) - 3
        x = ops.stack([x[(slice(None),) * axis + (colour,)] for colour in (2, 1, 0)], axis=axis)
    return x + _like(x, np.negative(_MEAN_BGR), data_format)


def tf(x, data_format=None):
    """Pixels from 0 to 255 as numbers from -1 to 1; see `imagenet_utils.preprocess_input`."""
    return preprocess_input(x, data_format, "tf")


def caffe(x, data_format=None):
    """Red, green, blue (0 to 255) as blue, green, red, less ImageNet's mean; see `imagenet_utils.preprocess_input`."""
    return preprocess_input(x, data_format, "caffe")


def as_torch(x, data_format=None):
    """Pixels from 0 to 255 as multiples of ImageNet's deviations from its mean; see `imagenet_utils.preprocess_input`."""
    return preprocess_input(x, data_format, "torch")


def unchanged(x, data_format=None):
    """`x` itself: the network takes pixels from 0 to 255, and scales them with layers of its own."""
    return x


def _like(x, colours, data_format):
    colours = np.reshape(colours, (3,) if data_format == "channels_last" else (3, 1, 1))
    if isinstance(x, torch.Tensor):
        return torch.as_tensor(colours, dtype=x.dtype, device=x.device)
    return ops.convert_to_tensor(colours, dtype=x.dtype)


def _of_array(x, mode, data_format):
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(config.floatx())
    if mode == "tf":
        x /= 127.5
        x -= 1.0
        return x
    colours = np.moveaxis(x, -1 if data_format == "channels_last" else -3, 0)  # views of x: what is written there, x shows
    if mode == "torch":
        x /= 255.0
        for colour, mean, deviation in zip(colours, _MEAN_RGB, _DEVIATION_RGB, strict=True):
            colour -= mean
            colour /= deviation
        return x
    for colour, mean in zip(colours[::-1], _MEAN_BGR, strict=True):
        colour -= mean
    return x[..., ::-1] if data_format == "channels_last" else x[..., ::-1, :, :]


def decode_predictions(preds, top=5):
    """The most probable classes of each image.

    Args:
        preds: probabilities of ImageNet's classes, an array or tensor of shape (batch, 1000).
        top: how many classes.

    Returns:
        For each image a list of `(class name, description, probability)`, the most probable first.

    Raises:
        ValueError: another shape.
    """
    if len(preds.shape) != 2 or preds.shape[1] != 1000:
        raise ValueError(
            "`decode_predictions` expects a batch of predictions, an array of shape (samples, 1000). "
            f"Received an array of shape {tuple(preds.shape)}"
        )
    classes = _classes()
    preds = ops.convert_to_numpy(preds)
    return [[(*classes[str(i)], row[i]) for i in row.argsort()[-top:][::-1]] for row in preds]


@functools.cache
def _classes() -> dict:
    path = get_file("imagenet_class_index.json", _CLASSES, cache_subdir="models", file_hash="c2c37ea517e94d9795004a39431a14cb")
    with open(path) as file:
        return json.load(file)


def obtain_input_shape(input_shape, default_size, min_size, data_format, require_flatten, weights=None):
    """The shape of the images that a network is made for, without the batch.

    Args:
        input_shape: what the user asks for, or None.
        default_size: rows and columns where the user says nothing and the network must know.
        min_size: the fewest rows and columns that the network can take.
        data_format: `"channels_last"` or `"channels_first"`.
        require_flatten: whether the number of rows and columns must be known (the classifier is part of the network).
        weights: with `"imagenet"` there are three channels, and with `require_flatten` the default size.

    Raises:
        ValueError: a shape that cannot be.
    """

    def shaped(size):
        return (3, size, size) if data_format == "channels_first" else (size, size, 3)

    pretrained = weights == "imagenet"
    default, shape = shaped(default_size), None if input_shape is None else tuple(input_shape)
    if pretrained and require_flatten:
        if shape not in (None, default):
            raise ValueError(
                "When setting `include_top=True` and loading `imagenet` weights, "
                f"`input_shape` should be {default}. Received: input_shape={input_shape}"
            )
        return default
    if not shape:
        return shaped(default_size if require_flatten else None)
    if len(shape) != 3:
        raise ValueError(f"`input_shape` must be a tuple of three integers. Received: input_shape={input_shape}")
    channels, sizes = (shape[0], shape[1:]) if data_format == "channels_first" else (shape[2], shape[:2])
    if pretrained and channels != 3:
        raise ValueError(f"The input must have 3 channels; Received `input_shape={input_shape}`")
    if channels not in (1, 3):
        warn(
            f"This model usually expects 1 or 3 input channels. Received: an `input_shape` with {channels}.",
        )
    if any(size is not None and size < min_size for size in sizes):
        raise ValueError(f"Input size must be at least {min_size}x{min_size}; Received: input_shape={input_shape}")
    if require_flatten and None in shape:
        raise ValueError(
            f"With `include_top=True` you should specify a static `input_shape`. Received: input_shape={input_shape}"
        )
    return shape


def validate_activation(classifier_activation, weights) -> None:
    """ValueError where trained weights are to end in an activation that they were not trained for."""
    if weights is not None and activations.get(classifier_activation) not in (activations.softmax, activations.linear):
        raise ValueError(
            "Only `None` and `softmax` activations are allowed where pretrained weights of a top are loaded. "
            f"Received: classifier_activation={classifier_activation}"
        )
