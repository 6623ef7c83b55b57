"""What classes of a user's may do: build over a layer that has nothing to build, names twice, masks by name, metrics."""

import numpy as np
import pytest
import torch

from torchkeras_lite import KerasTensor, calls, layers, metrics, random


@pytest.fixture
def with_care():
    before, calls.careful[0] = calls.careful[0], True
    yield
    calls.careful[0] = before


@pytest.mark.parametrize(
    "make",
    [
        lambda base: base(layers.Activation)("relu"),
        lambda base: base(layers.Flatten)(),
        lambda base: base(layers.Rescaling)(1.0),
        lambda base: base(layers.MaxPooling2D)(),
        lambda base: base(layers.Dropout)(0.5),
        lambda base: base(layers.Identity)(),
    ],
)
def test_a_build_of_ones_own_is_called(make):
    def scaled(base):
        class Scaled(base):
            def build(self, input_shape):
                self.extra = self.add_weight((), initializer="ones", name="extra")

            def call(self, x):
                return super().call(x) * self.extra

        return Scaled

    layer = make(scaled)
    assert not layer.built
    x = torch.ones(1, 4, 4, 2)
    layer(x)
    layer.extra.assign(3.0)
    assert layer.built and torch.equal(layer(x).reshape(-1)[:2], torch.full((2,), 3.0))
    plain = make(lambda base: base)
    assert plain.built and torch.equal(plain(x).reshape(-1)[:2], torch.ones(2))


def test_a_layer_may_have_the_name_of_a_weight():
    class Twice(layers.Layer):
        def __init__(self):
            super().__init__()
            self.first = self.add_weight((2,), name="inner", initializer="ones")
            self.inner = layers.Dense(2, use_bias=False, kernel_initializer="ones", name="dense")

        def call(self, x):
            return self.inner(x) + self.first

    layer = Twice()
    assert torch.equal(layer(torch.ones(1, 3)), torch.full((1, 2), 4.0))
    assert [v.path for v in layer.weights] == ["twice/inner", "twice/dense/kernel"]
    layer.first.assign([5.0, 6.0])
    assert torch.equal(layer(torch.ones(1, 3)).detach(), torch.tensor([[8.0, 9.0]]))
    assert len(layer.state_dict()) == 2


@pytest.mark.usefixtures("with_care")
def test_masks_go_to_arguments_named_after_what_carries_them():
    got = {}

    class Join(layers.Layer):
        def call(self, left, right, left_mask=None, right_mask=None):
            got.update(left=left_mask, right=right_mask)
            return right

    x, y = torch.ones(2, 3), torch.ones(2, 3)
    y._keras_mask = mask = torch.tensor([True, False])
    join = Join()
    for call in (lambda: join(x, y), lambda: join(x, right=y), lambda: join(left=x, right=y)):
        got.clear()
        call()
        assert got["left"] is None and got["right"] is mask
    join(x, y, right_mask=None, left_mask=mask)
    assert got["left"] is mask


def test_compute_output_shape_of_ones_own_says_the_structure():
    class Split(layers.Layer):
        def call(self, x):
            raise RuntimeError("cannot be tried")

        def compute_output_shape(self, shape):
            return {"one": shape, "two": (shape, (shape[0], 7))}

    found = Split().compute_output_spec(KerasTensor((None, 3)))
    assert found["one"].shape == (None, 3) and type(found["two"]) is tuple and found["two"][1].shape == (None, 7)


def test_metrics_of_layers_inside():
    class Counting(layers.Layer):
        def __init__(self, inside=None):
            super().__init__()
            self.seen = metrics.Mean(name="seen")
            self.inside = inside

        def call(self, x):
            return x

    layer = Counting(Counting())
    assert layer.metrics == [layer.seen, layer.inside.seen]
    assert len(layer.metrics_variables) == 4


def test_masks_as_arrays():
    masks = [np.array([[True, False]]), np.array([[False, False]])]
    inputs = [np.ones((1, 2, 3)), np.ones((1, 2, 3))]
    assert layers.Dense(2).compute_mask(inputs[0]) is None
    assert layers.Add().compute_mask(inputs, masks).tolist() == [[True, False]]
    assert layers.Concatenate(1).compute_mask(inputs, masks).tolist() == [[True, False, False, False]]


def test_rows_of_unequal_length_are_refused():
    class Rows(list):
        """As a ragged tensor is."""

    with pytest.raises(ValueError, match=r"'narrow' .* takes rows of one length\. Received: a Rows\. .*to_tensor"):
        layers.Dense(1, name="narrow")(Rows([[1.0], [2.0, 3.0]]))


def test_a_dict_of_ones_own_class():
    class Named(dict):
        """As what a tokenizer returns."""

    class Second(layers.Layer):
        def call(self, inputs):
            return inputs["b"] * 2

    assert Second()(Named(a=np.ones(1), b=np.array([3.0]))).tolist() == [6]


@pytest.mark.parametrize("make", [lambda: Draws(0.5, seed=3), lambda: layers.Attention(dropout=0.5, seed=3)])
def test_a_layer_that_draws_shows_what_from(make):
    one, other = make(), make()
    assert [random.normal((2,), seed=one.seed_generator).tolist() for _ in range(2)] == [
        random.normal((2,), seed=other.seed_generator).tolist() for _ in range(2)
    ]
    assert one.seed_generator is one.seed_generator and len(one.variables) == 1 and not one.weights
    assert layers.Dropout(0).seed_generator is None and layers.Attention().seed_generator is None


