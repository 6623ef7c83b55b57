"""`keras.preprocessing.image`: images changed at random, and batches of them."""

from __future__ import annotations

import numpy as np

from torchkeras_lite import config
from torchkeras_lite.notices import warn
from torchkeras_lite.preprocessing.image import array_to_img, img_to_array, load_img, save_img, smart_resize

from . import _eras
from ._image_batches import transformed
from ._image_iterators import DataFrameIterator, DirectoryIterator, Iterator, NumpyArrayIterator
from ._image_transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
    transform_matrix_offset_center,
)  # fmt: skip
from ._words import data_format as spelled

__all__ = [
    "DataFrameIterator", "DirectoryIterator", "ImageDataGenerator", "Iterator", "NumpyArrayIterator", "apply_affine_transform",
    "apply_brightness_shift", "apply_channel_shift", "array_to_img", "flip_axis", "img_to_array", "load_img",
    "random_brightness", "random_channel_shift", "random_rotation", "random_shear", "random_shift", "random_zoom", "save_img",
    "smart_resize", "transform_matrix_offset_center",
]  # fmt: skip


_ONE_BY_ONE = ("apply_transform", "standardize")  # who overrides these sees single images


class ImageDataGenerator:
    """Batches of images that are changed at random, and put on a common scale, as they are asked for.

    Args:
        featurewise_center, featurewise_std_normalization, zca_whitening: by what `fit` learns of many images: take the mean
            away, divide by the deviation, make pixels independent of each other (`zca_epsilon` beside their variances).
        samplewise_center, samplewise_std_normalization: the same for each image by itself.
        rotation_range: degrees, to either side.
        width_shift_range, height_shift_range: shares of the size (below 1) or pixels to either side; or a list to choose from.
        brightness_range: two factors.
        shear_range: degrees, to either side.
        zoom_range: two factors, or how far from 1 they lie. Below 1 enlarges.
        channel_shift_range: what is added to each channel, up or down.
        fill_mode, cval: what stands beyond the edges: "nearest", "constant" (`cval`), "reflect" or "wrap".
        horizontal_flip, vertical_flip: whether half of the images are turned over.
        rescale: what each image is multiplied by, after `preprocessing_function`, a function of one image.
        data_format: "channels_last" or "channels_first".
        validation_split: the share of images that `subset="validation"` takes.
        interpolation_order: of the splines between pixels.
        dtype: of the batches.
        dim_ordering: `data_format`, as Keras 1 called it.
    """

    def __init__(
        self, featurewise_center=False, samplewise_center=False, featurewise_std_normalization=False,
        samplewise_std_normalization=False, zca_whitening=False, zca_epsilon=1e-6, rotation_range=0, width_shift_range=0.0,
        height_shift_range=0.0, brightness_range=None, shear_range=0.0, zoom_range=0.0, channel_shift_range=0.0,
        fill_mode="nearest", cval=0.0, horizontal_flip=False, vertical_flip=False, rescale=None, preprocessing_function=None,
        data_format=None, validation_split=0.0, interpolation_order=1, dtype=None, dim_ordering="default",
    ):  # fmt: skip
        settings = locals()
        for name in settings.keys() - {"self", "dim_ordering", "__class__"}:
            setattr(self, name, settings[name])
        self.data_format = config.standardize_data_format(data_format or spelled(dim_ordering))
        self.dtype = dtype or config.floatx()
        axes = (2, 3, 1) if self.data_format == "channels_first" else (1, 2, 3)
        self.row_axis, self.col_axis, self.channel_axis = axes
        self.mean = self.std = self.zca_whitening_matrix = None
        if isinstance(zoom_range, (int, float)):
            self.zoom_range = [1 - zoom_range, 1 + zoom_range]
        elif len(zoom_range) != 2:
            raise ValueError(f"`zoom_range` must be a number, or two of them. Received: {zoom_range}")
        if brightness_range is not None and len(brightness_range) != 2:
            raise ValueError(f"`brightness_range` must be two numbers. Received: {brightness_range}")
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"`validation_split` must be between 0 and 1. Received: {validation_split}")
        self._imply("zca_whitening", "featurewise_center", against="featurewise_std_normalization")
        self._imply("featurewise_std_normalization", "featurewise_center")
        self._imply("samplewise_std_normalization", "samplewise_center")

    def _imply(self, one, other, against=None):
        if getattr(self, one) and not getattr(self, other):
            setattr(self, other, True)
            warn(f"This ImageDataGenerator specifies `{one}`, which overrides setting of `{other}`.")
        if against and getattr(self, one) and getattr(self, against):
            setattr(self, against, False)
            warn(f"This ImageDataGenerator specifies `{one}`, which overrides setting of `{against}`.")

    # ------------------------------------------------------------ where images come from

    def flow(
        self, x, y=None, batch_size=32, shuffle=True, sample_weight=None, seed=None, save_to_dir=None, save_prefix="",
        save_format="png", ignore_class_split=False, subset=None,
    ):  # fmt: skip
        """Batches of the images of an array (images, rows, columns, channels), with their targets and weights, for ever."""
        return NumpyArrayIterator(
            x, y, self, batch_size=batch_size, shuffle=shuffle, sample_weight=sample_weight, seed=seed,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format, subset=subset,
        )  # fmt: skip

    def flow_from_directory(
        self, directory, target_size=(256, 256), color_mode="rgb", classes=None, class_mode="categorical", batch_size=32,
        shuffle=True, seed=None, save_to_dir=None, save_prefix="", save_format="png", follow_links=False, subset=None,
        interpolation="nearest", keep_aspect_ratio=False,
    ):  # fmt: skip
        """Batches of the images in the folders of a folder, each folder a class, for ever. See `DirectoryIterator`."""
        return DirectoryIterator(
            directory, self, target_size=target_size, color_mode=color_mode, classes=classes, class_mode=class_mode,
            batch_size=batch_size, shuffle=shuffle, seed=seed, save_to_dir=save_to_dir, save_prefix=save_prefix,
            save_format=save_format, follow_links=follow_links, subset=subset, interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
        )  # fmt: skip

    def flow_from_dataframe(
        self, dataframe, directory=None, x_col="filename", y_col="class", weight_col=None, target_size=(256, 256),
        color_mode="rgb", classes=None, class_mode="categorical", batch_size=32, shuffle=True, seed=None, save_to_dir=None,
        save_prefix="", save_format="png", subset=None, interpolation="nearest", validate_filenames=True, **_,
    ):  # fmt: skip
        """Batches of the images that a column of a pandas DataFrame names, for ever. See `DataFrameIterator`."""
        return DataFrameIterator(
            dataframe, directory, self, x_col=x_col, y_col=y_col, weight_col=weight_col, target_size=target_size,
            color_mode=color_mode, classes=classes, class_mode=class_mode, batch_size=batch_size, shuffle=shuffle, seed=seed,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format, subset=subset,
            interpolation=interpolation, validate_filenames=validate_filenames,
        )  # fmt: skip

    # ------------------------------------------------------------ one image

    def get_random_transform(self, img_shape, seed=None):
        """What is to be done to an image of this shape, drawn at random: a dict for `apply_transform`."""
        if seed is not None:
            np.random.seed(seed)
        draw = np.random.uniform
        wide = lambda reach: draw(-reach, reach) if reach else 0  # noqa: E731
        zoom = (1, 1) if tuple(self.zoom_range) == (1, 1) else draw(*self.zoom_range, 2)
        return {
            "theta": wide(self.rotation_range),
            "tx": _shift(self.height_shift_range, img_shape[self.row_axis - 1]),
            "ty": _shift(self.width_shift_range, img_shape[self.col_axis - 1]),
            "shear": wide(self.shear_range),
            "zx": zoom[0],
            "zy": zoom[1],
            "flip_horizontal": bool((np.random.random() < 0.5) * self.horizontal_flip),
            "flip_vertical": bool((np.random.random() < 0.5) * self.vertical_flip),
            "channel_shift_intensity": wide(self.channel_shift_range) if self.channel_shift_range else None,
            "brightness": draw(*self.brightness_range) if self.brightness_range is not None else None,
        }

    def apply_transform(self, x, transform_parameters):
        """The image x (rows, columns, channels) changed as a dict says, which may leave out what is not to be done.

        Args:
            transform_parameters: theta (degrees), tx, ty (pixels), shear (degrees), zx, zy, flip_horizontal, flip_vertical,
                channel_shift_intensity, brightness.
        """
        given = transform_parameters.get
        row, col, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        x = apply_affine_transform(
            x, given("theta", 0), given("tx", 0), given("ty", 0), given("shear", 0), given("zx", 1), given("zy", 1),
            row, col, channel, self.fill_mode, self.cval, self.interpolation_order,
        )  # fmt: skip
        if given("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given("channel_shift_intensity"), channel)
        if given("flip_horizontal", False):
            x = flip_axis(x, col)
        if given("flip_vertical", False):
            x = flip_axis(x, row)
        if given("brightness") is not None:
            x = apply_brightness_shift(x, given("brightness"), scale=False)
        return x

    def random_transform(self, x, seed=None):
        """The image x changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def standardize(self, x):
        """The image (or batch) x put on the common scale; it may be changed in place."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        return self._scaled(x, None)

    def _scaled(self, x, axes):
        """`axes`: over which the mean and the deviation of a sample are taken."""
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, axis=axes, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, axis=axes, keepdims=True) + 1e-6
        if self.featurewise_center and self._has("mean", "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._has("std", "featurewise_std_normalization"):
            x /= self.std + 1e-6
        if self.zca_whitening and self._has("zca_whitening_matrix", "zca_whitening"):
            x = (x.reshape(-1, np.prod(x.shape[-3:])) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _changed(self, images):
        """Images of one size (a batch of floats), changed at random and put on the common scale."""
        parameters = [self.get_random_transform(x.shape) for x in images]
        if any(one in vars(self) or getattr(type(self), one) is not getattr(ImageDataGenerator, one) for one in _ONE_BY_ONE):
            changed = [self.standardize(self.apply_transform(*pair)) for pair in zip(images, parameters, strict=True)]
            return np.array(changed, dtype=self.dtype)
        axes = (self.row_axis, self.col_axis, self.channel_axis)
        images = transformed(images, parameters, *axes, self.fill_mode, self.cval, self.interpolation_order)
        if self.preprocessing_function:
            images = np.array([self.preprocessing_function(x) for x in images], dtype=self.dtype)
        return self._scaled(images, (1, 2, 3))

    def _has(self, learned, setting) -> bool:
        if getattr(self, learned) is None:
            warn(
                f"This ImageDataGenerator specifies `{setting}`, but it hasn't been fit: `generator.fit(images)` learns what "
                "that needs.",
            )
        return getattr(self, learned) is not None

    # ------------------------------------------------------------ many images

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Learns what `featurewise_*` and `zca_whitening` need.

        Args:
            x: images (images, rows, columns, channels).
            augment: look at images changed at random, `rounds` times each.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"Input to `.fit()` should have rank 4. Got array with shape: {x.shape}")
        if seed is not None:
            np.random.seed(seed)
        if augment:
            x = np.array([self.random_transform(image) for _ in range(rounds) for image in x], dtype=self.dtype)
        if self.rescale and _eras.now != "1.2":
            x *= self.rescale  # as they come when this is used
        axes = (0, self.row_axis, self.col_axis)
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x /= self.std + 1e-6
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            spread, directions = np.linalg.eigh(flat.T @ flat / len(flat))
            self.zca_whitening_matrix = (directions / np.sqrt(np.maximum(spread, 0) + self.zca_epsilon)) @ directions.T
            self.zca_whitening_matrix = self.zca_whitening_matrix.astype(self.dtype)

    principal_components = property(lambda self: self.zca_whitening_matrix)


def _shift(reach, size):
    """A shift in pixels, drawn from a list, from whole numbers below `reach`, or between -reach and reach."""
    if not np.any(reach):
        return 0
    if np.ndim(reach) or isinstance(reach, (int, np.integer)):
        shift = np.random.choice(reach) * np.random.choice([-1, 1])
    else:
        shift = np.random.uniform(-reach, reach)
    return shift * size if np.max(reach) < 1 else shift
