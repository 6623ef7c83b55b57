"""Augmentation that mixes images with each other, paints over them, or bends them."""

from __future__ import annotations

import torch

from torchkeras_lite import random, seeds
from torchkeras_lite.layers import bounding_boxes as boxes_of
from torchkeras_lite.layers.image_colours import _chosen, _each
from torchkeras_lite.layers.image_layer import ImageLayer, RandomImageLayer, count_of, factor_range
from torchkeras_lite.layers.image_movement import INTERPOLATIONS
from torchkeras_lite.ops.warping import elastic_transform, perspective_transform


def _mixed(weights, ours, others):
    """weights * ours + (1 - weights) * others, with a weight for each row."""
    weights = weights.to(ours.device).reshape(-1, *[1] * (ours.ndim - 1))
    return weights * ours + (1 - weights) * others


class MixUp(RandomImageLayer):
    """In training, each image becomes a mixture w a + (1 - w) b with another one of the batch, and so do the labels.

    Source: Zhang et al. 2018, arXiv:1710.09412.

    Shapes: input and output (batch, height, width, channels), as `data_format` says; labels are to be one-hot.

    Args:
        alpha: w is drawn from a beta distribution with both parameters `alpha`.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.alpha = alpha

    def get_random_transformation(self, data, training=True, seed=None):
        """Which image each is mixed with, and how much it counts itself."""
        if not training:
            return None
        images = self._as_tensor(data["images"] if isinstance(data, dict) else data)
        seed, count = self.generator if seed is None else seed, count_of(images)
        order = torch.randperm(count, generator=seeds.generator(seed, images.device), device=images.device)
        return {"mix_weight": random.beta((count,), self.alpha, self.alpha, seed=seed), "permutation_order": order}

    def _changed(self, images, transformation):
        others = images[transformation["permutation_order"].long()]
        return _mixed(transformation["mix_weight"].to(images.dtype), images, others)

    def transform_labels(self, labels, transformation=None, training=True):
        labels = self._as_tensor(labels)
        if not training:
            return labels
        return _mixed(transformation["mix_weight"], labels, labels[transformation["permutation_order"].long()])

    transform_segmentation_masks = transform_labels

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        order = transformation["permutation_order"].long()
        parts = {key: self._as_tensor(bounding_boxes[key]) for key in ("boxes", "labels")}
        return {**bounding_boxes, **{key: torch.cat((part, part[order]), 1) for key, part in parts.items()}}


class CutMix(RandomImageLayer):
    """In training, a box in each image shows another image of the batch; labels are mixed in proportion to the areas.

    Source: Yun et al. 2019, arXiv:1905.04899.

    Shapes: input and output (batch, height, width, channels), as `data_format` says; labels are to be one-hot.

    Args:
        factor: the range of the parameter of the beta distribution that areas are drawn from: f for (0, f), or a pair, in
            [0, 1].
        seed: fixes the sequence of what is drawn.

    Raises:
        NotImplementedError: there are bounding boxes.
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)

    def get_random_transformation(self, data, training=True, seed=None):
        """Which image each shows in its box, the boxes, and how much each counts itself. None for a single image."""
        images = self._as_tensor(data["images"] if isinstance(data, dict) else data)
        if not training or images.ndim == 3:
            return None
        seed, count, device = self.generator if seed is None else seed, len(images), images.device
        generator = seeds.generator(seed, torch.device("cpu"))
        low, high = self.factor
        alpha = low + torch.rand((), generator=generator, device="cpu").item() * (high - low) + 1e-6
        side = (1 - random.beta((count,), alpha, alpha, seed=seed)).sqrt().to(device)
        generator = seeds.generator(seed, device)

        def draw(shape):
            return torch.rand(shape, generator=generator, device=device)

        masks, area = _boxes(draw, side, side, images, self._axes)
        order = torch.randperm(count, generator=generator, device=device)
        return {"permutation_order": order, "batch_masks": masks, "mix_weight": 1 - _each(area)}

    def _changed(self, images, transformation):
        if transformation is None:
            return images
        return torch.where(transformation["batch_masks"], images[transformation["permutation_order"].long()], images)

    transform_segmentation_masks = ImageLayer.transform_images

    def transform_labels(self, labels, transformation=None, training=True):
        labels = self._as_tensor(labels)
        if not training or transformation is None:
            return labels
        return _mixed(transformation["mix_weight"].reshape(-1), labels, labels[transformation["permutation_order"].long()])

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        raise NotImplementedError(f"Layer {self.name!r}: what becomes of bounding boxes in a CutMix is not defined.")


