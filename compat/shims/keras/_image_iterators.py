"""Batches of images out of arrays, folders and tables, by number or one after the other, for ever."""

from __future__ import annotations

import os
import threading

import numpy as np

from torchkeras_lite.preprocessing.image import array_to_img, img_to_array, load_img
from torchkeras_lite.utils import PyDataset

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff", ".webp")
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_MODES = ("categorical", "binary", "sparse", "input", "raw", "multi_output", "other", None)


class Iterator(PyDataset):
    """The base: `iterator[i]` is a batch, `len(iterator)` of them are an epoch, and `next(iterator)` never ends.

    Args:
        n: how many images there are.
        batch_size: images in a batch.
        shuffle: another order in each epoch.
        seed: of NumPy's generator, one more for each batch.
    """

    def __init__(self, n, batch_size, shuffle, seed):
        super().__init__()
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array = None

    def _order(self):
        return np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx):
        if not -len(self) <= idx < len(self):
            raise ValueError(f"Asked to retrieve element {idx}, but the sequence has length {len(self)}")
        with self.lock:
            if self.seed is not None:
                np.random.seed(self.seed + self.total_batches_seen)
            self.total_batches_seen += 1
            if self.index_array is None:
                self.index_array = self._order()
        first = self.batch_size * (idx % len(self))
        return self._get_batches_of_transformed_samples(self.index_array[first : first + self.batch_size])

    def on_epoch_end(self):
        self.index_array = self._order()

    def reset(self):
        """`next` begins with the first batch again."""
        self.batch_index = 0

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            index = self.batch_index
            self.batch_index = (index + 1) % len(self)
        if index == 0 and self.total_batches_seen:
            if self.seed is not None:
                np.random.seed(self.seed + self.total_batches_seen)
            self.on_epoch_end()
        return self[index]

    next = __next__

    def _changed(self, images):
        """The images of a batch, changed at random and standardized."""
        return self.image_data_generator._changed(np.asarray(images, self.dtype))

    def _save(self, batch, numbers):
        for x, number in zip(batch if self.save_to_dir else (), numbers, strict=False):
            name = f"{self.save_prefix}_{number}_{np.random.randint(10**7)}.{self.save_format}"
            array_to_img(x, self.data_format, scale=True).save(os.path.join(self.save_to_dir, name))

    def _settle(self, generator, save_to_dir, save_prefix, save_format):
        self.image_data_generator, self.data_format, self.dtype = generator, generator.data_format, generator.dtype
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format


class NumpyArrayIterator(Iterator):
    """Batches of an array's images.

    Args:
        x: images (images, rows, columns, channels); or a pair of them and a list of other arrays, which pass unchanged.
        y, sample_weight: for each image.
        image_data_generator: the ImageDataGenerator that changes them.
        subset: "training" or "validation": what is not, or is, in the first `validation_split` of the images.
    """

    def __init__(
        self, x, y, image_data_generator, batch_size=32, shuffle=False, sample_weight=None, seed=None, data_format=None,
        save_to_dir=None, save_prefix="", save_format="png", subset=None, dtype=None,
    ):  # fmt: skip
        self._settle(image_data_generator, save_to_dir, save_prefix, save_format)
        x, misc = x if isinstance(x, (tuple, list)) else (x, [])
        misc = [np.asarray(one) for one in (misc if isinstance(misc, list) else [misc])]
        x = np.asarray(x, self.dtype)
        y, sample_weight = (None if values is None else np.asarray(values) for values in (y, sample_weight))
        for name, values in (("y", y), ("sample_weight", sample_weight), *(("x[1]", one) for one in misc)):
            if values is not None and len(values) != len(x):
                raise ValueError(f"`x` and `{name}` should have the same length. Found: {len(x)} and {len(values)}.")
        if x.ndim != 4:
            raise ValueError(f"Images for a generator need rank 4: (images, rows, columns, channels). Received: {x.shape}")
        rows = _part(len(x), subset, image_data_generator)
        self.x, self.x_misc = x[rows], [one[rows] for one in misc]
        self.y, self.sample_weight = (None if values is None else values[rows] for values in (y, sample_weight))
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array):
        batch = self._changed(self.x[index_array])
        self._save(batch, index_array)
        images = [batch, *(one[index_array] for one in self.x_misc)] if self.x_misc else batch
        rest = [values[index_array] for values in (self.y, self.sample_weight) if values is not None]
        return (images, *rest) if rest else images


