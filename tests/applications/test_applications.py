"""Networks for images on their own: what they are called with, what they refuse, and that they learn."""

import inspect
import json

import numpy as np
import pytest
import torch

import torchkeras_lite as tk
from torchkeras_lite import applications
from torchkeras_lite.applications import imagenet_utils, network

SMALL = {"weights": None, "alpha": 0.25, "input_shape": (32, 32, 3)}
CONSTRUCTORS = sorted(name for name in dir(applications) if name[0].isupper())


def images(*shape):
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A file in place of what would be fetched; gives the requests."""
    requests, path = [], tmp_path / "file"

    def get_file(name, address, cache_subdir, file_hash=None):
        requests.append((name, address, cache_subdir, file_hash))
        return str(path)

    monkeypatch.setattr(network, "get_file", get_file)
    monkeypatch.setattr(imagenet_utils, "get_file", get_file)
    imagenet_utils._classes.cache_clear()
    yield path, requests
    imagenet_utils._classes.cache_clear()


# ---------------------------------------------------------------- constructors


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_each_constructor_says_what_it_is(name):
    make = getattr(applications, name)
    assert make.__name__ == make.__qualname__ == name
    assert getattr(__import__(make.__module__, fromlist=[name]), name) is make
    assert make.__doc__.startswith(f"{name}: ")
    for argument in inspect.signature(make).parameters:
        assert f"        {argument}: " in make.__doc__, argument


def test_pooling_and_shapes():
    model = applications.MobileNet(**SMALL, include_top=False)
    assert model.output_shape == (None, 1, 1, 256)
    assert applications.MobileNet(weights=None, alpha=0.25, include_top=False).input_shape == (None, None, None, 3)
    x = images(2, 64, 96, 3)
    anywhere = applications.MobileNet(weights=None, alpha=0.25, include_top=False)
    maps = anywhere(x)
    assert maps.shape == (2, 2, 3, 256)
    for pooling, reduced in (("avg", maps.mean((1, 2))), ("max", maps.amax((1, 2)))):
        pooled = applications.MobileNet(weights=None, alpha=0.25, include_top=False, pooling=pooling)
        pooled.set_weights(anywhere.get_weights())
        torch.testing.assert_close(pooled(x), reduced)


def test_a_classifier_gives_probabilities_or_logits():
    model = applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(32, 32, 3), classes=7)
    probabilities = model(images(3, 32, 32, 3))
    assert probabilities.shape == (3, 7)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(3))
    logits = applications.MobileNetV2(
        weights=None, alpha=0.35, input_shape=(32, 32, 3), classes=7, classifier_activation=None
    )  # fmt: skip
    logits.set_weights(model.get_weights())
    torch.testing.assert_close(logits(images(3, 32, 32, 3)).softmax(-1), probabilities)


def test_images_from_a_tensor():
    entry = tk.Input((40, 40, 3), name="picture")
    model = applications.MobileNet(weights=None, alpha=0.25, input_tensor=entry * 2.0 - 1.0, include_top=False)
    assert [tensor.name for tensor in model.inputs] == ["picture"]
    plain = applications.MobileNet(weights=None, alpha=0.25, input_shape=(40, 40, 3), include_top=False)
    plain.set_weights(model.get_weights())
    x = images(2, 40, 40, 3) / 255
    torch.testing.assert_close(model(x), plain(2 * x - 1))


def test_images_from_two_tensors():
    one, other = tk.Input((32, 32, 3), name="one"), tk.Input((32, 32, 3), name="other")
    model = applications.MobileNet(weights=None, alpha=0.25, input_tensor=one + other, include_top=False)
    assert [tensor.name for tensor in model.inputs] == ["one", "other"]


def test_a_network_learns():
    model = applications.MobileNet(**SMALL, classes=2)
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = applications.mobilenet.preprocess_input(images(8, 32, 32, 3)), np.arange(8) % 2
    before = model.get_weights()
    losses = model.fit(x, y, epochs=6, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert all(not np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


def test_stochastic_depth():
    layer = applications.convnext.StochasticDepth(0.25)
    x = torch.ones(4000, 2, 3)
    assert layer(x) is x
    rows = layer(x, training=True)[:, 0, 0]
    torch.testing.assert_close(rows.unique(), torch.tensor([0, 1 / 0.75]))
    assert (layer(x, training=True).flatten(1).std(1) == 0).all()
    assert rows.mean().item() == pytest.approx(1, abs=0.05)


# ---------------------------------------------------------------- weights


@pytest.mark.parametrize("include_top", [True, False])
def test_official_weights_are_fetched_and_loaded(own_cache, include_top):
    path, requests = own_cache
    source = applications.MobileNet(weights=None, alpha=0.25, include_top=include_top)
    source.save(f"{path}.h5")
    path.write_bytes(path.with_name("file.h5").read_bytes())
    model = applications.MobileNet(alpha=0.25, include_top=include_top, input_shape=(224, 224, 3))
    for one, other in zip(model.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    ending = "" if include_top else "_no_top"
    name = f"mobilenet_2_5_224_tf{ending}.h5"
    base = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
    assert requests == [(name, base + name, "models", None)]


def test_a_size_without_official_weights_warns(own_cache):
    path, _ = own_cache
    applications.MobileNet(weights=None, alpha=0.25, include_top=False).save(f"{path}.h5")
    path.write_bytes(path.with_name("file.h5").read_bytes())
    with pytest.warns(UserWarning, match="224 x 224"):
        applications.MobileNet(alpha=0.25, include_top=False, input_shape=(40, 40, 3))


@pytest.mark.parametrize(
    "make, kwargs, words",
    [
        ("VGG16", {"weights": "nowhere"}, "path of a file that exists"),
        ("VGG16", {"classes": 10}, "`classes` should be 1000"),
        ("VGG16", {"weights": None, "input_shape": (20, 32, 3)}, "at least 32x32"),
        ("VGG16", {"weights": None, "input_shape": (None, None, 3)}, "static"),
        ("VGG16", {"input_shape": (64, 64, 3)}, r"should be \(224, 224, 3\)"),
        ("MobileNet", {"alpha": 0.3}, "alpha"),
        ("MobileNetV2", {"weights": None, "input_shape": (32, 40, 3), "input_tensor": tk.Input((32, 48, 3))}, "columns"),
        ("MobileNetV2", {"weights": None, "input_shape": (32, 32, 3), "input_tensor": 3}, "not a Keras tensor"),
        ("MobileNetV3Large", {"weights": None, "input_tensor": tk.Input((31, 32, 3))}, "at least 32x32"),
        ("MobileNetV3Large", {"alpha": 0.75, "minimalistic": True, "input_shape": (224, 224, 3)}, "alpha"),
    ],
)
def test_errors(make, kwargs, words):
    with pytest.raises(ValueError, match=words):
        getattr(applications, make)(**kwargs)


def test_trained_weights_need_their_activation(monkeypatch):
    for activation in ("softmax", None):
        imagenet_utils.validate_activation(activation, "imagenet")
    imagenet_utils.validate_activation("relu", None)
    with pytest.raises(ValueError, match="classifier_activation=relu"):
        imagenet_utils.validate_activation("relu", "imagenet")


# ---------------------------------------------------------------- images and names


@pytest.mark.parametrize("mode, expected", [
    ("tf", [-1.0, 0.0, 1.0]),
    ("caffe", [255 - 103.939, 127.5 - 116.779, 0 - 123.68]),
    ("torch", [(0 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225]),
])  # fmt: skip
def test_values_of_a_pixel(mode, expected):
    pixel = [0.0, 127.5, 255.0]
    for x in (np.array([[pixel]]), np.array([[[pixel]]], "float32"), torch.tensor([[[pixel]]])):
        y = imagenet_utils.preprocess_input(x, mode=mode)
        assert y.shape == x.shape and y.dtype == x.dtype
        np.testing.assert_allclose(np.asarray(y).ravel(), expected, rtol=1e-5)
    for x in (np.reshape(pixel, (3, 1, 1)), torch.tensor(pixel).reshape(1, 3, 1, 1)):
        y = imagenet_utils.preprocess_input(x, "channels_first", mode)
        np.testing.assert_allclose(np.asarray(y).ravel(), expected, rtol=1e-5)


def test_whole_numbers_become_floats_and_tensors_stay_as_they_are():
    x = torch.tensor([[[10, 20, 30]]], dtype=torch.uint8)
    np.testing.assert_allclose(imagenet_utils.preprocess_input(x).ravel(), [30 - 103.939, 20 - 116.779, 10 - 123.68], rtol=1e-5)
    x = torch.full((1, 1, 3), 255.0)
    imagenet_utils.preprocess_input(x, mode="tf")
    assert (x == 255).all()


def test_errors_of_preprocess_input():
    with pytest.raises(ValueError, match="mode"):
        imagenet_utils.preprocess_input(images(2, 2, 3), mode="pytorch")
    with pytest.raises(ValueError, match="data_format"):
        imagenet_utils.preprocess_input(images(2, 2, 3), data_format="last")


def test_decode_predictions(own_cache):
    path, requests = own_cache
    path.write_text(json.dumps({str(i): [f"n{i}", f"thing {i}"] for i in range(1000)}))
    predictions = np.zeros((2, 1000), "float32")
    predictions[0, [7, 3, 5]] = 0.5, 0.3, 0.2
    predictions[1, 999] = 1
    for given in (predictions, torch.from_numpy(predictions)):
        first, second = applications.vgg16.decode_predictions(given, top=3)
        assert first == [("n7", "thing 7", 0.5), ("n3", "thing 3", np.float32(0.3)), ("n5", "thing 5", np.float32(0.2))]
        assert second[0] == ("n999", "thing 999", 1.0) and len(second) == 3
    assert len(requests) == 1 and requests[0][3] == "c2c37ea517e94d9795004a39431a14cb"
    with pytest.raises(ValueError, match=r"\(2, 999\)"):
        imagenet_utils.decode_predictions(predictions[:, 1:])
