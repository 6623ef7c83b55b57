"""Models made from tensors as torch modules: attributes, state_dict, precision, graphs of torch, subclasses."""

import copy
import pickle

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import config, dtype_policies, layers

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :2]


def small(cls=keras.Model):
    i = keras.Input((4,), name="in")
    h = layers.Dense(5, "relu", name="h")(i)
    g = layers.Dense(5, name="g")(h)
    return cls(i, layers.Dense(2, name="o")(layers.Add(name="add")([h, g])), name="small")


def wide():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    joined = layers.Concatenate()([layers.Dropout(0.5)(a), layers.BatchNormalization(name="bn")(b)])
    return keras.Model({"a": a, "b": b}, {"joined": joined, "part": a[:, 1:] * 2})


# ---------------------------------------------------------------- parts and names


def test_layers_inputs_outputs():
    model = small()
    assert type(model) is keras.models.Functional and isinstance(model, keras.Model)
    assert [layer.name for layer in model.layers] == ["in", "h", "g", "add", "o"]
    assert model.get_layer("g") is model.layers[2] is model.get_layer(index=2)
    assert model.input is model.inputs[0] and model.output is model.outputs[0]
    assert model.input_shape == (None, 4) and model.output_shape == (None, 2)
    assert model.input_names == ["in"] and model.output_names == ["o"]
    for given, name in zip(model.get_layer("add").input, "hg", strict=True):
        assert given is model.get_layer(name).output
    assert [t.shape for t in model.get_layer("add").input] == [(None, 5), (None, 5)]
    assert list(model.state_dict()) == [f"{n}.linear.{w}" for n in "hgo" for w in ("weight", "bias")]
    assert [v.path for v in model.weights] == [f"{n}/{w}" for n in "hgo" for w in ("kernel", "bias")]


@pytest.mark.parametrize("how", ["attribute", "list", "dict", "subclass"])
def test_layers_of_the_graph_as_attributes(how):
    class Named(keras.Model):
        def __init__(self):
            i, dense = keras.Input((4,)), layers.Dense(2, name="d")
            super().__init__(inputs=i, outputs=dense(i))
            self.dense = dense

    if how == "subclass":
        model, count = Named(), 2
        assert model.dense is model.get_layer("d") and copy.deepcopy(model).dense is not model.dense
    else:
        model, count = small(), 6
        layer = model.get_layer("h")
        model.extra = {"attribute": layer, "list": [layer], "dict": {"k": layer}}[how]
    assert len(model.weights) == len(list(model.parameters())) == count
    assert len(model.state_dict()) == count


def test_other_layers_as_attributes():
    class Headed(keras.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.head = layers.Dense(3, name="head")

        def call(self, x, training=None):
            return self.head(super().call(x))

    i = keras.Input((4,))
    dense = layers.Dense(2, name="d")
    model = Headed(i, dense(i))
    torch.testing.assert_close(model(X), model.head(dense(X)))
    assert len(model.state_dict()) == len(model.weights) == 4


def test_layers_is_reserved():
    with pytest.raises(AttributeError, match="layers"):
        small().layers = []


def test_subclasses():
    class Own(keras.Model):
        steps = 0

        def train_step(self, data):
            Own.steps += 1
            return super().train_step(data)

    model = small(Own)
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=2, verbose=0)
    assert type(model) is Own and Own.steps == 3
    again = Own.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert type(again) is Own and torch.equal(again(X), model(X)) and torch.equal(copy.deepcopy(model)(X), model(X))


def test_trainable():
    model = small()
    model.get_layer("h").trainable = False
    assert [v.path for v in model.trainable_weights] == ["g/kernel", "g/bias", "o/kernel", "o/bias"]
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True, True, True]
    i = keras.Input((4,))
    assert keras.Model(i, layers.Dense(2)(i), trainable=False).trainable_weights == []


# ---------------------------------------------------------------- as torch has it


def test_torch_compile_and_export():
    torch._dynamo.reset()  # it counts what all tests before have compiled
    for model, x in ((small(), X), (wide(), {"a": X, "b": X[:, :3]})):
        expected = model(x)
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        for one in (compiled, torch.export.export(model, (x,)).module()):
            torch.testing.assert_close(one(x), expected)
        compiled(x, training=True)


def test_functional_calls_and_gradients():
    model = small()
    zeros = {key: value * 0 for key, value in model.state_dict().items()}
    assert not torch.func.functional_call(model, zeros, (X,)).any() and model(X).any()
    parameters = dict(model.named_parameters())
    gradients = torch.func.grad(lambda p: torch.func.functional_call(model, p, (X,)).sum())(parameters)
    model(X).sum().backward()
    for key, parameter in parameters.items():
        torch.testing.assert_close(gradients[key], parameter.grad)


