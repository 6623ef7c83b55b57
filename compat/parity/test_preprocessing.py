"""Augmentation beside Keras, given what chance has decided; and what Keras prepares without TensorFlow."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from harness import config, mine, real
from torch.utils import _pytree as pytree

from torchkeras_lite import utils

X = np.random.default_rng(0).uniform(0, 255, (5, 8, 6, 3)).astype("float32")
UNIT = (0, 1)

# (class, arguments)
ROWS = [
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "horizontal"}),
    ("RandomFlip", {"mode": "vertical"}),
    ("RandomRotation", {"factor": 0.2}),
    ("RandomRotation", {"factor": (-0.1, 0.3), "fill_mode": "constant", "fill_value": 3.0, "interpolation": "nearest"}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomZoom", {"height_factor": (-0.5, 0.1), "width_factor": 0.2, "fill_mode": "wrap"}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (-0.2, 0.5), "fill_mode": "nearest"}),
    ("RandomShear", {"x_factor": 0.0, "y_factor": (0.1, 0.2)}),
    ("RandomCrop", {"height": 4, "width": 3}),
    ("RandomCrop", {"height": 9, "width": 3}),
    ("RandomContrast", {"factor": 0.2}),
    ("RandomContrast", {"factor": (0.5, 0.7), "value_range": UNIT}),
    ("RandomBrightness", {"factor": 0.2}),
    ("RandomBrightness", {"factor": (-0.5, 0.1), "value_range": [1, 0]}),
    ("RandomHue", {"factor": 0.3}),
    ("RandomHue", {"factor": (0.1, 0.6), "value_range": UNIT}),
    ("RandomSaturation", {"factor": 0.3}),
    ("RandomSaturation", {"factor": (0.1, 0.8), "value_range": UNIT}),
    ("RandomGrayscale", {}),
    ("RandomColorDegeneration", {"factor": 0.5}),
    ("RandomInvert", {"factor": (0.2, 0.6)}),
    ("RandomPosterization", {"factor": 4}),
    ("RandomPosterization", {"factor": (3, 3), "value_range": UNIT}),
    ("Solarization", {"addition_factor": 0.3, "threshold_factor": (0.2, 0.5)}),
    ("Solarization", {"value_range": UNIT}),
    ("RandomSharpness", {"factor": 0.7}),
    ("RandomGaussianBlur", {"factor": 0.6}),
    ("MixUp", {}),
    ("CutMix", {}),
    ("RandomErasing", {"factor": (0.2, 0.8)}),
    ("RandomErasing", {"fill_value": 3.0}),
    ("RandomPerspective", {"factor": 0.6}),
    ("RandomPerspective", {"scale": 0.3, "interpolation": "nearest", "fill_value": 4.0}),
]
CONFIGS = [
    *ROWS,
    ("RandomShear", {"x_factor": 0.3, "y_factor": (0.1, 0.2)}),
    ("RandomColorJitter", {"brightness_factor": 0.1, "hue_factor": (0.1, 0.2)}),
    ("RandomElasticTransform", {"scale": 0.7}),
    ("RandomElasticTransform", {"factor": (0.1, 0.2), "fill_mode": "mirror"}),
    ("RandAugment", {"num_ops": 1, "factor": 0.3}),
    ("AugMix", {"all_ops": False}),
]


def pair(name, **kwargs):
    return [getattr(library, name)(name="one", **kwargs) for library in (mine, real.layers)]


def label(row):
    return f"{row[0]}({','.join(f'{key}={value}' for key, value in row[1].items())})".replace(" ", "")


def outline(drawn):
    """The names, shapes and dtypes of what was drawn."""

    def one(leaf):
        return (tuple(leaf.shape), leaf.dtype.is_floating_point) if hasattr(leaf, "shape") else leaf

    return pytree.tree_map(one, drawn)


def pixels(kwargs, data_format):
    x = X / 255 if sorted(kwargs.get("value_range", (0, 255))) == [0, 1] else X
    return x if data_format == "channels_last" else np.ascontiguousarray(x.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("name", "kwargs"), ROWS, ids=map(label, ROWS))
def test_given_what_was_drawn(name, kwargs, data_format):
    ours, theirs = pair(name, seed=1, data_format=data_format, **kwargs)
    for x in (pixels(kwargs, data_format), pixels(kwargs, data_format)[2]):
        drawn = [layer.get_random_transformation(torch.tensor(x), training=True) for layer in (ours, theirs)]
        if name != "RandomCrop":  # places are numbers here, and tensors there
            assert outline(drawn[0]) == outline(drawn[1])
        for each in drawn:
            found = ours.transform_images(x, copy.deepcopy(each))  # Keras changes what it is given
            transform = theirs.transform_images if x.ndim == 4 else theirs.transform_single_image
            wanted = transform(torch.tensor(x), copy.deepcopy(each))
            assert found.dtype is wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=2e-3 if x.max() > 1 else 2e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("name", "kwargs"), CONFIGS, ids=map(label, CONFIGS))
def test_configs(name, kwargs, data_format):
    ours, theirs = pair(name, seed=1, data_format=data_format, **kwargs)
    assert config(ours) == config(theirs)
    again = type(ours).from_config(theirs.get_config())
    assert config(again) == config(theirs)
    if name != "RandomShear":  # whose own configs Keras does not take
        assert config(type(theirs).from_config(ours.get_config())) == config(theirs)
    shape = (None, 8, 6, 3) if data_format == "channels_last" else (None, 3, 8, 6)
    assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)
    assert [v.path.split("/")[-1] for v in ours.variables] == [v.path.split("/")[-1] for v in theirs.variables]


def test_augmentation_is_on_unless_somebody_turns_it_off():
    for k in (mine, real.layers):
        models = real if k is real.layers else __import__("torchkeras_lite")
        model = models.Sequential([models.Sequential([k.RandomFlip(seed=1)]), k.Rescaling(1.0)])
        assert not np.allclose(torch.as_tensor(model(X)), X)
        assert np.allclose(torch.as_tensor(model(X, training=False)), X)
        assert np.allclose(model.predict(X, verbose=0), X)
        assert not np.allclose(torch.as_tensor(model(X)), X)


# ---------------------------------------------------------------- boxes

chance = np.random.default_rng(1)
CORNERS = chance.uniform(0, 3, (5, 4, 2))
BOXES = np.concatenate([CORNERS, CORNERS + chance.uniform(0.5, 3, (5, 4, 2))], -1).astype("float32")
LABELS = chance.integers(0, 5, (5, 4))
BOX_ROWS = [
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "horizontal"}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomZoom", {"height_factor": (-0.5, 0.1), "width_factor": 0.2}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (-0.2, 0.5)}),
    ("Resizing", {"height": 5, "width": 7}),
    ("Resizing", {"height": 5, "width": 7, "crop_to_aspect_ratio": True}),
    ("Resizing", {"height": 5, "width": 7, "pad_to_aspect_ratio": True}),
    ("CenterCrop", {"height": 5, "width": 3}),
    ("CenterCrop", {"height": 9, "width": 7}),
]
BOX_FORMATS = ("xyxy", "rel_xyxy", "center_xywh", "yxyx")
ROTATED = [("RandomRotation", {"factor": 0.2}, "xyxy"), ("RandomPerspective", {"scale": 0.5}, "xyxy")]


@pytest.mark.parametrize(
    ("name", "kwargs", "box_format"), [*((*row, box_format) for row in BOX_ROWS for box_format in BOX_FORMATS), *ROTATED]
)
def test_boxes(name, kwargs, box_format):
    ours, theirs = pair(name, bounding_box_format=box_format, **kwargs)
    assert config(ours) == config(theirs)
    boxes = real.utils.bounding_boxes.convert_format(torch.tensor(BOXES), "xyxy", box_format, 8, 6)
    drawn = theirs.get_random_transformation(torch.tensor(X), training=True)
    given = [{"boxes": boxes.clone(), "labels": torch.tensor(LABELS)} for _ in range(2)]
    found = ours.transform_bounding_boxes(given[0], copy.deepcopy(drawn))
    wanted = theirs.transform_bounding_boxes(given[1], copy.deepcopy(drawn))
    np.testing.assert_allclose(found["boxes"], wanted["boxes"], atol=1e-4)
    np.testing.assert_array_equal(found["labels"], wanted["labels"])
    whole = {"images": X, "labels": LABELS[:, 0], "bounding_boxes": given[0], "segmentation_masks": X[..., :1].astype("uint8")}
    answer = ours(whole, training=True)
    assert answer.keys() == whole.keys() and answer["segmentation_masks"].shape[:3] == answer["images"].shape[:3]


# ---------------------------------------------------------------- the rest


@pytest.mark.filterwarnings("ignore:Tensor.T is deprecated")
@pytest.mark.parametrize("kwargs", [{}, {"bins": 16, "value_range": (0, 300)}, {"data_format": "channels_first"}])
def test_equalization(kwargs):
    ours, theirs = pair("Equalization", **kwargs)
    x = pixels({}, kwargs.get("data_format", "channels_last"))
    for each in (x, x[0], np.full_like(x, 7.0)):
        np.testing.assert_allclose(ours(each), theirs(torch.tensor(each)), rtol=1e-5, atol=1e-3)
        np.testing.assert_array_equal(ours(each, training=False), each)
    assert config(ours) == config(theirs)


def test_learned_intervals():
    for data in (np.random.default_rng(0).normal(size=(1000, 1)), np.arange(10.0), np.random.default_rng(1).integers(0, 9, 50)):
        ours, theirs = pair("Discretization", num_bins=4, epsilon=0.02)
        ours.adapt(data)
        theirs.reset_state(), theirs.update_state(data), theirs.finalize_state()
        np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
        np.testing.assert_array_equal(ours(data), theirs(torch.tensor(data).float()))
        again = type(ours).from_config(ours.get_config())
        assert again.bin_boundaries == ours.bin_boundaries and again.get_config() == ours.get_config()


def test_max_num_bounding_boxes():
    ours, theirs = pair("MaxNumBoundingBoxes", max_number=3, fill_value=-1, bounding_box_format="xyxy")
    assert config(ours) == config(theirs)
    for count in (1, 3, 4):
        given = [{"boxes": torch.tensor(BOXES[:, :count]), "labels": torch.tensor(LABELS[:, :count])} for _ in range(2)]
        both = zip((ours, theirs), given, strict=True)
        found, wanted = (layer({"images": X, "bounding_boxes": boxes}) for layer, boxes in both)
        for key in ("boxes", "labels"):
            np.testing.assert_array_equal(found["bounding_boxes"][key], wanted["bounding_boxes"][key])


def test_files_of_a_folder(tmp_path):
    for name in ("b/1.txt", "a/x/2.txt", "a/0.txt", "a/3.txt", "b/2.txt", "b/9.txt", ".hidden/0.txt", "a/4.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    theirs = real.src.utils.dataset_utils
    paths, labels, names = theirs.index_directory(str(tmp_path), "inferred", (".txt",), shuffle=True, seed=3, verbose=False)
    parts = utils.text_dataset_from_directory(tmp_path, seed=3, validation_split=0.4, subset="both", verbose=False)
    for part, name in zip(parts, ("training", "validation"), strict=True):
        files, numbers = theirs.get_training_or_validation_split(paths, labels, 0.4, name)
        assert part.file_paths == files and part.class_names == names
        found = {text: int(label) for texts, labels in part for text, label in zip(texts, labels, strict=True)}
        assert found == {Path(path).read_text(): int(n) for path, n in zip(files, numbers, strict=True)}
