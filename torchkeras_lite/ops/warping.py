"""Images read at other places: moved, turned, seen from the side, crumpled."""

from __future__ import annotations

import functools
import itertools
import operator

import torch

from torchkeras_lite import seeds
from torchkeras_lite.ops.dispatch import Tensor, family, lifted
from torchkeras_lite.ops.filtering import blurred
from torchkeras_lite.ops.pixels import axes_of, check_rank

op = family("image")

_ORDERS = {"nearest": 0, "bilinear": 1}


# ---------------------------------------------------------------- reading between entries


def _half_away(x):
    """Rounds halves away from zero (torch's `round` goes to the even one)."""
    whole = x.trunc()
    return whole + (2 * (x - whole)).trunc()


def _mirrored(index, size):
    """d c b | a b c d | c b a: a triangular wave of period 2 (size - 1)."""
    if size == 1:
        return torch.zeros_like(index)
    return ((index + size - 1) % (2 * size - 2) - (size - 1)).abs()


def _reflected(index, size):
    """d c b a | a b c d | d c b a: the same wave, between the entries."""
    return (_mirrored(2 * index + 1, 2 * size + 1) - 1).div(2, rounding_mode="floor")


# Where a mode finds what lies beyond the edge.
_MODES = {
    "constant": lambda index, size: index,
    "nearest": lambda index, size: index.clamp(0, size - 1),
    "wrap": lambda index, size: index % size,
    "mirror": _mirrored,
    "reflect": _reflected,
}


def _beside(coordinate, order):
    """The entries beside a coordinate along one axis, with their weights (None: one)."""
    if not coordinate.is_floating_point():
        return [(coordinate.long(), None)]
    if order == 0:
        return [(_half_away(coordinate).long(), None)]
    lower = coordinate.floor()
    weight, index = coordinate - lower, lower.long()
    return [(index, 1 - weight), (index + 1, weight)]


def _product(factors):
    factors = [factor for factor in factors if factor is not None]
    return functools.reduce(operator.mul, factors) if factors else None


def _read(table, sizes, coordinates, order, fill_mode, fill_value, start=0):
    """Rows of `table`, between entries as weighted sums of those around: (*places, channels), in the dtype of the table.

    Args:
        table: (product of `sizes`, channels), or several of these one after the other.
        coordinates: for each axis a tensor of places.
        start: the row at which the place (0, 0, ...) lies; a tensor if there are several.
    """
    dtype, stride, sides = table.dtype, 1, []
    if dtype is torch.bool:
        table = table.float()
    if fill_mode == "constant":  # what lies beyond the edge stands in one more row
        beyond, fill_value = len(table), fill_value if dtype.is_floating_point else int(fill_value)
        table = torch.cat((table, table.new_full((1, table.shape[1]), fill_value)))
    for coordinate, size in reversed(list(zip(coordinates, sizes, strict=True))):
        side = []
        for index, weight in _beside(coordinate, order):
            within = (index >= 0) & (index < size) if fill_mode == "constant" else None
            side.append((_MODES[fill_mode](index, size) * stride + start, within, weight))
        sides.append(side)
        stride, start = stride * size, 0
    total = None
    for corner in itertools.product(*sides):
        rows, within, weights = zip(*corner, strict=True)
        row = functools.reduce(operator.add, rows)
        if fill_mode == "constant":
            row = torch.where(_product(within), row, beyond)
        value, weight = table.index_select(0, row.reshape(-1)).reshape(*row.shape, table.shape[1]), _product(weights)
        if weight is not None:
            value = value * weight.unsqueeze(-1)
        total = value if total is None else total + value
    if total.dtype is not dtype and not dtype.is_floating_point and dtype is not torch.bool:
        total = _half_away(total)
    return total.to(dtype)


