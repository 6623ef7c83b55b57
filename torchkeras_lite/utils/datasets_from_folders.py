"""Data sets out of folders of files, a folder for each class; and out of one long series."""

from __future__ import annotations

import os
import wave

import numpy as np
import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.data import Dataset, to_tensor
from torchkeras_lite.ops.resampling import INTERPOLATIONS, resize
from torchkeras_lite.texts import Texts
from torchkeras_lite.utils.images import img_to_array, load_img, smart_resize

IMAGES, TEXTS, SOUNDS = (".bmp", ".gif", ".jpeg", ".jpg", ".png"), (".txt",), (".wav",)


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    format="tf",
    verbose=True,
):
    """The images in a folder, read when they are needed: batches of float32 images in [0, 255] and their labels.

    It has the attributes `class_names` and `file_paths`, and the methods of tf.data's data sets: `map`, `take`, `cache`, ...

    Args:
        directory: with a folder for each class, if labels are inferred.
        labels: "inferred" from the folders' names, None, or a list with an integer for each file, in the order of their paths.
        label_mode: "int" (int32), "categorical" (one-hot), "binary" (0.0 or 1.0, of two classes), or None: only images.
        class_names: the folders to take, in this order; None: all, by the alphabet.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: images of a batch; None: single images.
        image_size: (height, width) that images are resized to.
        shuffle: another order in each epoch; False: by their paths.
        seed: fixes the order.
        validation_split: the share, in (0, 1), of files for validation; with `subset`.
        subset: "training", "validation", or "both", for a list of two data sets.
        interpolation: as of `ops.image.resize`.
        follow_links: go into folders that are links.
        crop_to_aspect_ratio, pad_to_aspect_ratio: cut off or put around, instead of stretching.
        data_format: "channels_last" or "channels_first".
        format: "tf" or "grain", which make no difference: there is one kind of data set.
        verbose: say how many files there are.

    Raises:
        ValueError: arguments that are unknown or do not go together; no images.
    """
    label_mode = _checked_labels(labels, label_mode, class_names)
    if color_mode not in ("rgb", "rgba", "grayscale"):
        raise ValueError(f'`color_mode` must be one of "rgb", "rgba", "grayscale". Received: color_mode={color_mode!r}')
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise ValueError(f"Invalid `image_size` value. Expected a tuple of 2 integers. Received: image_size={image_size!r}")
    interpolation = interpolation.lower()
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"`interpolation` must be one of {INTERPOLATIONS}. Received: interpolation={interpolation!r}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`.")
    data_format = config.standardize_data_format(data_format)
    _check_format(format)

    def load(path):
        image = torch.from_numpy(img_to_array(load_img(path, color_mode), data_format, "float32"))
        if crop_to_aspect_ratio:
            return smart_resize(image, size, interpolation, data_format)
        return resize(image, size, interpolation, pad_to_aspect_ratio=pad_to_aspect_ratio, data_format=data_format)

    return _from_folder(
        directory, labels, label_mode, class_names, IMAGES, load, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose,
    )  # fmt: skip


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    format="tf",
    verbose=True,
):
    """The texts in a folder of `.txt` files, read when they are needed: batches of strings and their labels.

    Args:
        max_length: cut texts off after so many characters.
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links, format,
            verbose: as of `image_dataset_from_directory`.

    Raises:
        ValueError: arguments that are unknown or do not go together; no texts.
    """
    label_mode = _checked_labels(labels, label_mode, class_names)
    _check_format(format)

    def load(path):
        with open(path, encoding="utf-8") as file:
            return file.read(-1 if max_length is None else max_length)

    return _from_folder(
        directory, labels, label_mode, class_names, TEXTS, load, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose,
    )  # fmt: skip


def audio_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    sampling_rate=None,
    output_sequence_length=None,
    ragged=False,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    verbose=True,
):
    """The sounds in a folder of `.wav` files: batches of float32 in [-1, 1), (batch, samples, channels), and their labels.

    Args:
        sampling_rate: samples of a second to bring them to, in between linearly; None: as they are.
        output_sequence_length: cut off or fill up with zeros to so many samples; None: to the longest of the batch.
        ragged: not supported.
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links, verbose:
            as of `image_dataset_from_directory`.

    Raises:
        ValueError: arguments that are unknown or do not go together; no sounds.
    """
    label_mode = _checked_labels(labels, label_mode, class_names)
    if ragged:
        raise ValueError("`ragged=True` is not supported: there are no ragged tensors. Short sounds are filled up with zeros.")
    if sampling_rate is not None and (not isinstance(sampling_rate, int) or sampling_rate <= 0):
        raise ValueError(f"`sampling_rate` should be a positive integer. Received: sampling_rate={sampling_rate!r}")

    def load(path):
        sound, rate = _read_wave(path)
        if sampling_rate is not None and sampling_rate != rate:
            count = round(len(sound) * sampling_rate / rate)
            sound = F.interpolate(sound.T[None], size=count, mode="linear", align_corners=False)[0].T
        return sound if output_sequence_length is None else _of_length(sound, output_sequence_length)

    return _from_folder(
        directory, labels, label_mode, class_names, SOUNDS, load, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose, _padded,
    )  # fmt: skip


