"""Networks beside the real Keras: layers, weights, configs, outputs, official files, images and class names."""

import inspect
import json
import re
import warnings

import numpy as np
import pytest
from keras.src.applications import nasnet as keras_nasnet
from keras.src.applications.imagenet_utils import obtain_input_shape
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils, naming
from oracle import keras as real
from oracle import torch

import torchkeras_lite as mine
from torchkeras_lite import registry
from torchkeras_lite.applications import imagenet_utils, network

SMALL = {"include_top": False, "input_shape": (32, 32, 3)}
SLOW = pytest.mark.slow
CASES = [
    ("VGG16", {**SMALL, "pooling": "max"}),
    ("ResNet50", {**SMALL, "pooling": "avg"}),
    ("MobileNet", {**SMALL, "alpha": 0.5, "depth_multiplier": 2}),
    ("MobileNetV2", {"classes": 10, "alpha": 0.35, "input_shape": (50, 33, 3)}),
]
SLOW_CASES = [
    ("MobileNet", {"classes": 10, "alpha": 0.25, "input_shape": (32, 32, 1)}),
    ("EfficientNetB0", {**SMALL, "pooling": "avg"}),
    ("MobileNetV3Small", {"classes": 10, "input_shape": (33, 48, 3)}),
    ("ResNet50V2", {"classes": 10, "input_shape": (32, 32, 3), "classifier_activation": None}),
    ("VGG16", {"classes": 10, "input_shape": (32, 32, 3)}),
    ("VGG19", {"classes": 10, "input_shape": (48, 32, 3)}),
    ("ResNet50", {"classes": 10, "input_shape": (64, 64, 3)}),
    ("ResNet101", SMALL),
    ("ResNet152", SMALL),
    ("ResNet101V2", SMALL),
    ("ResNet152V2", {**SMALL, "pooling": "max"}),
    ("MobileNetV2", {**SMALL, "alpha": 1.4, "pooling": "max"}),
    ("Xception", {"classes": 10, "input_shape": (71, 71, 3)}),
    ("Xception", {"include_top": False, "input_shape": (75, 80, 3), "pooling": "avg"}),
    ("InceptionV3", {"classes": 10, "input_shape": (80, 75, 3)}),
    ("InceptionResNetV2", {"classes": 10, "input_shape": (75, 75, 3)}),
    ("DenseNet121", {"classes": 10, "input_shape": (40, 32, 3)}),
    ("DenseNet169", SMALL),
    ("DenseNet201", {**SMALL, "pooling": "max"}),
    ("EfficientNetB0", {"classes": 10, "input_shape": (65, 64, 3)}),
    *((f"EfficientNetB{i}", {**SMALL, "pooling": "max"}) for i in range(1, 8)),
    *((f"EfficientNetV2B{i}", {"classes": 10, "input_shape": (33, 32, 3)}) for i in range(4)),
    ("EfficientNetV2S", {**SMALL, "include_preprocessing": False}),
    ("EfficientNetV2B0", {**SMALL, "input_shape": (32, 32, 1)}),
    ("EfficientNetV2M", SMALL),
    ("EfficientNetV2L", {**SMALL, "pooling": "avg"}),
    ("MobileNetV3Small", {**SMALL, "minimalistic": True, "alpha": 1.5}),
    ("MobileNetV3Large", {"classes": 10, "alpha": 1.25, "input_shape": (33, 64, 3), "include_preprocessing": False}),
    ("MobileNetV3Large", {**SMALL, "pooling": "max"}),
    ("ConvNeXtTiny", {"classes": 10, "input_shape": (32, 32, 3)}),
    ("ConvNeXtSmall", {**SMALL, "pooling": "max", "include_preprocessing": False}),
    ("ConvNeXtBase", SMALL),
    ("NASNetMobile", {"classes": 10, "input_shape": (40, 40, 3)}),
    ("NASNetLarge", {**SMALL, "pooling": "avg"}),
]


def keras_constructor(name):
    """Keras's; NASNetMobile, which Keras refuses to make on torch, from the function behind it."""
    if name != "NASNetMobile":
        return getattr(real.applications, name)

    def make(**kwargs):
        numbers = {"penultimate_filters": 1056, "num_blocks": 4, "stem_block_filters": 32, "skip_reduction": False}
        return keras_nasnet.NASNet(**numbers, default_size=224, name="nasnet_mobile", **kwargs)

    return make


