"""A file of a few bytes takes no memory and no time that its arrays do not account for; one with large arrays opens.

And the large one opens, and is written, without a second copy of its weights.
"""

import json
import time
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, loading
from torchkeras_lite.calls import going_on
from torchkeras_lite.saving import jobs, transfer, validity

REFUSALS = (ValueError, TypeError, OSError, NotImplementedError)
HUGE = 10**9


def sequential(layer, shape=(None, 4), dtype="float32", times=1, **compiled):
    """The config of a chain: an input and a layer."""
    entry = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": shape, "dtype": dtype}}
    chain = [{"module": "keras.layers", "class_name": layer[0], "config": dict(layer[1])} for _ in range(times)]
    made = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [entry, *chain]}}
    return {**made, "compile_config": compiled} if compiled else made


def of_keras2(config):
    """The same in the words of Keras 2."""
    entry, *rest = config["config"]["layers"]
    entry = {"class_name": "InputLayer", "config": {"batch_input_shape": entry["config"]["batch_shape"], "name": "in"}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [entry, *rest]}}


def written(config, ending, tmp_path):
    """A file that has this config and one small array."""
    path = tmp_path / f"m{ending}"
    if ending == ".h5":
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"], file.attrs["model_config"] = "2.15.0", json.dumps(of_keras2(config))
            file.create_group("model_weights").attrs["layer_names"] = np.asarray([b"d"])
            file["model_weights"].create_group("d").attrs["weight_names"] = np.asarray([b"k"])
            file["model_weights/d"]["k"] = np.ones((4, 3), "float32")
        return path
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((4, 3), "float32")
    parts = {"config.json": json.dumps(config).encode(), "model.weights.h5": (tmp_path / "w.h5").read_bytes()}
    if ending == "":
        path.mkdir()
        for name, content in parts.items():
            (path / name).write_bytes(content)
        return path
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if ending == ".packed.keras" else zipfile.ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


ENDINGS = [".keras", ".packed.keras", "", ".h5"]
CELL = {"module": "keras.layers", "class_name": "LSTMCell", "config": {"units": HUGE}}
DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": HUGE}}
GREEDY = {
    "Dense": (("Dense", {"units": HUGE}), (None, 4)),
    "Dense on a wide input": (("Dense", {"units": 1}), (None, HUGE)),
    "Dense in TimeDistributed": (("TimeDistributed", {"layer": DENSE}), (None, 2, 4)),
    "Embedding": (("Embedding", {"input_dim": HUGE, "output_dim": 4096}), (None, 4)),
    "frequencies": (("MelSpectrogram", {"fft_length": HUGE}), (None, 4000)),
    "a kernel": (("Conv2D", {"filters": 1, "kernel_size": [10**6, 10**6], "padding": "same"}), (None, 4, 4, 3)),
    "filters": (("Conv2D", {"filters": HUGE, "kernel_size": 3}), (None, 4, 4, 3)),
    "a depth": (("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": HUGE}), (None, 4, 4, 3)),
    "LSTM": (("LSTM", {"units": 10**7}), (None, 3, 4)),
    "a cell": (("RNN", {"cell": CELL}), (None, 3, 4)),
    "heads": (("EinsumDense", {"equation": "ab,bcd->acd", "output_shape": [10**5, 10**5]}), (None, 4)),
    "BatchNormalization": (("BatchNormalization", {}), (None, HUGE)),
    "an even kernel": (("Dense", {"units": 10**5, "kernel_initializer": "orthogonal"}), (None, 10**5)),
    "repeated rows": (("RepeatVector", {"n": HUGE}), (2, 4)),
    "padding": (("ZeroPadding1D", {"padding": HUGE}), (2, 4, 4)),
    "larger images": (("UpSampling2D", {"size": 10**5}), (2, 4, 4, 3)),
    "a longer sequence, without rows": (("UpSampling1D", {"size": 3 * 10**7}), (None, 5, 4)),
    "kinds of changes": (("RandAugment", {"num_ops": HUGE}), (None, 6, 6, 3)),
    "changes in a row": (("AugMix", {"chain_depth": HUGE}), (None, 6, 6, 3)),
    "other images": (("Resizing", {"height": 10**5, "width": 10**5}), (2, 4, 4, 3)),
    "one-hot": (("CategoryEncoding", {"num_tokens": HUGE, "output_mode": "one_hot"}), (2, 4)),
    "a few rows that are long": (("Activation", {"activation": "relu"}), (4, HUGE)),
    "many steps": (("RNN", {"cell": {**CELL, "config": {"units": 1}}}), (None, HUGE, 4)),
}


IN_ALL = ("Dense", "Embedding", "repeated rows")


