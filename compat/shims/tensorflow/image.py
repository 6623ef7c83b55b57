"""`tf.image`: images are (height, width, channels), or a batch of them. Random changes stand in `_augment.py`."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from torchkeras_lite import ops

from ._creation import given
from ._missing import getattr_of
from ._tensors import sizes, torch_dtype

_PIXELS = dict.fromkeys(
    "adjust_jpeg_quality decode_bmp decode_gif decode_image decode_jpeg decode_png encode_jpeg encode_png is_jpeg".split(),
    "_pictures",
)
_CHANCE = dict.fromkeys(
    """random_brightness random_contrast random_crop random_flip_left_right random_flip_up_down random_hue random_saturation
    sample_distorted_bounding_box stateless_sample_distorted_bounding_box
    stateless_random_brightness stateless_random_contrast stateless_random_crop stateless_random_flip_left_right
    stateless_random_flip_up_down stateless_random_hue stateless_random_saturation""".split(),
    "_augment",
)
_BOXES = dict.fromkeys(
    ("crop_and_resize", "non_max_suppression", "non_max_suppression_padded", "non_max_suppression_with_scores"), "_boxes"
)
_HERE = [
    "ResizeMethod", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation", "central_crop",
    "convert_image_dtype", "crop_to_bounding_box", "extract_patches", "flip_left_right", "flip_up_down", "grayscale_to_rgb",
    "hsv_to_rgb", "image_gradients", "pad_to_bounding_box", "per_image_standardization", "psnr", "resize",
    "resize_with_crop_or_pad", "resize_with_pad", "rgb_to_grayscale", "rgb_to_hsv", "rgb_to_yuv", "rot90", "sobel_edges",
    "ssim", "total_variation", "transpose", "yuv_to_rgb",
]  # fmt: skip
_LATER = {**_PIXELS, **_CHANCE, **_BOXES}
__all__ = sorted([*_HERE, *_LATER])
__getattr__ = getattr_of(__name__, _LATER)


class ResizeMethod:
    """The names of the ways to resize."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC = "lanczos3", "lanczos5", "gaussian", "mitchellcubic"


def _image(value):
    """A tensor; ValueError where it is no image and no batch of them."""
    x = given(value)
    if len(x.shape) not in (3, 4):
        raise ValueError(f"Expected shape (height, width, channels), or a batch of that. Received: shape {tuple(x.shape)}")
    return x


# ---------------------------------------------------------------- dtypes and sizes


def convert_image_dtype(image, dtype, saturate=False, name=None):
    """Another dtype, and the range that goes with it: [0, 1] for floats, all numbers for integers."""
    x, dtype = given(image), torch_dtype(dtype)
    if x.dtype is dtype:
        return x
    if x.is_floating_point():
        if dtype.is_floating_point:
            return x.to(dtype)
        most = torch.iinfo(dtype).max
        scaled = x * (most + 0.5)
        return (scaled.clamp(torch.iinfo(dtype).min, most) if saturate else scaled).to(dtype)
    most = torch.iinfo(x.dtype).max
    if dtype.is_floating_point:
        return x.to(dtype) * (1.0 / most)
    ratio = (most + 1) // (torch.iinfo(dtype).max + 1)
    if ratio:
        return x.div(ratio, rounding_mode="floor").to(dtype)
    return x.to(dtype) * ((torch.iinfo(dtype).max + 1) // (most + 1))


def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None):
    """Images of another height and width: floats, unless the method is "nearest"."""
    x, (height, width) = _image(images), sizes(size)
    if preserve_aspect_ratio:
        scale = min(height / x.shape[-3], width / x.shape[-2])
        height, width = round(x.shape[-3] * scale), round(x.shape[-2] * scale)
    if method == "area":
        first = x.float().movedim(-1, -3)
        return F.interpolate(first if x.ndim == 4 else first[None], (height, width), mode="area").reshape(
            *first.shape[:-2], height, width
        ).movedim(-3, -1)
    if method == "nearest":
        return ops.image.resize(x, (height, width), "nearest", data_format="channels_last")
    if isinstance(x, torch.Tensor) and not x.is_floating_point():
        x = x.float()
    return ops.image.resize(x, (height, width), method, antialias=antialias, data_format="channels_last")


def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False):
    """As large as fits, in its own proportions, in the middle of zeros."""
    x, height, width = _image(image), int(target_height), int(target_width)
    ratio = max(x.shape[-2] / width, x.shape[-3] / height)
    inner = resize(x, (math.floor(x.shape[-3] / ratio), math.floor(x.shape[-2] / ratio)), method, antialias=antialias)
    above, beside = max(0, (height - x.shape[-3] / ratio)) / 2, max(0, (width - x.shape[-2] / ratio)) / 2
    return pad_to_bounding_box(inner, math.floor(above), math.floor(beside), height, width)


