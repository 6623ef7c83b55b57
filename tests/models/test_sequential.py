"""Sequential: layers in a row."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import lambdas, layers

X = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))


# ---------------------------------------------------------------- when it is built


@pytest.mark.parametrize(
    "shape", [{"input_dim": 8}, {"input_shape": (8,)}, {"input_shape": [8]}, {"batch_input_shape": (None, 8)}]
)
def test_the_first_layer_may_say_the_shape(shape):
    model = keras.Sequential([layers.Dense(3, **shape), layers.Dense(2)])
    assert model.built and model.input_shape == (None, 8) and model.output_shape == (None, 2)
    assert [v.shape for v in model.weights] == [(8, 3), (3,), (3, 2), (2,)]


def test_a_fixed_number_of_rows():
    model = keras.Sequential([layers.Dense(3, batch_input_shape=(4, 8))])
    assert (model.input_shape, model.output_shape) == ((4, 8), (4, 3))
    assert keras.Sequential([keras.Input((8,), batch_size=4), layers.Dense(3)]).output_shape == (4, 3)


def test_an_input_may_come_first():
    assert layers.InputLayer(input_shape=(), dtype="int32").output.shape == (None,)  # a number per row
    for first in (keras.Input((8,)), layers.InputLayer((8,)), layers.Input(shape=(8,))):
        model = keras.Sequential([first, layers.Dense(3)])
        assert model.built and len(model.layers) == 1 and model.output_shape == (None, 3)


@pytest.mark.parametrize("how", ["call", "build", "fit", "predict"])
def test_or_the_data_says_it(how):
    model = keras.Sequential([layers.Dense(3), layers.BatchNormalization()])
    assert not model.built and model.weights == []
    with pytest.raises((AttributeError, ValueError)):
        _ = model.output_shape
    model.compile("sgd", "mse")
    {"call": lambda: model(X), "build": lambda: model.build((None, 8)), "fit": lambda: model.fit(X, X[:, :3], verbose=0),
     "predict": lambda: model.predict(X, verbose=0)}[how]()  # fmt: skip
    assert model.built and model.input_shape == (None, 8) and model.output_shape == (None, 3) and len(model.weights) == 6
    assert model(X[:5]).shape == (5, 3)


def test_layers_added_one_by_one():
    model = keras.Sequential()
    model.add(keras.Input((8,)))
    for i in range(3):
        model.add(layers.Dense(4))
        assert model.output_shape == (None, 4) and len(model.weights) == 2 * (i + 1)
    model.add(layers.Dense(2))
    assert model(X).shape == (16, 2)


def test_layers_added_after_a_call():
    model = keras.Sequential([layers.Dense(3)])
    model(X)
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2) and model(X).shape == (16, 2)


def test_what_it_computes():
    parts = [layers.Dense(4, "relu"), layers.Dense(3), nn.Softmax(-1)]
    model = keras.Sequential([keras.Input((8,)), *parts])
    torch.testing.assert_close(model(X), parts[2](parts[1](parts[0](X))))
    torch.testing.assert_close(model(X.numpy()), model(X))
    torch.testing.assert_close(model(X.tolist()), model(X))
    torch.testing.assert_close(model(X.double()), model(X))


def test_pop():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.Dense(3)])
    last = model.layers[-1]
    assert model.pop() is last and model.output_shape == (None, 4) and len(model.weights) == 2
    model.add(layers.Dense(5))
    assert model(X).shape == (16, 5) and list(model.state_dict())[2:] == ["1.linear.weight", "1.linear.bias"]
    model.pop(), model.pop()
    with pytest.raises(TypeError, match="no layers"):
        model.pop()


# ---------------------------------------------------------------- what it refuses


def test_what_is_no_layer():
    for wrong in (3, "dense", None, torch.relu, [layers.Dense(1)]):
        with pytest.raises(ValueError, match="Sequential"):
            keras.Sequential([keras.Input((8,)), wrong])


def test_names_are_unique():
    with pytest.raises(ValueError, match="twice"):
        keras.Sequential([layers.Dense(1, name="twice"), layers.Dense(1, name="twice")])


def test_a_second_input():
    with pytest.raises(ValueError, match="Input"):
        keras.Sequential([keras.Input((8,)), layers.Dense(1), keras.Input((8,))])
    with pytest.raises(ValueError, match="Input"):
        keras.Sequential([layers.Dense(1), keras.Input((8,))])


def test_empty():
    with pytest.raises(ValueError, match="no layers"):
        keras.Sequential()(X)
    with pytest.raises(ValueError, match="no layers"):
        keras.Sequential().build((None, 8))
    assert keras.Sequential().layers == [] and not keras.Sequential().built


def test_a_layer_that_does_not_fit_is_not_added():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
    with pytest.raises((ValueError, RuntimeError)) as error:
        model.add(layers.Reshape((3, 3), name="misfit"))
    assert "misfit" in " ".join([str(error.value), *getattr(error.value, "__notes__", ())])
    assert (
        len(model.layers) == 1
        and model.output_shape == (None, 4)
        and list(model.state_dict()) == ["0.linear.weight", "0.linear.bias"]
    )
    model.add(layers.Reshape((2, 2)))
    assert model(X).shape == (16, 2, 2)


WRONG_SHAPES = [
    (torch.ones(2, 7), "(None, 8)"),
    (torch.ones(8), "batch axis"),
    (torch.ones(2, 3, 8), "(None, 8)"),
    (torch.ones(()), ""),
]


@pytest.mark.parametrize(("x", "said"), WRONG_SHAPES)
@pytest.mark.parametrize("how", ["call", "predict"])
def test_inputs_of_another_shape(x, said, how):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
    model(X), model(X)  # the short cut, too, must notice
    with pytest.raises(ValueError) as error:
        model(x) if how == "call" else model.predict(x, verbose=0)
    assert said in str(error.value)


def test_the_lazily_found_shape_is_kept():
    model = keras.Sequential([layers.Dense(3)])
    model(X)
    with pytest.raises(ValueError, match=r"8"):
        model(torch.ones(4, 7))


def test_columns_may_miss_their_last_axis():
    model = keras.Sequential([keras.Input((1,)), layers.Dense(2)])
    assert model(torch.ones(5)).shape == (5, 2) and model.predict([1.0, 2.0, 3.0], verbose=0).shape == (3, 2)
    flat = keras.Sequential([keras.Input(()), layers.Lambda(lambda x: x * 2)])
    assert flat(torch.ones(5, 1)).shape == (5,)


@pytest.mark.xfail(strict=True, reason="lists and dicts go to the first layer as they are")
@pytest.mark.parametrize("given", [lambda x: [x], lambda x: (x,), lambda x: {"pixels": x}])
def test_one_input_may_come_in_a_list_or_under_its_name(given):
    model = keras.Sequential([keras.Input((8,), name="pixels"), layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = X.numpy(), np.ones((16, 1), "float32")
    model.fit(given(x), y, verbose=0)
    model.fit(given(x), [y], verbose=0)
    np.testing.assert_allclose(model.predict(given(x), verbose=0), model.predict(x, verbose=0))
    np.testing.assert_allclose(model(given(X)).detach(), model(X).detach())
    with pytest.raises(ValueError):
        model.predict({"voices": x}, verbose=0)
    with pytest.raises(ValueError):
        model.predict([x, x], verbose=0)


# ---------------------------------------------------------------- models in models


def test_models_in_a_row():
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4)], name="inner")
    model = keras.Sequential([inner, keras.Sequential([layers.Dense(2)])])
    assert model.built and model.output_shape == (None, 2) and model.layers[0] is inner
    assert list(model.state_dict()) == ["0.0.linear.weight", "0.0.linear.bias", "1.0.linear.weight", "1.0.linear.bias"]
    torch.testing.assert_close(model(X), model.layers[1](inner(X)))


def test_one_layer_in_two_models():
    shared = layers.Dense(8)
    one, two = (keras.Sequential([keras.Input((8,)), shared, layers.Dense(1)]) for _ in range(2))
    one.compile(keras.optimizers.SGD(0.1), "mse")
    before = two.get_weights()
    one.fit(X, torch.ones(16, 1), verbose=0)
    after = two.get_weights()
    assert not np.array_equal(before[0], after[0]) and np.array_equal(before[2], after[2])


def test_one_layer_twice_in_a_row_of_torch():
    shared = layers.Dense(8)
    body = nn.Sequential(shared, nn.ReLU(), shared)
    torch.testing.assert_close(body(X), shared(torch.relu(shared(X))))
    assert len(list(body.parameters())) == 2


def test_other_attributes_are_not_in_the_row():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
    model.extra = layers.Dense(5)
    model.extra.build((None, 2))
    assert len(model.layers) == 1 and model(X).shape == (16, 3) and len(model.weights) == 4
    assert list(model.state_dict())[2:] == ["extra.linear.weight", "extra.linear.bias"]


def test_inputs_and_outputs():
    model = keras.Sequential([keras.Input((8,), name="x"), layers.Dense(3)])
    assert [t.name for t in model.inputs] == ["x"] and [t.shape for t in model.outputs] == [(None, 3)]
    assert model.input is model.inputs[0] and model.layers[0].input_shape == (None, 8)
    assert model.layers[-1].output_shape == (None, 3)


# ---------------------------------------------------------------- dtypes


def test_integers_become_what_the_model_computes_in():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
    ones = torch.ones(4, 8, dtype=torch.int64)
    for x in (ones, ones.to(torch.uint8), ones.bool(), ones.to(torch.int16)):
        torch.testing.assert_close(model(x), model(ones.float()))


def test_indices_stay_integers():
    model = keras.Sequential([keras.Input((2,), dtype="int64"), layers.Embedding(2**24 + 3, 1)])
    large = torch.tensor([[2**24 + 1, 2**24]])
    assert torch.equal(model(large)[0, 0], model.layers[0].embedding.weight[2**24 + 1])


def test_a_dtype_for_the_whole():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(3)]).double()
    assert model(X).dtype is torch.float64 and model.predict(X.numpy(), verbose=0).dtype == np.float64


# ---------------------------------------------------------------- configs


def classifier():
    parts = [layers.Flatten(), layers.Dense(6, "relu"), layers.BatchNormalization(), layers.Dropout(0.3), layers.Dense(3)]
    return keras.Sequential([keras.Input((4, 2), name="x"), *parts, layers.Softmax()], name="classifier")


def test_made_again_from_the_config():
    model = classifier()
    config = json.loads(json.dumps(model.get_config()))
    twin = keras.Sequential.from_config(config)
    assert twin.name == "classifier" and [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert (
        twin.built and twin.input_shape == (None, 4, 2) and [v.shape for v in twin.weights] == [v.shape for v in model.weights]
    )
    twin.set_weights(model.get_weights())
    x = X.reshape(16, 4, 2)
    assert torch.equal(model(x), twin(x))
    assert json.loads(json.dumps(twin.get_config())) == config


def test_a_config_of_one_that_is_not_built():
    model = keras.Sequential([layers.Dense(3)])
    twin = keras.Sequential.from_config(json.loads(json.dumps(model.get_config())))
    assert not twin.built and twin.layers[0].units == 3
    model(X)
    assert keras.Sequential.from_config(json.loads(json.dumps(model.get_config()))).output_shape == (None, 3)


def test_a_torch_module_in_a_config_is_read_only_by_those_who_trust_it():
    model = keras.Sequential([nn.Linear(8, 2)])
    config = json.loads(json.dumps(model.get_config()))
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.Sequential.from_config(config)
    with lambdas.safe_mode(False):
        twin = keras.Sequential.from_config(config)
    x = torch.randn(3, 8)
    torch.testing.assert_close(twin(x), model(x))


@pytest.mark.parametrize("begin", [[], [keras.Input((7, 4))]])
def test_inputs_of_other_sizes_pass_where_the_layers_take_them(begin):
    model = keras.Sequential([*begin, layers.Dense(3), layers.GlobalAveragePooling1D()])
    model(torch.zeros(2, 7, 4))
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(model(x), (x @ model.layers[0].kernel.value + model.layers[0].bias.value).mean(1))
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x).detach(), rtol=1e-6)
    assert model.input_shape == (None, 7, 4)
    with pytest.raises(ValueError, match=r"expected shape=\(None, 7, 4\), found shape=\(2, 7, 5\)"):
        model(torch.zeros(2, 7, 5))
    flat = keras.Sequential([*begin, layers.Flatten(), layers.Dense(3)])
    flat(torch.zeros(2, 7, 4))
    with pytest.raises(ValueError, match=r"expected shape=\(None, 7, 4\), found shape=\(2, 5, 4\)"):
        flat(x)


@pytest.mark.parametrize("first, then", [((6,), (2, 6)), ((2, 6), (6,)), ((2, 6), (2, 4, 6)), ((2, 6), (2, 6, 1))])
def test_what_is_looked_up_may_lie_in_other_axes_than_what_built_it(first, then):
    model = keras.Sequential([layers.Embedding(6, 3)])
    numbers = [np.random.default_rng(size).integers(0, 6, shape) for size, shape in enumerate((first, then))]
    outputs = [model.predict(x, verbose=0) for x in numbers]
    table = model.layers[0].get_weights()[0]
    np.testing.assert_array_equal(outputs[0], table[numbers[0]])
    np.testing.assert_array_equal(outputs[1], table[numbers[1].squeeze(-1) if then[-1] == 1 else numbers[1]])
    with pytest.raises(ValueError, match="Invalid input shape"):
        keras.Sequential([keras.Input((6,)), layers.Embedding(6, 3)])(np.zeros((2, 4, 6), "int32"))


def test_a_first_model_that_has_seen_other_data():
    scale = keras.Sequential([layers.Resizing(6, 4), layers.Rescaling(0.5)])
    move = keras.Sequential([layers.RandomFlip("horizontal", seed=1)])
    picture = np.ones((5, 5, 3), "float32")
    assert scale(picture).shape == (6, 4, 3) and move(picture[None]).shape == (1, 5, 5, 3)
    model = keras.Sequential([scale, move, layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)])
    assert not model.built
    declared = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="adding layer"):
        keras.Sequential([declared, layers.Conv2D(2, 3)])
    fitting = keras.Sequential([keras.Sequential([layers.Dense(2)]), layers.Dense(1)])
    fitting.layers[0](np.ones((3, 4), "float32"))
    assert keras.Sequential([fitting.layers[0], layers.Dense(1)]).output_shape == (None, 1)


def test_a_dict_or_a_list_enters():
    class Joining(layers.Layer):
        def build(self, input_shape):
            self.seen = input_shape
            self.w = self.add_weight(shape=(2, 3), initializer="ones", name="w")

        def call(self, inputs):
            parts = list(inputs.values()) if isinstance(inputs, dict) else inputs
            return (parts[0] + parts[1]) @ self.w.value

    a, b = np.ones((4, 2), "float32"), np.full((4, 2), 2, "float32")
    for given in ({"a": a, "b": b}, [a, b]):
        model = keras.Sequential([Joining(), layers.Dense(1, kernel_initializer="ones")])
        model.compile("sgd", "mse")
        np.testing.assert_allclose(model.predict(given, verbose=0), np.full((4, 1), 18), rtol=1e-6)
        before = model.get_weights()[0]
        model.fit(given, np.zeros((4, 1)), epochs=1, verbose=0)
        assert len(model.weights) == 3 and (model.get_weights()[0] != before).all()