@pytest.mark.parametrize(
    ("greedy", "ending"), [(key, ending) for key in GREEDY for ending in (ENDINGS if key in IN_ALL else [".keras"])]
)
def test_a_config_takes_no_more_than_the_file_has(greedy, ending, tmp_path, monkeypatch):
    layer, shape = GREEDY[greedy]
    path = written(sequential(layer, shape), ending, tmp_path)
    monkeypatch.setattr(loading, "_STEPS", 20_000)
    start = time.process_time()
    with pytest.raises(ValueError, match=r"and the arrays in the file have \d+ bytes|operations are not enough"):
        keras.models.load_model(path)
    assert time.process_time() - start < 20
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("metric", "settings"),
    [
        ("AUC", {"num_thresholds": HUGE}), ("MeanIoU", {"num_classes": HUGE}), ("MeanIoU", {"num_classes": 10**5}),
        ("SpecificityAtSensitivity", {"sensitivity": 0.5, "num_thresholds": HUGE}),
    ],
)  # fmt: skip
def test_what_compiles_is_bounded_too(metric, settings, tmp_path):
    it = {"module": "keras.metrics", "class_name": metric, "config": settings, "registered_name": None}
    config = sequential(("Flatten", {}), metrics=[it], optimizer="sgd", loss="mse")
    with pytest.warns(UserWarning, match="without being compiled.*the arrays in the file have 48 bytes"):
        keras.models.load_model(written(config, ".keras", tmp_path))


def test_many_layers_of_allowed_size_are_too_much_together(tmp_path):
    path = written(sequential(("Dense", {"units": 8000}), (None, 8000), times=20), ".keras", tmp_path)
    with pytest.raises(ValueError, match="its weights would have more than"):
        keras.models.load_model(path)


@pytest.mark.filterwarnings("ignore:.*were left as they are")
def test_first_values_that_the_file_does_not_account_for(tmp_path):
    """A chain that is not built may have weights all the same: those of a model in it, which the file does not have."""
    for units in (60, 3000):  # elements: 3600, which are nothing, and more than the file says anything of
        inner = sequential(("Dense", {"units": units, "kernel_initializer": "orthogonal"}), (None, units))
        outer = sequential(("Dense", {"units": 3}))
        outer["config"]["layers"] = [outer["config"]["layers"][1], inner]
        path = written(outer, ".keras", tmp_path)
        if units == 60:
            kernel = keras.models.load_model(path).layers[1].layers[-1].kernel.value.detach()
            torch.testing.assert_close(kernel @ kernel.T, torch.eye(60), rtol=0, atol=1e-5)
            continue
        with pytest.raises(ValueError, match="9000000 elements, and the arrays in the file have 48 bytes"):
            keras.models.load_model(path)


@pytest.mark.filterwarnings("ignore:.*were left as they are")
@pytest.mark.parametrize(
    ("layer", "shape", "dtype", "found"),
    [(("Dense", {"units": 3}), (HUGE, 4), "float32", (HUGE, 3)), (("Hashing", {"num_bins": 3}), (HUGE,), "string", (HUGE,)),
     (("LSTM", {"units": 3}), (HUGE, 5, 4), "float32", (HUGE, 3))],
)  # fmt: skip
def test_a_great_fixed_batch_takes_nothing(layer, shape, dtype, found, monkeypatch):
    for limit in ("_MADE", "_COMPUTED", "_ALL", "_BY_OTHERS"):
        monkeypatch.setattr(loading, limit, 1 << 24)
    with loading.Loading(lambda: 0):
        model = keras.models.model_from_json(json.dumps(sequential(layer, shape, dtype)))
    assert model.output_shape == found


def test_texts_that_stand_in_for_an_input_are_counted_too(tmp_path):
    path = written(sequential(("Hashing", {"num_bins": 3}), (4, HUGE), "string"), ".keras", tmp_path)
    with pytest.raises(ValueError, match="the arrays in the file"):
        keras.models.load_model(path)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_nests_deeper_than_the_stack(ending, tmp_path):
    inner = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}}
    for _ in range(400):  # each is three levels of JSON, and more calls than that
        inner = {"module": "keras.layers", "class_name": "TimeDistributed", "config": {"layer": inner}}
    path = written(sequential((inner["class_name"], inner["config"]), (None, 2, 4)), ending, tmp_path)
    with pytest.raises(ValueError, match=r"RecursionError|not valid JSON"):
        keras.models.load_model(path)
    text = '{"a":' * 200_000 + "1" + "}" * 200_000
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "config.json").write_text(text)
    with pytest.raises(ValueError, match="not valid JSON"):
        keras.models.load_model(tmp_path / "n")


def test_a_config_that_unpacks_to_much_more_than_it_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", "[" + "[]," * 8_000_000 + "[]]")
    with pytest.raises(ValueError, match="more than"):
        keras.models.load_model(tmp_path / "m.keras")


