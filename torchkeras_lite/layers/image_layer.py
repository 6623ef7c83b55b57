"""What layers on images have in common: data formats, single images and batches, dicts, and what chance decides."""

from __future__ import annotations

import functools

import numpy as np
import torch

from torchkeras_lite import config, seeds
from torchkeras_lite.layer import Layer
from torchkeras_lite.ops.pixels import axes_of, check_rank

_PARTS = ("images", "labels", "segmentation_masks", "bounding_boxes")


def _is_numbers(value) -> bool:
    if isinstance(value, list):  # of numbers, perhaps of lists of them
        return bool(value) and (isinstance(value[0], (int, float)) or _is_numbers(value[0]))
    return isinstance(value, np.ndarray)


def taking_arrays(method):
    """A method that gets `transformation`, for which arrays and lists in it are tensors."""

    @functools.wraps(method)
    def with_tensors(self, part, transformation=None, training=True):
        if type(transformation) is dict:
            transformation = {
                name: self._convert(np.asarray(value)) if _is_numbers(value) else value
                for name, value in transformation.items()
            }
        return method(self, part, transformation, training)

    return with_tensors


class ImageLayer(Layer):
    """The base of layers on images: one (height, width, channels), or a batch of them.

    A dict is taken too, with the keys `images` and, if there are such, `labels`, `segmentation_masks` and `bounding_boxes`
    (again a dict, of `boxes` and `labels`): what moves the pixels of an image moves its mask and its boxes along.

    A subclass writes `_changed(images, transformation)`, on a batch in the compute dtype.

    Args:
        data_format: "channels_last" or "channels_first".
        bounding_box_format: how boxes are written; needed only where there are boxes.
    """

    def __init__(self, data_format=None, bounding_box_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.bounding_box_format = bounding_box_format
        self.__dict__["_axes"] = axes_of(self.data_format)  # of the height, the width and the channels
        self.built = self.builds_nothing

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in _PARTS:
            own = cls.__dict__.get(f"transform_{name}")
            if own is not None and not hasattr(own, "__wrapped__"):
                setattr(cls, f"transform_{name}", taking_arrays(own))

    def _base_config(self):
        boxes = {} if self.bounding_box_format is None else {"bounding_box_format": self.bounding_box_format}
        return {**super()._base_config(), "data_format": self.data_format, **boxes}

    def call(self, data, training=None):
        training = self.training if training is None else training
        if isinstance(data, (list, tuple)):  # pictures of one size
            data = torch.stack(list(data))
        images = data["images"] if isinstance(data, dict) else data
        check_rank(f"Layer {self.name!r}", images)
        transformation = self.get_random_transformation(images, training)
        if not isinstance(data, dict):
            return self.transform_images(data, transformation, training)
        if "bounding_boxes" in data and not self.bounding_box_format:
            raise ValueError(
                f"Layer {self.name!r} got 'bounding_boxes', but was not told how they are written. Pass it "
                "`bounding_box_format`, for instance 'xyxy'."
            )
        return {
            key: getattr(self, f"transform_{key}")(part, transformation, training) if key in _PARTS else part
            for key, part in data.items()
        }

    def get_random_transformation(self, data, training=True, seed=None):
        """What chance decides for these images (a tensor, or a dict with them); None, if nothing is left to it.

        Args:
            seed: a SeedGenerator or an integer, instead of the layer's own seed.
        """

    @taking_arrays
    def transform_images(self, images, transformation=None, training=True):
        """The images, changed as `get_random_transformation` has decided; in inference only cast to the compute dtype."""
        images = self._as_tensor(images)
        images = images.to(self._policy.compute_torch_dtype)
        if not training:
            return images
        return self._changed(images, transformation) if images.ndim == 4 else self._changed(images[None], transformation)[0]

    def _changed(self, images, transformation):
        raise NotImplementedError(f"{type(self).__name__} has to define `_changed(self, images, transformation)`.")

    def transform_labels(self, labels, transformation=None, training=True):
        """The labels that belong to the changed images: these, for most."""
        return labels

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """The masks, moved as the images are. (A layer that only changes colours leaves them.)"""
        return segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """The boxes, moved as the images are. (A layer that only changes colours leaves them.)"""
        return bounding_boxes

    def _as_tensor(self, images):
        return images if isinstance(images, torch.Tensor) else self._convert(images)

    def _sizes(self, images) -> tuple[int, int]:
        """Height and width."""
        return images.shape[self._axes[0]], images.shape[self._axes[1]]


class RandomImageLayer(ImageLayer):
    """The base of augmentation: each image of a batch is changed in a way of its own.

    It is at work wherever nobody says that it is not to be: in `fit`, and in a call without `training`. In `evaluate` and
    `predict`, and with `training=False`, images pass as they are.

    A subclass writes `_drawn(draw, images)`, the transformation, from `draw(shape, low, high)`: numbers in [low, high).

    Args:
        seed: fixes the sequence of what is drawn.
    """

    born_training = True

    def __init__(self, seed=None, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.seed = seed
        self.generator = seeds.SeedGenerator(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        images = self._as_tensor(data["images"] if isinstance(data, dict) else data)
        generator = seeds.generator(self.generator if seed is None else seed, images.device)

        def draw(shape, low=0.0, high=1.0):
            return torch.empty(shape, device=images.device).uniform_(low, high, generator=generator)

        return self._drawn(draw, images)

    def _drawn(self, draw, images):
        raise NotImplementedError(f"{type(self).__name__} has to define `_drawn(self, draw, images)`.")


def count_of(images) -> int:
    """How many images these are."""
    return images.shape[0] if images.ndim == 4 else 1


def factor_range(layer, factor, low, high, name="factor") -> tuple:
    """The range in which a factor is drawn: f stands for (-f, f), as far as `low` goes; a pair for itself, in order.

    Raises:
        ValueError: no number and no pair of numbers, or none between `low` and `high`.
    """
    pair = isinstance(factor, (tuple, list))
    if pair and len(factor) == 2 and not (factor[0] > high or factor[1] < low):
        return tuple(sorted(factor))
    if not pair and isinstance(factor, (int, float)) and low <= factor <= high:
        return max(-abs(factor), low), abs(factor)
    raise ValueError(
        f"The `{name}` argument should be a number (or a list of two numbers) in the range [{low}, {high}]. Received: "
        f"{name}={factor!r} in layer {layer.name!r}"
    )


def value_range_of(layer, value_range) -> list:
    """The two ends of the range of pixels, in order. Raises ValueError if these are not two."""
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
        raise ValueError(
            f"The `value_range` argument should be a list of two numbers. Received: {value_range!r} in layer {layer.name!r}"
        )
    return sorted(value_range)


def rescaled(images, source, target):
    """Pixels of the range `source` brought to the range `target`."""
    if tuple(source) == tuple(target):
        return images
    return (images - source[0]) / (source[1] - source[0]) * (target[1] - target[0]) + target[0]