def reset_names():
    """Names are counted from the beginning. (clear_session collects garbage too, which takes its time.)"""
    registry.reset_names(), naming.reset_uids()


def pair(name, **kwargs):
    """The two networks, with names counted from the beginning."""
    reset_names()
    return [make(weights=None, **kwargs) for make in (getattr(mine.applications, name), keras_constructor(name))]


def shaken(model):
    """Weights near those that the model has, so that none is without effect."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        value = np.asarray(weight.value.detach())
        kind = weight.path.rpartition("/")[2]
        if kind in ("variance", "moving_variance"):
            value = rng.uniform(1, 1.5, value.shape)
        elif kind == "gamma" or "layer_scale" in weight.path:
            value = rng.uniform(0.8, 1.2, value.shape)
        elif kind in ("beta", "bias", "mean", "moving_mean"):
            value = rng.normal(0, 0.1, value.shape)
        yield value.astype(value.dtype if value.dtype.kind in "iu" else "float32")


def histories(value):
    if isinstance(value, dict):
        return [value["keras_history"]] if "keras_history" in value else [h for v in value.values() for h in histories(v)]
    return [h for v in value for h in histories(v)] if isinstance(value, (list, tuple)) else []


def outline(config):
    """Each layer's class, settings and the tensors it is called on."""
    found = []
    for layer in config["layers"]:
        settings = {key: value for key, value in layer["config"].items() if key not in ("quantization_config", "layers")}
        inner = outline(layer["config"]) if "layers" in layer["config"] else None
        settings.pop("build_input_shape", None)
        found.append((layer["class_name"], layer["module"], settings, inner, histories(layer.get("inbound_nodes", []))))
    return json.loads(json.dumps(found, default=str))


def outputs(model, x):
    with torch.no_grad():
        return model(torch.tensor(x), training=False).numpy()


def same_outputs(ours, theirs, tolerance=1e-5):
    shape = [size or 40 for size in ours.input_shape[1:]]
    x = np.random.default_rng(1).uniform(0, 255, (2, *shape)).astype("float32")
    expected = outputs(theirs, x)
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(outputs(ours, x), expected, rtol=1e-4, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize(
    "name, kwargs", [*CASES, *(pytest.param(*case, marks=SLOW) for case in SLOW_CASES)], ids=lambda value: str(value)[:20]
)
def test_the_network_is_keras_s(name, kwargs):
    ours, theirs = pair(name, **kwargs)
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert ours.count_params() == theirs.count_params()
    described = [
        # Keras counts nameless variables over the whole process
        [(re.sub(r"/variable_\d+$", "/variable", w.path), tuple(w.shape), w.dtype, w.trainable) for w in model.weights]
        for model in (ours, theirs)
    ]
    assert described[0] == described[1]
    for one, other in zip(outline(ours.get_config()), outline(theirs.get_config()), strict=True):
        assert one == other
    values = list(shaken(theirs))
    ours.set_weights(values), theirs.set_weights(values)
    same_outputs(ours, theirs)


@pytest.fixture
def channels_first():
    for library in (mine, real):
        library.config.set_image_data_format("channels_first")
    yield
    for library in (mine, real):
        library.config.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    "name",
    ["MobileNetV2", *(pytest.param(name, marks=SLOW) for name in (
        "VGG16", "ResNet50", "ResNet50V2", "MobileNet", "MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "InceptionV3",
        "InceptionResNetV2", "Xception",
    ))],
)  # fmt: skip
def test_channels_first(name, channels_first):
    size = 76 if name in ("InceptionV3", "InceptionResNetV2", "Xception") else 32
    ours, theirs = pair(name, include_top=False, input_shape=(3, size, size))
    values = list(shaken(theirs))
    ours.set_weights(values), theirs.set_weights(values)
    assert ours.output_shape == theirs.output_shape
    same_outputs(ours, theirs)


