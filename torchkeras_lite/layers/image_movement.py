"""Augmentation that moves pixels: images flipped, turned, zoomed, shifted, sheared, cut."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import registry, seeds
from torchkeras_lite.layers import bounding_boxes as boxes_of
from torchkeras_lite.layers.image_layer import RandomImageLayer, count_of, factor_range
from torchkeras_lite.layers.image_preprocessing import cropped, cropped_boxes, fitted, resized_to_fill, window_to_fill
from torchkeras_lite.ops.warping import affine_transform

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")
_MODES = {"horizontal": (True, False), "vertical": (False, True), "horizontal_and_vertical": (True, True)}


class RandomFlip(RandomImageLayer):
    """In training, each image is flipped with a chance of one half, in inference none is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        mode: "horizontal" (left and right change places), "vertical", or "horizontal_and_vertical" (both at once).
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.mode = mode

    def _drawn(self, draw, images):
        return {"flips": draw((*images.shape[:-3], 1, 1, 1)) <= 0.5, "input_shape": tuple(images.shape)}

    def _changed(self, images, transformation):
        across, down = self._ways()
        axes = [axis for axis, wanted in zip(self._axes, (down, across), strict=False) if wanted]
        return torch.where(transformation["flips"], images.flip(axes), images)

    transform_segmentation_masks = RandomImageLayer.transform_images

    def _ways(self):
        return _MODES.get(self.mode, (False, False))

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        height, width = size = tuple(transformation["input_shape"][axis] for axis in self._axes[:2])
        across, down = self._ways()

        def change(boxes):
            x1, y1, x2, y2 = boxes.unbind(-1)
            x1, x2 = (width - x2, width - x1) if across else (x1, x2)
            y1, y2 = (height - y2, height - y1) if down else (y1, y2)
            return torch.where(transformation["flips"].reshape(-1, 1, 1), torch.stack((x1, y1, x2, y2), -1), boxes)

        return boxes_of.changed(bounding_boxes, self.bounding_box_format, size, size, change)