def _part(count, subset, generator) -> slice:
    """Which of `count` images belong to a subset."""
    if subset not in (None, "training", "validation"):
        raise ValueError(f"`subset` must be 'training' or 'validation'. Received: {subset!r}")
    border = int(count * (generator.validation_split or 0))
    return {None: slice(None), "training": slice(border, None), "validation": slice(0, border)}[subset]


class _Files(Iterator):
    """The base of those that read files: `filepaths`, and `classes`, the number of each one's class."""

    def _settle_images(self, target_size, color_mode, interpolation, class_mode):
        if color_mode not in _CHANNELS:
            raise ValueError(f"Invalid color mode: {color_mode!r}; expected 'rgb', 'rgba' or 'grayscale'.")
        if class_mode not in _MODES:
            raise ValueError(f"Invalid class_mode: {class_mode!r}; expected one of {_MODES}.")
        self.target_size, self.color_mode, self.interpolation = tuple(target_size), color_mode, interpolation
        self.class_mode = class_mode
        channels = _CHANNELS[color_mode]
        first = self.data_format == "channels_first"
        self.image_shape = (channels, *self.target_size) if first else (*self.target_size, channels)

    keep_aspect_ratio = False

    def _read(self, i):
        image = load_img(
            self.filepaths[i], color_mode=self.color_mode, target_size=self.target_size, interpolation=self.interpolation,
            keep_aspect_ratio=self.keep_aspect_ratio,
        )  # fmt: skip
        return img_to_array(image, data_format=self.data_format, dtype=self.dtype)

    def _get_batches_of_transformed_samples(self, index_array):
        batch = self._changed([self._read(i) for i in index_array])
        self._save(batch, index_array)
        if self.class_mode is None:
            return batch
        targets = self._targets(batch, index_array)
        weights = getattr(self, "sample_weight", None)
        return (batch, targets) if weights is None else (batch, targets, weights[index_array])

    def _targets(self, batch, index_array):
        if self.class_mode == "input":
            return batch.copy()
        classes = [self.classes[i] for i in index_array]
        if self.class_mode != "categorical":
            return np.array(classes, dtype=self.dtype)
        targets = np.zeros((len(batch), len(self.class_indices)), dtype=self.dtype)
        for row, of in zip(targets, classes, strict=True):
            row[of] = 1.0
        return targets

    @property
    def labels(self):
        return self.classes


class DirectoryIterator(_Files):
    """Batches of the images in the folders of `directory`, each folder a class.

    Args:
        target_size: (rows, columns) that each image is brought to.
        color_mode: "rgb", "rgba" or "grayscale".
        classes: names of the folders, in the order of their numbers. None: all, by name.
        class_mode: targets: "categorical" (one-hot), "binary", "sparse" (numbers), "input" (the images), None (no targets).
        subset: as of `NumpyArrayIterator`, in each folder.
    """

    allowed_class_modes = {"categorical", "binary", "sparse", "input", None}

    def __init__(
        self, directory, image_data_generator, target_size=(256, 256), color_mode="rgb", classes=None,
        class_mode="categorical", batch_size=32, shuffle=True, seed=None, data_format=None, save_to_dir=None, save_prefix="",
        save_format="png", follow_links=False, subset=None, interpolation="nearest", keep_aspect_ratio=False, dtype=None,
    ):  # fmt: skip
        self._settle(image_data_generator, save_to_dir, save_prefix, save_format)
        self._settle_images(target_size, color_mode, interpolation, class_mode)
        if class_mode not in self.allowed_class_modes:
            raise ValueError(f"Invalid class_mode: {class_mode!r}; expected one of {self.allowed_class_modes}.")
        self.directory, self.keep_aspect_ratio = directory, keep_aspect_ratio
        if not classes:
            classes = sorted(name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name)))
        self.class_indices = {name: i for i, name in enumerate(classes)}
        self.num_classes = len(classes)
        self.filenames, numbers = [], []
        for name, number in self.class_indices.items():
            files = _images_below(os.path.join(directory, name), follow_links)
            files = files[_part(len(files), subset, image_data_generator)]
            self.filenames += [os.path.join(name, file) for file in files]
            numbers += [number] * len(files)
        self.classes = np.array(numbers, dtype="int32")
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        self.samples = len(self.filenames)
        self.nb_sample, self.nb_class = self.samples, self.num_classes
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)


