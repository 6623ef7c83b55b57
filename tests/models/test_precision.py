"""Half precision in training: what torch modules inside see, and a loss scale that survives gradients too small for it."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import dtype_policies, layers, mixed_precision

X = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch):
    """Afterwards no policy is set, as before: then layers follow floatx."""
    monkeypatch.setitem(dtype_policies._global, "policy", dtype_policies._global["policy"])


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request):
    mixed_precision.set_global_policy(request.param)
    yield {"mixed_float16": torch.float16, "mixed_bfloat16": torch.bfloat16}[request.param]
    mixed_precision.set_global_policy("float32")


class Inner(torch.nn.Module):
    """A module of torch with one inside it, noting the dtypes that its matrix product takes and gives."""

    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 3))
        self.seen = set()

    def forward(self, x):
        y = self.net(x)
        self.seen.add((y.dtype, torch.is_autocast_enabled("cpu")))
        return y


class Around(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner, self.head = Inner(), layers.Dense(1, dtype="float32")

    def call(self, x):
        return self.head(self.inner(x))


MODELS = {
    "wrapped": lambda: keras.Sequential([keras.Input((4,)), layers.TorchModuleWrapper(Inner()), layers.Dense(1)]),
    "bare in a row": lambda: keras.Sequential([keras.Input((4,)), Inner(), layers.Dense(1)]),
    "called by a model": Around,
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_modules_of_torch_compute_in_half_precision(make, policy):
    model = make()
    model.compile("sgd", "mse")
    inner = next(module for module in model.modules() if isinstance(module, Inner))
    for name, data in (("fit", (X, Y)), ("evaluate", (X, Y)), ("predict", (X,))):
        inner.seen.clear()
        getattr(model, name)(*data, verbose=0)
        assert {dtype for dtype, _ in inner.seen} == {policy} and all(on for _, on in inner.seen)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert not torch.is_autocast_enabled("cpu")


def test_softmax_losses_and_normalization_stay_in_single_precision(policy):
    seen = {}

    class Noting(keras.losses.Loss):
        def call(self, y_true, y_pred):
            seen["loss"] = y_pred.dtype
            return (y_pred - y_true) ** 2

    row = [keras.Input((4,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(1, dtype="float32")]
    model = keras.Sequential(row)
    model.compile("sgd", Noting())
    model.fit(X, Y, verbose=0)
    assert seen["loss"] is torch.float32
    assert model.layers[1].moving_mean.dtype == "float32" and model.predict(X, verbose=0).dtype == np.float32
    big = layers.LayerNormalization()(torch.full((2, 300), 300.0, dtype=policy).mul_(torch.linspace(1, 2, 300)).to(policy))
    assert torch.isfinite(big.float()).all()  # 300 * 300 * 300 is no number of float16


class Row(keras.Model):
    def __init__(self, tail):
        super().__init__()
        self.body, self.tail = layers.Dense(8), tail

    def call(self, x):
        return self.tail(self.body(x))


WIDE = {
    "dense": (lambda: layers.Dense(2, dtype="float32"), (5, 4)),
    "softmax": (lambda: layers.Activation("softmax", dtype="float32"), (5, 4)),
    "lstm": (lambda: layers.LSTM(3, dtype="float32"), (5, 4)),
    "convolution": (lambda: layers.Conv1D(2, 3, dtype="float32"), (5, 4)),
    "a model": (lambda: keras.Sequential([layers.Dense(2, dtype="float32")], dtype="float32"), (5, 4)),
}


@pytest.mark.parametrize("kind", WIDE)
@pytest.mark.parametrize("how", ["row", "tensors", "subclass"])
def test_a_layer_of_single_precision_computes_in_it_inside_a_mixed_model(kind, how, policy):
    make, shape = WIDE[kind]
    tail = make()
    if how == "row":
        model = keras.Sequential([keras.Input(shape), layers.Dense(8), tail])
    elif how == "tensors":
        entry = keras.Input(shape)
        model = keras.Model(entry, tail(layers.Dense(8)(entry)))
    else:
        model = Row(tail)
    x = torch.rand(2, *shape)
    model(x)
    body = next(layer for layer in model.layers if isinstance(layer, layers.Dense))
    for _ in range(2):  # the second time by the short way, if there is one
        hidden = body(x)
        assert hidden.dtype is policy and model(x).dtype is torch.float32
        torch.testing.assert_close(model(x), tail(hidden.float()))
    with torch.autocast("cpu", torch.bfloat16):  # somebody's own autocast reaches all layers, as everywhere in torch
        if kind in ("dense", "convolution"):
            assert tail(hidden.float()).dtype is torch.bfloat16


@pytest.mark.parametrize("size", [1e-3, 1e-9])
def test_a_loss_scale_survives_what_float16_cannot_hold(size):
    """Gradients below 6e-8 are zero in float16; scaled they are not, and the scale grows as long as nothing overflows."""
    mixed_precision.set_global_policy("mixed_float16")
    try:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1)])
    finally:
        mixed_precision.set_global_policy("float32")
    model.compile(keras.optimizers.SGD(1e-2 / size), lambda y_true, y_pred: size * ((y_true - y_pred) ** 2).mean())
    scaled = model.optimizer
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)
    losses = model.fit(X, Y, batch_size=8, epochs=20, verbose=0).history["loss"]
    assert np.isfinite(losses).all() and losses[-1] < 0.2 * losses[0]
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_loss_scale_survives_an_overflow():
    """A step whose scaled gradients are infinite is left out, and the scale halved, until they are numbers again."""
    mixed_precision.set_global_policy("mixed_float16")
    try:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1)])
    finally:
        mixed_precision.set_global_policy("float32")
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=2.0**24), "mse")
    before = model.get_weights()
    model.fit(X, Y, batch_size=32, verbose=0)
    for now, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, kept)
    assert float(model.optimizer.dynamic_scale) == 2.0**23
    losses = model.fit(X, Y, batch_size=8, epochs=20, verbose=0).history["loss"]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    assert float(model.optimizer.dynamic_scale) < 2.0**23
