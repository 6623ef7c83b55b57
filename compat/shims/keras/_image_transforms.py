"""What can be done to one image: (rows, columns, channels), or with the channels where `channel_axis` says."""

from __future__ import annotations

import numpy as np

from torchkeras_lite.preprocessing.image import array_to_img, img_to_array


def transform_matrix_offset_center(matrix, x, y):
    """The 3 x 3 `matrix`, acting around the middle of an image of x rows and y columns."""
    middle_x, middle_y = x / 2 - 0.5, y / 2 - 0.5
    there = np.array([[1, 0, middle_x], [0, 1, middle_y], [0, 0, 1]])
    back = np.array([[1, 0, -middle_x], [0, 1, -middle_y], [0, 0, 1]])
    return there @ matrix @ back


def affine_matrix(theta=0, tx=0, ty=0, shear=0, zx=1, zy=1):
    """From the rows and columns of the new image to those of the old, as a 3 x 3 matrix; None for the identity."""
    matrix = np.eye(3)
    if theta:
        sin, cos = np.sin(np.deg2rad(theta)), np.cos(np.deg2rad(theta))
        matrix = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    if tx or ty:
        matrix = matrix @ np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear:
        matrix = matrix @ np.array([[1, -np.sin(np.deg2rad(shear)), 0], [0, np.cos(np.deg2rad(shear)), 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        matrix = matrix @ np.diag([zx, zy, 1])
    return None if (matrix == np.eye(3)).all() else matrix


def apply_affine_transform(
    x, theta=0, tx=0, ty=0, shear=0, zx=1, zy=1, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, order=1
):
    """The image turned by `theta` degrees, shifted by tx rows and ty columns, sheared by degrees, zoomed by zx and zy."""
    matrix = affine_matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    try:
        from scipy import ndimage
    except ImportError as error:
        raise ImportError("Turning, shifting and zooming images needs the package scipy: pip install scipy.") from error
    matrix = transform_matrix_offset_center(matrix, x.shape[row_axis], x.shape[col_axis])
    channels = [
        ndimage.affine_transform(channel, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval)
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(channels, axis=channel_axis)


def random_rotation(x, rg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1):
    """The image turned by up to `rg` degrees."""
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(
        x, theta, 0, 0, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shift(x, wrg, hrg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1):
    """The image shifted by up to the share `wrg` of its width and `hrg` of its height."""
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(x, 0, tx, ty, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)


def random_shear(x, intensity, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1):
    """The image sheared by up to `intensity` degrees."""
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(
        x, 0, 0, 0, shear, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_zoom(x, zoom_range, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1):
    """The image zoomed by factors between the two of `zoom_range`, along each axis."""
    if len(zoom_range) != 2:
        raise ValueError(f"`zoom_range` should be a tuple or list of two floats. Received: {zoom_range}")
    zx, zy = (1, 1) if tuple(zoom_range) == (1, 1) else np.random.uniform(*zoom_range, 2)
    return apply_affine_transform(x, 0, 0, 0, 0, zx, zy, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)


def apply_channel_shift(x, intensity, channel_axis=0):
    """The image with `intensity` added, within the smallest and largest number it had."""
    return np.clip(x + intensity, np.min(x), np.max(x)).astype(x.dtype)


def random_channel_shift(x, intensity_range, channel_axis=0):
    """`apply_channel_shift` by up to `intensity_range`."""
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def apply_brightness_shift(x, brightness, scale=True):
    """The image brighter (above 1) or darker (below) by a factor.

    Args:
        scale: whether its numbers are stretched to 0 ... 255 before.
    """
    try:
        from PIL import ImageEnhance
    except ImportError as error:
        raise ImportError("Changing the brightness needs the package Pillow: pip install pillow.") from error
    least, most = np.min(x), np.max(x)
    beyond = least < 0 or most > 255
    image = array_to_img(x, data_format="channels_last", scale=beyond or scale)
    changed = img_to_array(ImageEnhance.Brightness(image).enhance(brightness), data_format="channels_last")
    return changed / 255 * (most - least) + least if beyond and not scale else changed


def random_brightness(x, brightness_range, scale=True):
    """`apply_brightness_shift` by a factor between two."""
    if len(brightness_range) != 2:
        raise ValueError(f"`brightness_range` should be a tuple or list of two floats. Received: {brightness_range}")
    return apply_brightness_shift(x, np.random.uniform(*brightness_range), scale)


def flip_axis(x, axis):
    """The image turned over along an axis."""
    return np.flip(np.asarray(x), axis)
