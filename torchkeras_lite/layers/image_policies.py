"""Augmentation made of other augmentation; and steps of preparation, one after the other."""

from __future__ import annotations

import torch

from torchkeras_lite import random, registry, seeds
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.image_colours import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomPosterization,
    RandomSharpness,
    Solarization,
)
from torchkeras_lite.layers.image_contrast import AutoContrast, Equalization
from torchkeras_lite.layers.image_layer import ImageLayer, RandomImageLayer, factor_range
from torchkeras_lite.layers.image_movement import RandomRotation, RandomShear, RandomTranslation
from torchkeras_lite.symbolic import is_symbolic
from torchkeras_lite.variable import tensor_of

_WITHOUT_COLOURS = (
    "random_shear", "random_translation", "random_rotation", "random_posterization", "solarization", "auto_contrast",
    "equalization",
)  # fmt: skip
_COLOURS = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")
_ALL = (
    "random_shear", "random_translation", "random_rotation", "random_brightness", "random_color_degeneration",
    "random_contrast", "random_sharpness", "random_posterization", "solarization", "auto_contrast", "equalization",
)  # fmt: skip


class _Policy(RandomImageLayer):
    """The base of layers that choose among other layers."""

    def _make(self, names, **kwargs):
        """The layers to choose from, as attributes."""
        factor, pixels = self.factor, {"value_range": self.value_range}
        both = {"seed": self.seed, "data_format": self.data_format, **kwargs}
        moves, colours = {"interpolation": self.interpolation, **both}, {**pixels, **both}
        made = {
            "random_shear": lambda: RandomShear(factor, factor, **moves),
            "random_translation": lambda: RandomTranslation(factor, factor, **moves),
            "random_rotation": lambda: RandomRotation(factor, **moves),
            "random_brightness": lambda: RandomBrightness(factor, **colours),
            "random_color_degeneration": lambda: RandomColorDegeneration(factor, **colours),
            "random_contrast": lambda: RandomContrast(factor, **colours),
            "random_sharpness": lambda: RandomSharpness(factor, **colours),
            "random_posterization": lambda: RandomPosterization(max(1, int(8 * factor[1])), **colours),
            "solarization": lambda: Solarization(factor, factor, **colours),
            "auto_contrast": lambda: AutoContrast(data_format=self.data_format, **pixels, **kwargs),
            "equalization": lambda: Equalization(data_format=self.data_format, **pixels, **kwargs),
        }
        self.__dict__["_names"] = names
        for name in names:
            setattr(self, name, made[name]())

    def _host_numbers(self, seed, high, count):
        generator = seeds.generator(seed, torch.device("cpu"))
        return torch.randint(high, (count,), generator=generator, device="cpu").tolist()