@op("MapCoordinates", tensors=2)
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """The values of `inputs` at `coordinates` (its number of axes, *shape): the nearest (`order` 0), or linear in between (1).

    Beyond the edges of a b c d lies, by `fill_mode`: "constant" `fill_value`, "nearest" d d d, "wrap" a b c, "mirror" c b a,
    "reflect" d c b. Halves are rounded away from zero, in coordinates and in integer results.
    """
    if not (isinstance(inputs, Tensor) and isinstance(coordinates, Tensor)):
        return lifted(map_coordinates, inputs, coordinates, order, fill_mode, fill_value)
    if coordinates.ndim < 2:
        raise ValueError(
            f"map_coordinates: `coordinates` must have at least 2 axes. Received: coordinates.shape={tuple(coordinates.shape)}"
        )
    if len(coordinates) != inputs.ndim:
        raise ValueError(
            f"map_coordinates: `coordinates` must have one entry for each of the {inputs.ndim} axes of `inputs`. "
            f"Received: inputs.shape={tuple(inputs.shape)}, coordinates.shape={tuple(coordinates.shape)}"
        )
    if order not in (0, 1):
        raise ValueError(f"map_coordinates: `order` must be 0 or 1. Received: order={order!r}")
    _check_mode("map_coordinates", fill_mode)
    return _read(inputs.reshape(-1, 1), inputs.shape, coordinates.unbind(), order, fill_mode, fill_value).squeeze(-1)


def _check_mode(function, fill_mode):
    if fill_mode not in _MODES:
        raise ValueError(f"{function}: `fill_mode` must be one of {tuple(_MODES)}. Received: fill_mode={fill_mode!r}")


def _check(function, images, interpolation, fill_mode):
    check_rank(function, images)
    if interpolation not in _ORDERS:
        raise ValueError(
            f"{function}: `interpolation` must be one of {tuple(_ORDERS)}. Received: interpolation={interpolation!r}"
        )
    _check_mode(function, fill_mode)


def _grid(images, axes, dtype):
    """The coordinates of the rows (height, 1) and of the columns (width) of images."""
    down, across = (torch.arange(images.shape[axis], dtype=dtype, device=images.device) for axis in axes[:2])
    return down[:, None], across


def _read_images(images, axes, down, across, interpolation, fill_mode, fill_value):
    """Images read at the places (batch, height, width) that `down` and `across` name; a batch of 1 serves all images."""
    x = images if images.ndim == 4 else images.unsqueeze(0)
    if axes[2] != -1:
        x = x.movedim(-3, -1)
    batch, height, width, channels = x.shape
    if len(down) not in (1, batch):
        raise ValueError(f"There are {batch} images, but {len(down)} transformations. Give one for each, or one for all.")
    start = torch.arange(batch, device=x.device).mul_(height * width).view(-1, 1, 1)
    table = x.reshape(batch * height * width, channels)
    y = _read(table, (height, width), (down, across), _ORDERS[interpolation], fill_mode, fill_value, start)
    y = y if axes[2] == -1 else y.movedim(-1, -3)
    return y if images.ndim == 4 else y.squeeze(0)


# ---------------------------------------------------------------- transformations