class Draws(layers.Dropout):
    def call(self, inputs, training=None):
        return random.dropout(inputs, self.rate, seed=self.seed_generator)


def test_a_dropout_of_ones_own():
    x = torch.ones(4, 50)
    one, other = Draws(0.5, seed=1), Draws(0.5, seed=1)
    first, second = one(x), one(x)
    assert not torch.equal(first, second) and torch.equal(first, other(x)) and torch.equal(second, other(x))
    assert {*first.unique().tolist()} == {0.0, 2.0}


class Strict(layers.Layer):
    """Its constructor takes what it names, and no more."""

    def __init__(self, units=3, name=None, trainable=True, dtype=None):
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self.units = units

    def call(self, x):
        return x * self.units

    def get_config(self):
        config = super().get_config()
        config.update(units=self.units)
        return config


def test_the_config_that_one_adds_to_holds_the_usual_settings_alone():
    config = Strict(5, "five").get_config()
    assert sorted(config) == ["dtype", "name", "trainable", "units"]
    again = Strict.from_config(config)
    assert (again.units, again.name) == (5, "five")

    class Plain(layers.Layer):
        def call(self, x):
            return x

    assert Plain.from_config(Plain(autocast=False).get_config()).autocast is False
    assert layers.Layer.from_config(layers.Layer(autocast=False).get_config()).autocast is False


@pytest.mark.parametrize("what", [object(), [object()], {"a": object()}, {1}])
def test_what_no_config_can_hold(what):
    class Holds(layers.Layer):
        def __init__(self, what, **kwargs):
            super().__init__(**kwargs)
            self.what = what

        def call(self, x):
            return x

    with pytest.raises(NotImplementedError, match=r"Holds was made with what=.* no config can hold\. Override `get_config"):
        Holds(what).get_config()


def test_what_layers_say_of_themselves():
    layer = layers.Dense(2, dtype="mixed_float16")
    assert layer.input_dtype == layer.compute_dtype == "float16" and layers.Embedding(3, 2).input_dtype == "float32"
    drawn = layers.Dense(2).symbolic_call(KerasTensor((None, 3)))
    assert drawn.shape == (None, 2) and drawn.node.operation.built


def test_classes_for_the_names_in_a_config():
    class Twice(layers.Layer):
        state_size = output_size = 2

        def call(self, inputs, states):
            return inputs * 2, [states[0] + inputs]

    class Inner(layers.Layer):
        def call(self, x):
            return x + 1

    class Handed(layers.TimeDistributed):
        @classmethod
        def from_config(cls, config, custom_objects=None):
            return super().from_config(config, custom_objects)

    config = Handed(Inner()).get_config()
    assert type(Handed.from_config(config, {"Inner": Inner}).layer) is Inner
    config = layers.RNN(Twice(), return_sequences=True).get_config()
    again = layers.RNN.from_config(config, custom_objects={"Twice": Twice})
    assert type(again.cell) is Twice and again.return_sequences
    config = layers.TimeDistributed(Inner()).get_config()
    assert type(layers.TimeDistributed.from_config(config, {"Inner": Inner}).layer) is Inner
    config = layers.Bidirectional(layers.LSTM(2, kernel_initializer="zeros")).get_config()
    assert layers.Bidirectional.from_config(config, custom_objects={"Zeros": Inner}).forward_layer.units == 2


@pytest.mark.parametrize(
    ("layer", "more"),
    [
        (layers.Dense, {"units": 2}),
        (layers.EinsumDense, {"equation": "bi,io->bo", "output_shape": 2}),
        (layers.TorchModuleWrapper, {"module": torch.nn.Linear(3, 2)}),
    ],
)
def test_training_may_be_handed_on_to_a_layer_that_computes_the_same_either_way(layer, more):
    seen = []

    class Twice(layer):
        def call(self, x, training=None):
            seen.append(training)
            return 2 * super().call(x, training=training)

    twice, x = Twice(**more), torch.ones(4, 3)
    once = twice(x) / 2
    assert torch.equal(layer.call(twice, x), once) and torch.equal(layer.call(twice, x, training=True), once)
    twice(x, training=True)
    assert seen[-2:] == [False, True]
    assert not layer._signature.training  # nobody tells it, which would cost something in each call


class Packed(layers.Layer):
    """Takes rows as they are: numbers or words, of unequal length."""

    def __init__(self, raw=True, **kwargs):
        super().__init__(**kwargs)
        self._convert_input_args = not raw
        self._allow_non_tensor_positional_args = True

    def call(self, rows, end=None):
        self.seen = type(rows), type(end)
        return rows


def test_a_layer_may_take_its_inputs_as_they_are():
    for rows in ([[1, 2], [3]], [["a", "b"], ["c"]], [1.0, 2.0], "word", np.arange(3.0), torch.arange(3.0).double(), 5):
        layer = Packed()
        assert layer(rows, end=[1, 2]) is rows and layer.seen == (type(rows), list) and layer.built
        assert layer(rows) is rows
    assert Packed(raw=False)([1.0, 2.0]).tolist() == [1, 2] and Packed(raw=False)(5) == 5
    x = layers.Input((3,))
    assert Packed()(x).shape == (None, 3)
