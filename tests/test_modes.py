"""Numbers too small to count: taken for zero while a model trains, and afterwards treated as they were before."""

import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.modes import flushed_denormals

X, Y = torch.rand(8, 4), torch.rand(8, 2)
pytestmark = pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor cannot flush them")


def flushed() -> bool:
    return (torch.tensor([2e-38], dtype=torch.float32) * 0.1).item() == 0


@pytest.fixture(params=[False, True])
def before(request):
    """What the process did before, by its own choice."""
    torch.set_flush_denormal(request.param)
    yield request.param
    torch.set_flush_denormal(False)


class Looks(layers.Layer):
    """Notes what happens in the forward pass, and in the backward pass behind it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.__dict__["seen"] = []

    def call(self, x):
        self.seen.append(flushed())
        if x.requires_grad:
            x.register_hook(lambda gradient: self.seen.append(flushed()))
        return x * 1.0


def compiled(optimizer="sgd"):
    looks = Looks()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), looks, layers.Dense(2)])
    model.compile(optimizer, "mse")
    looks.seen.clear()
    return model, looks.seen


class Looked(keras.callbacks.Callback):
    """Notes what happens at the end of each batch; then raises what it was given."""

    def __init__(self, error=None):
        super().__init__()
        self.error, self.seen = error, []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(flushed())
        if self.error is not None:
            raise self.error


def test_the_context_itself(before):
    with flushed_denormals():
        assert flushed()
        with flushed_denormals():
            assert flushed()
        assert flushed()
    assert flushed() is before
    with pytest.raises(ZeroDivisionError), flushed_denormals():
        raise ZeroDivisionError
    assert flushed() is before


def test_fit(before):
    (model, seen), looked = compiled(), Looked()
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[looked])
    assert seen == [True] * 8 and looked.seen == [True] * 4  # four steps there and back
    assert flushed() is before


def test_train_on_batch(before):
    model, seen = compiled()
    model.train_on_batch(X, Y)
    assert seen == [True, True] and flushed() is before


def test_calls_evaluate_and_predict_leave_it_alone(before):
    model, seen = compiled()
    model(X), model.evaluate(X, Y, verbose=0), model.predict(X, verbose=0), model.test_on_batch(X, Y)
    assert seen == [before] * 4 and flushed() is before


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt()])
def test_after_an_error(before, error):
    (model, _), looked = compiled(), Looked(error)
    with pytest.raises(type(error)):
        model.fit(X, Y, verbose=0, callbacks=[looked])
    assert looked.seen == [True] and flushed() is before
    with pytest.raises(ValueError, match="same shape"):
        model.train_on_batch(X, Y[:, :1].expand(8, 3))
    assert flushed() is before


def test_a_fit_inside_a_fit(before):
    (inner, _), (outer, _) = compiled(), compiled()
    looked = Looked()
    within = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: inner.fit(X, Y, verbose=0))
    outer.fit(X, Y, batch_size=4, verbose=0, callbacks=[within, looked])
    assert looked.seen == [True, True] and flushed() is before


def test_the_state_is_told_in_any_default_dtype():
    torch.set_default_dtype(torch.float64)
    torch.set_flush_denormal(True)
    try:
        with flushed_denormals():
            pass
        assert flushed()
    finally:
        torch.set_flush_denormal(False)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", keras.optimizers.SGD(0.01, momentum=0.9)])
def test_moments_of_a_dead_unit_end_at_zero(optimizer):
    """Below the smallest normal number they would only crawl on, and be dear in each step."""
    model, _ = compiled(optimizer)
    model.train_on_batch(X, Y)
    slot = next(v.value for v in model.optimizer.variables if v.shape == (4, 3))
    with torch.no_grad():
        slot.fill_(1.05 * torch.finfo(torch.float32).tiny)
    model.train_on_batch(X * 0, Y)  # no gradient: the moment is 0.9 times what it was
    assert not slot.any()
