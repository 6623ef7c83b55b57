"""Names, configs, and objects made from them again."""

import json

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, registry, saving


@pytest.fixture(autouse=True)
def tables():
    saved = dict(registry._custom), dict(registry._custom_names)
    yield
    for table, content in zip((registry._custom, registry._custom_names), saved, strict=True):
        table.clear()
        table.update(content)


class Wide(layers.Dense):
    """Says what it adds, as Keras's guides teach it."""

    def __init__(self, units, extra=3, **kwargs):
        super().__init__(units, **kwargs)
        self.extra = extra

    def get_config(self):
        return {**super().get_config(), "extra": self.extra}


class Silent(layers.Layer):
    """Says nothing: what it was made from is remembered."""

    def __init__(self, a, b=2, *, c=None, **kwargs):
        super().__init__(**kwargs)
        self.kept = (a, b, c)

    def call(self, x):
        return x


# ---------------------------------------------------------------- configs of classes


def test_a_subclass_that_adds_to_the_config():
    layer = Wide(4, extra=5, activation="relu", use_bias=False, name="q")
    config = layer.get_config()
    assert {k: config[k] for k in ("units", "extra", "activation", "use_bias", "name")} == {
        "units": 4, "extra": 5, "activation": "relu", "use_bias": False, "name": "q"}  # fmt: skip
    again = Wide.from_config(config)
    assert again.extra == 5 and again.units == 4 and again.activation is layer.activation and again.get_config() == config
    assert {*config} == {*layers.Dense(4).get_config()} | {"extra"}


def test_what_a_user_changed_is_what_is_saved():
    layer = layers.Dense(4)
    layer.units, layer.activation = 7, keras.activations.relu
    assert layer.get_config()["units"] == 7 and layer.get_config()["activation"] == "relu"


def test_a_class_without_get_config():
    layer = Silent(1, c=[1, 2], name="z", trainable=False, dtype="float64")
    config = layer.get_config()
    assert (config["a"], config["b"], config["c"], config["name"], config["trainable"]) == (1, 2, [1, 2], "z", False)
    again = Silent.from_config(json.loads(json.dumps(config)))
    assert again.kept == (1, 2, [1, 2]) and not again.trainable and again.dtype == "float64" and again.get_config() == config


def test_defaults_and_positions():
    assert Silent(1, 5).get_config()["b"] == 5 and Silent(1).get_config()["b"] == 2 and Silent(a=1).get_config()["c"] is None


