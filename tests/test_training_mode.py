"""When a layer trains: the rules at the head of layer.py, and what users rely on."""

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import layers

X = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
T = torch.ones(16, 1)


class Asked(layers.Layer):
    """Notes what its call is told."""

    def __init__(self, seen, **kwargs):
        super().__init__(**kwargs)
        self.__dict__["seen"] = seen

    def call(self, x, training=None):
        self.seen.append(training)
        return x


class Noted(nn.Module):
    """The same for a torch module: its flag."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def forward(self, x):
        self.seen.append(self.training)
        return x


class Nested(keras.Model):
    """The layer is deep inside, behind calls that say nothing of training."""

    def __init__(self, *parts):
        super().__init__()
        self.blocks = [[keras.Sequential(list(parts))]]
        self.head = layers.Dense(1)

    def call(self, x):
        return self.head(self.blocks[0][0](x))


def flat(*parts):
    return keras.Sequential([keras.Input((8,)), *parts, layers.Dense(1)])


def lazy(*parts):
    return keras.Sequential([*parts, layers.Dense(1)])


CASES = [
    ("the call alone", lambda m: m(X), [False]),
    ("an explicit True", lambda m: m(X, training=True), [True]),
    ("and only for that call", lambda m: (m(X, training=True), m(X)), [True, False]),
    ("an explicit False", lambda m: (m.train(), m(X, training=False), m(X)), [False, True]),
    ("None says nothing", lambda m: (m(X, training=None), m.train(), m(X, training=None)), [False, True]),
    ("the user's train and eval", lambda m: (m.train(), m(X), m.eval(), m(X)), [True, False]),
    ("fit", lambda m: m.fit(X, T, verbose=0, batch_size=8), [True, True]),
    ("fit, then the call", lambda m: (m.fit(X, T, verbose=0), m(X)), [True, False]),
    ("validation in fit", lambda m: m.fit(X, T, verbose=0, validation_data=(X, T), epochs=2), [True, False] * 2),
    ("train_on_batch", lambda m: (m.train_on_batch(X, T), m(X)), [True, False]),
    ("train_step by hand", lambda m: (m.train_step((X, T)), m(X)), [True, False]),
    ("evaluate", lambda m: m.evaluate(X, T, verbose=0), [False]),
    ("predict", lambda m: m.predict(X, verbose=0), [False]),
    ("predict in pieces", lambda m: m.predict(X, verbose=0, batch_size=8), [False, False]),
    ("test_on_batch", lambda m: m.test_on_batch(X, T), [False]),
    ("predict_on_batch", lambda m: m.predict_on_batch(X), [False]),
    ("after train(), predict", lambda m: (m.train(), m.predict(X, verbose=0), m(X)), [False, True]),
    ("after train(), evaluate", lambda m: (m.train(), m.evaluate(X, T, verbose=0), m(X)), [False, True]),
    ("after train(), test_on_batch", lambda m: (m.train(), m.test_on_batch(X, T), m(X)), [False, True]),
    ("after train(), fit", lambda m: (m.train(), m.fit(X, T, verbose=0), m(X)), [True, True]),
    ("after eval(), fit", lambda m: (m.eval(), m.fit(X, T, verbose=0), m(X)), [True, False]),
]


@pytest.mark.parametrize("build", [flat, Nested])
@pytest.mark.parametrize("kind", [Asked, Noted])
@pytest.mark.parametrize(("what", "act", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_a_layer_is_told(build, kind, what, act, expected):
    seen = []
    model = build(kind(seen))
    model.compile("sgd", "mse")
    model(X)
    seen.clear()
    act(model)
    assert seen == expected


@pytest.mark.parametrize("kind", [Asked, Noted])
@pytest.mark.parametrize("build", [lazy, Nested])
def test_the_first_call_of_all_is_made_in_fit(build, kind):
    seen = []
    model = build(kind(seen), layers.BatchNormalization(momentum=0.5))
    model.compile("sgd", "mse")
    model.fit(X + 4, T, verbose=0)
    assert seen[-1] is True and not any(seen[:-1])
    norm = next(module for module in model.modules() if isinstance(module, layers.BatchNormalization))
    np.testing.assert_allclose(norm.moving_mean.numpy(), 0.5 * (X + 4).mean(0), rtol=1e-5)  # exactly one batch was counted
    assert not any(module.training for module in model.modules())


def test_training_given_by_position():
    seen = []
    layer = Asked(seen)
    layer(X, True), layer(X, False), layer(X, None), layer(X)
    assert seen == [True, False, False, False] and not layer.training


def test_an_argument_named_training_reaches_layers_that_were_not_told():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.kept, self.torch = layers.Dropout(0.5), nn.Dropout(0.5)
            self.told = []

        def call(self, x, training=False):
            self.told.append((training, self.kept.training, self.torch.training))
            return self.torch(self.kept(x))

    net = Net()
    net(X, True), net(X), net(X, training=True)
    assert net.told == [(True,) * 3, (False,) * 3, (True,) * 3]


def test_flags_are_put_back_when_a_call_fails():
    class Bad(layers.Layer):
        def call(self, x, training=None):
            raise RuntimeError("no")

    dropout, bad = nn.Dropout(0.5), Bad()

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = dropout, bad

        def call(self, x):
            return self.second(self.first(x))

    net = Net()
    net.compile("sgd", "mse")
    for act in (lambda: net(X, training=True), lambda: net.fit(X, T, verbose=0), lambda: net.train_on_batch(X, T)):
        with pytest.raises(RuntimeError, match="no"):
            act()
        assert not any(module.training for module in net.modules())
    net.train()
    for act in (lambda: net(X, training=False), lambda: net.predict(X, verbose=0), lambda: net.evaluate(X, T, verbose=0)):
        with pytest.raises(RuntimeError, match="no"):
            act()
        assert all(module.training for module in net.modules())


def test_flags_set_one_by_one_survive():
    """As for finetuning in torch: the whole trains, one part is in inference mode."""
    model = flat(layers.BatchNormalization(), layers.Dropout(0.5))
    model.train()
    model.layers[0].eval()
    model.predict(X, verbose=0), model(X, training=False), model(X, training=True)
    assert [layer.training for layer in model.layers] == [False, True, True]


def test_a_model_put_together_while_it_trains():
    model = keras.Sequential().train()
    for part in (keras.Input((8,)), layers.Dropout(0.9), nn.Dropout(0.9)):
        model.add(part)
    assert all(module.training for module in model.modules())
    assert (model(torch.ones(8, 8)) == 0).any()

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.train()
            self.parts = [layers.Dropout(0.5)]
            self.parts.append(nn.Dropout(0.5))

    assert all(module.training for module in Net().modules())


def test_torch_modules_that_join_a_layer_begin_in_inference_mode():
    body = nn.Sequential(nn.Dropout(0.5))
    assert body.training
    model = flat(body)
    assert not body.training and not body[0].training
    assert torch.equal(model(X), model(X))


def test_keras_layers_in_an_nn_sequential_follow_train_and_eval():
    body = nn.Sequential(layers.Dropout(0.5), nn.Sequential(layers.Dropout(0.5)))
    assert torch.equal(body(X), X)  # nobody has said `train()` yet
    assert (body.train()(X) == 0).any()
    assert torch.equal(body.eval()(X), X)


def test_a_frozen_batch_normalization_stays_as_it_is():
    model = flat(layers.BatchNormalization())
    norm = model.layers[0]
    model(X + 2, training=True)
    norm.trainable = False
    model.compile("sgd", "mse")
    before = norm.get_weights()
    model.fit(X * 3 + 2, T, verbose=0)
    assert torch.equal(norm(X, training=True), norm(X, training=False))
    model.train()
    model(X * 9)
    assert all(np.array_equal(a, b) for a, b in zip(before, norm.get_weights(), strict=True))
    norm.trainable = True
    model(X * 9)
    assert not np.array_equal(before[2], norm.get_weights()[2])


def test_monte_carlo_dropout():
    class Always(layers.Dropout):
        def call(self, inputs, training=None):
            return super().call(inputs, training=True)

    model = keras.Sequential([keras.Input((8,)), Always(0.5)])
    ones = torch.ones(16, 8)
    for out in (model(ones), model(ones, training=False), model.predict(ones, verbose=0), Always(0.5)(ones)):
        assert (np.asarray(out) == 0).any() and set(np.unique(np.asarray(out))) == {0.0, 2.0}
    assert not model.layers[0].training


def weights(*models):
    return [[w.copy() for w in model.get_weights()] for model in models]


def moved(before, after):
    return [any(not np.array_equal(a, b) for a, b in zip(x, y, strict=True)) for x, y in zip(before, after, strict=True)]


@pytest.mark.parametrize("compile_first", [True, False])
def test_each_half_of_a_gan_trains_its_own_weights(compile_first):
    judge = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(1, activation="sigmoid")])
    maker = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    if compile_first:
        judge.compile("adam", "binary_crossentropy")
        judge.trainable = False
        both = keras.Sequential([maker, judge])
    else:
        both = keras.Sequential([maker, judge])
        judge.compile("adam", "binary_crossentropy")
        judge.trainable = False
    both.compile("adam", "binary_crossentropy")
    noise, real = torch.randn(8, 2), torch.randn(8, 4)
    for _ in range(3):
        before = weights(maker, judge)
        judge.train_on_batch(real, torch.ones(8, 1))
        assert moved(before, weights(maker, judge)) == [False, True]
        before = weights(maker, judge)
        both.train_on_batch(noise, torch.ones(8, 1))
        assert moved(before, weights(maker, judge)) == [True, False]
    assert not any(p.requires_grad for p in judge.parameters()) and all(p.requires_grad for p in maker.parameters())


def test_a_gan_that_thaws_and_freezes_in_its_loop():
    judge = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation="sigmoid")])
    judge.compile("adam", "binary_crossentropy")
    maker = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    both = keras.Sequential([maker, judge])
    judge.trainable = False
    both.compile("adam", "binary_crossentropy")
    for _ in range(3):
        for model, frozen, data, expected in ((judge, False, (8, 4), [False, True]), (both, True, (8, 2), [True, False])):
            judge.trainable = not frozen
            before = weights(maker, judge)
            model.train_on_batch(torch.randn(data), torch.ones(8, 1))
            assert moved(before, weights(maker, judge)) == expected


@pytest.mark.parametrize("default", [True, False, None])
def test_a_default_of_the_users_call_counts_where_nobody_says(default):
    """As in Keras: outside of fit, evaluate and predict, for what is inside too."""

    class Dropping(layers.Layer):
        def __init__(self):
            super().__init__()
            self.drop, self.seen = layers.Dropout(0.5), []

        def call(self, x, training=default):
            self.seen.append(training)
            return self.drop(x)

    class Above(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dropout(0.5)

        def call(self, x, training=default):
            return self.inner(x)

    x = torch.ones(64, 4)

    def drops(y):
        return bool((y == 0).any())

    layer, above = Dropping(), Above()
    model = keras.Sequential([layers.Input((4,)), layer])
    model.compile("sgd", "mse")
    for called in (layer, above, model):
        assert drops(called(x)) is bool(default)
        assert drops(called(x, training=True)) and not drops(called(x, training=False))
        assert drops(called(x)) is bool(default)
    layer.seen.clear()
    model.predict(x, verbose=0)
    model.evaluate(x, x, verbose=0)
    assert set(layer.seen) == {False}
    model.fit(x, x, verbose=0)
    assert layer.seen[-1] is True and drops(model(x)) is bool(default)
    assert not drops(model.eval()(x)) and not drops(above.eval()(x))  # torch's word is somebody's
