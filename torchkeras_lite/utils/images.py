"""Images as files, as objects of PIL, and as arrays (height, width, channels)."""

from __future__ import annotations

import io
import os
import pathlib

import numpy as np
import torch

from torchkeras_lite import config, ops
from torchkeras_lite.notices import warn

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAY = ("L", "I;16", "I")  # what is gray already, of any depth


def _pil():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("Images need the package Pillow: pip install pillow.") from error
    return Image


def load_img(path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False):
    """The image in a file, as an object of PIL.

    Args:
        path: a path, or a BytesIO with the file's content.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`; images of another kind are converted.
        target_size: (height, width) to resize to; None keeps the size.
        interpolation: nearest, bilinear, bicubic, hamming, box or lanczos.
        keep_aspect_ratio: cut the longer side off, equally at both ends, before resizing.

    Raises:
        TypeError: `path` is no path.
        ValueError: another color mode or interpolation.
    """
    if isinstance(path, io.BytesIO):
        source = path
    elif isinstance(path, (str, bytes, pathlib.Path)):
        with open(path, "rb") as file:
            source = io.BytesIO(file.read())
    else:
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    if color_mode not in _MODES:
        raise ValueError(f'color_mode must be "grayscale", "rgb", or "rgba". Received: color_mode={color_mode!r}')
    image = _pil().open(source)
    if image.mode != _MODES[color_mode] and not (color_mode == "grayscale" and image.mode in _GRAY):
        image = image.convert(_MODES[color_mode])
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    size = (target_size[1], target_size[0])
    box = None
    if keep_aspect_ratio:
        left, top, width, height = _middle(*image.size, *size)
        box = (left, top, left + width, top + height)
    return image.resize(size, _resampling(interpolation), box)


def _resampling(interpolation: str):
    resampling = _pil().Resampling
    methods = {name: resampling[name.upper()] for name in ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")}
    if interpolation not in methods:
        raise ValueError(f"Invalid interpolation method {interpolation!r}. Supported methods are {', '.join(methods)}.")
    return methods[interpolation]


def _middle(width, height, target_width, target_height) -> tuple[int, int, int, int]:
    """The largest part of the target's proportions in the middle of an image: left, top, width, height."""
    crop_width = min(width, (height * target_width) // target_height)
    crop_height = min(height, (width * target_height) // target_width)
    return (width - crop_width) // 2, (height - crop_height) // 2, crop_width, crop_height


def img_to_array(img, data_format=None, dtype=None) -> np.ndarray:
    """An image of PIL as an array of numbers as they are, in `dtype` (None: `floatx()`): (height, width, channels).

    Raises:
        ValueError: something of another rank than 2 or 3, or an unknown data format.
    """
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"Unsupported image shape: {x.shape}")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """An array (height, width, 1, 3 or 4 channels) as an image of PIL.

    Args:
        scale: stretch the numbers so that the least becomes 0 and the largest 255.
        dtype: what they are computed in.

    Raises:
        ValueError: another rank or number of channels.
    """
    data_format = config.standardize_data_format(data_format)
    x = x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else x
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        largest = np.max(x)
        x = (x / largest if largest != 0 else x) * 255
    Image = _pil()
    if x.shape[2] in (3, 4):
        return Image.fromarray(x.astype("uint8"))
    if x.shape[2] == 1:
        deep = np.max(x) > 255
        return Image.fromarray(x[:, :, 0].astype("int32" if deep else "uint8"))
    raise ValueError(f"Unsupported channel number: {x.shape[2]}")


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs) -> None:
    """Writes an array as an image. The format is that of the path's ending, or `file_format`; `kwargs` go to PIL."""
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:]
    file_format = {"jpg": "jpeg"}.get((file_format or "").lower(), file_format)
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warn("The JPEG format does not support RGBA images, converting to RGB.")
        image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last", backend_module=None):
    """Images resized without being stretched: the longer side is cut off, equally at both ends, before.

    Args:
        x: (height, width, channels), or a batch of such images. An array comes back as an array, a tensor as a tensor.
        size: (height, width).
        interpolation: as of `ops.image.resize`.

    Raises:
        ValueError: a size that is no pair, or images of another rank.
    """
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    image = ops.convert_to_tensor(x)
    if image.ndim not in (3, 4):
        raise ValueError(
            "Expected an image of three axes, or a batch of them with four, but got input with incorrect rank: shape "
            f"{tuple(image.shape)}."
        )
    axis = image.ndim - (3 if data_format == "channels_last" else 2)  # of the height
    height, width = image.shape[axis], image.shape[axis + 1]
    left, top, crop_width, crop_height = _middle(width, height, size[1], size[0])
    image = image.narrow(axis, top, max(crop_height, 1)).narrow(axis + 1, left, max(crop_width, 1))
    image = ops.image.resize(image, size=size, interpolation=interpolation, data_format=data_format)
    return image.cpu().numpy() if isinstance(x, np.ndarray) else image
