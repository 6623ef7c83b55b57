"""Whole models <-> files."""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


class Doubled(keras.Model):
    def __init__(self, units=3):
        super().__init__()
        self.units = units
        self.inner, self.outer = layers.Dense(units, activation="relu"), layers.Dense(1)

    def call(self, x):
        return 2 * self.outer(self.inner(x))


def sequential():
    return keras.Sequential([layers.Dense(3, activation="relu"), layers.Dense(1)])


def functional():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(1)(layers.Dense(5)(x) * 2 + 1))


def trained(make):
    model = make()
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    return model


def predictions(model):
    return model.predict(X, verbose=0)


@pytest.mark.parametrize("make", [sequential, functional, Doubled])
@pytest.mark.parametrize("zipped", [True, False])
def test_training_goes_on_where_it_stopped(make, zipped, tmp_path):
    model = trained(make)
    path = tmp_path / ("model.keras" if zipped else "folder")
    model.save(path, zipped=zipped)
    loaded = keras.models.load_model(path, custom_objects={"Doubled": Doubled})
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
    assert loaded.optimizer.iterations == 1
    for each in (model, loaded):
        each.fit(X, Y, verbose=0, shuffle=False)
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
    assert [m.name for m in loaded.metrics] == [m.name for m in model.metrics]


def test_without_compiling(tmp_path):
    trained(functional).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", compile=False)
    assert not loaded.compiled


def test_a_loss_that_is_not_known_leaves_the_model_uncompiled(tmp_path):
    def strange_loss(y_true, y_pred):
        return ((y_true - y_pred) ** 4).mean()

    model = functional()
    model.compile("sgd", strange_loss)
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="strange_loss"):
        loaded = keras.models.load_model(tmp_path / "m.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={"strange_loss": strange_loss})
    assert loaded.compiled
    with pytest.warns(UserWarning, match="strange_loss"):
        described = keras.models.model_from_json(model.to_json())
    assert not described.compiled and described.count_params() == model.count_params()
    described = keras.models.model_from_json(model.to_json(), custom_objects={"strange_loss": strange_loss})
    assert described.compiled and described.loss is strange_loss


def test_a_class_that_is_not_known(tmp_path):
    trained(Doubled).save(tmp_path / "m.keras")
    with pytest.raises(TypeError, match=r"Doubled.*register_keras_serializable"):
        keras.models.load_model(tmp_path / "m.keras")


scale = 3.0


def test_code_comes_out_of_a_file_only_if_the_caller_says_so(tmp_path, monkeypatch):
    import __main__

    monkeypatch.setattr(__main__, "scale", scale, raising=False)
    factor = 2.0
    x = keras.Input((4,))
    model = keras.Model(x, layers.Lambda(lambda t: t * scale + factor)(layers.Dense(1)(x)))
    model.save(tmp_path / "m.keras")
    for safe_mode in (True, None):
        with pytest.raises(ValueError, match="safe_mode=False"):
            keras.models.load_model(tmp_path / "m.keras", safe_mode=safe_mode)
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=False)
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
    with pytest.raises(ValueError, match="safe_mode=False"):  # for that call only
        keras.Model.from_config(model.get_config())


def test_a_failed_save_leaves_the_old_file(tmp_path):
    model = trained(functional)
    path = tmp_path / "m.keras"
    model.save(path)
    before = path.read_bytes()
    model.layers[-1].save_own_variables = lambda store: 1 / 0
    with pytest.raises(ZeroDivisionError):
        model.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.keras"]


def test_an_existing_file_is_not_overwritten_unasked(tmp_path):
    model = functional()
    model.save(tmp_path / "m.keras")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(tmp_path / "m.keras", overwrite=False)


@pytest.mark.parametrize("name", ["model.keras", "model", "model.h5", "model.hdf5", "model.model"])
def test_any_name(name, tmp_path):
    model = trained(functional)
    model.save(tmp_path / name)
    assert (tmp_path / name).is_dir() == (name == "model")
    loaded = keras.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
    assert loaded.optimizer.iterations == 1


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "folder"])
def test_a_model_without_weights_yet(name, tmp_path):
    model = sequential()
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="'sequential.*' has not yet been built"):
        model.save(tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    assert not loaded.built and isinstance(loaded.optimizer, keras.optimizers.SGD)
    assert [layer.units for layer in loaded.layers] == [3, 1]
    with pytest.raises(ValueError, match="not built"):
        model.save_weights(tmp_path / "weights.weights.h5")
    assert os.listdir(tmp_path) == [name]


class Head(keras.Model):
    """A model that is not built, around one that is."""

    def __init__(self, body=None):
        super().__init__()
        self.body, self.last = body or keras.Sequential([layers.Input((4,)), layers.Dense(2)]), layers.Dense(1)

    def call(self, x):
        return self.last(self.body(x))


def test_what_is_built_in_a_model_that_is_not(tmp_path):
    model = Head()
    with pytest.warns(UserWarning, match="has not yet been built"):
        model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={"Head": Head})
    assert not loaded.built
    np.testing.assert_array_equal(predictions(loaded.body), predictions(model.body))