def test_a_class_that_takes_nothing_else():
    class Plain(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

    assert Plain(3).get_config() == {"units": 3} and Plain.from_config(Plain(3).get_config()).units == 3


def test_a_chain_of_classes():
    class A(layers.Layer):
        def __init__(self, a=1, **kwargs):
            super().__init__(**kwargs)
            self.a = a

    class B(A):
        def __init__(self, b=2, **kwargs):
            super().__init__(**kwargs)
            self.b = b

    class C(B):
        def get_config(self):
            return {**super().get_config(), "c": 1}

    one = B(b=5, a=7)
    assert (one.get_config()["a"], one.get_config()["b"]) == (7, 5)
    assert A.get_config(one)["a"] == 7 and "b" not in A.get_config(one)
    assert C(b=9).get_config()["b"] == 9 and C().get_config()["c"] == 1
    again = B.from_config(one.get_config())
    assert (again.a, again.b) == (7, 5)


def test_arguments_taken_out_of_kwargs():
    class Pops(layers.Layer):
        def __init__(self, **kwargs):
            self.special = kwargs.pop("special", 1)
            super().__init__(**kwargs)

    config = Pops(special=5, name="n").get_config()
    assert config["special"] == 5 and config["name"] == "n" and Pops.from_config(config).special == 5


def test_positional_arguments_without_names():
    class Open(layers.Layer):
        def __init__(self, *sizes, **kwargs):
            super().__init__(**kwargs)

    with pytest.raises(NotImplementedError, match="get_config"):
        Open(1, 2).get_config()


def test_objects_as_arguments():
    class Wraps(layers.Layer):
        def __init__(self, inner, initializer=None, penalty=None, function=None, array=None, dtypes=None, **kwargs):
            super().__init__(**kwargs)
            self.inner, self.initializer, self.function, self.array = inner, initializer, function, array

    made = Wraps(
        layers.Dense(3, name="inside"), keras.initializers.Constant(2.0), keras.regularizers.L2(0.5), keras.activations.tanh,
        np.arange(3), torch.float16,
    )  # fmt: skip
    config = json.loads(json.dumps(made.get_config()))
    assert config["function"] == "tanh" and config["dtypes"] == "float16" and config["penalty"]["config"] == {"l2": 0.5}
    again = Wraps.from_config(config)
    assert type(again.inner) is layers.Dense and again.inner is not made.inner and again.inner.name == "inside"
    assert again.initializer((2,)).tolist() == [2, 2] and again.array.tolist() == [0, 1, 2] and again.array.dtype == np.int64


def test_models_have_configs():
    class Net(keras.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(units)

        def call(self, x):
            return self.dense(x)

    assert Net.from_config(Net(5, name="net").get_config()).dense.units == 5


KIND = pytest.mark.xfail(strict=True, reason="a ValueError, where Keras raises a TypeError")
WRONG = [
    (layers.Dense, {"foo": 1}, "units"),
    pytest.param(layers.Dense, {"units": 3, "foo": 1}, "foo", marks=KIND),
    pytest.param(layers.Dense, {"units": -1}, "-1", marks=KIND),
    (Silent, {}, "a"),
]


@pytest.mark.parametrize(("cls", "config", "named"), WRONG)
def test_configs_that_do_not_fit(cls, config, named):
    with pytest.raises(TypeError, match=named) as error:
        cls.from_config(config)
    assert cls.__name__ in str(error.value)


# ---------------------------------------------------------------- objects by name


def roundtrip(thing, **kwargs):
    return saving.deserialize_keras_object(json.loads(json.dumps(saving.serialize_keras_object(thing))), **kwargs)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "text", [1, [2]], {"a": {"b": 1}}])
def test_plain_values(value):
    assert roundtrip(value) == value


def test_builtin_objects():
    layer = roundtrip(layers.BatchNormalization(momentum=0.5, name="n"))
    assert type(layer) is layers.BatchNormalization and layer.momentum == 0.5 and layer.name == "n"
    written = saving.serialize_keras_object(layers.Dense(3))
    assert (written["module"], written["class_name"], written["registered_name"]) == ("keras.layers", "Dense", None)
    assert registry.serialize(keras.activations.relu) == "relu"


def test_names_in_a_scope():
    layer = Wide(3, extra=4)
    with pytest.raises(TypeError, match="Wide") as error:
        roundtrip(layer)
    assert "register_keras_serializable" in str(error.value) and "custom_objects" in str(error.value)
    with saving.custom_object_scope({"Wide": Wide}):
        assert roundtrip(layer).extra == 4
        with saving.CustomObjectScope({"Wide": layers.Dense}):  # the inner scope is asked first
            assert saving.get_registered_object("Wide") is layers.Dense
        assert saving.get_registered_object("Wide") is Wide
    assert saving.get_registered_object("Wide") is None
    assert roundtrip(layer, custom_objects={"Wide": Wide}).extra == 4
    model = keras.Sequential([keras.Input((2,)), layer])
    assert keras.Sequential.from_config(model.get_config(), custom_objects={"Wide": Wide}).layers[0].extra == 4
    with pytest.raises(KeyError), saving.custom_object_scope({"Gone": Wide}):
        raise KeyError
    assert saving.get_registered_object("Gone") is None


def test_registered_classes_and_functions():
    @saving.register_keras_serializable(package="mine")
    class Square(layers.Layer):
        def call(self, x):
            return x * x

    @saving.register_keras_serializable(name="other_name")
    def twice(x):
        return 2 * x

    assert saving.get_registered_name(Square) == "mine>Square" and saving.get_registered_object("mine>Square") is Square
    assert saving.serialize_keras_object(Square())["registered_name"] == "mine>Square"
    assert type(roundtrip(Square(name="s"))) is Square and roundtrip(Square(name="s")).name == "s"
    assert roundtrip(twice) is twice and saving.get_registered_name(twice) == "Custom>other_name"
    dense = layers.Dense(3, activation=twice)
    assert layers.Dense.from_config(json.loads(json.dumps(dense.get_config()))).activation is twice
    assert keras.activations.get("other_name") is twice
    with pytest.raises(ValueError, match="get_config"):

        @saving.register_keras_serializable()
        class Nothing:
            pass