def _boxes(draw, across, down, images, axes):
    """Masks (batch, ...) of boxes at random places, and their shares of the images: the sides are `across` and `down`."""
    height, width = images.shape[axes[0]], images.shape[axes[1]]
    masks, area = None, None
    for axis, size, share in ((axes[1], width, across), (axes[0], height, down)):
        length = share * size
        start = draw(share.shape) * (size - length)
        shape = [1] * 3
        shape[axis] = size
        place = torch.arange(size, device=images.device).reshape(1, *shape)
        inside = (place >= _each(start)) & (place < _each(start + length))
        masks = inside if masks is None else masks & inside
        area = length / size if area is None else area * (length / size)
    shape = [-1] * 4
    shape[axes[2]] = images.shape[axes[2]]
    return masks.expand(shape), area


class RandomErasing(RandomImageLayer):
    """In training, a box in some images is painted over; in inference nothing is.

    Source: Zhong et al. 2020, arXiv:1708.04896.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: the share of images; a pair: that share is itself drawn, for each image, between its ends.
        scale: the range of the squares of the box's sides, as shares of the image's.
        fill_value: a number, or three; None: noise.
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(
        self, factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255), seed=None, data_format=None, **kwargs
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor, self.scale = factor_range(self, factor, 0, 1), factor_range(self, scale, 0, 1, "scale")
        several = isinstance(fill_value, (tuple, list))
        if not (fill_value is None or isinstance(fill_value, (int, float)) or (several and len(fill_value) == 3)):
            raise ValueError(f"Layer {self.name!r}: `fill_value` should be a number, or three. Received: {fill_value!r}")
        self.fill_value, self.value_range = fill_value, value_range

    def _drawn(self, draw, images):
        dtype = self._policy.compute_torch_dtype
        sides = draw((count_of(images), 2), *self.scale).sqrt()
        masks, _ = _boxes(draw, sides[:, 0], sides[:, 1], images, self._axes)
        chosen = _chosen(draw, images, self.factor)
        if self.fill_value is None:
            first, second = draw(images.shape), draw(images.shape)  # normal numbers of even ones: Box and Muller 1958
            fill = (-2 * (1 - first).log()).sqrt() * (2 * torch.pi * second).cos() * self.value_range[1]
        else:
            fill = torch.tensor(self.fill_value, dtype=dtype, device=images.device)
            if fill.ndim:
                shape = [1] * 3
                shape[self._axes[2]] = 3
                fill = fill.reshape(shape)
            fill = fill.expand(images.shape)
        return {"apply_erasing": chosen, "batch_masks": masks, "fill_value": fill.clamp(*self.value_range).to(dtype)}

    def _changed(self, images, transformation):
        hidden = transformation["batch_masks"] & _each(transformation["apply_erasing"])
        return torch.where(hidden, transformation["fill_value"], images)


class RandomPerspective(RandomImageLayer):
    """In training, some images are seen from the side: each corner moves by itself. In inference none is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: the share of images; a pair: that share is itself drawn, for each image, between its ends.
        scale: how far corners move: up to half of this, as a share of their distance from the upper left one, in [0, 1].
        interpolation: "bilinear" or "nearest".
        fill_value: what lies beyond the edges.
        seed: fixes the sequence of what is drawn.

    Raises:
        ValueError: another factor or scale. NotImplementedError: another interpolation.
    """

    def __init__(
        self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None, **kwargs
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)
        if not 0 <= scale <= 1:
            raise ValueError(f"Layer {self.name!r}: `scale` should be a number in the range [0, 1]. Received: scale={scale}")
        if interpolation not in INTERPOLATIONS:
            raise NotImplementedError(
                f"Layer {self.name!r}: unknown `interpolation` {interpolation!r}. Expected one of {INTERPOLATIONS}."
            )
        self.scale, self.interpolation, self.fill_value = scale, interpolation, fill_value

    def _drawn(self, draw, images):
        height, width = self._sizes(images)
        count = count_of(images)
        chosen = _chosen(draw, images, self.factor)
        corners = [[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]]
        start = torch.tensor(corners, dtype=torch.float32, device=images.device).expand(count, 4, 2)
        end = start + start * draw((count, 4, 2), -0.5 * self.scale, 0.5 * self.scale)
        return {"apply_perspective": chosen, "start_points": start, "end_points": end, "input_shape": tuple(images.shape)}

    def _changed(self, images, transformation):
        return self._seen(images, transformation, self.interpolation)

    def _seen(self, images, transformation, interpolation):
        points = transformation["start_points"], transformation["end_points"]
        seen = perspective_transform(images, *points, interpolation, self.fill_value, self.data_format)
        return torch.where(_each(transformation["apply_perspective"]), seen, images)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = self._as_tensor(segmentation_masks)
        if not training:
            return masks
        seen = self._seen(masks if masks.ndim == 4 else masks[None], transformation, "nearest")
        return seen if masks.ndim == 4 else seen[0]

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        size = tuple(transformation["input_shape"][axis] for axis in self._axes[:2])

        def change(boxes):
            x1, y1, x2, y2 = boxes.unbind(-1)
            corners = torch.stack((x1, y1, x2, y1, x2, y2, x1, y2), -1).unflatten(-1, (4, 2))
            moved = boxes_of.projected(corners, transformation["start_points"], transformation["end_points"])
            around = torch.cat((moved.amin(-2), moved.amax(-2)), -1)
            return torch.where(transformation["apply_perspective"].reshape(-1, 1, 1), around, boxes)

        return boxes_of.changed(bounding_boxes, self.bounding_box_format, size, size, change)


class RandomElasticTransform(RandomImageLayer):
    """In training, some images are crumpled; in inference none is. See `ops.image.elastic_transform`.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: the share of images; a pair: that share is itself drawn, for each image, between its ends.
        scale: the range of how much, drawn once for all images: s for (0, s), or a pair, in [0, 1].
        interpolation: "bilinear" or "nearest".
        fill_mode, fill_value: what lies beyond the edges: "reflect", "wrap", "nearest", "mirror" or "constant".
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.

    Raises:
        ValueError: another factor or scale. NotImplementedError: another interpolation or fill mode.
    """

    def __init__(
        self,
        factor=1.0,
        scale=1.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor, self.scale = factor_range(self, factor, 0, 1), factor_range(self, scale, 0, 1, "scale")
        modes = ("constant", "nearest", "wrap", "mirror", "reflect")
        for name, value, known in (("interpolation", interpolation, INTERPOLATIONS), ("fill_mode", fill_mode, modes)):
            if value not in known:
                raise NotImplementedError(f"Layer {self.name!r}: unknown `{name}` {value!r}. Expected one of {known}.")
        self.interpolation, self.fill_mode, self.fill_value = interpolation, fill_mode, fill_value
        self.value_range = value_range

    def get_random_transformation(self, data, training=True, seed=None):
        """Which images are crumpled, how much, and the seed of how; None where that can be none or not at all."""
        if not training or self.scale[1] == 0 or self.factor[1] == 0:
            return None
        seed = self.generator if seed is None else seed
        chosen = super().get_random_transformation(data, training, seed)
        # Numbers of Python's, drawn on the host: the size of a window depends on the one, and masks need the other once more.
        generator = seeds.generator(seed, torch.device("cpu"))
        share = torch.rand((), generator=generator, device="cpu").item()
        again = int(torch.randint(2**31, (), generator=generator, device="cpu"))
        low, high = self.scale
        return {"apply_transform": chosen, "distortion_factor": low + (high - low) * share, "seed": again}

    def _drawn(self, draw, images):
        return _chosen(draw, images, self.factor)

    def _changed(self, images, transformation):
        return self._crumpled(images, transformation, self.interpolation).clamp(*self.value_range)

    def _crumpled(self, images, transformation, interpolation):
        if transformation is None:
            return images
        height, width = self._sizes(images)
        much = max(float(transformation["distortion_factor"]), 1e-6)
        crumpled = elastic_transform(
            images,
            alpha=0.1 * much * max(height, width),
            sigma=0.05 * much * min(height, width),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            seed=transformation["seed"],
            data_format=self.data_format,
        )
        return torch.where(_each(transformation["apply_transform"]), crumpled, images)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = self._as_tensor(segmentation_masks)
        if not training:
            return masks
        crumpled = self._crumpled(masks if masks.ndim == 4 else masks[None], transformation, "nearest")
        return crumpled if masks.ndim == 4 else crumpled[0]

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        raise NotImplementedError(f"Layer {self.name!r}: what becomes of bounding boxes in crumpled images is not defined.")