@pytest.mark.parametrize("name", ["DenseNet121", "NASNetLarge", "ConvNeXtTiny"])
def test_some_take_channels_last_only(name, channels_first):
    for make in (getattr(mine.applications, name), keras_constructor(name)):
        with pytest.raises(ValueError, match="channels_first"):
            make(weights=None)


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    "name",
    ["MobileNet", *(pytest.param(n, marks=SLOW) for n in ("EfficientNetB0", "ConvNeXtTiny", "InceptionV3", "DenseNet121"))],
)
@pytest.mark.parametrize("ending", [".h5", ".weights.h5"])
def test_weights_that_keras_saved(tmp_path, name, ending):
    shape = (75, 75, 3) if name == "InceptionV3" else (32, 32, 3)
    ours, theirs = pair(name, include_top=False, input_shape=shape)
    theirs.set_weights(list(shaken(theirs)))
    path = str(tmp_path / f"weights{ending}")
    if ending == ".h5":  # as the official files are written
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    else:
        theirs.save_weights(path)
    ours.load_weights(path)
    same_outputs(ours, theirs)
    again = getattr(mine.applications, name)(weights=path, include_top=False, input_shape=shape)
    np.testing.assert_array_equal(again.get_weights()[-1], ours.get_weights()[-1])


@pytest.mark.parametrize("name", ["InceptionResNetV2", "ConvNeXtTiny"])
@pytest.mark.slow
def test_a_model_goes_both_ways(tmp_path, name):
    """Both have layers that Keras names in files and does not publish."""
    _, theirs = pair(name, include_top=False, input_shape=(75, 75, 3))
    theirs.set_weights(list(shaken(theirs)))
    theirs.save(tmp_path / "theirs.keras")
    loaded = mine.saving.load_model(tmp_path / "theirs.keras")
    same_outputs(loaded, theirs)
    loaded.save(tmp_path / "ours.keras")
    same_outputs(loaded, real.saving.load_model(tmp_path / "ours.keras"))


class Asked(Exception):
    """What get_file was asked for."""


def asked(make, kwargs, monkeypatch):
    def get_file(fname, origin, cache_subdir, file_hash=None):
        raise Asked(fname, origin, cache_subdir, file_hash)

    monkeypatch.setattr(network, "get_file", get_file)
    monkeypatch.setattr(file_utils, "get_file", get_file)
    with pytest.raises(Asked) as caught:
        make(weights="imagenet", **kwargs)
    return caught.value.args


NETWORKS = sorted(name for name in dir(real.applications) if name[0].isupper())


def test_every_network_is_there():
    assert sorted(name for name in dir(mine.applications) if name[0].isupper()) == NETWORKS
    modules = sorted(name for name in dir(real.applications) if name[0].islower() and not name.startswith("_"))
    for module in modules:
        public = [name for name in dir(getattr(real.applications, module)) if not name.startswith("_")]
        assert set(public) <= set(getattr(mine.applications, module).__all__), module
        for name in public:
            ours, theirs = (getattr(getattr(library.applications, module), name) for library in (mine, real))
            assert str(inspect.signature(ours)) == str(inspect.signature(theirs)), (module, name)


@pytest.mark.parametrize("name", ["MobileNet", *(pytest.param(name, marks=SLOW) for name in NETWORKS if name != "MobileNet")])
@pytest.mark.parametrize("include_top", [True, False])
def test_official_files(name, include_top, monkeypatch):
    makes = getattr(mine.applications, name), keras_constructor(name)
    kwargs = {"include_top": include_top}
    if not include_top or name.startswith("MobileNetV3"):  # which would warn that the size is left open
        kwargs["input_shape"] = (224, 224, 3)
    one, other = (asked(make, kwargs, monkeypatch) for make in makes)
    assert one == other


@pytest.mark.parametrize(
    "kwargs", [{"alpha": 0.35}, {"alpha": 1.4, "input_shape": (96, 96, 3)}, {"input_shape": (160, 160, 3)}]
)
@pytest.mark.slow
def test_official_files_by_width_and_size(kwargs, monkeypatch):
    one, other = (asked(library.applications.MobileNetV2, kwargs, monkeypatch) for library in (mine, real))
    assert one == other
    if kwargs.get("alpha", 1.0) == 1.0:
        kwargs = {"alpha": 0.75, **kwargs}
        one, other = (asked(library.applications.MobileNet, kwargs, monkeypatch) for library in (mine, real))
        assert one == other


# ---------------------------------------------------------------- images