def test_functions_that_nobody_registered():
    def unknown(x):
        return x

    config = layers.Dense(3, activation=unknown).get_config()
    with pytest.raises(TypeError, match="unknown"):
        layers.Dense.from_config(config)
    with saving.custom_object_scope({"unknown": unknown}):
        assert layers.Dense.from_config(config).activation is unknown


def test_functions_as_keras_writes_them():
    @saving.register_keras_serializable(package="mine")
    def halve(x):
        return x / 2

    written = {"module": "builtins", "class_name": "function", "config": "mine>halve", "registered_name": "function"}
    assert saving.deserialize_keras_object(written) is halve
    assert saving.serialize_keras_object(halve) == written
    assert layers.Activation(halve).get_config()["activation"] == written
    # Keras before 3.7 left the package out; here the place of the function was written once.
    assert saving.deserialize_keras_object({**written, "config": "halve"}) is halve
    assert saving.deserialize_keras_object({**written, "module": "my.script", "registered_name": "mine>halve"}) is halve
    with pytest.raises(TypeError, match=r"the function 'double'.*`custom_objects=\{'double'"):
        saving.deserialize_keras_object({**written, "config": "double"})


def test_what_a_class_above_says_is_in_the_config_too():
    class Above(layers.Layer):
        def __init__(self, units, state=None, **kwargs):
            super().__init__(**kwargs)
            self.units, self.state = units, state

        def get_config(self):
            return {**super().get_config(), "units": self.units, "state": self.state}

    class Below(Above):
        def __init__(self, units, words=(), **kwargs):
            super().__init__(units, **kwargs)
            self.words = words

    class Narrow(Above):
        def __init__(self):
            super().__init__(7)

    made = Below(3, words={"a set"}, name="b")  # no config can hold it, and Keras's has only what the class above says
    made.state = "learned later"
    config = made.get_config()
    assert config["state"] == "learned later" and config["units"] == 3 and "words" not in config
    assert Below.from_config(config).state == "learned later"
    assert Below.from_config(Below(3, words=("x",)).get_config()).words == ("x",)
    assert Narrow.from_config(Narrow().get_config()).units == 7


def test_dir_is_that_of_the_class():
    made, called = layers.Dense(2), layers.Dense(2)
    made.build((None, 2))
    called(np.ones((1, 2)))
    assert {*dir(called)} == {*dir(made)}


def test_classes_of_extensions_that_are_not_registered():
    written = {"module": "keras_hub.src.own", "class_name": "Own", "config": {"name": "mine"}, "registered_name": "Own"}
    with pytest.raises(TypeError, match="Could not find the class"):
        saving.deserialize_keras_object(written)  # nothing is imported

    class Own(layers.Layer):
        __module__ = written["module"]

    made = saving.deserialize_keras_object(written)
    assert type(made) is Own and made.name == "mine"
    for other in ("keras_hub.src.others", "others", "os", ["keras_hub.src.own"]):
        with pytest.raises(TypeError, match="Could not find the class"):
            saving.deserialize_keras_object({**written, "module": other})

    class Other(layers.Layer):
        __module__ = "others"

    with pytest.raises(TypeError, match="Could not find the class"):
        saving.deserialize_keras_object({**written, "module": "others", "class_name": "Other", "registered_name": "Other"})


def test_the_table_of_custom_objects():
    saving.get_custom_objects()["mine"] = abs
    assert keras.activations.get("mine") is abs and saving.get_registered_object("mine") is abs


UNKNOWN = [
    (keras.activations.get, "rellu", "relu"),
    (keras.initializers.get, "glorot_unifrom", "glorot_uniform"),
    (keras.optimizers.get, "addam", "adam"),
    (keras.losses.get, "msee", "mse"),
]


@pytest.mark.parametrize(("get", "name", "near"), UNKNOWN, ids=[row[1] for row in UNKNOWN])
def test_unknown_names_get_a_near_one(get, name, near):
    with pytest.raises(ValueError, match="Did you mean") as error:
        get(name)
    assert name in str(error.value) and near in str(error.value)
    with pytest.raises(ValueError, match="3"):
        get(3)


