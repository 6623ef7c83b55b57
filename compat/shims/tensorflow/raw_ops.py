"""`tf.raw_ops`: kernels by their own names, called with names for all arguments. Those that libraries of layers call."""

from __future__ import annotations

import torch

from ._creation import given
from ._missing import getattr_of
from ._tensors import sizes

__all__ = ["ImageProjectiveTransformV2", "ImageProjectiveTransformV3"]
__getattr__ = getattr_of(__name__)


def ImageProjectiveTransformV3(*, images, transforms, output_shape, fill_value, interpolation, fill_mode="CONSTANT",
                               name=None):  # fmt: skip
    """Images of another height and width, whose pixel (x, y) is read at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with
    k = c0 x + c1 y + 1. `transforms` is [a0, a1, a2, b0, b1, b2, c0, c1], one row for all images or one for each."""
    images, t = given(images), given(transforms).float()
    (height, width), (rows, columns) = sizes(output_shape), images.shape[1:3]
    y, x = torch.meshgrid(*(torch.arange(n, device=t.device).float() for n in (height, width)), indexing="ij")
    across, down, scale = (t[:, i, None, None] * x + t[:, i + 1, None, None] * y for i in (0, 3, 6))
    across, down = (across + t[:, 2, None, None]) / (scale + 1), (down + t[:, 5, None, None]) / (scale + 1)
    across, down = _within(across, columns, fill_mode.upper()), _within(down, rows, fill_mode.upper())
    flat = images.flatten(1, 2).float()
    fill_value = given(fill_value).to(flat)

    def read(row, column):
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        place = (row.clamp(0, rows - 1) * columns + column.clamp(0, columns - 1)).long().expand(len(flat), -1, -1)
        found = flat.gather(1, place.flatten(1)[..., None].expand(-1, -1, flat.shape[-1]))
        return torch.where(inside[..., None], found.unflatten(1, (height, width)), fill_value)

    if interpolation.upper() == "NEAREST":
        return read(_rounded(down), _rounded(across)).to(images.dtype)
    top, left = down.floor(), across.floor()
    lower, right = (down - top)[..., None], (across - left)[..., None]
    upper = read(top, left) * (1 - right) + read(top, left + 1) * right
    under = read(top + 1, left) * (1 - right) + read(top + 1, left + 1) * right
    return (upper * (1 - lower) + under * lower).to(images.dtype)


def ImageProjectiveTransformV2(*, images, transforms, output_shape, interpolation, fill_mode="CONSTANT",
                               name=None):  # fmt: skip
    """The same, with zeros for what lies outside."""
    return ImageProjectiveTransformV3(
        images=images, transforms=transforms, output_shape=output_shape, fill_value=0.0, interpolation=interpolation,
        fill_mode=fill_mode,
    )  # fmt: skip


def _within(place, size, fill_mode):
    """Where in an axis to read for places outside of it."""
    if fill_mode == "CONSTANT":
        return place
    if fill_mode == "REFLECT":
        place = place.remainder(2 * size)
        place = torch.where(place < size, place, 2 * size - 1 - place)
    elif fill_mode == "WRAP" and size > 1:  # counts the rounds in steps of size - 1, as TensorFlow does
        before = place + size * ((-place / (size - 1)).trunc() + 1)
        behind = place - size * (place / (size - 1)).trunc()
        place = torch.where(place < 0, before, torch.where(place > size - 1, behind, place))
    return place.clamp(0, size - 1)


def _rounded(place):
    return place.sign() * (place.abs() + 0.5).floor()  # halves go outwards