class _Moved(RandomImageLayer):
    """The base of layers that read each pixel elsewhere, at the place that a matrix says.

    A subclass writes `_matrix(transformation, height, width)`, the 8 numbers of each image: see `ops.image.affine_transform`.
    """

    def __init__(self, fill_mode, interpolation, fill_value, seed, data_format, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        for name, value, known in (("fill_mode", fill_mode, FILL_MODES), ("interpolation", interpolation, INTERPOLATIONS)):
            if value not in known:
                raise NotImplementedError(f"Layer {self.name!r}: unknown `{name}` {value!r}. Expected one of {known}.")
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value

    def _changed(self, images, transformation):
        return self._read(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        if not training:
            return segmentation_masks
        masks = self._as_tensor(segmentation_masks)
        if masks.ndim == 3:
            return self._read(masks[None], transformation, "nearest")[0]
        return self._read(masks, transformation, "nearest")

    def _read(self, images, transformation, interpolation):
        matrix = self._matrix(transformation, *self._sizes(images))
        return affine_transform(images, matrix, interpolation, self.fill_mode, self.fill_value, self.data_format)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        if "input_shape" in transformation:
            size = tuple(transformation["input_shape"][axis] for axis in self._axes[:2])
        else:
            size = transformation["image_height"], transformation["image_width"]
        matrix = self._matrix(transformation, *size)
        box_format = self.bounding_box_format
        return boxes_of.changed(bounding_boxes, box_format, size, size, lambda boxes: boxes_of.through(boxes, matrix))

    def _matrix(self, transformation, height, width):
        raise NotImplementedError(f"{type(self).__name__} has to define `_matrix(self, transformation, height, width)`.")


def _rows(a0, a1, a2, b0, b1, b2):
    """The 8 numbers of each image, (batch, 8), out of tensors (batch,) or numbers."""
    sizes = [part for part in (a0, a1, a2, b0, b1, b2) if isinstance(part, torch.Tensor)]
    row = torch.zeros_like(sizes[0])
    return torch.stack([row + part for part in (a0, a1, a2, b0, b1, b2, 0.0, 0.0)], 1)


class RandomRotation(_Moved):
    """In training, each image is turned around its middle, in inference none is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: how far, in full turns, against the clock if positive: f for the range (-f, f), or a pair, in [-1, 1].
        fill_mode: what lies beyond the edges of a b c d: "reflect" d c b a, "wrap" a b c d, "nearest" d d d d, or "constant".
        interpolation: "bilinear" or "nearest".
        seed: fixes the sequence of what is drawn.
        fill_value: what lies beyond, where `fill_mode` is "constant".

    Raises:
        ValueError: another factor. NotImplementedError: another fill mode or interpolation.
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.factor = factor_range(self, factor or 0.0, -1, 1)

    def _drawn(self, draw, images):
        low, high = self.factor
        angle = draw((count_of(images),), low * 360, high * 360)
        height, width = self._sizes(images)
        matrix = self._matrix({"angle": angle}, height, width)
        return {
            "angle": angle,
            "rotation_matrix": matrix if images.ndim == 4 else matrix[0],
            "image_height": height,
            "image_width": width,
            "batch_size": count_of(images),
        }

    def _matrix(self, transformation, height, width):
        if "rotation_matrix" in transformation:
            return transformation["rotation_matrix"]
        angle = transformation["angle"] * (math.pi / 180)
        cos, sin = angle.cos(), angle.sin()
        x, y = (width - 1) / 2, (height - 1) / 2
        return _rows(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)


class RandomZoom(_Moved):
    """In training, each image is made larger or smaller around its middle, in inference none is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        height_factor: how much more (positive, the image becomes smaller) or less of the height is seen: f for the range
            (-f, f), or a pair, in (-1, 1].
        width_factor: the same for the width; None: as for the height, so that proportions are kept.
        fill_mode, interpolation, seed, fill_value: as of RandomRotation.

    Raises:
        ValueError: another factor. NotImplementedError: another fill mode or interpolation.
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        heights = _each_within(self, height_factor, -1, "height_factor", open_end=True)
        widths = None if width_factor is None else _each_within(self, width_factor, -1, "width_factor", open_end=True)
        self.__dict__.update(_heights=heights, _widths=widths)

    def _drawn(self, draw, images):
        shape = (count_of(images), 1)
        height = draw(shape, *(1 + end for end in self._heights))
        width = height if self._widths is None else draw(shape, *(1 + end for end in self._widths))
        return {"height_zoom": height, "width_zoom": width, "input_shape": tuple(images.shape)}

    def _matrix(self, transformation, height, width):
        across, down = transformation["width_zoom"][:, 0], transformation["height_zoom"][:, 0]
        return _rows(across, 0.0, (width - 1) / 2 * (1 - across), 0.0, down, (height - 1) / 2 * (1 - down))


class RandomTranslation(_Moved):
    """In training, each image is shifted, in inference none is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        height_factor: how far down (up, if negative), as a share of the height: f for the range (-f, f), or a pair, in [-1, 1].
        width_factor: how far to the right, as a share of the width.
        fill_mode, interpolation, seed, fill_value: as of RandomRotation.

    Raises:
        ValueError: another factor. NotImplementedError: another fill mode or interpolation.
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        heights, widths = (
            _each_within(self, factor, -1, name)
            for name, factor in (("height_factor", height_factor), ("width_factor", width_factor))
        )
        self.__dict__.update(_heights=heights, _widths=widths)

    def _drawn(self, draw, images):
        height, width = self._sizes(images)
        shape = (count_of(images), 1)
        down, across = draw(shape, *self._heights) * height, draw(shape, *self._widths) * width
        return {"translations": torch.cat((across, down), 1), "input_shape": tuple(images.shape)}

    def _matrix(self, transformation, height, width):
        across, down = transformation["translations"].unbind(1)
        return _rows(1.0, 0.0, -across, 0.0, 1.0, -down)


class RandomShear(_Moved):
    """In training, each image is sheared, in inference none is: rows slide along each other, and columns.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        x_factor: how far a row slides, as a share of its distance from the top: f for the range (-f, f), or a pair in [0, 1],
            with either sign.
        y_factor: how far a column slides, as a share of its distance from the left.
        interpolation, fill_mode, fill_value, seed: as of RandomRotation.

    Raises:
        ValueError: another factor. NotImplementedError: another fill mode or interpolation.
    """

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.x_factor = _each_within(self, x_factor, 0, "x_factor")
        self.y_factor = _each_within(self, y_factor, 0, "y_factor")

    @classmethod
    def from_config(cls, config):
        # A number f has become (-f, f) in a config, and a pair is not taken with a negative end.
        config = registry.config_of(cls, config)
        for key in ("x_factor", "y_factor"):
            low, high = config.get(key, (0.0, 0.0))
            config[key] = high if low == -high else (low, high)
        return super().from_config(config)

    def _drawn(self, draw, images):
        shape = (count_of(images), 1)
        sign = torch.where(draw(shape) > 0.5, -1.0, 1.0)
        down, across = draw(shape, *self.y_factor), draw(shape, *self.x_factor)
        return {"shear_factor": torch.cat((across, down), 1) * sign, "input_shape": tuple(images.shape)}

    def _matrix(self, transformation, height, width):
        across, down = transformation["shear_factor"].unbind(1)
        return _rows(1.0, across, 0.0, down, 1.0, 0.0)


def _each_within(layer, factor, low, name, open_end=False) -> tuple:
    """The range of a factor, of which each end must lie between `low` and 1 (`open_end`: above `low`)."""
    pair = isinstance(factor, (tuple, list))
    ends = factor if pair else (factor,)
    numbers = len(ends) == (2 if pair else 1) and all(isinstance(end, (int, float)) for end in ends)
    if numbers and all(low <= end <= 1 and not (open_end and end == low) for end in ends):
        return tuple(sorted(factor)) if pair else (-abs(factor), abs(factor))
    raise ValueError(
        f"The `{name}` argument should be a number (or a list of two numbers) in the range "
        f"{'(' if open_end else '['}{low}, 1]. Received: {name}={factor!r} in layer {layer.name!r}"
    )


class _Place(tuple):
    """(top, left), which knows the (height, width) of the images."""

    def __new__(cls, top, left, size):
        place = super().__new__(cls, (top, left))
        place.size = size
        return place

    def __getnewargs__(self):
        return (*self, self.size)


class RandomCrop(RandomImageLayer):
    """In training, a part of the images, at a place drawn anew for each batch; in inference, as much of their middle as fits.

    What has other proportions than asked for, or is too small, is resized, in inference without being stretched.

    Shapes: (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        height, width: the size of the part.
        seed: fixes the sequence of what is drawn; if None, it is drawn too.
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(seed, data_format, name=name, **kwargs)
        self.height, self.width = height, width
        self.seed = int(self.generator.state.value[0]) if seed is None else seed

    def get_random_transformation(self, data, training=True, seed=None):
        """The place (top, left) where the part begins; in training as numbers, drawn on the host, so that a view can be cut."""
        height, width = size = self._sizes(data["images"] if isinstance(data, dict) else data)
        if training and height > self.height and width > self.width:
            generator = seeds.generator(self.generator if seed is None else seed, torch.device("cpu"))
            down, across = torch.rand(2, generator=generator, device="cpu").tolist()
            return _Place(int(down * (height - self.height + 1)), int(across * (width - self.width + 1)), size)
        return _Place(*window_to_fill(height, width, self.height, self.width)[:2], size)

    def transform_images(self, images, transformation=None, training=True):
        images = self._as_tensor(images)
        images = images.to(self._policy.compute_torch_dtype)
        if not training:
            return resized_to_fill(images, self.height, self.width, self.data_format)
        part = cropped(images, self._axes, *transformation, self.height, self.width)
        return fitted(part, self.height, self.width, self.data_format)

    transform_segmentation_masks = transform_images

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        height, width = size = transformation.size
        new = self.height, self.width
        if training:
            top, left = transformation
            window = top, left, min(self.height, height - top), min(self.width, width - left)
        else:
            window = window_to_fill(height, width, *new)
        return cropped_boxes(bounding_boxes, self.bounding_box_format, size, window, new)
