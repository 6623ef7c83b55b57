"""SwapEMAWeights: evaluated with the averages, trained on with the weights."""

import numpy as np
import pytest

from torchkeras_lite import Input, Sequential, callbacks, layers, optimizers


def data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 3)).astype("float32")
    return x, x.sum(1, keepdims=True)


def compiled(optimizer):
    layer = layers.Dense(1, kernel_initializer="ones", name="dense")
    model = Sequential([Input((3,)), layer])
    model.compile(optimizer, "mse")
    return model


def averaging(**settings):
    return optimizers.SGD(0.2, use_ema=True, ema_momentum=0.5, **settings)


class Watch(callbacks.Callback):
    """The kernel at the beginning and end of everything."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def note(self, what):
        self.seen.append((what, self.model.layers[0].kernel.numpy()[0, 0]))

    def on_epoch_begin(self, epoch, logs=None):
        self.note("epoch")

    def on_test_begin(self, logs=None):
        self.note("test")

    def on_epoch_end(self, epoch, logs=None):
        self.note("end")


def train(callback, optimizer=None, epochs=3, more=()):
    model, watch = compiled(optimizer or averaging()), Watch()
    x, y = data()
    callback = [callback] if callback else []
    model.fit(x, 2 * y, epochs=epochs, batch_size=8, validation_data=(x, y), verbose=0, shuffle=False,
              callbacks=[*callback, watch, *more])  # fmt: skip
    return model, watch.seen


@pytest.mark.parametrize(
    "wrap",
    [
        lambda optimizer: optimizer,
        optimizers.LossScaleOptimizer,
        lambda optimizer: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.2), {".*kernel": optimizer})),
    ],
)
def test_averages_where_they_are_wanted(wrap):
    _, plain = train(None)
    _, on_test = train(callbacks.SwapEMAWeights(), wrap(averaging()))
    _, on_epoch = train(callbacks.SwapEMAWeights(swap_on_epoch=True), wrap(averaging()))
    for (what, weight), (_, tested), (_, kept) in zip(plain, on_test, on_epoch, strict=True):
        assert (tested != pytest.approx(weight)) == (what == "test")
        assert (kept != pytest.approx(weight)) == (what in ("test", "end"))
        assert what != "test" or tested == pytest.approx(kept)


@pytest.mark.parametrize("more", [(), (callbacks.EarlyStopping("val_loss", mode="max"),)])
@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_training_ends_with_the_averages(swap_on_epoch, more):
    expected, _ = train(None, more=more)
    model, _ = train(callbacks.SwapEMAWeights(swap_on_epoch), more=more)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), expected.layers[0].kernel.numpy())


def test_evaluation_and_prediction_leave_the_weights():
    model, _ = train(None)
    optimizer = model.optimizer
    optimizer._model_variables_moving_average[0].assign(np.zeros((3, 1)))
    before = model.layers[0].kernel.numpy()
    callback, (x, y) = callbacks.SwapEMAWeights(), data()
    predicted = model.predict(x, verbose=0, callbacks=[callback])
    assert np.abs(predicted - predicted[0]).max() < 1e-6
    model.evaluate(x, y, verbose=0, callbacks=[callback])
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), before)
    assert not optimizer._model_variables_moving_average[0].numpy().any()


@pytest.mark.parametrize("optimizer", [optimizers.SGD(), averaging()])
def test_there_have_to_be_averages(optimizer):
    model = compiled(optimizer)
    with pytest.raises(ValueError, match="use_ema=True"):
        model.evaluate(*data(), verbose=0, callbacks=[callbacks.SwapEMAWeights()])
