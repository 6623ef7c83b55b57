"""Images whose shades are spread out, by their own histograms."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite.layers.image_layer import ImageLayer, rescaled, value_range_of


class AutoContrast(ImageLayer):
    """Each channel of each image stretched to the whole range of pixels, in training and in inference.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        value_range: the range of the pixels.
    """

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        self.value_range = value_range_of(self, value_range)

    def transform_images(self, images, transformation=None, training=True):
        images = self._as_tensor(images).to(self._policy.compute_torch_dtype)
        low, high = (edge(images, self._axes[:2], keepdim=True) for edge in (torch.amin, torch.amax))
        flat = high == low
        shares = (images - low) / torch.where(flat, 1.0, high - low)
        return torch.where(flat, images, rescaled(shares.clamp(0, 1), (0, 1), self.value_range))


class Equalization(ImageLayer):
    """In training, shades are spread so that all of them are as frequent, by the histogram of each channel of the batch.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        value_range: the range of the pixels.
        bins: how many shades are told apart.
    """

    born_training = True

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.bins = bins
        self.value_range = value_range_of(self, value_range)

    def _changed(self, images, transformation):
        x = rescaled(images, self.value_range, (0, 255)).movedim(self._axes[2], 0)
        flat = x.reshape(x.shape[0], -1)
        shades = (flat * ((self.bins - 1) / 255)).to(torch.int64).clamp(0, self.bins - 1)
        histogram = torch.zeros((len(flat), self.bins), device=x.device).scatter_add_(1, shades, torch.ones_like(flat).float())
        total = histogram.cumsum(1)
        least = torch.where(total > 0, total, torch.inf).amin(1, keepdim=True)
        spread = total[:, -1:] - least
        table = ((total - least) * 255 / torch.where(spread == 0, 1.0, spread)).round().clamp(0, 255).to(x.dtype)
        equal = table.gather(1, (flat / 255 * (self.bins - 1)).clamp(0, self.bins - 1).to(torch.int64))
        one_shade = (histogram > 0).sum(1, keepdim=True) <= 1
        equal = torch.where(one_shade, flat, equal).reshape(x.shape).movedim(0, self._axes[2])
        return rescaled(equal, (0, 255), self.value_range)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Shades spread by the histograms of tiles, in between linearly, so that contrast rises where there is little.

    Images keep their dtype, in training and in inference.

    Source: Zuiderveld 1994, "Contrast limited adaptive histogram equalization", Graphics Gems IV.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        value_range: the range of the pixels.
        clip_limit: how much more frequent than the mean a shade may count; what is above is shared out. 0: no limit.
        tile_grid_size: how many tiles there are, down and across.
    """

    def __init__(self, value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.clip_limit, self.tile_grid_size = value_range, clip_limit, tile_grid_size

    def transform_images(self, images, transformation=None, training=True):
        images = self._as_tensor(images)
        x = rescaled(images.float(), self.value_range, (0, 255))
        x = (x if images.ndim == 4 else x[None]).movedim(self._axes[2], 1)
        x = rescaled(self._spread(x), (0, 255), self.value_range).movedim(1, self._axes[2]).to(images.dtype)
        return x if images.ndim == 4 else x[0]

    def _spread(self, x):
        """x: (batch, channels, height, width) in [0, 255]."""
        height, width = x.shape[2:]
        down, across = self.tile_grid_size
        tall, wide = -(-height // down), -(-width // across)
        # A place lies between two tiles; those behind that hold nothing but what is mirrored, and nothing comes of them.
        down, across = min(down, -(-height // max(tall, 1)) + 1), min(across, -(-width // max(wide, 1)) + 1)
        x = _mirrored(_mirrored(x, 2, tall * down - height), 3, wide * across - width)
        shades = x.clamp(0, 255).to(torch.int64)
        tiles = shades.unflatten(3, (across, wide)).unflatten(2, (down, tall)).transpose(3, 4).flatten(4)
        tables = self._tables(tiles, tall * wide)  # (batch, channels, down, across, 256)
        tables = F.pad(tables.flatten(0, 1).movedim(-1, 1), (1, 1, 1, 1), mode="replicate").movedim(1, -1).flatten(1)
        value = 0.0
        for rows, row_weight in _neighbours(tall, down, x):
            for columns, column_weight in _neighbours(wide, across, x):
                place = (rows[:, None] * (across + 2) + columns) * 256 + shades.flatten(0, 1)
                found = tables.gather(1, place.flatten(1)).reshape(x.shape)
                value = value + found * (row_weight[:, None] * column_weight)
        return value[:, :, :height, :width]

    def _tables(self, tiles, count):
        """What becomes of each shade in each tile."""
        shape = (*tiles.shape[:-1], 256)
        histogram = torch.zeros(shape, device=tiles.device).scatter_add_(-1, tiles, torch.ones_like(tiles).float())
        if self.clip_limit > 0:
            clipped = histogram.clamp(max=self.clip_limit * count / 256)
            histogram = clipped + (histogram - clipped).sum(-1, keepdim=True) / 256
        total = histogram.cumsum(-1)
        least = total.amin(-1, keepdim=True)
        spread = count - least
        return ((total - least) * 255 / torch.where(spread == 0, 1.0, spread)).clamp(0, 255)


def _neighbours(size, count, x):
    """For each place along an axis of `count` tiles, the tiles before and behind, counted from 1, with their weights."""
    place = (torch.arange(size * count, dtype=torch.float32, device=x.device) - size / 2) / size + 1
    before = place.floor()
    share = place - before
    return [(tile.clamp(0, count + 1).long(), weight) for tile, weight in ((before, 1 - share), (before + 1, share))]


def _mirrored(x, axis, more):
    """x with `more` mirrored entries behind, the last one twice."""
    while more > 0:
        part = x.flip(axis).narrow(axis, 0, min(more, x.shape[axis]))
        x, more = torch.cat((x, part), axis), more - part.shape[axis]
    return x
