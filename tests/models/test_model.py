"""Subclassed models, and layers that users write."""

import collections

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import Variable, layers

X = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
T = X[:, :1] * 2 - 1


class Two(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = layers.Dense(4, "relu"), layers.Dense(1)

    def call(self, x):
        return self.second(self.first(x))


def silent(*_):
    return None


# ---------------------------------------------------------------- building


def test_a_model_builds_itself_in_fit():
    keras.utils.set_random_seed(0)
    model = Two()
    assert not model.built and model.weights == []
    model.compile("sgd", "mse")
    losses = model.fit(X, T, epochs=20, verbose=0).history["loss"]
    assert model.built and losses[-1] < 0.7 * losses[0] and model.count_params() == 8 * 4 + 4 + 4 + 1
    assert [v.shape for v in model.weights] == [(8, 4), (4,), (4, 1), (1,)]


def test_build_with_a_shape():
    model = Two()
    model.build((None, 8))
    assert model.built and model.first.built and [v.shape for v in model.weights] == [(8, 4), (4,), (4, 1), (1,)]
    with pytest.raises((ValueError, RuntimeError)):
        model(torch.ones(2, 7))


@pytest.mark.parametrize("how", ["build", "call", "fit"])
def test_a_build_of_ones_own(how):
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.shapes = layers.Dense(1), []

        def build(me, input_shape):  # some people call it otherwise
            me.shapes.append(tuple(input_shape))
            me.scale = me.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
            super().build(input_shape)

        def call(self, x):
            return self.dense(x * self.scale)

    model = Scaled()
    model.compile("sgd", "mse")
    {"build": lambda: model.build((None, 8)), "call": lambda: model(X), "fit": lambda: model.fit(X, T, verbose=0)}[how]()
    assert len(model.shapes) == 1 and model.shapes[0][1:] == (8,)
    assert [v.name for v in model.weights] == ["scale", "kernel", "bias"] and model.scale.shape == (8,)
    assert torch.equal(model(X), model(X)) and len(model.trainable_weights) == 3


def test_a_build_that_builds_the_parts():
    class Parts(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def build(self, input_shape):
            self.dense.build(input_shape)
            self.built = True

        def call(self, x):
            return self.dense(x)

    one, two = Parts(), Parts()
    one.build((None, 8))
    two(X)
    assert one.dense.built and one.dense.kernel.shape == two.dense.kernel.shape == (8, 1)
    assert len(one.weights) == len(two.weights) == 2


def test_a_build_that_fails_leaves_nothing():
    class Fails(layers.Layer):
        def build(self, input_shape):
            self.add_weight(shape=(2,), name="w")
            if len(input_shape) > 2:
                raise ValueError("too deep")

        def call(self, x):
            return x

    layer = Fails()
    with pytest.raises(ValueError, match="too deep"):
        layer(torch.ones(1, 2, 3))
    assert not layer.built and layer.weights == [] and list(layer.parameters()) == []
    layer(torch.ones(1, 2))
    assert [v.name for v in layer.weights] == ["w"] and list(layer.state_dict()) == ["w"]


def test_several_shapes_by_name():
    class Pair(layers.Layer):
        def build(self, query_shape, value_shape):
            self.w = self.add_weight(shape=(query_shape[-1], value_shape[-1]), initializer="ones", name="w")

        def call(self, query, value):
            return query @ self.w + value

    for call in (lambda la: la(X, X[:, :3]), lambda la: la(query=X, value=X[:, :3]), lambda la: la(X, value=X[:, :3])):
        layer = Pair()
        torch.testing.assert_close(call(layer), X.sum(1, keepdim=True) + X[:, :3])
        assert layer.w.shape == (8, 3)


def test_a_failed_symbolic_trial_says_why():
    class Wrong(keras.Model):
        def call(self, x):
            return x @ torch.ones(3, 3)

    model = Wrong()
    with pytest.raises((ValueError, RuntimeError)):
        model.build((None, 8))
    assert not model.built


# ---------------------------------------------------------------- inputs and outputs


class Lists(keras.Model):
    def __init__(self):
        super().__init__()
        self.left, self.out = layers.Dense(4), layers.Dense(1)

    def call(self, inputs):
        left, right = inputs
        return self.out(torch.cat([self.left(left), right], -1))


class Dicts(keras.Model):
    def __init__(self):
        super().__init__()
        self.left, self.out = layers.Dense(4), layers.Dense(1)

    def call(self, inputs):
        left = self.left(inputs["left"])
        return {"out": self.out(torch.cat([left, inputs["right"]], -1)), "left": left}


def test_a_list_of_inputs():
    model, pair = Lists(), [X.numpy(), X[:, :2].numpy()]
    model.compile("sgd", "mse")
    losses = model.fit(pair, T, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0] and model.out.kernel.shape == (6, 1)
    np.testing.assert_allclose(model.predict(pair, verbose=0, batch_size=5), model(pair).detach(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model(tuple(pair)).detach(), model([X, X[:, :2]]).detach())
    assert model.evaluate(pair, T, verbose=0) == pytest.approx((model(pair) - T).square().mean().item(), rel=1e-5)
    shaped = Lists()
    shaped.build([(None, 8), (None, 2)])
    assert shaped.out.kernel.shape == (6, 1)


def test_dicts_of_inputs_and_outputs():
    model, data = Dicts(), {"left": X.numpy(), "right": X[:, :2].numpy()}
    targets = {"out": T.numpy(), "left": np.zeros((16, 4), "float32")}
    model.compile("sgd", {"out": "mse", "left": "mae"}, loss_weights={"out": 1.0, "left": 0.5})
    history = model.fit(data, targets, epochs=2, verbose=0).history
    assert set(history) == {"loss", "out_loss", "left_loss"}
    results = model.evaluate(data, targets, verbose=0, return_dict=True)
    assert results["loss"] == pytest.approx(results["out_loss"] + 0.5 * results["left_loss"], rel=1e-5)
    predicted = model.predict(data, verbose=0, batch_size=7)
    assert {key: value.shape for key, value in predicted.items()} == {"out": (16, 1), "left": (16, 4)}
    shaped = Dicts()
    shaped.build({"left": (None, 8), "right": (None, 2)})
    assert shaped.out.kernel.shape == (6, 1)


def test_arguments_by_name():
    class Named(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(4)

        def call(self, u, v=None, scale=1.0):
            return self.dense(u) * scale + (0 if v is None else v.sum())

    model = Named()
    plain = model(u=X)
    torch.testing.assert_close(model(X, scale=2.0), 2 * plain)
    torch.testing.assert_close(model(X, v=np.ones(3, "float32")), plain + 3)
    torch.testing.assert_close(model(v=torch.ones(2), u=X), plain + 2)


def test_the_order_of_named_tensors_does_not_matter():
    class Attention(layers.Layer):
        def __init__(self):
            super().__init__()
            self.q, self.v = layers.Dense(3), layers.Dense(3)

        def call(self, query, value, key=None, training=None, mask=None):
            return self.q(query) - self.v(value)

    layer, other = Attention(), torch.ones(16, 2)
    assert torch.equal(layer(query=X, value=other), layer(value=other, query=X))
    assert torch.equal(layer(X, other), layer(X, value=other)) and layer.q.kernel.shape == (8, 3)


NOTHING = [lambda m: m(), lambda m: m(training=True), lambda m: m(None), lambda m: m(3.0), lambda m: m("text")]


@pytest.mark.parametrize("call", NOTHING)
def test_called_on_nothing(call):
    model = Two(name="two")
    with pytest.raises((TypeError, ValueError)) as error:
        call(model)
    assert "two" in str(error.value) or "first" in str(error.value)


def test_no_call():
    class Empty(keras.Model):
        pass

    class Bare(layers.Layer):
        pass

    for thing in (Empty(), Bare()):
        with pytest.raises(NotImplementedError, match="call"):
            thing(X)


def test_written_the_torch_way():
    class Torch(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Linear(8, 3), layers.Dense(3, activation="softmax")

        def forward(self, x):
            return self.head(torch.relu(self.body(x)))

    model = Torch()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, torch.arange(16) % 3, epochs=2, verbose=0).history
    assert set(history) == {"accuracy", "loss"} and model.predict(X, verbose=0).shape == (16, 3)
    assert torch.equal(model(X, training=True), model(X))


# ---------------------------------------------------------------- attributes


def test_everything_that_may_be_an_attribute():
    class All(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.several = layers.Dense(3), [layers.Dense(3)]
            self.named = {"a": layers.Dense(3), "b": [layers.Dense(3)]}
            self.several.append(layers.Dense(3))
            self.named["b"].append(layers.Dense(3))
            self.modules_list = nn.ModuleList([layers.Dense(3), nn.Linear(3, 3)])
            self.modules_dict = nn.ModuleDict({"z": layers.Dense(3)})
            self.pair, self.torch = (layers.Dense(3),), nn.Linear(3, 3)
            self.parameter, self.variable = nn.Parameter(torch.ones(3)), Variable(np.ones(3, "float32"))
            self.state = Variable(np.zeros(3, "float32"), trainable=False)
            self.register_buffer("buffer", torch.zeros(3))
            self.function, self.number, self.text = torch.tanh, 3, "text"

        def call(self, x):
            parts = [self.one, *self.several, self.named["a"], *self.named["b"], *self.modules_list, self.modules_dict["z"],
                     *self.pair, self.torch]  # fmt: skip
            for part in parts:
                x = part(x)
            return self.function(x * self.parameter * self.variable + self.state + self.buffer)

    model = All()
    model(X)
    assert len(model.layers) == 9 and [type(layer) for layer in model.layers] == [layers.Dense] * 9
    parameters = list(model.parameters())
    assert len({id(p) for p in parameters}) == len(parameters) == 2 * 9 + 2 * 2 + 2
    assert len(model.weights) == len(parameters) + 2 and len(model.trainable_weights) == len(parameters)
    model.compile("sgd", "mse")
    before = [p.detach().clone() for p in parameters]
    model.fit(X, torch.ones(16, 3), verbose=0, epochs=3)
    assert all(not torch.equal(old, new) for old, new in zip(before, parameters, strict=True))


def test_one_layer_under_several_names_counts_once():
    class Shared(keras.Model):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(8)
            self.b, self.c = self.a, [self.a]

        def call(self, x):
            return self.b(self.a(x))

    model = Shared()
    model(X)
    assert model.layers == [model.a] and len(model.weights) == 2 and len(list(model.parameters())) == 2
    lines = []
    model.summary(print_fn=lines.append)
    assert "\n".join(lines).count("(Dense)") == 1


def test_layers_replaced_and_removed():
    model = Two()
    model(X)
    model.first = layers.Dense(5)
    model.second = layers.Dense(1)
    assert model(X).shape == (16, 1) and model.first.kernel.shape == (8, 5) and len(model.weights) == 4
    model.extra = layers.Dense(1)
    del model.extra
    assert len(model.layers) == 2
    model.extra = layers.Dense(1)
    model.extra = None
    assert model.extra is None and len(model.layers) == 2


@pytest.mark.xfail(strict=True, reason="the old container stays registered")
def test_containers_replaced_and_removed():
    model = Two()
    for gone in (None, [], layers.Dense(1), 3):
        model.blocks = [layers.Dense(2), Variable(1.0)]
        assert len(model.layers) == 3 and len(model.weights) == 1
        model.blocks = gone
        assert len(model.layers) == 2 + isinstance(gone, layers.Layer) and model.weights == []
        assert model.blocks is gone or (gone == [] and model.blocks == [])
    model.blocks = {"a": layers.Dense(1)}
    del model.blocks
    assert len(model.layers) == 2 and not hasattr(model, "blocks")


def test_ordered_dicts_hold_layers_too():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = collections.OrderedDict(a=layers.Dense(3))
            self.pair = collections.namedtuple("Pair", "x y")(layers.Dense(3), 1)

        def call(self, x):
            return self.pair.x(self.parts["a"](x))

    model = Net()
    model(X)
    assert len(model.layers) == 2 and len(list(model.parameters())) == 4


@pytest.mark.xfail(strict=True, reason="an AttributeError for `_direct`")
def test_forgetting_to_call_init():
    class Layered(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(3)

    class Plain(keras.Model):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    for make in (Layered, lambda: Plain()(X)):
        with pytest.raises(RuntimeError, match=r"super\(\)\.__init__\(\)"):
            make()


def test_settings_may_come_before_init():
    class Early(keras.Model):
        def __init__(self):
            self.units = 3
            super().__init__()
            self.dense = layers.Dense(self.units)

        def call(self, x):
            return self.dense(x)

    assert Early()(X).shape == (16, 3)


def test_abstract_base_classes():
    from abc import ABC, abstractmethod

    class Base(keras.Model, ABC):
        @abstractmethod
        def depth(self): ...

    class Done(Base):
        def depth(self):
            return 1

        def call(self, x):
            return x

    assert torch.equal(Done()(X), X)
    with pytest.raises(TypeError, match="abstract"):
        Base()


@pytest.mark.parametrize("kwargs", [{"name": "a/b"}, {"name": 3}, {"foo": 1}, {"trainable": "yes"}])
def test_arguments_that_cannot_be(kwargs):
    with pytest.raises(ValueError, match=str(next(iter(kwargs.values())))):
        layers.Dense(1, **kwargs)


# ---------------------------------------------------------------- asking the model


def test_get_layer():
    model = Two()
    assert model.get_layer(index=0) is model.first and model.get_layer(index=-1) is model.second
    assert model.get_layer(model.second.name) is model.second
    with pytest.raises(ValueError, match="Did you mean") as error:
        model.get_layer(model.first.name[:-1] + "x")
    assert model.first.name in str(error.value)
    for wrong in ({}, {"name": "a", "index": 1}, {"index": 7}):
        with pytest.raises(ValueError):
            model.get_layer(**wrong)
    with pytest.raises(AttributeError, match="layers"):
        model.layers = []


def test_summary_never_fails():
    class Odd(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense, self.never = layers.Dense(4), layers.Dense(3)
            self.several = [layers.Dense(2), nn.Linear(2, 2)]
            self.inner = keras.Sequential([layers.Dense(2)])

        def call(self, x):
            return self.inner(self.several[1](self.several[0](self.dense(x))))

    model, lines = Odd(name="odd"), []
    for _ in range(2):
        for kwargs in ({}, {"expand_nested": True, "show_trainable": True}, {"line_length": 40}):
            model.summary(print_fn=lines.append, **kwargs)
        model(X)
    assert 'Model: "odd"' in lines[0]
    with pytest.raises(ValueError, match="built"):
        Two().count_params()


def test_paths_name_the_model():
    called, shaped = Two(name="net"), Two(name="net")
    called(X)
    shaped.build((None, 8))
    for model in (called, shaped):
        assert [v.path for v in model.weights] == [
            f"net/{layer.name}/{name}" for layer in (model.first, model.second) for name in ("kernel", "bias")
        ]


# ---------------------------------------------------------------- weights


def test_add_weight():
    class Own(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(2,), initializer="ones", regularizer="l2", name="w")
            self.again = self.add_weight(shape=(1,), name="w")
            self.first = self.add_weight("first", (3,))
            self.scalar = self.add_weight(initializer="zeros", trainable=False)
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="a.b")
            self.bounded = self.add_weight(shape=3, constraint="non_neg", initializer=keras.initializers.Constant(2.0))
            self.tensor = self.add_weight(shape=(2,), initializer=lambda shape, dtype: torch.full(shape, 5.0))

        def call(self, x):
            return x * self.w + self.scalar

    layer = Own(name="own")
    layer(torch.ones(1, 2))
    assert [v.name for v in layer.trainable_weights][:3] == ["w", "w", "first"] and len(layer.trainable_weights) == 5
    assert layer.w.path == "own/w" and layer.count.dtype == "int32" and layer.scalar.shape == () and layer.first.shape == (3,)
    assert layer.bounded.numpy().tolist() == [2.0] * 3 and layer.bounded.constraint is not None
    assert layer.tensor.numpy().tolist() == [5.0, 5.0]
    assert len(layer.state_dict()) == 7 and "a_b" in layer.state_dict()
    assert [loss.item() for loss in layer.losses] == [pytest.approx(0.02)]
    with pytest.raises(ValueError, match="None"):
        layer.add_weight(shape=(None, 2))


def test_the_order_of_weights_does_not_depend_on_what_is_frozen():
    """Files and `set_weights` go by it."""
    layer = layers.Dense(3)
    layer.build((None, 3))
    layer.kernel.trainable = False
    assert [v.name for v in layer.weights] == ["kernel", "bias"] and [v.name for v in layer.trainable_weights] == ["bias"]


def test_penalties_reach_the_loss():
    class Penalized(Two):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.1), activity_regularizer="l1")

    model = Penalized()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    loss = model.fit(X, T, verbose=0, batch_size=16).history["loss"][0]
    hidden = model.first(X)
    expected = (model.second(hidden) - T).square().mean() + 0.1 * model.first.kernel.value.square().sum()
    expected = expected + 0.01 * hidden.abs().sum() / 16
    assert loss == pytest.approx(expected.item(), rel=1e-5)


def test_trainable_of_parts_and_whole():
    model = Two()
    model(X)
    model.first.trainable = False
    assert len(model.trainable_weights) == 2 and not model.first.linear.weight.requires_grad
    model.trainable = False
    assert model.trainable_weights == [] and not model.second.trainable
    model.trainable = True
    assert len(model.trainable_weights) == 4 and model.first.trainable


def test_set_weights():
    model, other = Two(), Two()
    model(X), other(X)
    other.set_weights(model.get_weights())
    assert torch.equal(model(X), other(X))
    before = other.get_weights()
    for wrong in (before[:-1], [*before[:-1], np.ones((3,))], [before[1], before[0], *before[2:]]):
        with pytest.raises(ValueError):
            other.set_weights(wrong)
        assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))


def test_a_train_step_as_the_guides_write_it():
    class Custom(Two):
        def train_step(self, data):
            x, y = data
            self.zero_grad()
            predicted = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=predicted)
            loss.backward()
            variables = list(self.trainable_weights)
            gradients = [v.value.grad for v in variables]
            with torch.no_grad():
                self.optimizer.apply(gradients, variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, predicted)
            return {metric.name: metric.result() for metric in self.metrics}

    keras.utils.set_random_seed(3)
    model, plain = Custom(), Two()
    model(X), plain(X)
    plain.set_weights(model.get_weights())
    for net in (model, plain):
        net.compile("adam", "mse")
    histories = [net.fit(X, T, epochs=5, batch_size=8, shuffle=False, verbose=0).history["loss"] for net in (model, plain)]
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for a, b in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_step_is_given_inputs_as_they_are_where_there_is_nothing_else():
    seen = []

    class Seeing(Two):
        def train_step(self, data):
            seen.append(data)
            return {}

        test_step = train_step

    model = Seeing()
    model(X)
    model.compile("sgd", "mse")
    for run in (model.fit, model.evaluate):
        run(X, batch_size=16, verbose=0)
        run([X[:8], X[:8]], batch_size=8, verbose=0)
        run(iter([X]), verbose=0)
        run(iter([(X,)]), verbose=0)
        run(X, T, batch_size=16, verbose=0)
    for alone, several, streamed, in_tuple, pair in (seen[:5], seen[5:]):
        assert type(in_tuple) is tuple and len(in_tuple) == 1 and in_tuple[0].shape == (16, 8)
        assert alone.shape == streamed.shape == (16, 8)
        assert type(several) is tuple and len(several) == 1 and len(several[0]) == 2
        assert type(pair) is tuple and pair[1].shape == (16, 1)


def test_a_loss_of_ones_own_need_not_know_of_training():
    class Own(Two):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return (y - y_pred).abs().mean()

    keras.utils.set_random_seed(0)
    model = Own()
    model.compile("sgd", "mse")
    shown = model.evaluate(X, T, verbose=0)
    np.testing.assert_allclose(shown, (T - model(X)).abs().mean().item(), rtol=1e-6)
    assert model.fit(X, T, batch_size=16, epochs=20, verbose=0).history["loss"][-1] < shown


@pytest.mark.parametrize("cls, shape", [(layers.Dense, (2, 3)), (layers.Conv2D, (2, 5, 5, 3)), (layers.Conv1D, (2, 5, 3))])
def test_an_activation_can_be_taken_away(cls, shape):
    words = {"kernel_size": 2} if cls is not layers.Dense else {}
    model = keras.Sequential([keras.Input(shape[1:]), cls(4, activation="relu", **words)])
    x = torch.randn(shape)
    before = model(x)
    model.layers[-1].activation = None
    assert (model(x) < 0).any()
    torch.testing.assert_close(model(x).relu(), before)


@pytest.mark.parametrize("of_lists", [([[7.0]], [[8.0]]), ([[7.0]], [[8.0]], [2.0]), (np.array([[7.0]]), [[8.0]])])
def test_validation_data_is_a_tuple_of_parts_though_they_are_lists(of_lists):
    model = keras.Sequential([layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    model.build((None, 1))
    model.trainable = False
    history = model.fit(np.ones((2, 1)), np.ones((2, 1)), validation_data=of_lists, verbose=0).history
    assert history["val_loss"] == [len(of_lists) - 1.0]


def test_data_whose_arrays_have_no_rows_in_common():
    class Graph(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            nodes, edges = np.eye(5, 3, dtype="float32"), np.array([[0, 4, 2], [1, 3, 4]])
            return {"nodes": nodes, "edges": edges}, np.arange(5, dtype="float32")[:, None]

    class Sums(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="ones")

        def call(self, data):
            sent = data["nodes"][data["edges"][0]]
            return self.dense(data["nodes"].index_add(0, data["edges"][1], sent))

    model = Sums()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    predicted = model.predict(Graph(), verbose=0)
    assert predicted[:, 0].tolist() == [1, 2, 1, 0, 1]
    wanted = ((predicted - np.arange(5)[:, None]) ** 2).mean()
    np.testing.assert_allclose(model.fit(Graph(), verbose=0).history["loss"], [wanted], rtol=1e-6)
    np.testing.assert_allclose(model.train_on_batch(*Graph()[0]), wanted, rtol=1e-6)
    assert model.predict_on_batch(Graph()[0][0]).tolist() == predicted.tolist()
    with pytest.raises(ValueError, match="cardinality"):
        model.train_on_batch(np.ones((2, 1)), np.ones((3, 1)))


def test_own_build_that_ends_with_that_of_the_base():
    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2, kernel_initializer="ones")

        def build(self, input_shape):
            self.dense.build((None, 3))
            super().build(input_shape)

        def call(self, x, shift):
            return self.dense(x) + shift

    model = Pair()
    assert model(torch.ones(1, 3), shift=torch.ones(2)).tolist() == [[4, 4]] and model.built
    with pytest.raises(TypeError, match="shift"):
        Pair()(torch.ones(1, 3))


def test_nothing_for_the_first_of_several_inputs():
    class Optional(layers.Layer):
        def call(self, x=None, y=None):
            return torch.zeros(1) if y is None else y if x is None else x + y

    assert Optional()(None, torch.ones(2)).tolist() == [1, 1] and Optional()(None, y=torch.ones(2)).tolist() == [1, 1]
    assert Optional()().tolist() == [0]
    with pytest.raises(ValueError, match="should be tensors"):
        Optional()(None)
    with pytest.raises(TypeError, match="called on nothing"):
        layers.Dense(2)()


def test_the_shapes_of_a_build_are_kept_under_their_names():
    class One(layers.Layer):
        def build(self, input_shape):
            pass

    class Any(layers.Layer):
        def build(self, first, *others):
            pass

    class Two(layers.Layer):
        def build(self, query_shape, key_shape=None, **more):
            pass

    for layer, args, kwargs, expected in (
        (One(), [(None, 3)], {}, {"input_shape": (None, 3)}),
        (One(), [], {"input_shape": (2, 3)}, {"input_shape": (2, 3)}),
        (Any(), [(1, 2)], {}, {"first": (1, 2)}),
        (Any(), [(1, 2), (3,), (4,)], {}, {"first": (1, 2), "others": ((3,), (4,))}),
        (Two(), [(1,)], {}, {"query_shape": (1,)}),
        (Two(), [(1,), (2,)], {}, {"query_shape": (1,), "key_shape": (2,)}),
        (Two(), [(1,)], {"key_shape": (2,), "mask": 3}, {"query_shape": (1,), "key_shape": (2,), "more": {"mask": 3}}),
    ):
        layer.build(*args, **kwargs)
        assert layer._build_shapes == expected
        again = type(layer)()
        again.build(*args, **kwargs)  # the names are known by now
        assert again._build_shapes == expected
