"""Every layer that both libraries have, in a model that one of them writes and the other opens, with equal predictions."""

import contextlib

import numpy as np
import pytest
from oracle import keras as real
from rows import ROWS
from values import as_input, weights_like

import torchkeras_lite as mine

FIRST_ROWS: dict = {}
for _name, _kwargs, _x in ROWS:
    FIRST_ROWS.setdefault(_name, (_kwargs, _x))

IMAGES, SEQUENCE = (2, 6, 5, 3), (2, 3, 4)
INTEGERS = np.array([[3, 0, 1], [0, 2, 3]])
BOXED = {"value_range": (0, 1)}


def _made(make, x):
    return make, as_input(x)


def _layer(name, **kwargs):
    return lambda k: getattr(k.layers, name)(name="one", **kwargs)


# What rows do not call: layers in layers, and preprocessing. `make(k)` gives the layer of either library. Random layers are
# here with the rest: they draw nothing when a model predicts, and their settings and states go through the file.
MADE = {
    "Lambda": _made(lambda k: k.layers.Lambda(lambda t: t * 2 + 1, name="one"), (5, 4)),
    "RNN": _made(lambda k: k.layers.RNN(k.layers.LSTMCell(3), name="one"), SEQUENCE),
    "SimpleRNNCell": _made(lambda k: k.layers.RNN(k.layers.SimpleRNNCell(3), name="one"), SEQUENCE),
    "LSTMCell": _made(lambda k: k.layers.RNN(k.layers.LSTMCell(3), return_sequences=True, name="one"), SEQUENCE),
    "GRUCell": _made(lambda k: k.layers.RNN(k.layers.GRUCell(3), name="one"), SEQUENCE),
    "StackedRNNCells": _made(
        lambda k: k.layers.RNN(k.layers.StackedRNNCells([k.layers.GRUCell(3), k.layers.LSTMCell(2)]), name="one"), SEQUENCE
    ),
    "Bidirectional": _made(lambda k: k.layers.Bidirectional(k.layers.GRU(3), name="one"), SEQUENCE),
    "TimeDistributed": _made(lambda k: k.layers.TimeDistributed(k.layers.Dense(3), name="one"), SEQUENCE),
    "SpectralNormalization": _made(lambda k: k.layers.SpectralNormalization(k.layers.Dense(3), name="one"), (5, 4)),
    "Pipeline": _made(lambda k: k.layers.Pipeline([k.layers.Rescaling(2.0), k.layers.CenterCrop(3, 2)], name="one"), IMAGES),
    "CategoryEncoding": _made(_layer("CategoryEncoding", num_tokens=4), INTEGERS),
    "Discretization": _made(_layer("Discretization", bin_boundaries=[-1.0, 0.0, 1.0]), (5, 4)),
    "CenterCrop": _made(_layer("CenterCrop", height=3, width=2), IMAGES),
    "Resizing": _made(_layer("Resizing", height=3, width=4), IMAGES),
    "RandomBrightness": _made(_layer("RandomBrightness", factor=0.2), IMAGES),
    "RandomContrast": _made(_layer("RandomContrast", factor=0.2), IMAGES),
    "RandomFlip": _made(_layer("RandomFlip"), IMAGES),
    "RandomRotation": _made(_layer("RandomRotation", factor=0.2), IMAGES),
    "RandomTranslation": _made(_layer("RandomTranslation", height_factor=0.2, width_factor=0.1), IMAGES),
    "RandomZoom": _made(_layer("RandomZoom", height_factor=0.2), IMAGES),
    "RandomPerspective": _made(_layer("RandomPerspective", factor=0.2), IMAGES),
    "RandomElasticTransform": _made(_layer("RandomElasticTransform"), IMAGES),
    "RandomErasing": _made(_layer("RandomErasing", **BOXED), IMAGES),
    "RandomGaussianBlur": _made(_layer("RandomGaussianBlur", **BOXED), IMAGES),
    "RandomGrayscale": _made(_layer("RandomGrayscale"), IMAGES),
    "RandomHue": _made(_layer("RandomHue", factor=0.2, **BOXED), IMAGES),
    "RandomInvert": _made(_layer("RandomInvert", **BOXED), IMAGES),
    "RandomPosterization": _made(_layer("RandomPosterization", factor=3, **BOXED), IMAGES),
    "RandomSaturation": _made(_layer("RandomSaturation", factor=0.2, **BOXED), IMAGES),
    "RandomSharpness": _made(_layer("RandomSharpness", factor=0.2, **BOXED), IMAGES),
    "RandomColorDegeneration": _made(_layer("RandomColorDegeneration", factor=0.2, **BOXED), IMAGES),
    "RandomColorJitter": _made(_layer("RandomColorJitter", brightness_factor=0.2, **BOXED), IMAGES),
    "RandAugment": _made(_layer("RandAugment", **BOXED), IMAGES),
    "AugMix": _made(_layer("AugMix", **BOXED), IMAGES),
    "AutoContrast": _made(_layer("AutoContrast", **BOXED), IMAGES),
    "Solarization": _made(_layer("Solarization", **BOXED), IMAGES),
    "MultiHeadAttention": _made(_layer("MultiHeadAttention", num_heads=2, key_dim=3), [SEQUENCE, SEQUENCE]),
    "GroupedQueryAttention": _made(
        _layer("GroupQueryAttention", head_dim=3, num_query_heads=2, num_key_value_heads=1), [SEQUENCE, SEQUENCE]
    ),
}
CALLED_WITH_SEVERAL = {"MultiHeadAttention", "GroupedQueryAttention"}  # arguments of their own, not a list
# Layers without a row here, and why.
NOT_HERE = {
    "Layer": "a base class", "Wrapper": "a base class", "ImageLayer": "a base class", "RandomImageLayer": "a base class",
    "InputLayer": "stands in every model here",
    "JaxLayer": "needs JAX", "FlaxLayer": "needs JAX", "TFSMLayer": "needs TensorFlow",
    "TorchModuleWrapper": "a module of torch has no config",
    "StringLookup": "Keras on torch needs TensorFlow for it", "TextVectorization": "Keras on torch needs TensorFlow for it",
    "IntegerLookup": "Keras on torch needs TensorFlow for it", "Hashing": "Keras on torch needs TensorFlow for it",
    "HashedCrossing": "Keras on torch needs TensorFlow for it",
    "CutMix": "mixes images with labels: no layer of a model", "MixUp": "mixes images with labels: no layer of a model",
    "RandomCrop": "Keras on torch returns the whole image when it predicts, against its own `compute_output_shape`",
    "RandomShear": "Keras cannot read the config that it writes",
    "Equalization": "Keras on torch returns the symbolic input itself, so that no model can hold it",
    "MaxNumBoundingBoxes": "works on boxes, which are no input of a model",
}  # fmt: skip
NAMES = sorted({*FIRST_ROWS, *MADE} - NOT_HERE.keys())
ways = pytest.mark.parametrize(("writer", "reader"), [(mine, real), (real, mine)], ids=["written here", "written by Keras"])


