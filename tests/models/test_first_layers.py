"""Models that begin with a model, with nothing, or with a layer that does not say what comes out."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers


def test_a_model_of_tensors_in_front():
    image = keras.Input((4, 4, 1), name="image")
    front = keras.Model(image, layers.Conv2D(2, 3)(image))
    model = keras.Sequential([front, layers.Flatten(), layers.Dense(1)])
    assert model.built and model.input_shape == (None, 4, 4, 1) and model.output_shape == (None, 1)
    assert [tuple(w.shape) for w in model.weights] == [(3, 3, 1, 2), (2,), (8, 1), (1,)]
    x = torch.rand(2, 4, 4, 1)
    assert torch.equal(model(x), model.layers[2](front(x).flatten(1)))
    twin = keras.Sequential.from_config(model.get_config())
    assert twin.output_shape == (None, 1)
    integers = keras.Input((3,), dtype="int32")
    lookup = keras.Sequential([keras.Model(integers, layers.Embedding(10, 2)(integers)), layers.Flatten()])
    assert lookup.input.dtype == "int32" and lookup.output_shape == (None, 6)


def test_only_an_input_in_front():
    front = keras.Sequential([keras.Input((5,))])
    model = keras.Sequential([front])
    assert model.output_shape == (None, 5)
    model.add(layers.Dense(2))
    assert model(torch.ones(1, 5)).shape == (1, 2)
    with pytest.raises(ValueError, match="has no layers"):
        keras.Sequential()(torch.ones(1, 5))


def test_a_layer_that_does_not_say_what_comes_out():
    class Dynamic(layers.Layer):
        def call(self, x):
            return x + 1.0

        def compute_output_spec(self, *args, **kwargs):
            raise NotImplementedError

    model = keras.Sequential([Dynamic(), layers.Dense(1, kernel_initializer="ones")])
    assert model(torch.ones(2, 3)).tolist() == [[6.0], [6.0]]
    assert len(model.weights) == 2
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)


def test_batches_of_a_generator_without_an_optional_input():
    x, o = keras.Input((2,), name="x"), keras.Input((2,), name="o", optional=True)

    class Sum(layers.Layer):
        def call(self, x, o=None):
            return x if o is None else x + o

        def compute_output_shape(self, x, o=None):
            return x

    model = keras.Model({"x": x, "o": o}, Sum()(x, o))
    model.compile(loss="mse")

    def batches():
        for _ in range(2):
            yield {"x": np.ones((2, 2)), "o": None}, np.ones((2, 2))

    assert model.evaluate(batches(), verbose=0) == 0.0
    assert model.predict(({"x": one["x"], "o": None},) for one, _ in batches()).tolist() == np.ones((4, 2)).tolist()


def _of_keras_2(**connections):
    settings = {"batch_input_shape": [None, 3], "dtype": "float32", "name": "in"}
    entry = {"class_name": "InputLayer", "name": "in", "config": settings}
    made = [
        {"class_name": "Dense", "name": name, "config": {"units": 2, "name": name}, "inbound_nodes": [[[source, 0, 0, {}]]]}
        for name, source in connections.items()
    ]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [[made[-1]["name"], 0, 0]]}
    return {"name": "m", "layers": [{**entry, "inbound_nodes": []}, *made], **ends}


def test_configs_as_keras_2_gave_them():
    model = keras.Model.from_config(_of_keras_2(a="in", b="a"))
    assert [layer.name for layer in model.layers] == ["in", "a", "b"]
    assert model(torch.ones(1, 3)).shape == (1, 2)
    with pytest.raises(ValueError, match=r"perhaps in a loop: .*'a', 'b'"):
        keras.Model.from_config(_of_keras_2(a="b", b="a"))


def test_names_that_are_no_outputs():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, {"a": layers.Dense(1)(inputs), "b": layers.Dense(1)(inputs)})
    model.compile(loss={"a": "mse", "bb": "mse"})
    for kind in (ValueError, KeyError):
        with pytest.raises(kind, match=r"^Invalid `loss`: .*'bb'.*Expected keys: \['a', 'b'\]. Did you mean 'b'"):
            model.fit(np.ones((2, 2)), {"a": np.ones((2, 1)), "b": np.ones((2, 1))}, verbose=0)


class Counting(layers.Layer):
    def build(self, input_shape):
        self.calls = self.add_weight((), "zeros", trainable=False)
        self.first = self.add_weight((), "zeros", trainable=False)
        self.first.assign(7.0)

    def call(self, x):
        self.calls.assign_add(1.0)
        return x


def test_what_a_call_counts_is_not_counted_while_shapes_are_found_or_weights_made():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.counting, self.top = Counting(), layers.Dense(1)

        def call(self, x):
            return self.top(self.counting(x))

    inputs = keras.Input((3,))
    drawn, own, chain = Counting(), Own(), keras.Sequential([Counting(), layers.Dense(1)])
    of_tensors = keras.Model(inputs, layers.Dense(1)(drawn(inputs)))
    assert float(drawn.calls) == 0.0
    for model, layer in ((of_tensors, drawn), (own, own.counting), (chain, chain.layers[0])):
        model.compile("sgd", "mse")
        model.fit(np.ones((8, 3)), np.ones((8, 1)), batch_size=2, verbose=0)
        assert (float(layer.calls), float(layer.first)) == (4.0, 7.0)


def test_a_generator_that_is_used_up():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = ((np.ones((2, 3)), np.ones((2, 1))) for _ in range(3))
    with pytest.warns(UserWarning, match="ran out of data: nothing was left for epoch 2"):
        history = model.fit(batches, epochs=3, verbose=0)
    assert history.epoch == [0] and model.optimizer.iterations == 3
    with pytest.raises(ValueError, match="no batch"):
        model.fit(batches, verbose=0)
