"""Layers that users write, in the styles of Keras's guides: each class is written once and made with either library."""

import inspect

import numpy as np
import pytest
import torch
from harness import drawn, mine, real, run, same

import torchkeras_lite

LIBRARIES = {"ours": torchkeras_lite, "keras": real}


def weights_in_init(lib):
    class Linear(lib.layers.Layer):
        def __init__(self, units=3, inputs=4, **kwargs):
            super().__init__(**kwargs)
            self.w = self.add_weight(shape=(inputs, units), initializer="random_normal", trainable=True, name="w")
            self.b = self.add_weight(shape=(units,), initializer="zeros", trainable=True, name="b")
            self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

        def call(self, inputs):
            self.seen.assign_add(1)
            return lib.ops.matmul(inputs, self.w) + self.b

    return Linear(name="one")


def weights_in_build(lib):
    class Linear(lib.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 3), regularizer="l2", name="w")
            self.total = self.add_weight(shape=(3,), initializer="zeros", trainable=False, name="total")

        def call(self, inputs):
            self.total.assign(self.total + lib.ops.sum(lib.ops.stop_gradient(inputs)))
            self.add_loss(0.1 * lib.ops.sum(inputs**2))
            return inputs @ self.w

    return Linear(name="one")


def layers_in_containers(lib):
    class Blocks(lib.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.blocks = [lib.layers.Dense(4, name="a"), lib.layers.Dense(4, name="b")]
            self.pair = (lib.layers.Dense(4, name="c"), [lib.layers.Dense(4, name="d")])
            self.named = {"x": lib.layers.Dense(4, name="e"), "y": {"z": lib.layers.Dense(3, name="f")}}

        def call(self, inputs):
            for layer in (*self.blocks, self.pair[0], *self.pair[1], self.named["x"], self.named["y"]["z"]):
                inputs = layer(inputs)
            return inputs

    return Blocks(name="one")


def one_layer_twice(lib):
    class Twice(lib.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = lib.layers.Dense(4, activation="tanh", name="shared")
            self.second = self.first

        def call(self, inputs):
            return self.second(self.first(inputs))

    return Twice(name="one")


def training_and_mask(lib):
    class Asks(lib.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True
            self.norm = lib.layers.BatchNormalization(name="norm")

        def call(self, inputs, training=None, mask=None):
            outputs = self.norm(inputs, training=training)
            if mask is not None:
                outputs = outputs * lib.ops.cast(mask, outputs.dtype)[:, None]
            return outputs * 2 if training else outputs

    return Asks(name="one")


def penalties_of_parts(lib):
    class Penalized(lib.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = lib.layers.Dense(3, activity_regularizer="l2", kernel_regularizer="l1", name="inner")
            self.watch = lib.layers.ActivityRegularization(l1=0.1, name="watch")

        def call(self, inputs):
            return self.watch(self.inner(inputs))

    return Penalized(name="one")


STYLES = [weights_in_init, weights_in_build, layers_in_containers, one_layer_twice, training_and_mask, penalties_of_parts]
styles = pytest.mark.parametrize("style", STYLES)


def made(style):
    x = drawn((5, 4))
    ours, theirs = (style(lib) for lib in LIBRARIES.values())
    ours(x), theirs(x)
    theirs.set_weights([drawn(v.shape, i) * 0.3 + ("var" in v.path) for i, v in enumerate(theirs.weights)])
    ours.set_weights(theirs.get_weights())
    return ours, theirs, x


@styles
def test_values_and_weights(style):
    ours, theirs, x = made(style)
    for kwargs in ({}, {"training": True}, {"training": False}) if style is training_and_mask else ({}, {}):
        same(run(ours, x, **kwargs), run(theirs, x, **kwargs), rtol=1e-4)
    for group in ("weights", "trainable_weights", "non_trainable_weights", "trainable_variables", "non_trainable_variables"):
        found, wanted = ([(v.path, tuple(v.shape)) for v in getattr(layer, group)] for layer in (ours, theirs))
        assert found == wanted, group
    assert ours.count_params() == theirs.count_params()
    assert len(ours.losses) == len(theirs.losses)


@styles
def test_frozen_and_thawed(style):
    ours, theirs, x = made(style)
    for layer in (ours, theirs):
        layer.trainable = False
    same(run(ours, x), run(theirs, x), rtol=1e-4)
    assert ours.trainable_weights == [] and len(ours.non_trainable_weights) == len(theirs.non_trainable_weights)
    for layer in (ours, theirs):
        layer.trainable = True
    same(run(ours, x), run(theirs, x), rtol=1e-4)
    assert len(ours.trainable_weights) == len(theirs.trainable_weights) > 0


@styles
def test_in_models_that_train(style, recwarn):
    x, y = drawn((8, 4)), drawn((8, 1), 1)
    results = []
    given = None
    for lib in LIBRARIES.values():
        model = lib.Sequential([lib.Input((4,)), style(lib), lib.layers.Dense(1, name="last")])
        model.compile(lib.optimizers.SGD(0.01), "mse")
        given = given or [drawn(v.shape, i) * 0.3 + ("var" in v.path) for i, v in enumerate(model.weights)]
        model.set_weights(given)
        losses = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"]
        results.append((losses, model.evaluate(x, y, verbose=0), model.get_weights()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-4)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-4)
    for a, b in zip(results[0][2], results[1][2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def several_inputs(lib):
    class Mixing(lib.layers.Layer):
        def build(self, a_shape, b_shape):
            self.left = self.add_weight(shape=(a_shape[-1], 2), name="left")
            self.right = self.add_weight(shape=(b_shape[-1], 2), name="right")

        def call(self, a, b, scale=1.0):
            return lib.ops.matmul(a, self.left) + scale * lib.ops.matmul(b, self.right)

    return Mixing(name="one")


def test_several_inputs():
    a, b = drawn((5, 4)), drawn((5, 3), 1)
    layers = [several_inputs(lib) for lib in LIBRARIES.values()]
    for layer in layers:
        layer(a, b)
    layers[0].set_weights(layers[1].get_weights())
    for call in (lambda f: f(a, b), lambda f: f(a, b=b), lambda f: f(a, b, scale=2.0), lambda f: f(a=a, b=b)):
        np.testing.assert_allclose(call(layers[0]).detach(), call(layers[1]).detach(), rtol=1e-5, atol=1e-6)
    assert layers[0].get_build_config() == {"shapes_dict": {"a_shape": (None, 4), "b_shape": (None, 3)}}
    for lib in LIBRARIES.values():  # each from the other's
        for layer in layers:
            again = several_inputs(lib)
            again.build_from_config(layer.get_build_config())
            assert again.built and [tuple(v.shape) for v in again.weights] == [v.shape for v in layers[0].weights]


def test_a_build_config_of_ones_own():
    asked = []

    class Sized(mine.Layer):
        def build(self, size):
            self.w = self.add_weight(shape=(size[-1],), name="w")

        def call(self, inputs):
            return inputs * self.w

        def get_build_config(self):
            return {"width": self.w.shape[0]}

        def build_from_config(self, config):
            asked.append(config)
            self.build((None, config["width"]))

    layer = Sized(name="one")
    x = drawn((2, 3))
    layer(x)
    with torchkeras_lite.saving.custom_object_scope({"Sized": Sized}):
        copy = torchkeras_lite.saving.deserialize_keras_object(torchkeras_lite.saving.serialize_keras_object(layer))
    assert asked == [{"width": 3}] and copy.built
    copy.set_weights(layer.get_weights())
    assert torch.equal(copy(x), layer(x))


def halved_and_summed(lib):
    class Halves(lib.layers.Layer):
        def call(self, inputs, mask=None):
            return inputs[:, ::2]

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else mask[:, ::2]

    class Sums(lib.layers.Layer):
        def call(self, inputs, mask=None):
            counting = inputs if mask is None else inputs * lib.ops.cast(mask, "float32")[..., None]
            return lib.ops.sum(counting, axis=1)

    inputs = lib.Input((4, 1))
    return lib.Model(inputs, Sums()(Halves()(lib.layers.Masking()(inputs))))


@pytest.mark.filterwarnings("ignore:.*does not support masking")
def test_masks_that_a_layer_computes(with_masks):
    x = np.array([[[1.0], [0.0], [0.0], [2.0]], [[3.0], [4.0], [5.0], [0.0]]], "float32")
    for lib in LIBRARIES.values():
        np.testing.assert_array_equal(halved_and_summed(lib).predict(x, verbose=0), [[1.0], [8.0]])


def with_a_metric(lib):
    class Logged(lib.layers.Layer):
        def __init__(self):
            super().__init__(name="one")
            self.mean = lib.metrics.Mean(name="mean_input")
            self.dense = lib.layers.Dense(1, kernel_initializer="ones", name="dense")

        def call(self, inputs):
            self.mean.update_state(inputs)
            return self.dense(inputs)

    return Logged()


def test_metrics_as_attributes():
    x = drawn((5, 4))
    for lib in LIBRARIES.values():
        layer = with_a_metric(lib)
        layer(x)
        assert float(layer.mean.result()) == pytest.approx(x.mean())
        assert [v.path for v in layer.weights] == ["one/dense/kernel", "one/dense/bias"]


# What is said in another way, or takes more: a base class with one name for the argument, stubs of other libraries' layers.
_OTHERS = {"InputLayer", "JaxLayer", "FlaxLayer", "TFSMLayer", "RMSNormalization", "SimpleRNNCell"}


def test_users_layers_may_call_ours_with_what_keras_takes():
    """`super().call(x, training=training)`: the arguments of each `call`, in their order."""

    def arguments(cls):
        kinds = inspect.Parameter
        return [
            (p.name, p.kind) for p in inspect.signature(cls.call).parameters.values() if p.kind is not kinds.VAR_KEYWORD
        ]

    checked = 0
    for name in dir(real.layers):
        theirs, ours = getattr(real.layers, name), getattr(mine, name, None)
        if inspect.isclass(theirs) and issubclass(theirs, real.Layer) and name not in _OTHERS:
            wanted = arguments(theirs)
            assert arguments(ours)[: len(wanted)] == wanted, name
            checked += 1
    assert checked > 150
