"""Images made alike, and augmentation: laws, chance, errors."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as k
from torchkeras_lite import layers

X = np.random.default_rng(0).uniform(0, 255, (6, 9, 7, 3)).astype("float32")
AUGMENTATION = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.3},
    "RandomZoom": {"height_factor": 0.4},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomShear": {"x_factor": 0.3},
    "RandomContrast": {"factor": 0.5},
    "RandomBrightness": {"factor": 0.5},
    "RandomHue": {"factor": 0.5},
    "RandomSaturation": {"factor": (0.1, 0.4)},
    "RandomGrayscale": {},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomInvert": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "Solarization": {"addition_factor": 0.5, "threshold_factor": 0.5},
    "RandomSharpness": {"factor": (0.6, 1.0)},
    "RandomGaussianBlur": {"factor": 1.0},
    "RandomColorJitter": {"brightness_factor": 0.2, "contrast_factor": 0.3, "saturation_factor": 0.2, "hue_factor": 0.1},
    "RandomErasing": {},
    "RandomPerspective": {},
    "RandomElasticTransform": {},
    "RandAugment": {},
    "AugMix": {},
    "MixUp": {},
    "CutMix": {},
    "Equalization": {},
}
every = pytest.mark.parametrize("name", AUGMENTATION)


def make(name, **kwargs):
    drawing = {} if name == "Equalization" else {"seed": 5}
    return getattr(layers, name)(**AUGMENTATION[name], **drawing, **kwargs)


@every
def test_training_changes_images_and_inference_does_not(name):
    layer = make(name)
    assert not np.allclose(layer(X, training=True), X)
    for x in (X, X[0], X.astype("uint8")):
        kept = layer(x, training=False)
        np.testing.assert_array_equal(kept, x)
        assert layer(x, training=True).shape == x.shape
        assert kept.dtype is layer(x, training=True).dtype
    assert layer(X[:0], training=True).shape == (0, 9, 7, 3)


@every
def test_equal_seeds_draw_equally_and_go_on(name):
    if name == "AugMix":
        return
    first, second = make(name), make(name)
    outputs = [layer(X, training=True) for layer in (first, second, first)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    if name != "Equalization":
        assert not np.allclose(outputs[0], outputs[2]) or name == "RandomFlip"


@every
def test_channels_first_is_the_same_turned(name):
    x = torch.tensor(X)
    last = make(name)(x, training=True)
    first = make(name, data_format="channels_first")(x.permute(0, 3, 1, 2), training=True)
    if name not in ("RandomErasing", "AugMix"):  # noise for each pixel
        np.testing.assert_allclose(first.permute(0, 2, 3, 1), last, rtol=1e-4, atol=1e-2)


@every
def test_copies_and_graphs(name):
    layer = make(name)
    pickle.loads(pickle.dumps(layer))(X)
    model = k.Sequential([k.Input((9, 7, 3)), layer, layers.GlobalAveragePooling2D(), layers.Dense(1)])
    assert model.output_shape == (None, 1)
    model.compile("sgd", "mse")
    model.fit(X / 255, np.zeros((6, 1)), verbose=0, batch_size=4)
    np.testing.assert_allclose(model.predict(X, verbose=0), model(X, training=False).detach(), rtol=1e-4, atol=1e-3)


def test_each_image_goes_its_own_way():
    x = np.repeat(X[:1], 64, 0)
    for name in ("RandomRotation", "RandomZoom", "RandomTranslation", "RandomBrightness", "RandomContrast"):
        y = make(name)(x, training=True)
        assert len({tuple(image.flatten().tolist()) for image in y}) == 64
    flipped = layers.RandomFlip("horizontal", seed=1)(np.repeat(X[:1], 400, 0), training=True)
    same = (flipped == torch.tensor(X[:1])).flatten(1).all(1)
    assert 150 < int(same.sum()) < 250
    assert torch.equal(flipped[~same][0], torch.tensor(X[0, :, ::-1].copy()))


def test_what_is_drawn_follows_the_factors():
    images = torch.zeros(2000, 4, 4, 1)
    angle = layers.RandomRotation((-0.1, 0.25), seed=0).get_random_transformation(images)["angle"]
    assert -36 <= angle.min() < -34 and 88 < angle.max() <= 90 and abs(float(angle.mean()) - 27) < 3
    shift = layers.RandomTranslation((0.1, 0.5), 0.2, seed=0).get_random_transformation(images)["translations"]
    assert 0.4 <= shift[:, 1].min() < 0.42 and 1.98 < shift[:, 1].max() <= 2 and -0.8 <= shift[:, 0].min() < -0.78
    zoom = layers.RandomZoom(0.2, seed=0).get_random_transformation(images)
    assert torch.equal(zoom["height_zoom"], zoom["width_zoom"]) and 0.8 <= zoom["height_zoom"].min() < 0.81


def test_quarter_turns_and_whole_shifts_are_exact():
    x = torch.arange(25.0).reshape(1, 5, 5, 1)
    turned = layers.RandomRotation((0.25, 0.25))(x, training=True)
    np.testing.assert_allclose(turned[0, ..., 0], np.rot90(x[0, ..., 0]), atol=1e-4)
    moved = layers.RandomTranslation((0.2, 0.2), 0.0, fill_mode="constant", fill_value=-1.0)(x, training=True)
    assert torch.equal(moved[0, 1:], x[0, :-1]) and (moved[0, 0] == -1).all()
    assert torch.equal(layers.RandomTranslation((0.2, 0.2), 0.0, fill_mode="wrap")(x, training=True), x.roll(1, 1))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_crops(height, width, first):
    x = torch.tensor(X).permute(0, 3, 1, 2) if first else torch.tensor(X)
    data_format = "channels_first" if first else "channels_last"
    shape = (6, 3, height, width) if first else (6, height, width, 3)
    crop = layers.RandomCrop(height, width, seed=1, data_format=data_format)
    part = crop(x, training=True)
    assert part.shape == crop(x, training=False).shape == layers.CenterCrop(height, width, data_format)(x).shape == shape
    if height < 9 and width < 7:
        top, left = crop.get_random_transformation(x)
        assert 0 <= top <= 9 - height and 0 <= left <= 7 - width
        whole, part = (each.permute(0, 2, 3, 1) if first else each for each in (x, part))
        places = [(i, j) for i in range(10 - height) for j in range(8 - width)]
        assert any(torch.equal(whole[:, i : i + height, j : j + width], part) for i, j in places)


def test_a_crop_in_inference_is_not_stretched():
    x = torch.arange(9.0).reshape(1, 9, 1, 1).expand(1, 9, 3, 1)
    np.testing.assert_allclose(layers.RandomCrop(3, 3)(x, training=False)[0, :, 0, 0], [3.0, 4.0, 5.0])


def test_resizing_keeps_the_dtype_and_crops_or_pads():
    assert layers.Resizing(4, 4)(X.astype("uint8")).dtype is torch.uint8
    wide = torch.arange(8.0).reshape(1, 1, 8, 1).expand(1, 4, 8, 1)
    np.testing.assert_array_equal(layers.Resizing(4, 4, crop_to_aspect_ratio=True)(wide)[0, 0, :, 0], [2, 3, 4, 5])
    padded = layers.Resizing(4, 4, pad_to_aspect_ratio=True, fill_value=-1.0, interpolation="nearest")(wide)
    assert padded[0, [0, 3]].eq(-1).all() and padded[0, 1, :, 0].tolist() == padded[0, 2, :, 0].tolist() == [1, 3, 5, 7]


def test_more_tiles_than_pixels():
    """There is no memory for so many, and nothing in them: an image has no more tiles than pixels."""
    images = np.random.default_rng(0).uniform(0, 255, (2, 6, 5, 3)).astype("float32")
    several = [layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(n, n))(images) for n in (8, 10**9)]
    torch.testing.assert_close(*several, rtol=0, atol=0)
    assert layers.ContrastLimitedAdaptiveHistogramEqualization()(images[:, :0]).shape == (2, 0, 5, 3)


def test_mixing_keeps_what_labels_say():
    labels = np.eye(6, dtype="float32")
    for name in ("MixUp", "CutMix"):
        whites = np.eye(6, dtype="float32")[:, None, None, :] * np.ones((6, 20, 20, 1), "float32")  # image i is all in colour i
        answer = make(name)({"images": whites, "labels": labels}, training=True)
        np.testing.assert_allclose(answer["labels"].sum(1), 1, atol=1e-5)
        np.testing.assert_allclose(answer["images"].mean((1, 2)), answer["labels"], atol=0.12)


@pytest.mark.parametrize(
    ("make", "error", "word"),
    [
        (lambda: layers.RandomRotation(1.5), ValueError, "factor"),
        (lambda: layers.RandomRotation("a"), ValueError, "factor"),
        (lambda: layers.RandomRotation(0.1, fill_mode="white"), NotImplementedError, "fill_mode"),
        (lambda: layers.RandomZoom(-1.0), ValueError, "height_factor"),
        (lambda: layers.RandomZoom(0.1, interpolation="cubic"), NotImplementedError, "interpolation"),
        (lambda: layers.RandomTranslation(0.1, (0.1, 2)), ValueError, "width_factor"),
        (lambda: layers.RandomShear(-0.1), ValueError, "x_factor"),
        (lambda: layers.RandomContrast(-0.1), ValueError, "factor"),
        (lambda: layers.RandomBrightness(0.1, value_range=3), ValueError, "value_range"),
        (lambda: layers.RandomGrayscale(2), ValueError, "factor"),
        (lambda: layers.RandomGaussianBlur(kernel_size=2), ValueError, "kernel_size"),
        (lambda: layers.RandomErasing(fill_value=[1, 2]), ValueError, "fill_value"),
        (lambda: layers.RandomFlip()(X[0, 0]), ValueError, "rank 3 or 4"),
        (lambda: layers.RandomFlip()({"images": X, "bounding_boxes": {}}), ValueError, "bounding_box_format"),
        (lambda: layers.RandomFlip(bounding_box_format="ab")({"images": X, "bounding_boxes": {}}), ValueError, "boxes"),
        (lambda: layers.Resizing(0, 3)(X), ValueError, "size"),
    ],
)
def test_errors(make, error, word):
    with pytest.raises(error, match=word):
        make()


def test_a_pipeline():
    steps = [layers.Resizing(4, 4), layers.RandomFlip(seed=1), layers.Rescaling(0.5)]
    pipeline = layers.Pipeline(steps)
    np.testing.assert_allclose(pipeline(X, training=False), steps[2](steps[0](X)))
    assert not np.allclose(pipeline(X, training=True), pipeline(X, training=False))
    again = layers.Pipeline.from_config(pipeline.get_config())
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in steps]
    assert again.get_config() == pipeline.get_config()


@pytest.mark.parametrize("layer", [layers.CenterCrop(4, 2), layers.Resizing(4, 2), layers.Rescaling(0.5)])
def test_a_list_of_pictures_is_a_batch(layer):
    pictures = [np.arange(6 * 4 * 3, dtype="uint8").reshape(6, 4, 3), np.ones((6, 4, 3), "uint8")]
    assert torch.equal(layer(pictures), layer(np.stack(pictures)))


def test_a_pipeline_of_nothing():
    for config in ({"name": "p"}, {"name": "p", "layers": None}):
        with pytest.raises(ValueError, match="needs a list of `layers`"):
            layers.Pipeline.from_config(config)