def _images_below(folder, follow_links) -> list[str]:
    """The image files in a folder and the folders in it, by paths from there, sorted folder by folder."""
    found = []
    for root, _, files in sorted(os.walk(folder, followlinks=follow_links)):
        images = [file for file in sorted(files) if file.lower().endswith(_ENDINGS)]
        found += [os.path.relpath(os.path.join(root, file), folder) for file in images]
    return found


class DataFrameIterator(_Files):
    """Batches of the images that a table names.

    Args:
        dataframe: a pandas DataFrame.
        directory: what the names in the table are below; None: they are whole paths.
        x_col, y_col, weight_col: the columns of names, targets (several for "raw" and "multi_output") and weights.
        class_mode: as of `DirectoryIterator`; "categorical" also takes lists of classes; "raw" and "multi_output": numbers.
        validate_filenames: leave out what is no image file.
        The others: as of `DirectoryIterator`.
    """

    def __init__(
        self, dataframe, directory=None, image_data_generator=None, x_col="filename", y_col="class", weight_col=None,
        target_size=(256, 256), color_mode="rgb", classes=None, class_mode="categorical", batch_size=32, shuffle=True,
        seed=None, data_format="channels_last", save_to_dir=None, save_prefix="", save_format="png", subset=None,
        interpolation="nearest", keep_aspect_ratio=False, dtype="float32", validate_filenames=True,
    ):  # fmt: skip
        self._settle(image_data_generator, save_to_dir, save_prefix, save_format)
        class_mode = "raw" if class_mode == "other" else class_mode
        self._settle_images(target_size, color_mode, interpolation, class_mode)
        self.directory, self.keep_aspect_ratio = directory or "", keep_aspect_ratio
        table = dataframe.copy()
        if classes and class_mode in ("categorical", "binary", "sparse"):
            known = set(classes)
            table = table[[bool(known & {*_classes(value)}) for value in table[y_col]]]
        if validate_filenames:
            there = [self._is_image(name) for name in table[x_col]]
            if not all(there):
                print(f"{len(there) - sum(there)} names in the column {x_col!r} are no image files, and are left out.")
            table = table[there]
        if class_mode in ("categorical", "binary", "sparse"):
            classes = list(classes or sorted({one for value in table[y_col] for one in _classes(value)}))
            if class_mode == "binary" and len(classes) != 2:
                raise ValueError(f"class_mode='binary' is for 2 classes. Received {len(classes)}: {classes}")
            self.class_indices = {name: i for i, name in enumerate(classes)}
        table = table[_part(len(table), subset, image_data_generator)]
        self.filenames = list(table[x_col])
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.sample_weight = None if weight_col is None else table[weight_col].to_numpy()
        self.samples = len(self.filenames)
        if class_mode in ("categorical", "binary", "sparse"):
            numbers = self.class_indices
            several = class_mode == "categorical"
            self.classes = [
                [numbers[one] for one in _classes(value) if one in numbers]
                if several and isinstance(value, (list, tuple))
                else numbers[value]
                for value in table[y_col]
            ]
            print(f"Found {self.samples} validated image filenames belonging to {len(numbers)} classes.")
        else:
            if class_mode == "raw":
                self._data = table[y_col].to_numpy()
            elif class_mode == "multi_output":
                self._data = [np.stack(table[column].tolist()) for column in y_col]
            print(f"Found {self.samples} validated image filenames.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _is_image(self, name) -> bool:
        return str(name).lower().endswith(_ENDINGS) and os.path.isfile(os.path.join(self.directory, name))

    def _targets(self, batch, index_array):
        if self.class_mode == "raw":
            return self._data[index_array]
        if self.class_mode == "multi_output":
            return [values[index_array] for values in self._data]
        return super()._targets(batch, index_array)


def _classes(value):
    return value if isinstance(value, (list, tuple)) else [value]