def resize_with_crop_or_pad(image, target_height, target_width):
    """The middle, where it is too large; in the middle of zeros, where it is too small."""
    x, height, width = _image(image), int(target_height), int(target_width)
    tall, wide = height - x.shape[-3], width - x.shape[-2]
    x = crop_to_bounding_box(x, max(-tall // 2, 0), max(-wide // 2, 0), min(height, x.shape[-3]), min(width, x.shape[-2]))
    return pad_to_bounding_box(x, max(tall // 2, 0), max(wide // 2, 0), height, width)


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    x = _image(image)
    top, left, height, width = map(int, (offset_height, offset_width, target_height, target_width))
    if min(top, left) < 0 or top + height > x.shape[-3] or left + width > x.shape[-2]:
        raise ValueError(f"The box ({top}, {left}, {height}, {width}) does not lie in the image of shape {tuple(x.shape)}.")
    return x[..., top : top + height, left : left + width, :]


def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """So many rows of zeros above and columns at the left, and the rest below and at the right."""
    x = _image(image)
    top, left = int(offset_height), int(offset_width)
    below, right = int(target_height) - top - x.shape[-3], int(target_width) - left - x.shape[-2]
    if min(top, left, below, right) < 0:
        room = (int(target_height), int(target_width))
        raise ValueError(f"An image of shape {tuple(x.shape)} does not fit into {room} at ({top}, {left}).")
    return F.pad(x, (0, 0, left, right, top, below))


def central_crop(image, central_fraction):
    """The middle: this share of the height and of the width."""
    x, fraction = _image(image), float(central_fraction)
    if not 0 < fraction <= 1:
        raise ValueError(f"`central_fraction` must be within (0, 1]. Received: {central_fraction}")
    top, left = (int((size - size * fraction) / 2) for size in x.shape[-3:-1])
    return crop_to_bounding_box(x, top, left, x.shape[-3] - 2 * top, x.shape[-2] - 2 * left)


def extract_patches(images, sizes, strides, rates, padding, name=None):
    """Windows as rows: shape (batch, rows, columns, height * width * channels). Lists are (1, height, width, 1)."""
    x = _image(images).movedim(-1, 1)
    (height, width), (down, across), (far, wide) = sizes[1:3], strides[1:3], rates[1:3]
    if padding.upper() == "SAME":
        reach = (height - 1) * far + 1, (width - 1) * wide + 1
        each = zip(x.shape[2:], (down, across), reach, strict=True)
        margins = [max((-(-size // step) - 1) * step + one - size, 0) for size, step, one in each]
        x = F.pad(x, (margins[1] // 2, margins[1] - margins[1] // 2, margins[0] // 2, margins[0] - margins[0] // 2))
    rows = (x.shape[2] - (height - 1) * far - 1) // down + 1
    found = F.unfold(x if x.is_floating_point() else x.double(), (height, width), (far, wide), 0, (down, across)).to(x.dtype)
    found = found.reshape(len(x), x.shape[1], height * width, rows, -1)
    return found.permute(0, 3, 4, 2, 1).flatten(3)


# ---------------------------------------------------------------- turned


def flip_left_right(image):
    return ops.flip(_image(image), -2)


def flip_up_down(image):
    return ops.flip(_image(image), -3)


def transpose(image, name=None):
    """Rows become columns."""
    return ops.swapaxes(_image(image), -3, -2)


def rot90(image, k=1, name=None):
    """A quarter of a turn, against the clock, k times."""
    return torch.rot90(_image(image), int(k), (-3, -2))


# ---------------------------------------------------------------- colours


def _as_float(change):
    """`change` of floats in [0, 1], for images of any dtype."""

    def changed(image, *settings, **named):
        x = given(image)
        if getattr(x.dtype, "is_floating_point", True):
            return change(x, *settings, **named)
        return convert_image_dtype(change(convert_image_dtype(x, "float32"), *settings, **named), x.dtype, saturate=True)

    changed.__name__ = changed.__qualname__ = change.__name__
    changed.__doc__ = change.__doc__
    return changed


def rgb_to_grayscale(images, name=None):
    """0.2989 red + 0.587 green + 0.114 blue, in the dtype of the image."""
    x = given(images)
    weights = torch.tensor([0.2989, 0.587, 0.114], device=getattr(x, "device", None))
    if getattr(x.dtype, "is_floating_point", True):
        return ops.sum(ops.multiply(x, weights), axis=-1, keepdims=True)
    gray = (convert_image_dtype(x, "float32") * weights).sum(-1, keepdim=True)
    return convert_image_dtype(gray, x.dtype)


def grayscale_to_rgb(images, name=None):
    x = given(images)
    return ops.concatenate([x, x, x], axis=-1)


def rgb_to_hsv(images, name=None):
    return ops.image.rgb_to_hsv(given(images), data_format="channels_last")


def hsv_to_rgb(images, name=None):
    return ops.image.hsv_to_rgb(given(images), data_format="channels_last")


_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]


def rgb_to_yuv(images):
    x = given(images)
    return x @ torch.tensor(_YUV, dtype=x.dtype, device=x.device)


def yuv_to_rgb(images):
    x = given(images)
    return x @ torch.linalg.inv(torch.tensor(_YUV, dtype=torch.float64)).to(x)


@_as_float
def adjust_brightness(image, delta):
    """image + delta, in the range [0, 1] that integer images are brought to."""
    return ops.add(image, delta)


@_as_float
def adjust_contrast(images, contrast_factor):
    """(x - mean) * factor + mean, channel by channel."""
    mean = ops.mean(images, axis=(-3, -2), keepdims=True)
    return ops.add(ops.multiply(ops.subtract(images, mean), contrast_factor), mean)


@_as_float
def adjust_gamma(image, gamma=1, gain=1):
    """gain * image ** gamma."""
    return ops.multiply(ops.power(image, gamma), gain)


@_as_float
def adjust_hue(image, delta, name=None):
    """The hue turned by `delta`, of a whole turn."""
    hue, rest = (found := rgb_to_hsv(image))[..., :1], found[..., 1:]
    return hsv_to_rgb(torch.cat([torch.remainder(hue + delta, 1.0), rest], -1))


@_as_float
def adjust_saturation(image, saturation_factor, name=None):
    """The saturation times the factor, within [0, 1]."""
    hue, saturation, value = rgb_to_hsv(image).split(1, -1)
    return hsv_to_rgb(torch.cat([hue, (saturation * saturation_factor).clamp(0, 1), value], -1))


def per_image_standardization(image):
    """(x - mean) / max(stddev, 1 / sqrt(number of values)), image by image."""
    x = _image(image)
    x = x if x.is_floating_point() else x.float()
    count = math.prod(x.shape[-3:])
    spread, mean = torch.std_mean(x, (-3, -2, -1), correction=0, keepdim=True)
    return (x - mean) / spread.clamp(min=1 / math.sqrt(count))


# ---------------------------------------------------------------- measures


def image_gradients(image):
    """Differences of neighbours downwards and to the right, of the shape of the batch: `(dy, dx)`."""
    x = given(image)
    return F.pad(x[:, 1:] - x[:, :-1], (0, 0, 0, 0, 0, 1)), F.pad(x[:, :, 1:] - x[:, :, :-1], (0, 0, 0, 1))


def total_variation(images, name=None):
    """The sum of the absolute differences of neighbours, image by image."""
    x = _image(images)
    down, across = (x[..., 1:, :, :] - x[..., :-1, :, :]).abs(), (x[..., :, 1:, :] - x[..., :, :-1, :]).abs()
    return down.sum((-3, -2, -1)) + across.sum((-3, -2, -1))


def sobel_edges(image):
    """Sobel's filters downwards and to the right, along a new last axis; the border is reflected."""
    x = given(image)
    kernel = x.new_tensor([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    first = F.pad(x.movedim(-1, 1), (1, 1, 1, 1), mode="reflect").flatten(0, 1)[:, None]
    both = F.conv2d(first, torch.stack([kernel, kernel.T])[:, None])
    return both.reshape(len(x), x.shape[-1], 2, *x.shape[1:3]).permute(0, 3, 4, 1, 2)


def psnr(a, b, max_val, name=None):
    """20 log10(max_val) - 10 log10(mean squared error), image by image."""
    most, a, b = float(max_val), given(a), given(b)
    if not a.is_floating_point():  # the range goes with the images
        most /= torch.iinfo(a.dtype).max
    error = (convert_image_dtype(a, "float32") - convert_image_dtype(b, "float32")).square().mean((-3, -2, -1))
    return 20 * math.log10(most) - 10 * torch.log10(error)


def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """The structural similarity of images, with a Gaussian window (Wang et al. 2004)."""
    a, b = (given(each).float().movedim(-1, -3) for each in (img1, img2))
    lead, channels = a.shape[:-3], a.shape[-3]
    a, b = (each.reshape(-1, 1, *each.shape[-2:]) for each in (a, b))
    places = torch.arange(filter_size, dtype=torch.float32, device=a.device) - (filter_size - 1) / 2
    line = torch.softmax(-places.square() / (2 * filter_sigma**2), 0)
    window = (line[:, None] * line)[None, None]
    mean_a, mean_b = F.conv2d(a, window), F.conv2d(b, window)
    joint = F.conv2d(a * b, window) - mean_a * mean_b
    spread = F.conv2d(a * a + b * b, window) - mean_a**2 - mean_b**2
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    bright = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return (bright * (2 * joint + c2) / (spread + c2)).mean((-3, -2, -1)).reshape(*lead, channels).mean(-1)


# ---------------------------------------------------------------- TensorFlow 1's, which nobody lists


def _resizing(method):
    def resize_images(images, size, align_corners=False, preserve_aspect_ratio=False, name=None, **settings):
        return resize(images, size, settings.get("method", method), preserve_aspect_ratio)

    return resize_images


resize_images, resize_bilinear, resize_bicubic = _resizing("bilinear"), _resizing("bilinear"), _resizing("bicubic")
resize_nearest_neighbor, resize_area = _resizing("nearest"), _resizing("area")
resize_image_with_crop_or_pad, resize_image_with_pad = resize_with_crop_or_pad, resize_with_pad