class RandAugment(_Policy):
    """In training, a few kinds of augmentation, drawn anew for each batch, with a strength for each image.

    Source: Cubuk et al. 2020, arXiv:1909.13719.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        value_range: the range of the pixels.
        num_ops: how many kinds, one after the other.
        factor: their strength: f for the range (0, f), or a pair, in [0, 1].
        interpolation: "bilinear" or "nearest".
        seed: fixes the sequence of what is drawn.
    """

    def __init__(
        self, value_range=(0, 255), num_ops=2, factor=0.5, interpolation="bilinear", seed=None, data_format=None, **kwargs
    ):
        super().__init__(seed, data_format, **kwargs)
        self.value_range, self.num_ops, self.interpolation = value_range, num_ops, interpolation
        self.factor = factor_range(self, factor, 0, 1)
        self._make(_ALL, **kwargs)

    def get_random_transformation(self, data, training=True, seed=None):
        """Which kinds, by their places, and what each of these draws."""
        if not training:
            return None
        seed = self.generator if seed is None else seed
        chosen = self._host_numbers(seed, len(self._names), self.num_ops)
        names = [self._names[i] for i in sorted(set(chosen))]
        drawn = {name: getattr(self, name).get_random_transformation(data, True, seed) for name in names}
        return {"transforms": drawn, "layer_idxes": chosen}

    def _through(self, part, method, transformation):
        for i in transformation["layer_idxes"]:
            name = self._names[int(i)]
            part = getattr(getattr(self, name), method)(part, transformation["transforms"][name])
        return part

    def _changed(self, images, transformation):
        return self._through(images, "transform_images", transformation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = segmentation_masks
        return self._through(masks, "transform_segmentation_masks", transformation) if training else masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        return self._through(bounding_boxes, "transform_bounding_boxes", transformation) if training else bounding_boxes


class AugMix(_Policy):
    """In training, images are mixed with sums of themselves as several chains of augmentation have changed them.

    Source: Hendrycks et al. 2020, arXiv:1912.02781.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        value_range: the range of the pixels.
        num_chains, chain_depth: how many chains, and how many steps, some of which do nothing, each has.
        factor: the strength of the augmentation: f for the range (0, f), or a pair, in [0, 1].
        alpha: the parameter of the distributions that weights are drawn from.
        all_ops: whether to change colours too.
        interpolation: "bilinear" or "nearest".
        seed: fixes the sequence of what is drawn.
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_chains=3,
        chain_depth=3,
        factor=0.3,
        alpha=1.0,
        all_ops=True,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(seed, data_format, **kwargs)
        self.value_range, self.num_chains, self.chain_depth = value_range, num_chains, chain_depth
        self.alpha, self.all_ops, self.interpolation = alpha, all_ops, interpolation
        self.factor = factor_range(self, factor, 0, 1)
        self._make((*_WITHOUT_COLOURS, *_COLOURS) if all_ops else _WITHOUT_COLOURS, **kwargs)

    def get_random_transformation(self, data, training=True, seed=None):
        """The weights of the chains, that of the images themselves, and what each step of each chain draws."""
        if not training:
            return None
        seed = self.generator if seed is None else seed
        weights = random.gamma((self.num_chains,), self.alpha, seed=seed)
        chains = []
        for _ in range(self.num_chains):
            steps = []
            for i in self._host_numbers(seed, len(self._names) + 1, self.chain_depth):
                if i < len(self._names):
                    name = self._names[i]
                    drawn = getattr(self, name).get_random_transformation(data, True, seed)
                    steps.append({"layer_name": name, "transformation": drawn})
            chains.append(steps)
        return {
            "chain_mixing_weights": weights / weights.sum(),
            "weight_sample": random.beta((), self.alpha, self.alpha, seed=seed),
            "chain_transforms": chains,
        }

    def _mixed(self, part, method, transformation):
        own, weights = (transformation[key] for key in ("weight_sample", "chain_mixing_weights"))
        mixture = 0
        for weight, chain in zip(weights, transformation["chain_transforms"], strict=True):
            changed = part
            for step in chain:
                changed = getattr(getattr(self, step["layer_name"]), method)(changed, step["transformation"])
            mixture = mixture + changed * weight.to(part.device)
        own = own.to(part.device)
        return own * part + (1 - own) * mixture

    def _changed(self, images, transformation):
        mixed = self._mixed(images, "transform_images", transformation).to(images.dtype)
        return mixed.clamp(*self.value_range)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = self._as_tensor(segmentation_masks)
        return self._mixed(masks, "transform_segmentation_masks", transformation) if training else masks


class MaxNumBoundingBoxes(ImageLayer):
    """Bounding boxes cut off, or filled up, to the same number for each image.

    Args:
        max_number: that number.
        fill_value: what fills up, in boxes and labels.
    """

    unsaved = (*ImageLayer.unsaved, "fill_value")

    def __init__(self, max_number, fill_value=-1, **kwargs):
        super().__init__(**kwargs)
        self.max_number, self.fill_value = int(max_number), int(fill_value)

    def transform_images(self, images, transformation=None, training=True):
        return images

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        parts = {"boxes": tensor_of(bounding_boxes["boxes"]), "labels": tensor_of(bounding_boxes["labels"])}
        axis = parts["boxes"].ndim - 2
        return {**bounding_boxes, **{key: self._fitted(part, axis) for key, part in parts.items()}}

    def _fitted(self, part, axis):
        part = part.narrow(axis, 0, min(part.shape[axis], self.max_number))
        missing = list(part.shape)
        missing[axis] = self.max_number - part.shape[axis]
        return torch.cat((part, part.new_full(missing, self.fill_value)), axis)


class Pipeline(Layer):
    """Layers of preparation, one after the other.

    Args:
        layers: a list of layers.
    """

    def __init__(self, layers, name=None):
        super().__init__(name=name)
        self._pipeline_layers = layers
        self.built = self.builds_nothing

    @property
    def layers(self) -> list:
        """The layers, in order."""
        return self._pipeline_layers

    def call(self, inputs, training=None, mask=None):
        for layer in self._pipeline_layers:
            kwargs = {"mask": mask} if layer._signature.mask and mask is not None else {}
            inputs = layer(inputs, **kwargs)
            mask = None if is_symbolic(inputs) else getattr(inputs, "_keras_mask", None)
        return inputs

    def get_config(self):
        return {"layers": registry.serialize(list(self._pipeline_layers)), "name": self.name}

    @classmethod
    def from_config(cls, config):
        config = registry.config_of(cls, config)
        if not isinstance(config.get("layers"), (list, tuple)):
            raise ValueError(f"The config of a Pipeline needs a list of `layers`. Received: {config}")
        return super().from_config(config)