def _read_wave(path):
    """The samples of a PCM file, (samples, channels) in [-1, 1), and how many a second has."""
    with wave.open(path, "rb") as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes()), dtype=np.uint8)
    if width == 1:  # the only one without a sign
        values = (data.astype("float32") - 128) / 128
    elif width in (2, 4):
        values = data.view(f"<i{width}").astype("float32") / float(1 << (8 * width - 1))
    else:
        raise ValueError(f"{path!r} has samples of {8 * width} bits. Expected 8, 16 or 32.")
    return torch.from_numpy(values.reshape(-1, channels)), rate


def _of_length(sound, length):
    return F.pad(sound, (0, 0, 0, max(length - len(sound), 0)))[:length]


def _padded(elements):
    """Sounds of unequal lengths, or pairs of one and a label, as a batch."""
    pairs = [element if isinstance(element, tuple) else (element,) for element in elements]
    longest = max(len(pair[0]) for pair in pairs)
    sounds = torch.stack([_of_length(pair[0], longest) for pair in pairs])
    return (sounds, torch.stack([pair[1] for pair in pairs])) if isinstance(elements[0], tuple) else sounds


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",
):
    """Pieces of a series, and what belongs to each: batches of ((batch, sequence_length, ...), targets).

    Args:
        data: (steps, ...).
        targets: the one at place i belongs to the piece that begins there; None: only pieces.
        sequence_length: the steps of a piece.
        sequence_stride: how far from the beginning of one piece to that of the next.
        sampling_rate: how far from one step of a piece to the next.
        batch_size: pieces of a batch; None: single pieces.
        shuffle: another order in each epoch.
        seed: fixes the order.
        start_index, end_index: only the data from one place on, up to but without the other.
        format: "tf" or "grain", which make no difference: there is one kind of data set.

    Raises:
        ValueError: places outside of the data, or steps that are not positive.
    """
    _check_format(format)
    total, length = len(data), "the length of the data"
    if start_index and not 0 <= start_index < total:
        raise ValueError(f"`start_index` must be 0 or greater, and lower than {length}, {total}. Received: {start_index}")
    if end_index and not (start_index or 0) < end_index < total:
        raise ValueError(
            f"`end_index` must be higher than `start_index`, and lower than {length}, {total}. Received: "
            f"start_index={start_index}, end_index={end_index}"
        )
    for name, value in (("sampling_rate", sampling_rate), ("sequence_stride", sequence_stride)):
        if not 0 < value < total:
            raise ValueError(f"`{name}` must be higher than 0, and lower than {length}, {total}. Received: {value}")
    start, end = start_index or 0, total if end_index is None else end_index
    span = (sequence_length - 1) * sampling_rate + 1
    count = end - start - span + 1
    count = count if targets is None else min(count, len(targets))
    series = _kept(data)[start:end]
    if count <= 0:
        raise ValueError(f"There are no pieces: the data has {end - start} steps, and a piece spans {span}.")
    pieces = series[: count - 1 + span].unfold(0, span, sequence_stride)[..., ::sampling_rate].movedim(-1, 1)  # a view
    parts = pieces if targets is None else (pieces, _kept(targets)[start:end][:count:sequence_stride])
    dataset = Dataset.of_rows(parts)
    if shuffle:
        dataset = dataset.shuffle(len(pieces), seed=seed)
    return dataset if batch_size is None else dataset.batch(batch_size)


def _check_format(format) -> None:
    if format not in ("tf", "grain"):
        raise ValueError(f"`format` should be 'tf' or 'grain'. Received: format={format!r}")


def _kept(array):
    """An array as a tensor, in the dtype that it has."""
    if isinstance(array, torch.Tensor):
        return array
    array = array.to_numpy() if hasattr(array, "to_numpy") else np.asarray(array)
    return torch.from_numpy(np.ascontiguousarray(array)) if array.dtype.kind in "fiub" else to_tensor(array)


# ---------------------------------------------------------------- folders


