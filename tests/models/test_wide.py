"""Several small batches of inference as one pass: where that is done, where it must not be, and that nobody can tell."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from torchkeras_lite import callbacks, layers, losses, models, ops
from torchkeras_lite.models import wide

X = np.random.default_rng(3).normal(size=(103, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


class Products(TorchDispatchMode):
    """Counts the matrix products, and remembers of how many rows each was."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func in (torch.ops.aten.addmm.default, torch.ops.aten.linear.default):
            self.rows.append(args[1 if func is torch.ops.aten.addmm.default else 0].shape[0])
        return func(*args, **(kwargs or {}))


class Batches(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_test_batch_end(self, batch, logs=None):
        self.seen.append((batch, logs["loss"]))

    def on_predict_batch_end(self, batch, logs=None):
        self.seen.append((batch, len(logs["outputs"])))


def model_of(*inner, loss="sparse_categorical_crossentropy", metrics=("accuracy",), **kwargs):
    model = models.Sequential([layers.Input((6,)), *inner, layers.Dense(3, activation="softmax")])
    model.compile("sgd", loss, metrics=list(metrics), **kwargs)
    model.evaluate(X[:2], Y[:2], verbose=0)  # so that the metrics are made
    return model


def rows_of(run):
    with Products() as products:
        run()
    return products.rows


def passes(model):
    """Rows of the passes of predict, and of evaluate, over 103 rows in batches of 8."""
    return (
        rows_of(lambda: model.predict(X, batch_size=8, verbose=0)),
        rows_of(lambda: model.evaluate(X, Y, batch_size=8, verbose=0)),
    )


SINGLE = [8] * 12 + [7]


def test_one_pass_and_the_same_numbers():
    model = model_of()
    assert passes(model) == ([103], [103])
    each = Batches()
    expected = model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[each])
    assert [batch for batch, _ in each.seen] == list(range(13))
    np.testing.assert_allclose(model.evaluate(X, Y, batch_size=8, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(X, batch_size=8, verbose=0), model(X).detach(), rtol=1e-5, atol=1e-6)


def test_sample_weights():
    model, weights = model_of(), np.linspace(0, 2, 103).astype("float32")
    expected = model.evaluate(X, Y, batch_size=8, sample_weight=weights, verbose=0, callbacks=[Batches()])
    results = []
    run = lambda: results.append(model.evaluate(X, Y, batch_size=8, sample_weight=weights, verbose=0))  # noqa: E731
    assert rows_of(run) == [103]
    np.testing.assert_allclose(results[0], expected, rtol=1e-5)


def test_no_more_rows_than_fit(monkeypatch):
    model = model_of()
    monkeypatch.setattr(wide, "_ELEMENTS", 6 * 33)
    assert passes(model) == ([32, 32, 32, 7], [32, 32, 32, 7])
    monkeypatch.setattr(wide, "_ELEMENTS", 6 * 15)
    assert passes(model) == (SINGLE, SINGLE)


def test_the_bar_counts_batches(capsys):
    model = model_of()
    assert rows_of(lambda: model.evaluate(X, Y, batch_size=8)) == [103]
    assert "13/13" in capsys.readouterr().out


def test_validation_too():
    model = model_of()
    order = []
    rows = rows_of(lambda: order.append(model.fit(X, Y, batch_size=103, shuffle=False, validation_data=(X, Y))))
    assert rows[-1] == 103 and len(rows) == 2
    loss, accuracy = model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[Batches()])
    np.testing.assert_allclose(order[0].history["val_loss"], [loss], rtol=1e-5)
    np.testing.assert_allclose(order[0].history["val_accuracy"], [accuracy], rtol=1e-5)


@pytest.mark.parametrize("kind", ["loader", "generator"])
def test_batches_that_come_by_themselves(kind):
    model = model_of()
    taken = []

    def batches():
        for start in range(0, 103, 8):
            taken.append(start)
            yield X[start : start + 8], Y[start : start + 8]

    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    source = {"loader": torch.utils.data.DataLoader(data, batch_size=8), "generator": batches()}[kind]
    results = []
    assert rows_of(lambda: results.append(model.evaluate(source, verbose=0))) == [103]
    np.testing.assert_allclose(results[0], model.evaluate(X, Y, batch_size=103, verbose=0), rtol=1e-5)
    if kind == "generator":
        source, taken[:] = batches(), []
        assert rows_of(lambda: results.append(model.evaluate(source, steps=3, verbose=0))) == [24]
        np.testing.assert_allclose(results[1], model.evaluate(X[:24], Y[:24], batch_size=24, verbose=0), rtol=1e-5)
        assert taken == [0, 8, 16] and next(source)[0] is not None