def test_assigned_state():
    one, two = small(), small()
    two.load_state_dict({key: value.clone() for key, value in one.state_dict().items()}, assign=True)
    assert torch.equal(one(X), two(X))
    two.compile("sgd", "mse")
    before = two.get_weights()
    two.fit(X, Y, verbose=0)
    assert not any(np.allclose(a, b) for a, b in zip(before, two.get_weights(), strict=True))


def test_precision():
    assert small().double()(X.double()).dtype is torch.float64 and small().half()(X).dtype is torch.float16
    assert small().to(torch.bfloat16)(X).dtype is torch.bfloat16
    model = small().double()
    model.compile("sgd", "mse")
    model.fit(X.numpy(), Y.numpy(), verbose=0)
    assert model.predict(X.numpy(), verbose=0).dtype == np.float64 and model.half().float()(X).dtype is torch.float32
    assert small().to("meta")(X.to("meta")).shape == (6, 2)


def test_floatx():
    config.set_floatx("float64")
    try:
        model = small()
        assert model(X).dtype is torch.float64 and model.input.dtype == "float64"
        assert model.predict(X, verbose=0).dtype == np.float64
    finally:
        config.set_floatx("float32")


def test_mixed_precision():
    dtype_policies.set_dtype_policy("mixed_bfloat16")
    try:
        model = small()
        model.compile("sgd", "mse")
        model.fit(X, Y, verbose=0)
    finally:
        dtype_policies._global["policy"] = None  # none was set: layers follow floatx
    assert model.input.dtype == "float32" and model.output.dtype == "bfloat16" and model(X).dtype is torch.bfloat16
    assert {v.dtype for v in model.weights} == {"float32"}


def test_hooks_on_a_layer_see_each_call():
    model = small()
    seen = []
    handle = model.get_layer("g").register_forward_hook(lambda module, args, output: seen.append(tuple(output.shape)))
    model(X)
    model.predict(X, verbose=0)
    handle.remove()
    model(X)
    assert seen == [(6, 5), (6, 5)]


def test_copies_train_on_their_own():
    model = small()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    for one in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        before = model.get_weights()
        one.fit(X, Y, epochs=2, verbose=0)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
        assert not np.array_equal(one.get_weights()[0], before[0])


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("how", ["call", "predict", "fit"])
def test_a_wrong_width_names_the_model_and_the_shapes(how):
    model = small()
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match="small") as caught:
        if how == "fit":
            model.fit(torch.ones(6, 5), Y, verbose=0)
        else:
            (model if how == "call" else model.predict)(torch.ones(6, 5))
    assert "(None, 4)" in str(caught.value) and "(6, 5)" in str(caught.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model(X).shape == (6, 2)


def test_a_symbolic_call_that_does_not_fit():
    class Misfit(layers.Layer):
        def call(self, x):
            return x @ torch.ones(7, 3)

    i = keras.Input((4,))
    with pytest.raises(RuntimeError) as caught:
        Misfit(name="misfit")(i)
    note = " ".join(caught.value.__notes__)
    assert "'misfit'" in note and "(None, 4)" in note
    dense = layers.Dense(3, name="dense")
    y = dense(i)
    with pytest.raises(ValueError, match=r"'dense'.*\(None, 5\)"):
        dense(keras.Input((5,)))
    assert keras.Model(i, y)(X).shape == (6, 3)


def test_an_operator_on_shapes_that_do_not_fit():
    i = keras.Input((4,))
    with pytest.raises(ValueError, match="Matmul cannot be applied"):
        i @ torch.ones(3, 3)
    assert keras.Model(i, i @ torch.ones(4, 3))(X).shape == (6, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": X}, "'b'"),
        ([X], "2 input"),
        ([X, X[:, :3], X], "2 input"),
        ({"a": X, "b": X}, "'b'"),
        ([X[:, :3], X], "'a'"),
    ],
)
def test_wrong_structures_say_what_is_wrong(given, said):
    with pytest.raises(ValueError, match=said):
        wide()(given)


# ---------------------------------------------------------------- models that only hold models


class Pair(keras.Model):
    """Trains an encoder and a decoder in a step of its own, and computes nothing itself."""

    def __init__(self):
        super().__init__()
        i, j = keras.Input((4,)), keras.Input((2,))
        self.encoder = keras.Model(i, layers.Dense(2)(i), name="encoder")
        self.decoder = keras.Model(j, layers.Dense(4)(j), name="decoder")
        self.tracker = keras.metrics.Mean(name="error")

    @property
    def metrics(self):
        return [self.tracker]

    def train_step(self, data):
        x = data
        self.zero_grad()
        error = (self.decoder(self.encoder(x)) - x).square().mean()
        error.backward()
        weights = self.trainable_weights
        self.optimizer.apply([v.value.grad for v in weights], weights)
        self.tracker.update_state(error)
        return {"error": self.tracker.result()}