def _checked_labels(labels, label_mode, class_names):
    """The label mode, None if there are no labels."""
    if labels not in ("inferred", None):
        if not isinstance(labels, (list, tuple)):
            raise ValueError(
                "The `labels` argument should be 'inferred', None, or a list of integers, one for each file in the folder. "
                f"Received: labels={labels!r}"
            )
        if class_names:
            raise ValueError(f'You can only pass `class_names` if `labels="inferred"`. Received: class_names={class_names}')
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(f'`label_mode` must be "int", "categorical", "binary" or None. Received: label_mode={label_mode!r}')
    return None if labels is None else label_mode


def _from_folder(
    directory, labels, label_mode, class_names, endings, load, batch_size, shuffle, seed, validation_split, subset,
    follow_links, verbose, stack=None,
):  # fmt: skip
    if label_mode is None:
        labels = None
    _check_split(validation_split, subset, shuffle, seed)
    seed = int(np.random.randint(10**6)) if seed is None else seed
    paths, labels, names = _files(directory, labels, class_names, endings, follow_links, verbose)
    if shuffle:
        for each in (paths, labels):  # both in the same order
            if each is not None:
                np.random.RandomState(seed).shuffle(each)
    if label_mode == "binary" and len(names) != 2:
        raise ValueError(f'With `label_mode="binary"` there must be exactly 2 classes. Received: class_names={names}')

    def dataset(part, again):
        chosen = slice(None)
        if validation_split:
            held = int(validation_split * len(paths))
            chosen = slice(None, -held or len(paths)) if part == "training" else slice(len(paths) - held, None)
            if verbose:
                print(f"Using {len(paths[chosen])} files for {part}.")
        files = paths[chosen]
        if not files:
            kind = {".txt": "text files", ".wav": "audio files"}.get(endings[0], "images")
            kind = f"{part} {kind}" if part else kind
            raise ValueError(f"No {kind} found in directory {directory}. Allowed formats: {endings}")
        found = Dataset.of_rows(Texts(files) if labels is None else (Texts(files), _coded(labels[chosen], label_mode, names)))
        if again:
            found = found.shuffle(len(files), seed=seed)
        found = found.map(load if labels is None else lambda path, label: (load(path), label), num_parallel_calls=-1)
        if batch_size is not None:
            found = found.batch(batch_size, stack=stack)
        found.class_names, found.file_paths = names, files
        return found

    return [dataset("training", shuffle), dataset("validation", False)] if subset == "both" else dataset(subset, shuffle)


def _check_split(validation_split, subset, shuffle, seed) -> None:
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1. Received: {validation_split}")
    if bool(validation_split) != bool(subset):
        raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(f'`subset` must be either "training", "validation" or "both". Received: {subset}')
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "With `validation_split` and shuffled data a `seed` is needed, so that training and validation do not overlap."
        )


def _files(directory, labels, class_names, endings, follow_links, verbose):
    """The paths, a label for each (or None), and the names of the classes (or None)."""
    directory = os.fspath(directory)
    folders = [""]
    if labels == "inferred":
        folders = sorted(e.name for e in os.scandir(directory) if e.is_dir() and not e.name.startswith("."))
        if class_names is not None:
            if not set(class_names) <= set(folders):
                raise ValueError(f"The `class_names` must be names of folders, {folders}. Received: class_names={class_names}")
            folders = list(class_names)
    elif class_names is not None:
        raise ValueError(f"`class_names` are only for inferred labels. Received: labels={labels}, class_names={class_names}")
    paths, numbers = [], []
    for number, folder in enumerate(folders):
        walk = os.walk(os.path.join(directory, folder), followlinks=follow_links)
        for root, _, names in sorted(walk, key=lambda step: step[0]):
            found = [os.path.join(root, name) for name in sorted(names) if name.lower().endswith(endings)]
            paths += found
            numbers += [number] * len(found)
    if labels is None:
        names = None
    elif labels == "inferred":
        names, labels = folders, np.array(numbers, dtype="int32")
    else:
        if len(labels) != len(paths):
            raise ValueError(
                f"The length of `labels` should match the number of files: {len(labels)} `labels`, but {len(paths)} files in "
                f"{directory!r}."
            )
        names, labels = [str(label) for label in sorted(set(labels))], np.array(labels)
    if verbose:
        print(f"Found {len(paths)} files{'' if names is None else f' belonging to {len(names)} classes'}.")
    return paths, labels, names


def _coded(labels, label_mode, names):
    labels = torch.from_numpy(labels)
    if label_mode == "categorical":
        return F.one_hot(labels.long(), len(names)).float()
    return labels.float()[:, None] if label_mode == "binary" else labels