def test_a_vocabulary_alone(tmp_path):
    model = keras.Sequential([layers.StringLookup(vocabulary=["a", "b"])])
    with pytest.warns(UserWarning, match="has not yet been built"):
        model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.layers[0].get_vocabulary() == ["[UNK]", "a", "b"]


def test_a_file_that_is_open():
    model, file = trained(functional), io.BytesIO()
    keras.saving.save_model(model, file)
    file.seek(0)
    loaded = keras.saving.load_model(file)
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
    assert loaded.optimizer.iterations == 1


@pytest.mark.parametrize("settings", [{}, {"max_shard_size": 1e-6}])
def test_objects_to_skip(settings, tmp_path):
    path = tmp_path / ("w.weights.json" if settings else "w.weights.h5")
    model, other = functional(), functional()
    first, last = model.layers[1], model.layers[-1]
    keras.saving.save_weights(model, path, objects_to_skip=[first], **settings)
    with pytest.raises(ValueError, match="it has 2 weights, the file 0"):
        other.load_weights(path)
    before = other.layers[1].get_weights()[0]
    other.load_weights(path, objects_to_skip=[other.layers[1]])
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], before)
    np.testing.assert_array_equal(other.layers[-1].get_weights()[0], last.get_weights()[0])
    keras.saving.save_weights(model, path, **settings)
    keras.saving.load_weights(other, path, objects_to_skip=[other.layers[-1]])  # what the file has and nobody wants
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], first.get_weights()[0])


def test_objects_to_skip_in_other_files(tmp_path):
    model = functional()
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "w.h5")
    for name in ("m.keras", "w.h5"):
        with pytest.raises(ValueError, match=f"`objects_to_skip` only supports .* Received: .*{name}"):
            model.load_weights(tmp_path / name, objects_to_skip=[])
    with pytest.raises(ValueError, match="`objects_to_skip` only supports"):
        keras.saving.save_weights(model, tmp_path / "w.h5", objects_to_skip=[])


def test_weights_out_of_a_whole_model(tmp_path):
    model, other = trained(functional), functional()
    model.save(tmp_path / "m.keras")
    other.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(predictions(other), predictions(model))


def test_json():
    model = functional()
    other = keras.models.model_from_json(model.to_json())
    assert other.get_config() == model.get_config()
    assert json.loads(model.to_json(indent=2))["class_name"] == "Functional"


# ---------------------------------------------------------------- files that are not what they should be


def damaged(tmp_path, change):
    """A saved model whose members went through `change(name, bytes) -> bytes or None`."""
    trained(functional).save(tmp_path / "good.keras")
    with zipfile.ZipFile(tmp_path / "good.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
        for name in good.namelist():
            content = change(name, good.read(name))
            if content is not None:
                bad.writestr(name, content)
    return tmp_path / "bad.keras"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda name, content: None if name == "config.json" else content, "no 'config.json'"),
        (lambda name, content: None if name == "model.weights.h5" else content, "weights"),
        (lambda name, content: b"{" if name == "config.json" else content, "JSON"),
        (lambda name, content: b"[1]" if name == "config.json" else content, "not that of a model"),
    ],
)
def test_parts_that_are_missing_or_broken(change, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        keras.models.load_model(damaged(tmp_path, change))


def test_what_is_no_archive(tmp_path):
    (tmp_path / "m.keras").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="no zip archive"):
        keras.models.load_model(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="File not found"):
        keras.models.load_model(tmp_path / "other.keras")


def test_compressed_archives_are_read_within_bounds(tmp_path):
    model = trained(functional)
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as plain:
        parts = {name: plain.read(name) for name in plain.namelist()}
    for name, more in (("packed.keras", b""), ("bomb.keras", bytes(1 << 27))):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as packed:
            for part, content in parts.items():
                packed.writestr(part, content + more if part.endswith("h5") else content)
    np.testing.assert_array_equal(predictions(keras.models.load_model(tmp_path / "packed.keras")), predictions(model))
    with pytest.raises(ValueError, match="more than the model"):
        keras.models.load_model(tmp_path / "bomb.keras")


@pytest.mark.parametrize("kind", ["external", "soft", "virtual"])
def test_weights_stand_in_the_file_itself(kind, tmp_path):
    model = functional()
    model.build((None, 4))
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros((4, 5), "float32")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        if kind == "external":
            group["0"] = h5py.ExternalLink("other.h5", "secret")
        elif kind == "soft":
            group["0"] = h5py.SoftLink("/layers/dense_1/vars/0")
        else:
            layout = h5py.VirtualLayout(shape=(4, 5), dtype="float32")
            layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", shape=(4, 5))
            group.create_virtual_dataset("0", layout)
    before = predictions(model)
    with pytest.raises(ValueError, match="not valid"):
        model.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(predictions(model), before)


