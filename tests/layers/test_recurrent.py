"""Recurrent layers: torch's kernels against plain steps, masks, dropout, states, errors."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from torchkeras_lite import Input, Model, Sequential, calls, layers, optimizers
from torchkeras_lite.layers import recurrent, recurrent_kernels

KINDS = ("SimpleRNN", "LSTM", "GRU")


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def without_kernel(layer):
    """The same layer, step by step."""
    twin = copy.deepcopy(layer)
    twin.cell.__dict__["kernel_of"] = None
    return twin


@pytest.fixture(autouse=True)
def any_masks():
    before = calls.careful[0]
    yield
    calls.careful[0] = before


@st.composite
def masked(draw):
    rows, time = draw(st.integers(0, 4)), draw(st.integers(1, 7))
    mask = [[draw(st.booleans()) for _ in range(time)] for _ in range(rows)]
    return torch.tensor(mask, dtype=torch.bool).reshape(rows, time)


def check_kernel(kind, mask, flags, seed):
    options = dict(zip(("return_sequences", "return_state", "go_backwards", "zero_output_for_mask"), flags, strict=True))
    layer = getattr(layers, kind)(3, **options)
    x = drawn(*mask.shape, 2, seed=seed)
    layer(x)
    first = [drawn(len(x), 3, seed=seed + i).requires_grad_() for i in range(len(layer.state_size))]
    found = []
    for one in (layer, without_kernel(layer)):
        given_x = x.clone().requires_grad_()
        outputs = one(given_x, mask=mask, initial_state=first)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        total = sum((output * drawn(*output.shape, seed=7)).sum() for output in outputs)
        wanted = [given_x, *first, *one.parameters()]
        found.append([*outputs, *torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)])
    for fast, slow in zip(*found, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-5)


flags = st.tuples(*[st.booleans()] * 4)


@settings(max_examples=50, deadline=None, database=None)
@given(st.sampled_from(KINDS), masked(), flags, st.integers(0, 100))
def test_kernels_do_what_the_steps_do(kind, mask, flags, seed):
    check_kernel(kind, mask, flags, seed)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, database=None)
@given(st.sampled_from(KINDS), masked(), flags, st.integers(0, 100))
def test_kernels_do_what_the_steps_do_at_length(kind, mask, flags, seed):
    check_kernel(kind, mask, flags, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_masked_may_be_anything(kind):
    x = drawn(2, 4, 3)
    mask = torch.tensor([[True, False, True, False], [False, True, True, False]])
    layer = getattr(layers, kind)(2, return_sequences=True, return_state=True)
    expected = layer(x, mask=mask)
    spoiled = x.masked_fill(~mask.unsqueeze(-1), torch.nan).requires_grad_()
    found = layer(spoiled, mask=mask)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)
    sum(output.sum() for output in found).backward()
    assert not spoiled.grad[~mask].any() and all(parameter.grad.isfinite().all() for parameter in layer.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_without_a_step_that_counts(kind):
    layer = getattr(layers, kind)(2, return_sequences=True, return_state=True)
    mask = torch.zeros(2, 3, dtype=torch.bool)
    first = [drawn(2, 2, seed=i) for i in range(2 if kind == "LSTM" else 1)]
    outputs, *last = layer(drawn(2, 3, 4), mask=mask, initial_state=first)
    assert not outputs.any()
    for before, after in zip(first, last, strict=True):
        assert torch.equal(before, after)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_is_torchs(kind, monkeypatch):
    body = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}[kind](4, 3, batch_first=True)
    layer = getattr(layers, kind)(3, return_sequences=True)
    x = drawn(2, 5, 4)
    layer(x)
    cell = layer.cell
    with torch.no_grad():
        for theirs, ours in zip(body.parameters(), cell.torch_weights(), strict=True):
            theirs.copy_(ours)
    assert torch.equal(layer(x), body(x)[0])
    assert [*cell._parameters] == ["weight_ih", "weight_hh", "gate_bias"] and cell.weight_ih.shape == body.weight_ih_l0.shape
    monkeypatch.setattr(recurrent, "through_steps", None)
    for options in ({}, {"go_backwards": True}, {"use_bias": False}, {"stateful": True}, {"dropout": 0.5}, {"unroll": True}):
        for mask in (None, torch.ones(2, 5, dtype=torch.bool)):
            getattr(layers, kind)(3, **options)(x, mask=mask, training=True)


def test_weights_in_one_piece():
    weights = layers.LSTM(3)
    weights(drawn(2, 5, 4))
    weights = weights.cell.torch_weights()
    pieces = recurrent_kernels._in_one_piece(weights)
    assert all(torch.equal(piece, weight) for piece, weight in zip(pieces, weights, strict=True))
    ends = [piece.data_ptr() + piece.numel() * 4 for piece in pieces]
    assert [piece.data_ptr() for piece in pieces[1:]] == ends[:-1]
    sum(piece.sum() for piece in pieces).backward()
    assert all(torch.equal(weight.grad, torch.ones_like(weight)) for weight in weights[:3])


def test_gates_of_a_gru_are_shown_in_the_order_of_keras():
    layer = layers.GRU(1)
    layer(torch.zeros(1, 1, 1))
    layer.cell.kernel.assign([[1.0, 2.0, 3.0]])
    assert layer.cell.weight_ih.flatten().tolist() == [2.0, 1.0, 3.0]
    layer.cell.bias.assign([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert layer.cell.gate_bias.tolist() == [[2.0, 1.0, 3.0], [5.0, 4.0, 6.0]]
    torch.manual_seed(0)
    layer(torch.ones(1, 1, 1)).backward()
    raw = layer.cell.weight_ih.grad.flatten()
    assert torch.equal(layer.cell.kernel.grad.flatten(), raw[[1, 0, 2]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}, {"dropout": 0.3, "implementation": 1}])
def test_dropout(kind, options):
    if kind == "SimpleRNN":
        options = {key: value for key, value in options.items() if key != "implementation"}
    x = drawn(4, 6, 8)
    made = [getattr(layers, kind)(5, seed=3, **options) for _ in range(2)]
    first = [layer(x, training=True) for layer in made]
    made[1].set_weights(made[0].get_weights())
    again = [layer(x, training=True) for layer in made]
    assert torch.equal(again[0], again[1])  # the same seed, the same masks
    assert not torch.equal(again[0], first[0])  # fresh masks in each call
    plain = getattr(layers, kind)(5)
    plain(x)
    plain.set_weights(made[0].get_weights())
    torch.testing.assert_close(made[0](x), plain(x))
    assert made[0].cell.__dict__["_dropout_mask"] is made[0].cell.__dict__["_recurrent_dropout_mask"] is None


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("word", ["dropout", "recurrent_dropout"])
def test_dropout_of_a_convolutional_lstm(word, data_format):
    x = drawn(2, 3, 4, 4, 4)
    made = [layers.ConvLSTM2D(4, 2, data_format=data_format, seed=3, **{word: 0.5}) for _ in range(2)]
    for layer in made:
        layer(x)
    made[1].set_weights(made[0].get_weights())
    dropped = [layer(x, training=True) for layer in made]
    assert torch.equal(*dropped) and not torch.allclose(dropped[0], made[0](x))
    made[0].cell.dropout = made[0].cell.recurrent_dropout = 1e-9  # nothing dropped, by the way that drops
    torch.testing.assert_close(made[0](x, training=True), made[0](x), rtol=1e-4, atol=1e-5)


def test_dropped_inputs_are_the_same_in_all_steps():
    layer = layers.SimpleRNN(4, activation=None, dropout=0.5, recurrent_initializer="zeros", return_sequences=True)
    outputs = layer(torch.ones(3, 5, 8), training=True)
    assert torch.equal(outputs, outputs[:, :1].expand_as(outputs))
    assert not torch.equal(outputs[0], outputs[1])


def test_dropout_of_the_state_keeps_the_mean():
    layer = layers.SimpleRNN(1, activation=None, recurrent_dropout=0.4, recurrent_initializer="ones")
    h = layer(torch.zeros(20000, 1, 1), training=True, initial_state=torch.ones(20000, 1))
    assert h.unique().tolist() == pytest.approx([0, 1 / 0.6])
    assert h.mean().item() == pytest.approx(1, abs=0.03)


def test_copies_and_state_dicts():
    model = Sequential([Input((None, 4)), layers.Bidirectional(layers.GRU(3, return_sequences=True)), layers.LSTM(2)])
    x = drawn(2, 5, 4)
    twin = copy.deepcopy(model)
    assert torch.equal(model(x), twin(x))
    fresh = Sequential.from_config(model.get_config())
    fresh.load_state_dict(model.state_dict(), assign=True)
    assert torch.equal(model(x), fresh(x))
    np.testing.assert_array_equal(fresh.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("kind", KINDS)
def test_training_learns(kind):
    torch.manual_seed(0)
    x = drawn(64, 6, 3)
    y = x[:, 0, :1]  # what came first
    model = Sequential([Input((None, 3)), getattr(layers, kind)(16), layers.Dense(1)])
    model.compile(optimizers.Adam(0.01), "mse")
    before = model.evaluate(x, y, verbose=0)
    model.fit(x, y, epochs=40, batch_size=16, verbose=0)
    assert model.evaluate(x, y, verbose=0) < before / 4


def test_nothing_is_read_back_from_the_device(monkeypatch):
    layer = layers.LSTM(3, return_sequences=True, return_state=True)
    x, mask = drawn(2, 5, 4), torch.ones(2, 5, dtype=torch.bool)
    layer(x)

    def refuse(*args):
        raise AssertionError("read back")

    for word in ("item", "tolist", "numpy", "cpu", "__bool__", "__int__", "__float__", "__index__"):
        monkeypatch.setattr(torch.Tensor, word, refuse)
    layer(x, mask=mask)


def test_unknown_sizes_and_no_rows():
    x = Input((None, 8))
    h, *states = layers.LSTM(3, return_sequences=True, return_state=True)(x)
    assert h.shape == (None, None, 3) and [state.shape for state in states] == [(None, 3)] * 2
    y = layers.GRU(2, reset_after=False)(layers.TimeDistributed(layers.Dense(4))(h))
    model = Model(x, y)
    assert model(drawn(2, 7, 8)).shape == (2, 2) and model(drawn(0, 3, 8)).shape == (0, 2)
    assert layers.RNN([layers.LSTMCell(2), layers.GRUCell(4)])(x).shape == (None, 4)


def test_a_failed_build_leaves_nothing():
    layer = layers.LSTM(3)
    with pytest.raises(ValueError, match="last axis"):
        layer.build((None, 5, None))
    assert not layer.built and not [*layer.parameters()]
    assert layer(drawn(2, 5, 4)).shape == (2, 3)


class Own(layers.LSTMCell):
    def call(self, inputs, states, training=False):
        output, states = super().call(inputs, states, training)
        return 2 * output, states


def test_a_call_of_ones_own_is_called():
    x = drawn(2, 5, 4)
    plain, own = layers.RNN(layers.LSTMCell(3)), layers.RNN(Own(3))
    plain(x), own(x)
    own.set_weights(plain.get_weights())
    torch.testing.assert_close(own(x), 2 * plain(x))
    both = layers.Bidirectional(own)  # copied by its config, though nobody has registered its cell
    assert type(both.forward_layer.cell) is Own and both(x).shape == (2, 6)


def test_initial_weights_of_a_bidirectional():
    source = layers.Bidirectional(layers.GRU(2))
    source(drawn(2, 5, 4))
    twin = layers.Bidirectional(layers.GRU(2), weights=source.get_weights())
    assert torch.equal(twin(drawn(2, 5, 4)), source(drawn(2, 5, 4)))
    assert "weights" not in twin.get_config()


@pytest.mark.parametrize("kind", KINDS)
def test_an_activity_regularizer_counts(kind):
    layer = getattr(layers, kind)(2, activity_regularizer="l2")
    y = layer(drawn(2, 5, 4))
    torch.testing.assert_close(layer.losses[0], 0.01 * y.square().sum() / 2)


def test_a_time_distributed_layer_is_called_once_where_it_may_be():
    class Counting(layers.Dense):
        calls = 0

        def call(self, inputs):
            type(self).calls += 1
            return super().call(inputs)

    x = drawn(2, 6, 3)
    own = layers.TimeDistributed(Counting(2))
    y = own(x)
    before, Counting.calls = Counting.calls, 0
    assert before == 6 and own(x).shape == (2, 6, 2) and Counting.calls == 6  # a user's class: nobody knows what it does
    torch.testing.assert_close(y, own.layer.linear(x))
    seen = []
    plain = layers.TimeDistributed(layers.Dense(2))
    plain(x)
    plain.layer.linear.register_forward_hook(lambda module, args, output: seen.append(tuple(args[0].shape)))
    plain(x)
    assert seen == [(12, 3)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.LSTM(0), "`units`, expected a positive integer"),
        (lambda: layers.GRUCell(-1), "`units`, expected a positive integer"),
        (lambda: layers.LSTM(3, use_cudnn="yes"), "`use_cudnn` must be"),
        (lambda: layers.GRU(3, use_cudnn=True, recurrent_dropout=0.5), "drops nothing from states"),
        (lambda: layers.RNN(3), "`cell` should have a `call`"),
        (lambda: layers.RNN(layers.Dense(3)), "`cell` should have a `state_size`"),
        (lambda: layers.StackedRNNCells([layers.Dense(3)]), "each cell needs a `state_size`"),
        (lambda: layers.Bidirectional("LSTM"), "must be a Keras layer"),
        (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="max"), "`merge_mode` must be one of"),
        (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2)), "go_backwards=True"),
        (
            lambda: layers.Bidirectional(
                layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_sequences=True)
            ),
            "the same `return_sequences`",
        ),
        (lambda: layers.TimeDistributed(torch.nn.ReLU()), "supplied to Wrapper.*A TimeDistributed holds a Layer"),
        (lambda: layers.LSTM(2, unroll=True)(Input((None, 3))), "cannot unroll"),
        (lambda: layers.LSTM(2)(drawn(2, 3)), "expected ndim=3, found ndim=2"),
        (lambda: layers.ConvLSTM2D(2, 2)(Input((None, None, 4, 3))), "sizes of the input must be known"),
        (lambda: layers.ConvLSTM2D(2, 2, strides=2, dilation_rate=2), "`strides > 1` is not compatible with"),
        (lambda: layers.LSTM(2, stateful=True)(Input((5, 3))), "batch size must be known"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("wrapped", [False, True])
def test_states_outlive_predictions_and_training(wrapped):
    inner = layers.LSTM(2, stateful=True)
    model = Sequential([Input(batch_shape=(2, 3, 4)), layers.Bidirectional(inner) if wrapped else inner, layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y, layer = drawn(4, 3, 4), drawn(4, 1), model.layers[0]
    assert not any(state.numpy().any() for state in layer.states)  # the trial for the output shape left nothing
    model.predict(x, batch_size=2, verbose=0)
    model.fit(x, y, batch_size=2, verbose=0)
    model.evaluate(x, y, batch_size=2, verbose=0)
    before = [state.numpy() for state in layer.states]
    model.fit(x, y, batch_size=2, verbose=0)
    assert not any(np.array_equal(old, state.numpy()) for old, state in zip(before, layer.states, strict=True))
    assert not any(state.raw.requires_grad or state.raw.is_inference() for state in layer.states)
    layer.reset_states()
    assert not any(state.numpy().any() for state in layer.states)


def test_states_that_are_not_there():
    with pytest.raises(AttributeError, match="stateful=True"):
        layers.Bidirectional(layers.LSTM(2)).reset_state()
    layer = layers.LSTM(2)
    layer.reset_state()
    assert layer.states is None


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("masked", [False, True])
def test_first_states_that_do_not_fit(kind, masked):
    layer = getattr(layers, kind)(5)
    x, mask = torch.ones(2, 3, 4), torch.ones(2, 3, dtype=torch.bool) if masked else None
    layer(x)
    states = lambda *shape: [torch.full(shape, 0.5)] * (2 if kind == "LSTM" else 1)  # noqa: E731
    for shape in ((20, 5), (2, 7), (3, 5)):
        with pytest.raises(ValueError, match="The first states of"):
            layer(x, initial_state=states(*shape), mask=mask)
    one, all_rows = layer(x, initial_state=states(1, 5), mask=mask), layer(x, initial_state=states(2, 5), mask=mask)
    assert torch.equal(one, all_rows)
    assert layer(layers.Input((3, 4)), initial_state=states(20, 5)).shape == (20, 5)


def test_a_cell_of_one_s_own_draws_masks_for_each_sequence():
    class Noting(layers.LSTMCell):
        def call(self, inputs, states, training=False):
            seen.append(self.get_dropout_mask(inputs))
            return super().call(inputs, states, training=training)

    for cell in (Noting(3, dropout=0.5), layers.StackedRNNCells([layers.GRUCell(3), Noting(3, dropout=0.5)])):
        seen = []
        layer = layers.RNN(cell)
        for rows in (2, 4):  # the second has another number of rows
            assert layer(torch.ones(rows, 5, 16), training=True).shape == (rows, 3)
        drawn_once, drawn_again = seen[0], seen[-1]
        assert all(mask is drawn_once for mask in seen[:5]) and all(mask is drawn_again for mask in seen[5:])
        assert len(drawn_once) == 2 and len(drawn_again) == 4


def test_bidirectional_over_a_layer_that_reads_its_config_itself():
    class Wiring:
        def __init__(self, units):
            self.units = units

        def get_config(self):
            return {"units": self.units}

    class Wired(layers.RNN):
        def __init__(self, wiring, **kwargs):
            super().__init__(layers.GRUCell(wiring.units), **kwargs)
            self.wiring = wiring

        def get_config(self):
            config = super().get_config()
            del config["cell"]
            return {**config, "wiring": self.wiring}

        @classmethod
        def from_config(cls, config):
            seen.append(config["wiring"])
            return cls(Wiring(config.pop("wiring")["config"]["units"]), **config)

    seen = []
    both = layers.Bidirectional(Wired(Wiring(3), return_sequences=True))
    assert both(drawn(2, 4, 5)).shape == (2, 4, 6) and both.backward_layer.go_backwards
    assert [one["class_name"] for one in seen] == ["Wiring", "Wiring"]