# ---------------------------------------------------------------- what users put into configs


def test_a_config_may_hold_objects():
    def half(x):
        return x / 2

    class Holder(layers.Layer):
        def __init__(self, inner, function, table, **kwargs):
            super().__init__(**kwargs)
            self.inner, self.function, self.table = inner, function, table

        def call(self, x):
            return self.function(self.inner(x)) * torch.as_tensor(self.table)

        def get_config(self):
            own = {"inner": self.inner, "function": self.function, "table": self.table}
            return {**super().get_config(), **own}

    known = {"Holder": Holder, "half": half}
    layer = Holder(layers.Dense(2, kernel_initializer="ones"), half, np.array([1.0, 3.0], dtype="float32"))
    text = json.dumps(saving.serialize_keras_object(layer))
    again = saving.deserialize_keras_object(json.loads(text), custom_objects=known)
    assert torch.equal(again(torch.ones(1, 4)).detach(), torch.tensor([[2.0, 6.0]]))


def test_a_config_without_a_module_means_ours():
    layer = saving.deserialize_keras_object({"class_name": "Dense", "config": {"units": 3}})
    assert type(layer) is layers.Dense and layer.units == 3
    loss = keras.losses.get({"class_name": "MeanSquaredError", "config": {}})
    metric = keras.metrics.get({"class_name": "MeanSquaredError", "config": {}})
    assert type(loss) is keras.losses.MeanSquaredError and type(metric) is keras.metrics.MeanSquaredError
    with pytest.raises(TypeError, match="Could not find the class"):
        saving.deserialize_keras_object({"class_name": "Danse", "config": {}})


def test_bytes_and_slices_with_arrays():
    for value in (b"hello", slice(None, 20, 1)):
        plain = json.loads(json.dumps(saving.serialize_keras_object(value)))
        assert saving.deserialize_keras_object(plain) == value
    back = saving.deserialize_keras_object(saving.serialize_keras_object(slice(None, np.array([0, 1]), 1)))
    assert back.stop.tolist() == [0, 1] and back.start is None


# ---------------------------------------------------------------- names

SNAKES = {
    "Conv2D": "conv2d",
    "BatchNormalization": "batch_normalization",
    "ReLU": "re_lu",
    "LSTM": "lstm",
    "GRUCell": "gru_cell",
    "MyHTTPLayer": "my_http_layer",
    "UpSampling2D": "up_sampling2d",
    "Conv2DTranspose": "conv2d_transpose",
    "A": "a",
}


@pytest.mark.parametrize("name", SNAKES)
def test_snake_case(name):
    assert registry.snake_case(name) == SNAKES[name]


def test_counting_names():
    with registry.fresh_names():
        made = [layers.Dense(1), layers.Dense(1), layers.ReLU(), layers.Dense(1, name="dense_9"), Wide(1), layers.Dense(1)]
        assert [layer.name for layer in made] == ["dense", "dense_1", "re_lu", "dense_9", "wide", "dense_2"]
        with registry.fresh_names():
            assert layers.Dense(1).name == "dense"
        assert layers.Dense(1).name == "dense_3"
        registry.reset_names()
        assert layers.Dense(1).name == "dense"


def test_nothing_written_is_nothing_read():
    for name in ("activations", "losses", "metrics", "initializers", "regularizers", "constraints"):
        assert getattr(keras, name).deserialize(None) is None


def test_functions_of_ours_are_objects_where_the_caller_serializes_them():
    for function in (keras.activations.relu, keras.losses.mean_squared_error, keras.metrics.categorical_accuracy):
        said = json.loads(json.dumps(saving.serialize_keras_object({"f": [function, 1]})))
        name = function.__name__
        assert said["f"][0] == {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
        assert saving.deserialize_keras_object(said) == {"f": [function, 1]}
        said["f"][0]["registered_name"] = name
        assert saving.deserialize_keras_object(said["f"][0]) is function
    assert layers.Dense(1, activation="relu").get_config()["activation"] == "relu"
    for name in ("rely", "deserialize", "Mean"):
        with pytest.raises(TypeError, match=f"Could not find the function '{name}'"):
            saving.deserialize_keras_object({**said["f"][0], "config": name, "registered_name": "function"})
