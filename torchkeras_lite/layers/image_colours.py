"""Augmentation that changes colours: contrast, brightness, hue, saturation, sharpness, and how many shades there are."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.layers.image_layer import RandomImageLayer, count_of, factor_range, rescaled, value_range_of
from torchkeras_lite.ops.colour import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from torchkeras_lite.ops.filtering import gaussian_blur
from torchkeras_lite.ops.pixels import as_given, channels_first


def _each(numbers):
    """A number for each image, (batch,), such that it meets all its pixels."""
    return numbers.reshape(-1, 1, 1, 1)


def _chosen(draw, images, factor):
    """Which images are changed, (batch,): each with a probability drawn in the range `factor`."""
    shape = (count_of(images),)
    probability = draw(shape, *factor)
    return draw(shape) < probability


class RandomContrast(RandomImageLayer):
    """In training, (x - mean) * c + mean with a c for each image and the mean of each channel; in inference nothing.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: a pair (low, high) in [0, 1]: c is drawn in [1 - low, 1 + high); a number stands for (0, number).
        value_range: the range of the pixels; what leaves it is brought back to its ends.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)
        self.value_range = value_range

    def _drawn(self, draw, images):
        low, high = 1 - self.factor[0], 1 + self.factor[1]
        return {"contrast_factor": draw((*images.shape[:-3], 1, 1, 1), low, high).to(self._policy.compute_torch_dtype)}

    def _changed(self, images, transformation):
        mean = images.mean(self._axes[:2], keepdim=True)
        return ((images - mean) * transformation["contrast_factor"] + mean).clamp(*self.value_range)


class RandomBrightness(RandomImageLayer):
    """In training, a number for each image is added to all its pixels; in inference nothing is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: the range of that number, as a share of `value_range`: f for (-f, f), or a pair, in [-1, 1].
        value_range: the range of the pixels; what leaves it is brought back to its ends.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.factor = factor_range(self, factor or 0.0, -1, 1)
        self.value_range = value_range_of(self, value_range)

    def _drawn(self, draw, images):
        low, high = self.value_range
        return {"rgb_delta": draw((*images.shape[:-3], 1, 1, 1), *self.factor) * (high - low)}

    def _changed(self, images, transformation):
        return (images + transformation["rgb_delta"].to(images.dtype)).clamp(*self.value_range)


class RandomHue(RandomImageLayer):
    """In training, the colours of each image are turned on the circle of hues, in inference they are not.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        factor: how far, in half turns, in either direction: f for the range (0, f), or a pair, in [0, 1].
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)
        self.value_range = value_range

    def _drawn(self, draw, images):
        shape = (count_of(images),)
        sign = torch.where(draw(shape) > 0.5, -1.0, 1.0)
        return {"factor": sign * draw(shape, *self.factor) * 0.5}

    def _changed(self, images, transformation):
        colours = rgb_to_hsv(rescaled(images, self.value_range, (0, 1)), self.data_format)
        hue, saturation, value = colours.unbind(self._axes[2])
        hue = hue + transformation["factor"].to(images.dtype).reshape(-1, 1, 1)
        images = hsv_to_rgb(torch.stack((hue, saturation, value), self._axes[2]), self.data_format)
        return rescaled(images.clamp(0, 1), (0, 1), self.value_range)