@pytest.mark.parametrize("ending", [".keras", "", ".h5"])
def test_a_config_of_very_many_parts(ending, tmp_path, monkeypatch):
    """An empty list is three signs, and takes sixty bytes."""
    path = written(sequential(("Activation", {"activation": "relu"})), ending, tmp_path)
    monkeypatch.setattr(validity, "_PARTS", 10)
    with pytest.raises(ValueError, match="has more than 10 parts"):
        keras.models.load_model(path)


@pytest.mark.parametrize("ending", ["h5", "keras", "weights.h5"])
def test_an_array_is_not_read_that_does_not_fit(ending, tmp_path):
    """Packed zeros are a thousand times larger than their file: their shape is looked at first."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    path = tmp_path / f"m.{ending}"
    model.save_weights(path) if "weights" in ending else model.save(path)
    target = path
    if ending == "keras":
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        target = tmp_path / "inside.h5"
        target.write_bytes(parts["model.weights.h5"])
    with h5py.File(target, "a") as file:
        place = file.visititems(lambda name, found: name if getattr(found, "shape", None) == (4, 3) else None)
        del file[place]
        file.create_dataset(place, (4000, 4000), "float32", compression="gzip", fillvalue=0.0)[...] = 0.0
    if ending == "keras":
        parts["model.weights.h5"] = target.read_bytes()
        with zipfile.ZipFile(path, "w") as file:
            for name, content in parts.items():
                file.writestr(name, content)
    before = model.get_weights()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="do not fit"):
            keras.models.load_model(path) if ending == "keras" else model.load_weights(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.filterwarnings("ignore:.*were left as they are")
@pytest.mark.parametrize("many", [5, 10**12])
@pytest.mark.parametrize(
    ("layer", "key", "shape", "words"),
    [("StringLookup", "num_oov_indices", (None, 1), [["a"]]), ("TextVectorization", "ngrams", (None,), [["a b"]])],
)
def test_tables_of_texts_are_as_long_as_the_texts(layer, key, shape, words, many, tmp_path):
    """Places for words that are in no vocabulary, and n-grams of many words, are numbers: there is no list of them."""
    config = sequential((layer, {key: many, "vocabulary": ["a", "a b"]}), shape, "string")
    model = keras.models.load_model(written_without_arrays(config, tmp_path))
    places = model(np.array(words, dtype=object)).tolist()
    assert places == ([[many]] if layer == "StringLookup" else [[2, 1, 3]])


def written_without_arrays(config, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with h5py.File(tmp_path / "m" / "model.weights.h5", "w") as file:
        file.create_group("layers")
    return tmp_path / "m"


@pytest.mark.parametrize("pad", [{"num_oov_indices": HUGE}, {"max_tokens": HUGE, "pad_to_max_tokens": True}])
def test_weights_of_words_are_counted_too(pad, tmp_path):
    words = {"vocabulary": ["a", "b"], "idf_weights": [0.1, 0.2], "output_mode": "tf_idf"}
    config = sequential(("StringLookup", {**words, **pad}), (None, 1), "string")
    with pytest.raises(ValueError, match="and the arrays in the file have 0 bytes"):
        keras.models.load_model(written_without_arrays(config, tmp_path))


# ---------------------------------------------------------------- what is honest


def honest():
    made = keras.Sequential([
        keras.Input((30,), batch_size=2), layers.Dense(50), layers.Reshape((5, 10)), layers.LSTM(20, return_sequences=True),
        layers.Conv1D(16, 3), layers.UpSampling1D(3), layers.Flatten(), layers.Dense(40, kernel_initializer="orthogonal"),
    ])  # fmt: skip
    made.compile("adam", "mse", metrics=["mae"])
    made.fit(np.ones((2, 30), "float32"), np.ones((2, 40), "float32"), batch_size=2, verbose=0)
    return made


@pytest.mark.parametrize("ending", [".keras", "", ".h5", ".packed.keras"])
def test_what_the_file_accounts_for_is_not_refused(ending, tmp_path, monkeypatch):
    model = honest()
    path = tmp_path / f"m{ending}"
    model.save(path)
    if ending == ".packed.keras":
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in parts.items():
                file.writestr(name, content)
    for limit in ("_MADE", "_COMPUTED", "_ALL"):
        monkeypatch.setattr(loading, limit, 100)  # nothing is small: all has to be in the file
    loaded = keras.models.load_model(path)
    x = np.ones((2, 30), "float32")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    for one, other in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_honest_layers_are_counted_without_being_tried(tmp_path, monkeypatch):
    """What a function makes is tried, without memory, only where the file is about to be refused: that imports 500 modules."""
    x = keras.Input((8, 8, 16))
    h = layers.Conv2D(64, 3, padding="same")(x)
    h = layers.Conv2DTranspose(32, 3, strides=2)(layers.DepthwiseConv2D(5, padding="same")(h))
    h = layers.LSTM(24, return_sequences=True)(layers.Reshape((-1, 32))(h))
    made = keras.Model(x, layers.Dense(300)(layers.GRU(24)(layers.Conv1D(64, 5)(h))))
    made.save(tmp_path / "m.keras")
    for limit in ("_MADE", "_COMPUTED", "_ALL"):
        monkeypatch.setattr(loading, limit, 100)
    monkeypatch.setattr(loading, "_exactly", lambda function, *_: pytest.fail(f"{function} was tried"))
    loaded = keras.models.load_model(tmp_path / "m.keras")
    for old, new in zip(made.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_somebody_hands_over_himself_is_his_own_business(monkeypatch):
    for limit in ("_MADE", "_COMPUTED", "_ALL", "_STEPS"):
        monkeypatch.setattr(loading, limit, 1)
    config = sequential(("RepeatVector", {"n": 100}), (10, 4))
    assert keras.models.model_from_json(json.dumps(config)).output_shape == (10, 100, 4)


# ---------------------------------------------------------------- first values that nobody needs


def test_weights_that_the_file_does_not_fill_get_their_first_values():
    first, second = (layers.Dense(200, kernel_initializer=keras.initializers.HeNormal(seed=3)) for _ in range(2))
    first.build((None, 100))
    with loading.Loading(lambda: 0) as going_on:
        second.build((None, 100))
    assert not np.array_equal(second.kernel.numpy(), first.kernel.numpy())
    going_on.fill()
    np.testing.assert_array_equal(second.kernel.numpy(), first.kernel.numpy())


def test_what_was_written_meanwhile_stays():
    layer = layers.Dense(200)
    with loading.Loading(lambda: 0) as going_on:
        layer.build((None, 100))
        layer.kernel.assign(np.ones((100, 200)))
    going_on.fill()
    assert (layer.kernel.numpy() == 1).all()


def test_a_class_of_the_user_finds_weights_filled(tmp_path):
    """It may look at the weights of layers that were made before it."""
    seen = []

    class Curious(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(200)

        def build(self, input_shape):
            self.inner.build(input_shape)
            seen.append(float(self.inner.kernel.value.detach().abs().max()))

        def call(self, x):
            return self.inner(x)

    model = keras.Sequential([keras.Input((100,)), Curious()])
    model.save(tmp_path / "m.keras")
    keras.models.load_model(tmp_path / "m.keras", custom_objects={"Curious": Curious})
    limit = np.sqrt(6 / 300)
    assert len(seen) >= 2 and all(0.9 * limit < one <= limit for one in seen)


# ---------------------------------------------------------------- no second copy


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_files_need_no_second_copy_of_the_weights(name, tmp_path, monkeypatch):
    """Counted, not timed: compat/bench/files.py times it."""
    monkeypatch.setattr(jobs, "PIECE", 1 << 16)  # of weights of 1 MB as of larger ones
    monkeypatch.setattr(transfer, "_TILE", 1 << 14)
    model = keras.Sequential([
        keras.Input((500,)), layers.Dense(500), layers.Dense(500), layers.Reshape((5, 5, 20)), layers.Conv2D(300, 3),
        layers.Flatten(), layers.Dense(30),
    ])  # fmt: skip
    path, size = tmp_path / name, sum(tensor.nbytes for tensor in model.state_dict().values())
    whole = "weights" not in name
    save = (lambda: model.save(path)) if whole else (lambda: model.save_weights(path))
    load = (lambda: keras.models.load_model(path)) if whole else (lambda: model.load_weights(path))
    before = model.get_weights()
    for action, allowed in ((save, 0.4), (load, 1.4 if whole else 0.4)):  # of the size of the weights
        action()  # what is imported for the first time does not count
        tracemalloc.start()
        try:
            with torch.autograd.profiler.profile(profile_memory=True) as profile:
                loaded = action()
            by_python = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        by_torch = sum(max(event.self_cpu_memory_usage, 0) for event in profile.function_events)
        assert by_python < 0.5 * size and by_torch < allowed * size, action
    for old, new in zip(before, (loaded or model).get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_loading_ends_where_it_ends():
    """Also where torch's functions were drawn in it, for which it is entered once more."""
    with loading.Loading(lambda: 0):
        torch.relu(keras.Input((3,)))
        assert going_on.loading is not None
        with pytest.raises(ValueError):
            torch.relu(torch.zeros(2, 3)) + keras.Input((4,))
    assert going_on.loading is None
    with pytest.raises(ValueError, match="/"):
        layers.Dense(1, name="a/b")
