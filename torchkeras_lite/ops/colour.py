"""Images in other colours."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import Tensor, family, lifted
from torchkeras_lite.ops.pixels import axes_of, check_rank

op = family("image")


@op("RGBToGrayscale")
def rgb_to_grayscale(images, data_format=None):
    """0.2989 red + 0.587 green + 0.114 blue, in one channel (ITU-R BT.601); integers are cut off. Grey images stay."""
    if not isinstance(images, Tensor):
        return lifted(rgb_to_grayscale, images, data_format)
    check_rank("rgb_to_grayscale", images)
    axis = axes_of(data_format)[2]
    if images.shape[axis] not in (1, 3):
        raise ValueError(
            "rgb_to_grayscale: Invalid channel size: expected 3 (RGB) or 1 (Grayscale). Received: "
            f"images.shape={tuple(images.shape)}"
        )
    if images.shape[axis] == 1:
        return images.clone()
    red, green, blue = images.unbind(axis)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).to(images.dtype).unsqueeze(axis)


@op("RGBToHSV")
def rgb_to_hsv(images, data_format=None):
    """Hue, saturation and value of floating RGB images, all in [0, 1].

    value = max, saturation = (max - min) / max, hue = the place on the circle of red 0, green 1/3, blue 2/3. Grey has hue 0.
    """
    if not isinstance(images, Tensor):
        return lifted(rgb_to_hsv, images, data_format)
    axis = _colour_axis("rgb_to_hsv", images, data_format)
    images = torch.where(images.abs() < torch.finfo(images.dtype).eps, 0.0, images)
    red, green, blue = images.unbind(axis)
    value = torch.maximum(torch.maximum(red, green), blue)
    spread = value - torch.minimum(torch.minimum(red, green), blue)
    coloured = spread > 0
    # The divisions are kept from zero, so that their gradients stay finite where the result is not used.
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1.0), 0.0)
    sixth = 1 / (6 * torch.where(coloured, spread, 1.0))
    hue = torch.where(value == green, (blue - red) * sixth + 1 / 3, (red - green) * sixth + 2 / 3)
    hue = torch.where(value == red, (green - blue) * sixth, hue)
    hue = torch.where(coloured, hue, 0.0) + (hue < 0)
    return torch.stack((hue, saturation, value), axis)


@op("HSVToRGB")
def hsv_to_rgb(images, data_format=None):
    """RGB of floating images of hue (it may wind around), saturation and value: see `rgb_to_hsv`."""
    if not isinstance(images, Tensor):
        return lifted(hsv_to_rgb, images, data_format)
    axis = _colour_axis("hsv_to_rgb", images, data_format)
    hue, saturation, value = images.unbind(axis)
    place = torch.remainder(hue, 1.0) * 6
    rest = 1 - saturation
    # How much of a colour is in the full hue: a trapezoid around its place on the circle.
    red = ((place - 3).abs() - 1).clamp(0, 1)
    green = (2 - (place - 2).abs()).clamp(0, 1)
    blue = (2 - (place - 4).abs()).clamp(0, 1)
    return torch.stack([value * (rest + saturation * colour) for colour in (red, green, blue)], axis)


def _colour_axis(function, images, data_format) -> int:
    """The axis of the three channels."""
    check_rank(function, images)
    axis = axes_of(data_format)[2]
    if not images.is_floating_point():
        raise ValueError(
            f"{function}: Invalid images dtype: expected float dtype, in [0, 1]. Received: images.dtype={images.dtype}. "
            "Divide integers by 255 first."
        )
    if images.shape[axis] != 3:
        raise ValueError(
            f"{function}: Input images must have 3 channels, but received images with {images.shape[axis]} channels. Received: "
            f"images.shape={tuple(images.shape)}"
        )
    return axis
