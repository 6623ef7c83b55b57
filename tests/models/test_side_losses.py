"""Losses drawn from tensors of a graph: `add_loss(tensor)`, and loss functions that look beside their arguments."""

import copy
import functools
import pickle

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, losses, ops

X = np.random.default_rng(0).random((40, 8), dtype="float32")


def parts():
    keras.utils.set_random_seed(1)
    x = keras.Input((8,), name="x")
    mean, log_var = layers.Dense(2, name="mean")(x), layers.Dense(2, name="log_var")(x)
    z = layers.Lambda(lambda both: both[0] + ops.exp(both[1] / 2))([mean, log_var])
    return x, mean, log_var, layers.Dense(8, "sigmoid", name="decoded")(z)


def kl(mean, log_var):
    return -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)


def by_hand(model, x=X, y=None):
    """The loss, computed from the model's layers without its graph."""
    x = torch.as_tensor(x)
    with torch.no_grad():
        return _by_hand(model, x, x if y is None else torch.as_tensor(y))


def _by_hand(model, x, truth):
    mean, log_var = model.get_layer("mean")(x), model.get_layer("log_var")(x)
    out = model.get_layer("decoded")(mean + torch.exp(log_var / 2))
    return float((8 * losses.binary_crossentropy(truth, out) + kl(mean, log_var)).mean())


def with_added_loss():
    x, mean, log_var, out = parts()
    model = keras.Model(x, out)
    model.add_loss(ops.mean(8 * losses.binary_crossentropy(x, out) + kl(mean, log_var)))
    model.compile("rmsprop")
    return model


def with_loss_function(wrap=lambda f: f):
    x, mean, log_var, out = parts()

    def divergence():
        return kl(mean, log_var)

    def loss(y_true, y_pred):
        return ops.mean(8 * losses.binary_crossentropy(y_true, y_pred) + divergence())

    model = keras.Model(x, out)
    model.compile("rmsprop", loss=wrap(loss))
    return model


def test_an_added_loss_is_what_is_trained():
    model = with_added_loss()
    wanted = by_hand(model)
    assert model.evaluate(X, verbose=0) == pytest.approx(wanted, rel=1e-5)
    history = model.fit(X, batch_size=8, epochs=5, verbose=0, validation_data=(X, None)).history
    assert history["loss"][-1] < history["loss"][0] and history["val_loss"][-1] < wanted
    assert history["val_loss"][-1] == pytest.approx(by_hand(model), rel=1e-5)
    assert model.predict(X, verbose=0).shape == (40, 8)


def test_added_losses_add_up_and_join_the_compiled_one():
    x, mean, log_var, out = parts()
    model = keras.Model(x, out)
    model.add_loss(ops.mean(mean))
    model.add_loss([ops.sum(ops.mean(log_var, axis=0)), 2 * ops.mean(out)])
    model.compile("sgd", "mse")
    values = keras.Model(x, [mean, log_var, out]).predict(X, verbose=0)
    wanted = values[0].mean() + values[1].mean(0).sum() + 2 * values[2].mean() + ((values[2] - X) ** 2).mean()
    assert model.evaluate(X, X, batch_size=40, verbose=0) == pytest.approx(wanted, rel=1e-5)
    model(X)
    assert len(model.losses) == 3


def test_gradients_reach_layers_that_only_the_loss_uses():
    x = keras.Input((8,))
    model = keras.Model(x, layers.Dense(1)(x))
    critic = layers.Dense(1, name="critic")
    model.add_loss(ops.mean(ops.square(critic(x) - 1)))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = critic.kernel.numpy().copy()
    model.fit(X, X[:, :1], epochs=2, verbose=0)
    assert any(v is critic.kernel for v in model.trainable_weights) and not np.allclose(before, critic.kernel.numpy())


@pytest.mark.parametrize("wrap", [lambda f: f, functools.partial], ids=["function", "partial"])
def test_a_loss_function_that_looks_beside_its_arguments(wrap):
    model, added = with_loss_function(wrap), with_added_loss()
    assert model.evaluate(X, X, verbose=0) == pytest.approx(by_hand(model), rel=1e-5)
    keras.utils.set_random_seed(2)
    ours = model.fit(X, X, batch_size=8, epochs=3, verbose=0).history["loss"]
    keras.utils.set_random_seed(2)
    np.testing.assert_allclose(ours, added.fit(X, batch_size=8, epochs=3, verbose=0).history["loss"], rtol=1e-5)


def test_globals_count_too():
    x, mean, log_var, out = parts()
    names = {"mean": mean, "log_var": log_var, "ops": ops, "losses": losses, "x": X}
    exec("def loss(t, p): return ops.mean((t - p) ** 2) + ops.mean(mean) + ops.mean((lambda: log_var)())", names)
    model = keras.Model(x, out)
    model.compile("sgd", names["loss"])
    values = keras.Model(x, [mean, log_var, out]).predict(X, verbose=0)
    wanted = ((X - values[2]) ** 2).mean() + values[0].mean() + values[1].mean()
    assert model.evaluate(X, X, batch_size=40, verbose=0) == pytest.approx(wanted, rel=1e-5)


def test_the_output_itself_may_be_looked_at():
    x, mean, _, out = parts()
    model = keras.Model(x, out)
    model.compile("sgd", lambda t, p: ops.mean((t - p) ** 2, -1) + ops.mean(out * 0 + 1, -1) + ops.mean(mean, -1))
    values = keras.Model(x, [mean, out]).predict(X, verbose=0)
    wanted = ((X - values[1]) ** 2).mean() + 1 + values[0].mean()
    assert model.evaluate(X, X, batch_size=40, verbose=0) == pytest.approx(wanted, rel=1e-5)