MODES = ("caffe", "tf", "torch")


def images(shape, dtype="float32"):
    return np.random.default_rng(2).uniform(0, 255, shape).astype(dtype)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "data_format, shapes",
    [("channels_last", [(5, 4, 3), (2, 5, 4, 3)]), ("channels_first", [(3, 5, 4), (2, 3, 5, 4)])],
)
def test_preprocess_input(mode, data_format, shapes):
    for shape in shapes:
        for dtype in ("float32", "float64", "uint8"):
            given = [images(shape, dtype) for _ in range(2)]
            ours, theirs = (
                library.applications.imagenet_utils.preprocess_input(x, data_format=data_format, mode=mode)
                for library, x in zip((mine, real), given, strict=True)
            )
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)
            np.testing.assert_allclose(*given, rtol=1e-6, atol=1e-5)  # both write over what they are given, or both do not
        x = images(shape)
        ours = imagenet_utils.preprocess_input(torch.tensor(x), data_format, mode)
        theirs = real.applications.imagenet_utils.preprocess_input(torch.tensor(x), data_format, mode)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)
        models = []
        reset_names()
        for library in (mine, real):
            entry = library.Input(shape[-3:])
            models.append(library.Model(entry, library.applications.imagenet_utils.preprocess_input(entry, data_format, mode)))
        batch = images((2, *shape[-3:]))
        np.testing.assert_allclose(outputs(models[0], batch), outputs(models[1], batch), rtol=1e-6, atol=1e-5)
        assert [layer.name for layer in models[0].operations] == [layer.name for layer in models[1].operations]
        back = mine.Model.from_config(models[0].get_config())
        np.testing.assert_allclose(outputs(back, batch), outputs(models[1], batch), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("module", [name for name in dir(real.applications) if name[0].islower() and name[0] != "_"])
def test_each_network_has_its_preprocessing(module):
    ours, theirs = (getattr(library.applications, module).preprocess_input(images((2, 4, 4, 3))) for library in (mine, real))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)


# ---------------------------------------------------------------- shapes and errors

SHAPES = [
    None, (), (32, 32, 3), (224, 224, 3), (31, 32, 3), (32, 31, 3), (None, None, 3), (None, 40, 1), (40, 40), (2, 40, 40, 3),
    (40, 40, 5), (3, 224, 224), (3, 40, None), (3, 40, 31), (4, 40, 40),
]  # fmt: skip


def outcome(function, *args):
    """What comes out, and how many warnings."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            return function(*args), len(seen)
        except ValueError:
            return ValueError, 0


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("flatten", [True, False])
@pytest.mark.parametrize("weights", [None, "imagenet"])
def test_obtain_input_shape(data_format, flatten, weights):
    for shape in SHAPES:
        arguments = (shape, 224, 32, data_format, flatten, weights)
        ours, theirs = outcome(imagenet_utils.obtain_input_shape, *arguments), outcome(obtain_input_shape, *arguments)
        assert ours == theirs, shape


WRONG = [
    ("VGG16", {"weights": "nowhere"}),
    ("VGG16", {"weights": "imagenet", "classes": 10}),
    ("VGG16", {"weights": None, "input_shape": (20, 32, 3)}),
    ("Xception", {"weights": None, "input_shape": (70, 71, 3), "include_top": False}),
    ("InceptionV3", {"weights": None, "input_shape": (74, 75, 3), "include_top": False}),
    ("MobileNet", {"weights": "imagenet", "alpha": 0.3}),
    ("MobileNet", {"weights": "imagenet", "depth_multiplier": 2}),
    ("MobileNetV2", {"weights": "imagenet", "alpha": 0.3}),
    ("MobileNetV3Small", {"weights": "imagenet", "alpha": 0.5, "input_shape": (224, 224, 3)}),
    ("MobileNetV3Small", {"weights": None, "input_shape": (31, 32, 3)}),
    ("MobileNet", {"weights": "imagenet", "classifier_activation": "relu"}),
    ("NASNetLarge", {"weights": "imagenet", "input_shape": (None, None, 3)}),
]


@pytest.mark.parametrize("name, kwargs", WRONG)
def test_errors(name, kwargs):
    for library in (real, mine):
        with pytest.raises(ValueError):
            getattr(library.applications, name)(**kwargs)
