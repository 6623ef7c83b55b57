"""Images made alike: in size, in the range of their numbers."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers import bounding_boxes as boxes_of
from torchkeras_lite.layers.image_layer import ImageLayer
from torchkeras_lite.ops.pixels import axes_of, to_dtype
from torchkeras_lite.ops.resampling import resize
from torchkeras_lite.variable import tensor_of


class Rescaling(Layer):
    """y = x * scale + offset, in floats: `Rescaling(1 / 255)` takes images to [0, 1].

    Args:
        scale, offset: numbers, or arrays that broadcast against the last axes of the input. (If images have their channels
            first by default, a `scale` with one number for each channel stands for these.)
    """

    casts_integers = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        if isinstance(inputs, (list, tuple)):  # pictures of one size
            inputs = torch.stack(list(inputs))
        scale, offset = (
            value if isinstance(value, (int, float)) else tensor_of(value, inputs.dtype, inputs.device)
            for value in (self.scale, self.offset)
        )
        if not isinstance(scale, (int, float)) and scale.ndim and config.image_data_format() == "channels_first":
            scale = scale.reshape(*scale.shape, *[1] * (3 - scale.ndim))
        return inputs * scale + offset if not isinstance(offset, (int, float)) or offset else inputs * scale


class Resizing(ImageLayer):
    """Images in another size, in the dtype that they have.

    Shapes: (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        height, width: the new size.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: cut off what does not fit the new proportions, equally at both ends, instead of stretching.
        pad_to_aspect_ratio: put something around until the proportions fit, instead of stretching.
        fill_mode, fill_value: what is put around: "constant" is `fill_value`.
        antialias: where images shrink, let every old pixel count.
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width, self.interpolation = height, width, interpolation
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_mode, self.fill_value, self.antialias = fill_mode, fill_value, bool(antialias)

    def get_random_transformation(self, data, training=True, seed=None):
        """The size before."""
        return self._sizes(data["images"] if isinstance(data, dict) else data)

    def transform_images(self, images, transformation=None, training=True):
        return self._resized(self._as_tensor(images), self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self._resized(self._as_tensor(segmentation_masks), "nearest")

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        height, width = transformation
        down, across = self.height / height, self.width / width
        right = below = 0.0
        if self.pad_to_aspect_ratio:
            down = across = min(down, across)
        elif self.crop_to_aspect_ratio:
            down = across = max(down, across)
        if self.pad_to_aspect_ratio or self.crop_to_aspect_ratio:
            sign = 1 if self.pad_to_aspect_ratio else -1
            right = sign * (sign * (self.width - width * across) // 2)
            below = sign * (sign * (self.height - height * down) // 2)

        def change(boxes):
            nothing = ((boxes == 0) | (boxes == -1)).all(-1, keepdim=True)  # what fills up the rows of images with few boxes
            return torch.where(nothing, 0.0, boxes_of.shifted(boxes, right / across, below / down, across, down))

        return boxes_of.changed(bounding_boxes, self.bounding_box_format, transformation, (self.height, self.width), change)

    def _resized(self, images, interpolation):
        resized = resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        return to_dtype(resized, images.dtype)


class CenterCrop(ImageLayer):
    """The middle of images. Images that are too small are resized first, without being stretched.

    Shapes: (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        height, width: the new size.
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = height, width

    def get_random_transformation(self, data, training=True, seed=None):
        """The shape before."""
        return {"input_shape": tuple((data["images"] if isinstance(data, dict) else data).shape)}

    def transform_images(self, images, transformation=None, training=True):
        images = self._as_tensor(images)
        images = images.to(self._policy.compute_torch_dtype)
        height, width = self._sizes(images)
        if height < self.height or width < self.width:
            return resized_to_fill(images, self.height, self.width, self.data_format)
        return cropped(images, self._axes, (height - self.height) // 2, (width - self.width) // 2, self.height, self.width)

    transform_segmentation_masks = transform_images

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        height, width = (transformation["input_shape"][axis] for axis in self._axes[:2])
        new = self.height, self.width
        if height < self.height or width < self.width:
            window = window_to_fill(height, width, *new)
        else:
            window = (height - self.height) // 2, (width - self.width) // 2, *new
        return cropped_boxes(bounding_boxes, self.bounding_box_format, (height, width), window, new)


def cropped(images, axes, top, left, height, width):
    """The part of images that begins at (`top`, `left`): a view, smaller than asked for where the images end before."""
    for axis, start, size in ((axes[0], top, height), (axes[1], left, width)):
        images = images.narrow(axis, start, min(size, images.shape[axis] - start))
    return images


def window_to_fill(height, width, new_height, new_width) -> tuple[int, int, int, int]:
    """The largest part of the new proportions in the middle of an image: top, left, height, width."""
    crop_height = max(min(height, width * new_height // new_width), 1)
    crop_width = max(min(width, height * new_width // new_height), 1)
    return (height - crop_height) // 2, (width - crop_width) // 2, crop_height, crop_width


def resized_to_fill(images, height, width, data_format):
    """Images brought to a size without being stretched: what sticks out is cut off, equally at both ends, before."""
    axes = axes_of(data_format)
    part = cropped(images, axes, *window_to_fill(images.shape[axes[0]], images.shape[axes[1]], height, width))
    return fitted(part, height, width, data_format)


def fitted(images, height, width, data_format):
    """Images of this size: these, if they are, else stretched."""
    if tuple(images.shape[axis] for axis in axes_of(data_format)[:2]) == (height, width):
        return images
    return resize(images, (height, width), data_format=data_format).to(images.dtype)


def cropped_boxes(bounding_boxes, box_format, before, window, after):
    """Boxes in a part of an image, `window`: (top, left, height, width), that is brought to the size `after`."""
    top, left, height, width = window

    def change(boxes):
        return boxes_of.shifted(boxes, -left, -top, after[1] / width, after[0] / height)

    return boxes_of.changed(bounding_boxes, box_format, before, after, change)