def test_several_outputs():
    x, mean, log_var, out = parts()
    model = keras.Model(x, [out, layers.Dense(1, name="small")(mean)])
    model.compile("sgd", {"decoded": "mse", "small": lambda t, p: ops.mean((t - p) ** 2, -1) + kl(mean, log_var)})
    result = model.evaluate(X, [X, X[:, :1]], batch_size=40, verbose=0, return_dict=True)
    a, b, c, d = keras.Model(x, [mean, log_var, *model.outputs]).predict(X, verbose=0)
    divergence = float(kl(torch.as_tensor(a), torch.as_tensor(b)).mean())
    assert result["small_loss"] == pytest.approx(((X[:, :1] - d) ** 2).mean() + divergence, rel=1e-5)
    assert result["loss"] == pytest.approx(result["small_loss"] + ((X - c) ** 2).mean(), rel=1e-5)


def test_an_encoder_inside():
    x, mean, log_var, _ = parts()
    encoder = keras.Model(x, [mean, log_var], name="encoder")
    small = keras.Input((2,))
    decoder = keras.Model(small, layers.Dense(8, "sigmoid", name="decoded")(small), name="decoder")
    out = decoder(encoder(x)[0])
    model = keras.Model(x, out, name="vae")
    model.add_loss(ops.mean(kl(mean, log_var)))
    model.compile("adam", "mse")
    a, b = encoder.predict(X, verbose=0)
    wanted = ((model.predict(X, verbose=0) - X) ** 2).mean() + float(kl(torch.as_tensor(a), torch.as_tensor(b)).mean())
    assert model.evaluate(X, X, batch_size=40, verbose=0) == pytest.approx(wanted, rel=1e-5)
    count = len(model.trainable_weights)
    model.fit(X, X, verbose=0)
    assert count == len(model.trainable_weights) == 6


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_copies_keep_the_loss(how):
    x = keras.Input((8,))
    hidden = layers.Dense(2, name="mean")(x)
    model = keras.Model(x, layers.Dense(8)(hidden))
    model.add_loss(ops.mean(ops.square(hidden)))
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)
    other = how(model)
    assert other.evaluate(X, X, verbose=0) == pytest.approx(model.evaluate(X, X, verbose=0), rel=1e-6)
    before = model.get_weights()
    other.fit(X, X, verbose=0)
    for kept, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_compiled_anew_without_it():
    model = with_loss_function()
    model.compile("sgd", "mse")
    assert model._extended is None
    wanted = ((model.predict(X, verbose=0) - X) ** 2).mean()
    assert model.evaluate(X, X, batch_size=40, verbose=0) == pytest.approx(wanted, rel=1e-5)


def test_what_cannot_be():
    x, *_, out = parts()
    other = keras.Input((3,), name="elsewhere")
    model = keras.Model(x, out)
    with pytest.raises(ValueError, match="elsewhere"):
        model.add_loss(ops.mean(other))
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)  # as it was

    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="was not made from tensors"):
        Own().add_loss(ops.mean(other))


def test_a_loss_object_is_drawn_too():
    x, *_, out = parts()
    model = keras.Model(x, out)
    model.add_loss(keras.losses.MeanSquaredError()(x, out))
    model.compile("sgd")
    wanted = ((model.predict(X, verbose=0) - X) ** 2).mean()
    assert model.evaluate(X, batch_size=40, verbose=0) == pytest.approx(wanted, rel=1e-5)


def test_a_loss_that_says_which_tensors_it_wants():
    inputs = layers.Input((2,))
    hidden = layers.Dense(3, use_bias=False)(inputs)
    model = keras.Model(inputs, layers.Dense(1, use_bias=False)(hidden))

    def loss(y_true, y_pred, values):
        return (y_true - y_pred).square().sum(-1) + values.square().sum(-1)

    loss.tensors_beside = [hidden]
    model.compile("sgd", loss)
    first, second = (weight.numpy() for weight in model.weights)
    x, y = np.arange(8.0, dtype="float32").reshape(4, 2), np.ones((4, 1), "float32")
    wanted = ((y - x @ first @ second) ** 2).sum(-1) + ((x @ first) ** 2).sum(-1)
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), wanted.mean(), rtol=1e-5)
    model.fit(x, y, verbose=0)
    assert (model.weights[0].numpy() != first).all()


@pytest.mark.parametrize("kind, other", [(list, tuple), (tuple, list)])
def test_losses_of_another_kind_of_row_are_of_the_whole_output(kind, other):
    inputs = layers.Input((2,))
    model = keras.Model(inputs, kind([layers.Dense(1, name=name)(inputs) for name in "ab"]))
    seen = []

    def loss(y_true, y_pred):
        seen.append((type(y_true), type(y_pred), len(model.output)))
        return (y_true[0] - y_pred[1]).abs().mean()

    model.compile("sgd", other([loss, kind(["mse", "mae"])]))
    x, y = np.ones((4, 2), "float32"), kind([np.zeros((4, 1), "float32")] * 2)
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    assert {*logs} == {"loss", "a_loss", "b_loss", "a_b_loss"} and {*seen} == {(kind, kind, 2)}
    a, b = (abs(float(each[0, 0])) for each in model.predict(x, verbose=0))
    assert logs["loss"] == pytest.approx(b + a * a + b, rel=1e-5)