def test_a_model_without_a_call_trains():
    keras.utils.set_random_seed(0)
    model = Pair()
    model.compile(keras.optimizers.Adam(0.05))
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    before = model.get_weights()
    errors = model.fit(x, epochs=20, verbose=0).history["error"]
    assert errors[-1] < 0.8 * errors[0] and len(before) == 4
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    with pytest.raises(NotImplementedError, match=r"Pair.*`call\(\)`"):
        model(x)
    with pytest.raises(NotImplementedError, match=r"Pair.*`call\(\)`"):
        model.predict(x, verbose=0)


def test_a_subclassed_model_in_a_graph_knows_its_shapes():
    class Wrapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x):
            return self.dense(x)

    model, i = Wrapped(), keras.Input((4,))
    o = model(i)
    assert model.input is i and model.output is o and (model.input_shape, model.output_shape) == ((None, 4), (None, 3))
    assert not hasattr(Wrapped(), "output_shape")


def test_a_step_of_ones_own_is_given_what_there_is():
    class Paired(keras.Model):
        def train_step(self, data):
            first, second = data[0], data[1]
            return {"far": (self(first) - self(second)).abs().mean()}

    i = keras.Input((4,))
    model = Paired(i, layers.Dense(2, kernel_initializer="ones")(i))
    model.compile("sgd", "mse")
    pairs = np.stack([np.zeros((6, 4)), np.ones((6, 4))])  # two rows, each a batch of its own

    class Source(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, number):
            return pairs

    for x in (pairs, Source()):
        assert model.fit(x, verbose=0).history["far"] == [4.0]
    np.testing.assert_allclose(model.predict(pairs[1], verbose=0), np.full((6, 2), 4.0))


def test_a_model_with_a_list_of_one_output_in_another():
    inside = keras.Input((3,))
    inner = keras.Model([inside], [layers.Dense(2, kernel_initializer="ones")(inside)])
    x = keras.Input((3,))
    (y,) = inner(x)
    for outputs in (y, [y], inner(x), inner([x])):
        outer = keras.Model([x], outputs)
        made = outer(np.ones((4, 3), "float32"))
        assert torch.equal(made[0] if isinstance(made, list) else made, torch.full((4, 2), 3.0))
        outer.compile("sgd", "mse")
        assert outer.evaluate(np.ones((4, 3)), np.ones((4, 2)), verbose=0) == 4


def test_dir_of_two_models_of_the_same_layers_is_the_same():
    def made():
        x = keras.Input((3,))
        return keras.Model(x, layers.Dense(2)(layers.Dense(4)(x)))

    first, second = made(), made()
    assert dir(first) == dir(second) and "layers" in dir(first)
    assert first.layers[1].name != second.layers[1].name
    first.head = layers.Dense(1)
    assert "head" in dir(first)


def test_words_that_no_layer_takes_are_let_go():
    line = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    x = torch.ones(2, 3)
    assert torch.equal(line(x, verbose=False, batch_size=8), line(x))
    tensor = keras.Input((3,))
    graph = keras.Model(tensor, line(tensor))
    assert torch.equal(graph(x, verbose=False), line(x))
    written = keras.Model.from_config(keras.Model(tensor, graph(tensor, verbose=False)).get_config())
    assert written.output_shape == (None, 2)


# ---------------------------------------------------------------- tables with more in them than numbers


@pytest.mark.parametrize("entrance", ["by name", "in a dict"])
def test_strings_that_no_input_takes_are_passed_over(entrance):
    image = layers.Input((2,), name="size")
    inputs = {"size": image} if entrance == "in a dict" else [image, layers.Input((1,), name="weight")]
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(image))
    model.compile("sgd", "mse")
    x = {"name": np.array(["a", "bb", "c"]), "size": np.ones((3, 2), "float32"), "weight": np.ones(3, "float32")}
    assert model.predict(x, verbose=0).tolist() == [[2.0]] * 3 and x.keys() == {"name", "size", "weight"}
    assert model.predict_on_batch(x).tolist() == [[2.0]] * 3
    y = np.full((3, 1), 2.0, "float32")
    assert model.fit(x, y, batch_size=2, verbose=0).history["loss"] == [0.0]
    assert model.evaluate(iter([(x, y)]), verbose=0) == 0
    with pytest.raises(ValueError, match=r"`x\['size'\]` has dtype <U1"):
        model.predict({**x, "size": np.array(["a", "b", "c"])}, verbose=0)