class RandomSaturation(RandomImageLayer):
    """In training, the saturation of each image is multiplied by f / (1 - f), in inference it is not.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        factor: the range of f: 0 is gray, 0.5 changes nothing, towards 1 there is no end; a pair in [0, 1].
        value_range: the range that saturations are kept in.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, -1, 1)
        self.value_range = value_range_of(self, value_range)

    def _drawn(self, draw, images):
        factor = draw((count_of(images),), *self.factor)
        return {"factor": factor / (1 - factor + config.epsilon())}

    def _changed(self, images, transformation):
        hue, saturation, value = rgb_to_hsv(images, self.data_format).unbind(self._axes[2])
        saturation = saturation * transformation["factor"].to(images.dtype).reshape(-1, 1, 1)
        saturation = saturation.clamp(*self.value_range)
        return hsv_to_rgb(torch.stack((hue, saturation, value), self._axes[2]), self.data_format)


class RandomGrayscale(RandomImageLayer):
    """In training, some images become gray, in inference none does. They keep their dtype and their channels.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        factor: the share of images, in [0, 1].
        seed: fixes the sequence of what is drawn.
    """

    unsaved = (*RandomImageLayer.unsaved, "seed")

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        if factor < 0 or factor > 1:
            raise ValueError(f"Layer {self.name!r}: `factor` should be between 0 and 1. Received: factor={factor}")
        self.factor = factor

    def _drawn(self, draw, images):
        return _each(draw((count_of(images),)) < self.factor)

    def transform_images(self, images, transformation=None, training=True):
        images = self._as_tensor(images)
        if not training:
            return images
        gray = rgb_to_grayscale(images, self.data_format)
        return torch.where(transformation if images.ndim == 4 else transformation[0], gray, images)


class RandomColorDegeneration(RandomImageLayer):
    """In training, each image comes nearer to its gray version, in inference none does.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        factor: how near: 0 is unchanged, 1 is gray, below 0 is more colourful; f for the range (-f, f), or a pair, in [-1, 1].
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, -1, 1)
        self.value_range = value_range_of(self, value_range)

    def _drawn(self, draw, images):
        return {"factor": draw((count_of(images), 1, 1, 1), *self.factor)}

    def _changed(self, images, transformation):
        gray = rgb_to_grayscale(images, self.data_format)
        return (images + transformation["factor"].to(images.dtype) * (gray - images)).clamp(*self.value_range)


class RandomInvert(RandomImageLayer):
    """In training, some images become negatives, in inference none does.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: the share of images; a pair: that share is itself drawn, for each image, between its ends.
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)
        self.value_range = value_range

    def _drawn(self, draw, images):
        return {"apply_inversion": _chosen(draw, images, self.factor)}

    def _changed(self, images, transformation):
        return torch.where(_each(transformation["apply_inversion"]), self.value_range[1] - images, images)


class RandomPosterization(RandomImageLayer):
    """In training, each image keeps only some bits of its pixels, in inference all.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: how many of 8 bits: f for the range from 1 up to, but without, f; or a pair, in [1, 8]. Equal ends: that many.
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 1, 8)
        self.value_range = value_range_of(self, value_range)

    def _drawn(self, draw, images):
        return {"shift_factor": 8 - draw((count_of(images),), *self.factor).to(torch.uint8)}

    def _changed(self, images, transformation):
        shift = _each(transformation["shift_factor"])
        images = rescaled(images, self.value_range, (0, 255))
        bits = torch.bitwise_left_shift(torch.bitwise_right_shift(images.to(torch.uint8), shift), shift)
        return rescaled(bits.to(images.dtype), (0, 255), self.value_range)


class Solarization(RandomImageLayer):
    """In training, something is added to each image, and what is not below a threshold then becomes its negative.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        addition_factor, threshold_factor: the ranges of what is added and of the threshold, as shares of 255: f for (0, f),
            or a pair, in [0, 1].
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.addition_factor = self._range(addition_factor, "addition_factor")
        self.threshold_factor = self._range(threshold_factor, "threshold_factor")
        self.value_range = value_range_of(self, value_range)

    def _range(self, factor, name):
        pair = isinstance(factor, (tuple, list))
        if any(end < 0 or end > 1 for end in (factor if pair else ()) if isinstance(end, (int, float))):
            factor_range(self, None, 0, 1, name)  # raises: both ends have to lie within
        return factor_range(self, factor, 0, 1, name)

    def _drawn(self, draw, images):
        shape = (*images.shape[:-3], 1, 1, 1)
        ranges = {"additions": self.addition_factor, "thresholds": self.threshold_factor}
        return {name: draw(shape, low, high * 255) for name, (low, high) in ranges.items()}

    def _changed(self, images, transformation):
        images = rescaled(images, self.value_range, (0, 255))
        more = (images + transformation["additions"].to(images.dtype)).clamp(0, 255)
        changed = torch.where(more < transformation["thresholds"].to(images.dtype), more, 255 - more)
        return rescaled(changed, (0, 255), self.value_range)


class RandomSharpness(RandomImageLayer):
    """In training, each image becomes sharper or more blurred, in inference none does.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: 0 is blurred, 0.5 unchanged, 1 sharp: f for the range (0, f), or a pair, in [0, 1].
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)
        self.value_range = value_range_of(self, value_range)

    def _drawn(self, draw, images):
        return {"factor": draw((count_of(images),), *self.factor)}

    def _changed(self, images, transformation):
        x = channels_first(images, self._axes)
        kernel = x.new_full((x.shape[1], 1, 3, 3), 1 / 13)
        kernel[:, :, 1, 1] = 5 / 13
        smooth = as_given(F.conv2d(x, kernel, padding=1, groups=x.shape[1]), images, self._axes)
        factor = _each(transformation["factor"]).to(images.dtype) * 2
        return (images + (1 - factor) * (smooth - images)).clamp(*self.value_range)


