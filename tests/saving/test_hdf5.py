"""HDF5 files as Keras 1 and 2 wrote them: made here by hand, in their documented form."""

import json

import h5py
import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(6, 4)).astype("float32")


def old_file(path, config, weights, training=None, version="2.3.1"):
    """A file with a model's config and its weights: {layer: {name of weight: array}}."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version.encode(), b"tensorflow"
        file.attrs["model_config"] = json.dumps(config).encode()
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [f"{layer}/{name}".encode() for name in arrays]
            for name, array in arrays.items():
                inner[f"{layer}/{name}"] = array
    return path


def dense(name, units, activation="linear", **more):
    scale = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
    glorot = {"class_name": "VarianceScaling", "config": scale}
    return {
        "class_name": "Dense",
        "config": {
            "name": name, "trainable": True, "dtype": "float32", "units": units, "activation": activation, "use_bias": True,
            "kernel_initializer": glorot, "bias_initializer": {"class_name": "Zeros", "config": {}},
            "kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None,
            "bias_constraint": None, **more,
        },
    }  # fmt: skip


def weights(rows, columns):
    return {"kernel:0": DRAW.normal(size=(rows, columns)).astype("float32"), "bias:0": np.ones(columns, "float32")}


def computed(x, one, activation=lambda v: v):
    return activation(x @ one["kernel:0"] + one["bias:0"])


def relu(v):
    return np.maximum(v, 0)


@pytest.mark.parametrize("as_list", [True, False])  # before Keras 2.2.3 the config of a Sequential was a list
def test_sequential(as_list, tmp_path):
    chain = [dense("a", 3, "relu", batch_input_shape=[None, 4]), dense("b", 2)]
    given = {"a": weights(4, 3), "b": weights(3, 2)}
    config = {"class_name": "Sequential", "config": chain if as_list else {"name": "s", "layers": chain}}
    training = {
        "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.01, "beta_1": 0.8, "decay": 0.0, "amsgrad": False}},
        "loss": "mse", "metrics": ["mae"], "sample_weight_mode": None, "loss_weights": None,
    }  # fmt: skip
    loaded = keras.models.load_model(old_file(tmp_path / "m.h5", config, given, training))
    assert isinstance(loaded, keras.Sequential) and [layer.name for layer in loaded.layers] == ["a", "b"]
    expected = computed(computed(X, given["a"], relu), given["b"])
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-5)
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.01) and loaded.optimizer.beta_1 == 0.8
    assert loaded.loss == "mse"


def test_functional(tmp_path):
    entry = {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "in"}
    inputs = {"class_name": "InputLayer", "config": entry, "name": "in", "inbound_nodes": []}

    def called(layer, *sources):
        nodes = [[[source, call, 0, {}] for source, call in sources]]
        return {**layer, "name": layer["config"]["name"], "inbound_nodes": nodes}

    shared = {**dense("shared", 4), "name": "shared", "inbound_nodes": [[["in", 0, 0, {}]], [["shared", 0, 0, {}]]]}
    adding = {"class_name": "Add", "config": {"name": "sum", "trainable": True, "dtype": "float32"}}
    merged = called(adding, ("shared", 0), ("shared", 1))
    config = {
        "class_name": "Model",
        "config": {
            "name": "m", "layers": [inputs, shared, merged, called(dense("out", 2), ("sum", 0))],
            "input_layers": [["in", 0, 0]], "output_layers": [["out", 0, 0]],
        },
    }  # fmt: skip
    given = {"in": {}, "shared": weights(4, 4), "sum": {}, "out": weights(4, 2)}
    loaded = keras.models.load_model(old_file(tmp_path / "m.h5", config, given), compile=False)
    once = computed(X, given["shared"])
    expected = computed(once + computed(once, given["shared"]), given["out"])
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-5)


def test_settings_that_have_changed(tmp_path):
    normalization = {
        "class_name": "BatchNormalization",
        "config": {
            "name": "n", "trainable": True, "dtype": "float32", "axis": [1], "momentum": 0.9, "epsilon": 0.01, "center": True,
            "scale": True, "beta_initializer": {"class_name": "Zeros", "config": {"dtype": "float32"}},
        },
    }  # fmt: skip
    dropout = {"class_name": "Dropout", "config": {"name": "d", "rate": 0.5, "noise_shape": None, "seed": None}}
    chain = [dense("a", 3, batch_input_shape=[None, 4]), normalization, dropout]
    statistics = {"gamma:0": 2.0, "beta:0": 1.0, "moving_mean:0": 0.5, "moving_variance:0": 4.0}
    given = {"a": weights(4, 3), "n": {name: np.full(3, value, "float32") for name, value in statistics.items()}, "d": {}}
    path = old_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": {"name": "s", "layers": chain}}, given)
    loaded = keras.models.load_model(path)
    expected = (computed(X, given["a"]) - 0.5) / np.sqrt(4.01) * 2 + 1
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-5)
    assert loaded.layers[1].momentum == 0.9


def test_a_setting_that_means_something_is_not_dropped(tmp_path):
    config = {"class_name": "Sequential", "config": [dense("a", 3, batch_input_shape=[None, 4], sparsity=0.5)]}
    with pytest.raises((TypeError, ValueError), match="sparsity"):
        keras.models.load_model(old_file(tmp_path / "m.h5", config, {"a": weights(4, 3)}))


def two(name="first", units=3):
    return keras.Sequential([keras.Input((4,)), layers.Dense(units, name=name), layers.Dense(2, name="last")])


def test_words_that_all_releases_read(tmp_path):
    """Keras 3 finds no short name of a loss in such a file, and takes the score of an attention for a function."""
    x = keras.Input((3, 4))
    h = layers.Attention()([x, x])
    model = keras.Model(x, {"a": layers.Dense(1, name="a")(h), "b": layers.Dense(1, name="b")(h)})
    model.compile("sgd", {"a": "mse", "b": "kld"}, metrics={"a": ["mae"]})
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        told, config = json.loads(file.attrs["training_config"]), json.loads(file.attrs["model_config"])
    assert told["loss"] == {"a": "mean_squared_error", "b": "kl_divergence"}
    assert "score_mode" not in str(config) and "mae" in str(told["metrics"])
    loaded = keras.models.load_model(tmp_path / "m.h5")
    inputs, targets = np.ones((2, 3, 4)), {"a": np.ones((2, 3, 1)), "b": np.ones((2, 3, 1))}
    assert loaded.evaluate(inputs, targets, verbose=0) == model.evaluate(inputs, targets, verbose=0)
    other = keras.Model(x, layers.Attention(score_mode="concat")([x, x]))
    other.save(tmp_path / "m.h5")
    assert keras.models.load_model(tmp_path / "m.h5").layers[-1].score_mode == "concat"


def test_weights_by_order_and_by_name(tmp_path):
    model = two()
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert [name.decode() for name in file.attrs["layer_names"]] == ["first", "last"]
        names = [name.decode() for name in file["first"].attrs["weight_names"]]
        assert names == [weight.path for weight in model.layers[0].weights]
        np.testing.assert_array_equal(file["first"][names[0]], model.layers[0].kernel.numpy())
    other = two("renamed")
    other.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    other = two("renamed")
    before = other.layers[0].kernel.numpy()
    other.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(other.layers[0].kernel.numpy(), before)
    np.testing.assert_array_equal(other.layers[1].kernel.numpy(), model.layers[1].kernel.numpy())


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    two().save_weights(tmp_path / "w.h5")
    other = two(units=5)
    before = [value.copy() for value in other.get_weights()]
    with pytest.raises(ValueError, match=r"first.*kernel has shape \(4, 5\), in the file \(4, 3\)"):
        other.load_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="Layer count mismatch"):
        keras.Sequential([keras.Input((4,)), layers.Dense(3)]).load_weights(tmp_path / "w.h5")
    for value, now in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(value, now)
    with pytest.warns(UserWarning, match="left as they are"):
        other.load_weights(tmp_path / "w.h5", skip_mismatch=True)


def test_by_name_needs_names(tmp_path):
    model = two()
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match="by_name"):
        model.load_weights(tmp_path / "w.weights.h5", by_name=True)


def test_many_layers_need_more_than_one_attribute(tmp_path):
    names = [f"a_layer_with_quite_a_long_name_{i:05d}" for i in range(2500)]
    with h5py.File(tmp_path / "f.h5", "w") as file:
        keras.saving.hdf5._write_names(file, "layer_names", names)
        assert "layer_names0" in file.attrs and keras.saving.hdf5._names(file, "layer_names") == names


def test_a_file_of_weights_is_no_model(tmp_path):
    two().save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="no model"):
        keras.models.load_model(tmp_path / "w.h5")


@pytest.mark.parametrize(("version", "slope"), [("1.2.2", 1 / 5), ("2.15.0", 1 / 5), ("3.15.1", 1 / 6)])
def test_hard_sigmoid_has_the_slope_of_the_release(version, slope, tmp_path):
    given = {"kernel:0": np.eye(4, 2, dtype="float32"), "bias:0": np.zeros(2, "float32")}
    config = {"class_name": "Sequential", "config": [dense("a", 2, "hard_sigmoid", batch_input_shape=[None, 4])]}
    model = keras.models.load_model(old_file(tmp_path / "m.h5", config, {"a": given}, version=version))
    np.testing.assert_allclose(model.predict(X, verbose=0), np.clip(X[:, :2] * slope + 0.5, 0, 1), atol=1e-6)
    model.save(tmp_path / "again.h5")
    with h5py.File(tmp_path / "again.h5") as file:  # a word that Keras 2 knows
        assert '"activation": "hard_sigmoid"' in file.attrs["model_config"]
    again = keras.models.load_model(tmp_path / "again.h5")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    both = keras.Sequential([keras.Input((4,)), *model.layers, layers.Dense(2, activation="hard_sigmoid")])
    both.save(tmp_path / "both.h5")
    again = keras.models.load_model(tmp_path / "both.h5")
    np.testing.assert_array_equal(again.predict(X, verbose=0), both.predict(X, verbose=0))


def layer_of_keras1(kind, **config):
    return {"class_name": kind, "config": {"name": "one", "trainable": True, **config}}


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layer_of_keras1("Merge", mode="l1_9f", mode_type="lambda"), "a function of the one who wrote the file"),
        (layer_of_keras1("BatchNormalization", mode=2, epsilon=0.001, batch_input_shape=[None, 4]), "mode 2"),
        (layer_of_keras1("Embedding", input_dim=3, output_dim=2, dropout=0.5, batch_input_shape=[None, 4]), "dropout=0.5"),
    ],
)
def test_what_only_keras1_could_do_is_said(layer, message, tmp_path):
    config = {"class_name": "Sequential", "config": [dense("a", 4, batch_input_shape=[None, 4]), layer]}
    with pytest.raises(ValueError, match=message):
        keras.models.load_model(old_file(tmp_path / "m.h5", config, {}, version="1.2.2"))


def test_functions_of_tensorflow_that_are_not_known_are_named(tmp_path):
    entry = {"batch_input_shape": [None, 4], "dtype": "float32", "name": "in"}
    layers = [
        {"class_name": "InputLayer", "config": entry, "name": "in", "inbound_nodes": []},
        {"class_name": "TFOpLambda", "config": {"name": "f", "function": "io.read_file"}, "name": "f",
         "inbound_nodes": [["in", 0, 0, {}]]},
    ]  # fmt: skip
    graph = {"name": "m", "layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [["f", 0, 0]]}
    with pytest.raises(ValueError, match=r"'io\.read_file', which is not known here"):
        keras.models.load_model(old_file(tmp_path / "m.h5", {"class_name": "Functional", "config": graph}, {}))


def test_the_state_of_an_optimizer_of_keras2_goes_on(tmp_path):
    """All first moments come before all second ones there; here they take turns, behind the learning rate."""
    given = weights(4, 2)
    config = {"class_name": "Sequential", "config": [dense("a", 2, batch_input_shape=[None, 4])]}
    training = {"optimizer_config": {"class_name": "Adam", "config": {"lr": 0.01}}, "loss": "mse", "metrics": None}
    path = old_file(tmp_path / "m.h5", config, {"a": given}, training)
    first = {"iterations:0": np.int64(7), "m_0:0": given["kernel:0"] * 2, "m_1:0": given["bias:0"] * 3}
    second = {"v_0:0": given["kernel:0"] ** 2, "v_1:0": given["bias:0"] * 5}
    state = {**first, **second, "vhat_0:0": np.zeros(1), "vhat_1:0": np.zeros(1)}
    with h5py.File(path, "a") as file:
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = [f"training/Adam/{name}".encode() for name in state]
        for name, array in state.items():
            group[f"training/Adam/{name}"] = array
    optimizer = keras.models.load_model(path).optimizer
    found = [np.asarray(variable) for variable in optimizer.variables]
    assert int(optimizer.iterations) == 7 and float(optimizer.learning_rate) == pytest.approx(0.01)
    for one, name in zip(found[2:], ("m_0:0", "v_0:0", "m_1:0", "v_1:0"), strict=True):
        np.testing.assert_allclose(one, state[name], rtol=1e-6)


def test_an_output_of_a_call_that_is_not_there_is_an_error(tmp_path):
    entry = {"batch_input_shape": [None, 4], "dtype": "float32", "name": "in"}
    layers = [{"class_name": "InputLayer", "config": entry, "name": "in", "inbound_nodes": []}]
    layers.append({**dense("a", 2), "name": "a", "inbound_nodes": [[["in", 0, 0, {}]]]})
    graph = {"name": "m", "layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [["a", 3, 0]]}
    with pytest.raises(ValueError, match="a call that is not in it"):
        keras.models.load_model(old_file(tmp_path / "m.h5", {"class_name": "Functional", "config": graph}, {}))