def test_weights_of_an_unknown_hdf5_are_copied_into_the_archive(tmp_path, monkeypatch):
    text = keras.Input((1,), dtype="string")
    words = layers.StringLookup(output_mode="multi_hot")
    words.adapt(["a", "b"])
    model = keras.Model(text, layers.Dense(2)(words(text)))
    model.save(tmp_path / "known.keras")
    monkeypatch.setattr(keras.saving.archive, "_as_member", lambda file: None)
    model.save(tmp_path / "unknown.keras")
    names = [sorted(zipfile.ZipFile(tmp_path / name).namelist()) for name in ("known.keras", "unknown.keras")]
    assert names[0] == names[1] and len(names[0]) == 4
    again = keras.saving.load_model(tmp_path / "unknown.keras")
    np.testing.assert_array_equal(again.predict(np.array([["b"]]), verbose=0), model.predict(np.array([["b"]]), verbose=0))


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m"])
def test_the_caller_supplies_a_nameless_function(name, tmp_path):
    """Under the name of the layer; the code in the file is left alone."""
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2 + 1, name="twice")])
    model.save(tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name, custom_objects={"twice": lambda x: x * 3})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), X * 3)
    own = keras.models.load_model(tmp_path / name, safe_mode=False)
    np.testing.assert_array_equal(own.predict(X, verbose=0), X * 2 + 1)
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.models.load_model(tmp_path / name)(X)


def test_a_layer_of_texts():
    layer = layers.Layer(dtype="string", name="texts")
    assert (layer.dtype, layer.compute_dtype, layer.dtype_policy.name) == ("string", "string", "string")
    again = layers.deserialize(layers.serialize(layer))
    assert again.get_config() == layer.get_config() and again.dtype == "string"
    assert layers.Layer(dtype="string").double().dtype == "string"  # nothing to convert
    with pytest.raises(ValueError, match="no tensors of dtype 'string'"):
        layers.Dense(2, dtype="string").build((None, 2))


class Named(keras.Model):
    """Keeps two layers, and one of them in a list, under the names that it is given."""

    def __init__(self, first, second):
        super().__init__()
        setattr(self, first, layers.Dense(3))
        block = layers.Layer()
        block.inner = [layers.Dense(2)]
        setattr(self, second, block)
        self.held = lambda: (getattr(self, first), block.inner[0])

    def call(self, x):
        first, second = self.held()
        return second(first(x))


class Renamed(Named):
    first = property(lambda self: self.z_first)
    block = property(lambda self: self._block)
    broken = property(lambda self: self.nothing)


def test_a_property_is_a_name_of_what_it_shows(tmp_path):
    old, new = Named("first", "block"), Renamed("z_first", "_block")
    for model in (old, new):
        model(X)
    for one, other in ((old, new), (new, old)):
        one.save_weights(tmp_path / "a.weights.h5", overwrite=True)
        for variable in other.weights:
            variable.assign(variable + 1)
        other.load_weights(tmp_path / "a.weights.h5")
        assert [a.tolist() for a in one.get_weights()] == [b.tolist() for b in other.get_weights()]
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert {*file} == {"vars", "first", "block"}


def test_a_file_of_private_names_opens(tmp_path):
    old, new = Named("_one", "_two"), Named("one", "two")
    for model in (old, new):
        model(X)
    old.save_weights(tmp_path / "a.weights.h5")
    new.load_weights(tmp_path / "a.weights.h5")
    assert [a.tolist() for a in old.get_weights()] == [b.tolist() for b in new.get_weights()]


def test_a_list_that_holds_itself_is_saved_once(tmp_path):
    model = Named("first", "second")
    model.blocks = [layers.Dense(4)]
    model.blocks.append(model.blocks)
    model.blocks[0].build((None, 4))
    model(X)
    model.save_weights(tmp_path / "a.weights.h5")
    before = model.get_weights()
    for variable in model.weights:
        variable.assign(variable * 0 + 1)
    model.load_weights(tmp_path / "a.weights.h5")
    assert [a.tolist() for a in before] == [b.tolist() for b in model.get_weights()]


def test_attributes_of_a_model_made_from_tensors_say_nothing(tmp_path):
    class Made(keras.Model):
        def __init__(self):
            inputs = keras.Input((4,))
            first = layers.Dense(3)
            super().__init__(inputs, layers.Dense(2)(first(inputs)))
            self.first = first
            self.extra = layers.Dense(1)
            self.extra.build((None, 2))

    made, inputs = Made(), keras.Input((4,))
    plain = keras.Model(inputs, layers.Dense(2)(layers.Dense(3)(inputs)))
    plain.save_weights(tmp_path / "a.weights.h5")
    made.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True, objects_to_skip=[made.extra])
    np.testing.assert_array_equal(made.predict(X, verbose=0), plain.predict(X, verbose=0))
    made.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert {*file} == {"layers", "extra", "vars"} and {*file["layers"]} == {"dense", "dense_1", "input_layer"}