class RandomGaussianBlur(RandomImageLayer):
    """In training, some images are blurred by a Gaussian window, in inference none is.

    Shapes: input and output (batch, height, width, channels) or (height, width, channels); as `data_format` says.

    Args:
        factor: the share of images; a pair: that share is itself drawn, for each image, between its ends.
        kernel_size: the height and width of the window, odd; a number, or a pair.
        sigma: the range of its deviations, drawn once for all images: s for (0, s), or a pair, in [0, 1].
        value_range: the range of the pixels.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(
        self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor = factor_range(self, factor, 0, 1)
        sizes = tuple(kernel_size) if isinstance(kernel_size, (tuple, list)) else (kernel_size, kernel_size)
        if len(sizes) != 2 or not all(isinstance(size, (int, float)) and size % 2 for size in sizes):
            raise ValueError(
                f"Layer {self.name!r}: `kernel_size` must be an odd number, or two. Received: kernel_size={kernel_size!r}"
            )
        self.kernel_size, self.sigma = sizes, factor_range(self, sigma, 0, 1, "sigma")
        self.value_range = value_range

    def _drawn(self, draw, images):
        chosen = _chosen(draw, images, self.factor)
        return {"should_apply_blur": chosen, "blur_factor": draw((2,), *self.sigma) + 1e-6}

    def _changed(self, images, transformation):
        blurred = gaussian_blur(images, self.kernel_size, transformation["blur_factor"], self.data_format)
        images = torch.where(_each(transformation["should_apply_blur"]), blurred, images)
        return images.clamp(*self.value_range)


class RandomColorJitter(RandomImageLayer):
    """RandomBrightness, RandomContrast, RandomSaturation and RandomHue, one after the other.

    Shapes: input and output (batch, height, width, 3) or (height, width, 3); as `data_format` says.

    Args:
        value_range: the range of the pixels.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: as of those layers; None leaves one out.
        seed: fixes the sequence of what is drawn.
    """

    def __init__(
        self,
        value_range=(0, 255),
        brightness_factor=None,
        contrast_factor=None,
        saturation_factor=None,
        hue_factor=None,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(seed, data_format, **kwargs)
        self.value_range = value_range
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        factors = {
            "random_brightness": (RandomBrightness, brightness_factor),
            "random_contrast": (RandomContrast, contrast_factor),
            "random_saturation": (RandomSaturation, saturation_factor),
            "random_hue": (RandomHue, hue_factor),
        }
        for name, (layer, factor) in factors.items():
            made = {"value_range": value_range, "seed": seed, "data_format": self.data_format, "dtype": self._policy}
            setattr(self, name, None if factor is None else layer(factor, **made))
        self.__dict__["_steps"] = [name for name, (_, factor) in factors.items() if factor is not None]

    def get_random_transformation(self, data, training=True, seed=None):
        """What is drawn for each of the layers inside, by its name."""
        if not training:
            return None
        seed = self.generator if seed is None else seed
        return {name: getattr(self, name).get_random_transformation(data, True, seed) for name in self._steps}

    def _changed(self, images, transformation):
        if transformation is None:
            transformation = self.get_random_transformation(images)
        for name in self._steps:
            images = getattr(self, name).transform_images(images, transformation[name])
        return images