def model_with(name, k):
    """A functional model around the layer, and an input for it; all weights have values of their own."""
    make, x = MADE[name] if name in MADE else _made(_layer(name, **FIRST_ROWS[name][0]), FIRST_ROWS[name][1])
    layer, arrays = make(k), x if isinstance(x, list) else [x]
    tensors = [k.Input(array.shape[1:], dtype=str(array.dtype), name=f"in_{i}") for i, array in enumerate(arrays)]
    if name in CALLED_WITH_SEVERAL:
        y = layer(*tensors)
    else:
        y = layer(tensors if isinstance(x, list) else tensors[0])
    model = k.Model(tensors if isinstance(x, list) else tensors[0], y)
    values = iter(weights_like(layer))
    layer.set_weights([value if "seed" not in v.path else v.numpy() for v, value in zip(layer.weights, values, strict=True)])
    return model, x


def compare(model, loaded, x):
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    expected, found = (each.predict(x, verbose=0) for each in (model, loaded))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5, strict=True)
    for v, w in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(v.numpy(), w.numpy(), err_msg=v.path)


@ways
@pytest.mark.parametrize("name", NAMES)
def test_keras_files(name, writer, reader, tmp_path):
    model, x = model_with(name, writer)
    model.save(tmp_path / "m.keras")
    compare(model, reader.models.load_model(tmp_path / "m.keras", safe_mode=name != "Lambda"), x)


NO_HDF5 = {"Lambda"}  # Keras 3 writes its code in other words than the readers of these files know


@ways
@pytest.mark.filterwarnings("ignore:Argument `alpha` is deprecated")  # the word for it that Keras 2 and 3 have in common
@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_HDF5])
def test_hdf5_files(name, writer, reader, tmp_path):
    if not keras_reads_its_own(name, tmp_path / "own.h5"):
        pytest.skip("Keras cannot write such a file, or not read it again")
    model, x = model_with(name, writer)
    model.save(tmp_path / "m.h5")
    compare(model, reader.models.load_model(tmp_path / "m.h5", compile=False), x)


def keras_reads_its_own(name, path) -> bool:
    with contextlib.suppress(Exception):
        model, x = model_with(name, real)
        model.save(path)
        compare(model, real.models.load_model(path, compile=False), x)
        return True
    return False


def test_every_layer_is_here_or_said_why_not():
    both = {name for name in dir(mine.layers) if isinstance(getattr(mine.layers, name), type) and hasattr(real.layers, name)}
    layers = {getattr(mine.layers, name).__name__ for name in both if issubclass(getattr(mine.layers, name), mine.Layer)}
    assert layers - set(NAMES) <= NOT_HERE.keys()


# ---------------------------------------------------------------- what a call is pinned to


@pytest.mark.parametrize("ending", ["keras", "h5", "json"])
def test_each_call_of_a_model_of_keras_says_whether_it_trains(ending, tmp_path):
    """Keras writes `training` down where nobody gave it, and passes over it: what it opens must be able to train on."""
    x = entrance = real.Input((4, 4, 3))
    x = real.layers.RandomContrast(0.9)(real.layers.Dropout(0.5)(x))  # written as training=False and training=True
    model = real.Model(entrance, x)
    if ending == "json":
        loaded = mine.models.model_from_json(model.to_json())
    else:
        model.save(tmp_path / f"m.{ending}")
        loaded = mine.models.load_model(tmp_path / f"m.{ending}")
    ones = np.ones((2, 4, 4, 3), "float32")
    np.testing.assert_array_equal(loaded.predict(ones, verbose=0), ones)
    assert (loaded(ones, training=True) == 0).any()


@pytest.mark.parametrize("ending", ["keras", "h5", "json"])
@pytest.mark.parametrize("pinned", [True, False])
def test_what_a_user_pinned_stays_so(pinned, ending, tmp_path):
    x = mine.Input((60,))
    model = mine.Model(x, mine.layers.Dropout(0.5)(x, training=pinned))
    if ending == "json":
        loaded = mine.models.model_from_json(model.to_json())
    else:
        model.save(tmp_path / f"m.{ending}")
        loaded = mine.models.load_model(tmp_path / f"m.{ending}")
        real.models.load_model(tmp_path / f"m.{ending}")  # knows nothing of it, and opens it
    for each in (model, loaded):
        for training in (True, False):
            assert (each(np.ones((2, 60), "float32"), training=training) == 0).any() == pinned