def test_batches_that_differ_go_by_themselves():
    model = models.Sequential([layers.Input((None, 2)), layers.GlobalAveragePooling1D(), layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = [(np.ones((3, t, 2), "float32"), np.zeros((3, 1), "float32")) for t in (2, 2, 5, 4)]
    assert rows_of(lambda: model.evaluate((b for b in batches), verbose=0)) == [3] * 4  # an open shape has no largest tensor
    kept = list(wide._joined([tuple(map(torch.tensor, batch)) for batch in batches], 100, None))
    like = [(torch.ones(3, 2),)] * 5 + [(torch.ones(30, 2),), (torch.ones(3, 2),)]
    sizes = [(number, len(batch[0])) for number, batch in wide._joined(like, 7, None)]
    assert sizes == [(1, 6), (3, 6), (4, 3), (5, 30), (6, 3)]
    assert [(number, tuple(batch[0].shape)) for number, batch in kept] == [(1, (6, 2, 2)), (2, (3, 5, 2)), (3, (3, 4, 2))]


class Own(layers.Dense):
    def call(self, inputs):
        return super().call(inputs) - ops.mean(inputs)  # of all rows


class Outer(layers.Layer):
    def call(self, x):
        return x - ops.mean(x, axis=0)


def looks_at_all(x):
    return x - x.mean()


APART = {
    "a layer that overrides call": lambda: [Own(6)],
    "a layer of a user's": lambda: [Outer()],
    "a lambda": lambda: [layers.Lambda(looks_at_all)],
    "an activation of a user's": lambda: [layers.Dense(6, activation=looks_at_all)],
    "an activation layer": lambda: [layers.Activation(looks_at_all)],
    "a softmax over rows": lambda: [layers.Softmax(axis=0)],
    "a softmax over rows, counted from behind": lambda: [layers.Softmax(axis=-2)],
    "a softmax over rows in a wrapper": lambda: [
        layers.Reshape((3, 2)), layers.TimeDistributed(layers.Softmax(axis=-2)), layers.Flatten()
    ],
    "a model inside": lambda: [models.Sequential([layers.Input((6,)), Own(6)])],
    "noise at all times": lambda: [_Noisy()],
}  # fmt: skip


class _Noisy(layers.Dropout):
    def __call__(self, x, **kwargs):
        return super().__call__(x, training=True)

    def __init__(self):
        super().__init__(0.5)


@pytest.mark.parametrize("what", APART)
def test_what_looks_at_a_batch_gets_each(what):
    model = models.Sequential([layers.Input((6,)), *APART[what](), layers.Dense(3)])
    model(X[:8])
    assert not wide.rows_to_predict(model)


def test_graphs_that_look_at_a_batch_get_each():
    x = layers.Input((6,))
    for y in (x - ops.mean(x, axis=0), layers.Dropout(0.5)(x, training=True), layers.Add()([x, torch.ones(1, 6)])):
        assert not wide.rows_to_predict(models.Model(x, y))
    assert wide.rows_to_predict(models.Model(x, layers.Dropout(0.5)(x)))
    stateful = models.Sequential([layers.Input(batch_shape=(8, 3, 2)), layers.LSTM(2, stateful=True)])
    assert not wide.rows_to_predict(stateful)
    stateful.layers[0].stateful = False
    assert not wide.rows_to_predict(stateful)  # it takes 8 rows


def test_whoever_listens_gets_each():
    model = model_of(layers.Dense(5))
    rows = []
    hook = model.layers[0].register_forward_hook(lambda module, args, output: rows.append(len(output)))
    model.predict(X, batch_size=8, verbose=0)
    assert rows == SINGLE
    hook.remove()
    hook = next(model.layers[0].children()).register_forward_hook(lambda module, args, output: None)
    assert not wide.rows_to_predict(model)
    hook.remove()
    model.layers[1].call = lambda x: x
    assert not wide.rows_to_predict(model)
    del model.layers[1].call
    each = Batches()
    model.predict(X, batch_size=8, verbose=0, callbacks=[each])
    assert each.seen == list(enumerate(SINGLE))
    assert passes(model)[0] == [103, 103]


def test_losses_and_metrics_of_users_get_each():
    rows = []

    def own(y_true, y_pred):
        rows.append(len(y_pred))
        return losses.sparse_categorical_crossentropy(y_true, y_pred)

    for model in (model_of(loss=own), model_of(metrics=[own])):
        rows.clear()
        assert passes(model) == ([103], SINGLE)
        assert rows == SINGLE
    assert passes(model_of(loss=losses.SparseCategoricalCrossentropy(reduction="sum")))[1] == SINGLE
    assert passes(model_of(loss=losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")))[1] == SINGLE
    assert passes(model_of(run_eagerly=True)) == (SINGLE, SINGLE)
    assert wide.rows_to_evaluate(model_of(layers.Dense(6, kernel_regularizer="l2")))
    assert not wide.rows_to_evaluate(model_of(layers.Dense(6, activity_regularizer="l2")))
    masked = models.Sequential([layers.Input((4,)), layers.Embedding(9, 2, mask_zero=True), layers.LSTM(3)])
    masked.compile("sgd", "mse")
    assert wide.rows_to_predict(masked) and not wide.rows_to_evaluate(masked)


class Counting(models.Model):
    steps = 0

    def test_step(self, data):
        self.steps += 1
        return super().test_step(data)


def test_models_of_users_get_each():
    x = layers.Input((6,))
    model = Counting(x, layers.Dense(3, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.evaluate(X, Y, batch_size=8, verbose=0)
    assert model.steps == 13
    model = model_of()
    seen, plain = [], model.predict_step
    model.predict_step = lambda data: seen.append(1) or plain(data)
    model.predict(X, batch_size=8, verbose=0)
    assert len(seen) == 13


def test_a_layer_that_has_given_up_an_inner_one():
    class Choosing(layers.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(2), layers.Dense(5)

        def build(self, input_shape):
            self.second = None
            self.first.build(input_shape)

        def call(self, x):
            return self.first(x)

    inputs = layers.Input((6,))
    model = models.Model(inputs, Choosing()(inputs))
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(X, batch_size=8, verbose=0), X @ kernel + bias, rtol=1e-5, atol=1e-6)