def _projected(images, transforms, axes):
    """Where each pixel comes from, by 8 numbers a0 a1 a2 b0 b1 b2 c0 c1 for each image (see `affine_transform`)."""
    a0, a1, a2, b0, b1, b2, c0, c1 = transforms[:, :, None, None].unbind(1)
    y, x = _grid(images, axes, transforms.dtype)
    k = c0 * x + c1 * y + 1
    return (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k


def _at_least_float32(x):
    return x.to(torch.promote_types(x.dtype, torch.float32))


@op("AffineTransform", tensors=2)
def affine_transform(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None):
    """The pixel (x, y) is read at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1.

    `transform` is [a0, a1, a2, b0, b1, b2, c0, c1], one for all images or one for each. For `fill_mode` see `map_coordinates`.
    """
    if not (isinstance(images, Tensor) and isinstance(transform, Tensor)):
        return lifted(affine_transform, images, transform, interpolation, fill_mode, fill_value, data_format)
    _check("affine_transform", images, interpolation, fill_mode)
    if transform.ndim not in (1, 2) or transform.shape[-1] != 8:
        raise ValueError(
            "affine_transform: `transform` must be 8 numbers, or 8 for each image. "
            f"Received: transform.shape={tuple(transform.shape)}"
        )
    axes = axes_of(data_format)
    down, across = _projected(images, _at_least_float32(transform).reshape(-1, 8), axes)
    return _read_images(images, axes, down, across, interpolation, fill_mode, fill_value)


@op("PerspectiveTransform", tensors=3)
def perspective_transform(images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None):
    """Images whose corners, or any four `start_points` (x, y), come to lie at `end_points`: (4, 2) each, or (batch, 4, 2)."""
    if not (isinstance(images, Tensor) and isinstance(start_points, Tensor) and isinstance(end_points, Tensor)):
        return lifted(perspective_transform, images, start_points, end_points, interpolation, fill_value, data_format)
    _check("perspective_transform", images, interpolation, "constant")
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if points.ndim not in (2, 3) or points.shape[-2:] != (4, 2):
            raise ValueError(
                f"perspective_transform: `{name}` must have the shape (4, 2), or (batch, 4, 2). "
                f"Received: {name}.shape={tuple(points.shape)}"
            )
    if start_points.shape != end_points.shape:
        raise ValueError(
            "perspective_transform: `start_points` and `end_points` must have one shape. Received: "
            f"start_points.shape={tuple(start_points.shape)}, end_points.shape={tuple(end_points.shape)}"
        )
    axes = axes_of(data_format)
    start, end = (_at_least_float32(points).reshape(-1, 4, 2) for points in (start_points, end_points))
    down, across = _projected(images, homography(start, end), axes)
    return _read_images(images, axes, down, across, interpolation, "constant", fill_value)


def homography(start, end):
    """The 8 numbers (batch, 8) that map the points `end` to `start`, both (batch, 4, 2).

    Each point gives two equations, linear in the numbers: a0 x + a1 y + a2 - x' (c0 x + c1 y) = x', and so for y'.
    """
    ends = torch.cat((end, torch.ones_like(end[..., :1])), -1)
    nothing = torch.zeros_like(ends)
    target = start.mT.reshape(-1, 8)
    linear = torch.cat((torch.cat((ends, nothing), -1), torch.cat((nothing, ends), -1)), -2)
    matrix = torch.cat((linear, -target[..., None] * end.repeat(1, 2, 1)), -1)
    return torch.linalg.solve_ex(matrix, target)[0]  # `solve` would wait for the device, to see if there is a solution


@op("ElasticTransform")
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Images crumpled: each pixel is read `alpha` times a random vector away, and near pixels go the same way.

    The vectors are normal noise of deviation `sigma`, through a Gaussian window as wide (Simard et al. 2003). `seed` is an
    integer or a SeedGenerator; equal seeds crumple equally. For `fill_mode` see `map_coordinates`.
    """
    if not isinstance(images, Tensor):
        return lifted(elastic_transform, images, alpha, sigma, interpolation, fill_mode, fill_value, seed, data_format)
    _check("elastic_transform", images, interpolation, fill_mode)
    axes = axes_of(data_format)
    batch, height, width = 1 if images.ndim == 3 else len(images), images.shape[axes[0]], images.shape[axes[1]]
    dtype = torch.promote_types(images.dtype, torch.float32)
    noise = torch.empty((batch, 2, height, width), dtype=dtype, device=images.device)
    noise.normal_(0.0, sigma, generator=seeds.generator(seed, images.device))
    window = int(6 * sigma) | 1
    away = alpha * blurred(noise, (window, window), (sigma, sigma))
    down, across = _grid(images, axes, dtype)
    return _read_images(images, axes, down + away[:, 0], across + away[:, 1], interpolation, fill_mode, fill_value)
