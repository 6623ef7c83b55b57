"""Recurrent layers beside Keras: masks, states, cells, wrappers, files."""

import itertools
import json

import numpy as np
import pytest
import torch
from harness import both, config, drawn, equalize, mine, real, run, same
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

import torchkeras_lite as ours_whole
from torchkeras_lite import registry

pytestmark = pytest.mark.usefixtures("with_masks")
KINDS = ("SimpleRNN", "LSTM", "GRU")
X = drawn((3, 5, 4))
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]], bool)


@pytest.fixture(autouse=True)
def counted_anew():
    """The names that layers are given without being asked are the same in both libraries."""
    real.utils.clear_session(free_memory=False)
    with registry.fresh_names():
        yield


def tensors(structure):
    return pytree.tree_map(lambda leaf: torch.tensor(leaf) if isinstance(leaf, np.ndarray) else leaf, structure)


def compare(ours, theirs, x, initial=None, **kwargs):
    """All that `run` gives, the gradients of first states, and the masks of each output."""
    kwargs, found = tensors(kwargs), []
    for layer in (ours, theirs):
        states = [torch.tensor(state).requires_grad_() for state in initial or ()]
        given_states = {"initial_state": states} if states else {}
        found.append(run(layer, x, **kwargs, **given_states))
        found[-1].update({f"gradient of state {i}": state.grad for i, state in enumerate(states)})
        outputs = layer(torch.tensor(x), **kwargs, **given_states)
        masks = [getattr(leaf, "_keras_mask", None) for leaf in pytree.tree_leaves(outputs)]
        found[-1].update({f"mask {i}": mask for i, mask in enumerate(masks)})
    same(*found, rtol=1e-4, atol=1e-5)


def states_of(layer, rows, seed=5):
    return [drawn((rows, size), seed + i) for i, size in enumerate(layer.state_size)]


# ---------------------------------------------------------------- masks and states


KERNELS = [
    ("SimpleRNN", {}),
    ("SimpleRNN", {"activation": "relu", "use_bias": False}),
    ("SimpleRNN", {"activation": "softsign"}),
    ("LSTM", {}),
    ("LSTM", {"use_bias": False}),
    ("LSTM", {"activation": "softsign"}),
    ("GRU", {}),
    ("GRU", {"use_bias": False}),
    ("GRU", {"reset_after": False}),
]


@st.composite
def calls(draw):
    kind, kwargs = draw(st.sampled_from(KERNELS))
    names = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask")
    flags = {name: draw(st.booleans()) for name in names}
    rows, time = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    mask = draw(st.lists(st.lists(st.booleans(), min_size=time, max_size=time), min_size=rows, max_size=rows))
    return kind, {**kwargs, **flags}, np.array(mask), draw(st.booleans()), draw(st.integers(0, 100))


def check_masked(call):
    kind, kwargs, mask, begins, seed = call
    x = drawn((*mask.shape, 3), seed)
    ours, theirs = both(lambda layers: getattr(layers, kind)(2, **kwargs), x)
    compare(ours, theirs, x, states_of(ours, len(x)) if begins else None, mask=mask)


@settings(max_examples=50, deadline=None, database=None)
@given(calls())
def test_masks(call):
    check_masked(call)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, database=None)
@given(calls())
def test_many_masks(call):
    check_masked(call)


@pytest.mark.parametrize(("kind", "kwargs"), KERNELS)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_first_states(kind, kwargs, mask):
    ours, theirs = both(lambda layers: getattr(layers, kind)(2, return_state=True, return_sequences=True, **kwargs), X)
    compare(ours, theirs, X, states_of(ours, 3), **({} if mask is None else {"mask": mask}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_a_stateful_layer_goes_on(kind, mask):
    more = {} if mask is None else {"mask": torch.tensor(mask)}
    ours, theirs = both(lambda layers: getattr(layers, kind)(2, stateful=True, return_sequences=True), X)

    def agree():
        for mine_state, their_state in zip(ours.states, theirs.states, strict=True):
            np.testing.assert_allclose(mine_state.numpy(), their_state.numpy(), rtol=1e-5, atol=1e-6)

    for layer in (ours, theirs):
        layer.reset_state()
    agree()
    for seed in range(3):
        x = torch.tensor(drawn(X.shape, seed))
        np.testing.assert_allclose(ours(x, **more).detach(), theirs(x, **more).detach(), rtol=1e-5, atol=1e-6)
        agree()
    given_states = [torch.tensor(state) for state in states_of(ours, 3)]
    for layer in (ours, theirs):
        layer(torch.tensor(X), initial_state=given_states)
    agree()
    for layer in (ours, theirs):
        layer.reset_states()
    agree()
    assert not ours.states[0].numpy().any()
    for layer in (ours, theirs):
        with pytest.raises(ValueError, match="stateful"):
            layer(drawn((2, 5, 4)))
    for layers in (mine, real.layers):
        with pytest.raises(ValueError, match=r"batch.size"):
            getattr(layers, kind)(2, stateful=True)((mine if layers is mine else real).Input((5, 4)))
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    assert ours.compute_output_shape((None, 7, 4)) == theirs.compute_output_shape((None, 7, 4))


def test_symbolic_first_states():
    """An encoder hands its states to a decoder."""

    def build(library):
        layers = library.layers
        source, target = library.Input((None, 4)), library.Input((None, 2))
        _, h, c = layers.LSTM(3, return_state=True)(source)
        y, _, _ = layers.LSTM(3, return_sequences=True, return_state=True)(target, initial_state=[h, c])
        g = layers.GRU(2)(y, initial_state=layers.Dense(2)(h))
        return library.Model([source, target], [y, g])

    ours, theirs = build(ours_whole), build(real)
    equalize(ours, theirs)
    assert ours.output_shape == theirs.output_shape
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    same(run(ours, [X, drawn((3, 6, 2))]), run(theirs, [X, drawn((3, 6, 2))]), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_masks_through_a_model(kind):
    ids = np.array([[1, 2, 0, 3], [0, 4, 1, 0], [0, 0, 0, 0]])

    def build(library):
        layers, x = library.layers, library.Input((None,), dtype="int64")
        h = layers.Embedding(5, 4, mask_zero=True)(x)
        h = layers.Bidirectional(getattr(layers, kind)(3, return_sequences=True))(h)
        h = getattr(layers, kind)(2, return_sequences=True)(h)
        return library.Model(x, layers.TimeDistributed(layers.Dense(2))(getattr(layers, kind)(2)(h)[:, None]))

    ours, theirs = build(ours_whole), build(real)
    equalize(ours, theirs)
    same(run(ours, ids), run(theirs, ids), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float64"])
@pytest.mark.parametrize(("kind", "kwargs"), KERNELS)
def test_precision(kind, kwargs, policy):
    # (Of bfloat16 torch makes no orthogonal matrix.)
    options = {**kwargs, "dtype": policy, "return_state": True, "return_sequences": True, "recurrent_initializer": "zeros"}
    ours, theirs = both(lambda layers: getattr(layers, kind)(2, **options), X)
    assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]
    for more in ({}, {"mask": torch.tensor(MASK)}):
        for found, wanted in zip(ours(X, **more), theirs(X, **more), strict=True):
            assert found.dtype is wanted.dtype
            np.testing.assert_allclose(found.detach().double(), wanted.detach().double(), rtol=0.05, atol=0.05)


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(("kind", "kwargs"), KERNELS)
def test_cells(kind, kwargs):
    x = X[:, 0]

    def call(cell):
        sizes = cell.state_size if isinstance(cell.state_size, list) else [cell.state_size]
        states = [torch.tensor(drawn((3, size), i), requires_grad=True) for i, size in enumerate(sizes)]
        inputs = torch.tensor(x, requires_grad=True)
        output, new = cell(inputs, states)
        assert isinstance(new, list)
        (output * output).sum().backward()
        return [output, *new, inputs.grad, *[state.grad for state in states]]

    ours, theirs = (getattr(layers, f"{kind}Cell")(2, **kwargs) for layers in (mine, real.layers))
    call(ours), call(theirs)
    equalize(ours, theirs)
    for found, wanted in zip(call(ours), call(theirs), strict=True):
        if wanted is not None:
            np.testing.assert_allclose(found.detach(), wanted.detach(), rtol=1e-4, atol=1e-6)
    if kind != "LSTM":
        state = torch.tensor(drawn((3, 2)))
        for found, wanted in zip(ours(x, state), theirs(x, state), strict=True):
            assert isinstance(found, torch.Tensor)
            np.testing.assert_allclose(found.detach(), wanted.detach(), rtol=1e-4, atol=1e-6)
    assert config(ours) == config(theirs)
    assert config(type(ours).from_config(theirs.get_config())) == config(theirs)
    assert [tuple(state.shape) for state in ours.get_initial_state(4)] == [(4, 2)] * (2 if kind == "LSTM" else 1)
    assert (ours.state_size, ours.output_size) == (theirs.state_size, theirs.output_size)


def minimal(library):
    """A cell of a user's own, as in Keras's guide, and one with two states and wishes for their beginning."""

    class Minimal(library.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight((input_shape[-1], self.units), "uniform", name="kernel")
            self.recurrent_kernel = self.add_weight((self.units, self.units), "uniform", name="recurrent_kernel")
            self.built = True

        def call(self, inputs, states):
            output = library.ops.matmul(inputs, self.kernel) + library.ops.matmul(states[0], self.recurrent_kernel)
            return output, [output]

    class Counting(Minimal):
        def __init__(self, units, **kwargs):
            super().__init__(units, **kwargs)
            self.state_size, self.output_size = [units, 1], units

        def call(self, inputs, states, training=False):
            output = library.ops.tanh(library.ops.matmul(inputs, self.kernel) + states[0]) * (2.0 if training else 1.0)
            return output + states[1], (output, states[1] + 1)

        def get_initial_state(self, batch_size=None):
            return (library.ops.ones((batch_size, self.units)), library.ops.zeros((batch_size, 1)))

    return Minimal, Counting


OWN = {
    "minimal": lambda library: minimal(library)[0](3),
    "counting": lambda library: minimal(library)[1](3),
    "stack of ours": lambda library: [library.layers.LSTMCell(3), library.layers.SimpleRNNCell(2), library.layers.GRUCell(3)],
    "mixed stack": lambda library: [library.layers.GRUCell(3), minimal(library)[1](2)],
    "stacked": lambda library: library.layers.StackedRNNCells([library.layers.LSTMCell(2), library.layers.LSTMCell(3)]),
    "lstm": lambda library: library.layers.LSTMCell(2, name="c"),
}


@pytest.mark.parametrize("cell", OWN.values(), ids=OWN)
@pytest.mark.parametrize("flags", [*itertools.product((False, True), repeat=2)])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_any_cell(cell, flags, mask):
    options = dict(zip(("return_sequences", "go_backwards"), flags, strict=True))
    ours, theirs = (library.layers.RNN(cell(library), return_state=True, **options) for library in (ours_whole, real))
    ours(X), theirs(X)
    equalize(ours, theirs)
    compare(ours, theirs, X, **({} if mask is None else {"mask": mask}))
    compare(ours, theirs, X, training=True)
    assert [v.path.partition("/")[2] for v in ours.weights] == [v.path.partition("/")[2] for v in theirs.weights]
    assert ours.state_size == theirs.state_size
    if flags[0] is mask is None:
        assert ours.compute_output_shape((None, 5, 4)) == theirs.compute_output_shape((None, 5, 4))


@pytest.mark.parametrize("cell", ["stack of ours", "stacked", "lstm"])
def test_configs_of_cells(cell):
    pair = [library.layers.RNN(OWN[cell](library), return_sequences=True, name="r") for library in (ours_whole, real)]
    for one in pair:
        one(X)
    for library, layer in zip((mine, real.layers), reversed(pair), strict=True):
        copy = library.RNN.from_config(layer.get_config())
        copy(X)
        copy.set_weights([np.asarray(w) for w in layer.get_weights()])
        np.testing.assert_allclose(copy(X).detach(), layer(X).detach(), rtol=1e-5, atol=1e-6)
    assert pair[0].get_config().keys() == pair[1].get_config().keys()
    json.dumps(pair[0].get_config())


# ---------------------------------------------------------------- wrappers


MERGES = ["concat", "sum", "mul", "ave", None]


@pytest.mark.parametrize("merge_mode", MERGES)
@pytest.mark.parametrize("flags", [*itertools.product((False, True), repeat=2)])
@pytest.mark.parametrize("kind", KINDS)
def test_bidirectional(kind, flags, merge_mode):
    options = dict(zip(("return_sequences", "return_state"), flags, strict=True))
    ours, theirs = both(
        lambda layers: layers.Bidirectional(getattr(layers, kind)(2, name="inner", **options), merge_mode, name="b"), X
    )
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    compare(ours, theirs, X)
    compare(ours, theirs, X, mask=MASK)
    halves = [drawn((3, 2), seed) for seed in range(4 if kind == "LSTM" else 2)]
    compare(ours, theirs, X, halves, mask=MASK)
    assert config(ours).keys() == config(theirs).keys()
    for word in ("layer", "backward_layer"):
        assert ours.get_config()[word]["config"] == theirs.get_config()[word]["config"]
    for library, layer in ((mine, theirs), (real.layers, ours)):
        copy = library.Bidirectional.from_config(layer.get_config())
        copy(X)
        copy.set_weights([np.asarray(w) for w in layer.get_weights()])
        for found, wanted in zip(pytree.tree_leaves(copy(X)), pytree.tree_leaves(layer(X)), strict=True):
            np.testing.assert_allclose(found.detach(), wanted.detach(), rtol=1e-5, atol=1e-6)
    symbolic = [library.layers.Bidirectional(getattr(library.layers, kind)(2, **options), merge_mode)(library.Input((None, 4)))
                for library in (ours_whole, real)]  # fmt: skip
    shapes = [pytree.tree_map(lambda leaf: leaf.shape, outputs) for outputs in symbolic]
    assert pytree.tree_leaves(shapes[0]) == pytree.tree_leaves(shapes[1])


def test_a_backward_layer_of_ones_own():
    def make(layers):
        back = layers.GRU(3, return_sequences=True, go_backwards=True, activation="relu", name="back")
        return layers.Bidirectional(layers.LSTM(2, return_sequences=True, name="there"), backward_layer=back, name="b")

    ours, theirs = both(make, X)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    compare(ours, theirs, X, mask=MASK)


def test_a_stateful_bidirectional():
    ours, theirs = both(lambda layers: layers.Bidirectional(layers.LSTM(2, stateful=True)), X)
    for layer in (ours, theirs):
        layer.reset_state()
    for _ in range(3):
        np.testing.assert_allclose(ours(X).detach(), theirs(X).detach(), rtol=1e-5, atol=1e-6)
    for found, wanted in zip(ours.states, theirs.states, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-6)


INNER = {
    "dense": (lambda layers: layers.Dense(2, activation="relu", name="d"), (3, 5, 4)),
    "conv": (lambda layers: layers.Conv2D(2, 2, name="c"), (2, 3, 4, 4, 3)),
    "norm": (lambda layers: layers.BatchNormalization(name="n"), (3, 5, 4)),
    "frozen norm": (lambda layers: layers.BatchNormalization(trainable=False, name="n"), (3, 5, 4)),
    "flatten": (lambda layers: layers.Flatten(name="f"), (2, 3, 4, 2)),
    "lstm": (lambda layers: layers.LSTM(2, name="l"), (2, 3, 4, 2)),
    "stateful": (lambda layers: layers.SimpleRNN(2, stateful=True, name="s"), (2, 3, 4, 2)),
    "nested": (lambda layers: layers.TimeDistributed(layers.Dense(2, name="d"), name="t"), (2, 3, 4, 2)),
}


@pytest.mark.parametrize(("make", "shape"), INNER.values(), ids=INNER)
def test_time_distributed(make, shape):
    x = drawn(shape)
    ours, theirs = both(lambda layers: layers.TimeDistributed(make(layers), name="td"), x)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    for layer in (ours.layer, theirs.layer):
        if getattr(layer, "stateful", False):
            layer.reset_state()
    for kwargs in ({}, {"training": True}, {"training": True}, {}):
        compare(ours, theirs, x, **kwargs)
    assert config(ours).keys() == config(theirs).keys()
    if ours.layer.name != "t":
        assert config(ours.layer) == config(theirs.layer)
    if ours.layer.name != "s":
        assert ours.compute_output_shape((None, *shape[1:])) == theirs.compute_output_shape((None, *shape[1:]))


def test_masks_of_a_time_distributed():
    mask = drawn((2, 3, 4), 1) > 0
    ours, theirs = both(lambda layers: layers.TimeDistributed(layers.LSTM(2)), drawn((2, 3, 4, 2)))
    compare(ours, theirs, drawn((2, 3, 4, 2)), mask=mask)
    for layer in (ours, theirs):
        with pytest.raises(ValueError, match="mask"):
            layer(drawn((2, 3, 4, 2)), mask=torch.ones(2, 2, 4, dtype=torch.bool))
    for layers in (mine, real.layers):
        with pytest.raises(ValueError, match="at least 3"):
            layers.TimeDistributed(layers.Dense(2)).build((None, 3))


def test_masked_conv_lstm():
    x = drawn((3, 5, 4, 4, 2))
    ours, theirs = both(lambda layers: layers.ConvLSTM2D(2, 2, return_sequences=True, return_state=True), x)
    compare(ours, theirs, x, mask=MASK)
    compare(ours, theirs, x, [drawn((3, 3, 3, 2), seed) for seed in range(2)])


# ---------------------------------------------------------------- files


def stacked(library):
    layers = library.layers
    steps = [
        library.Input((None, 4)),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(3)),
        layers.RNN([layers.GRUCell(2), layers.LSTMCell(3)], return_sequences=True),
        layers.GRU(2, reset_after=False, return_sequences=True),
        layers.SimpleRNN(2),
    ]
    return library.Sequential(steps)


@pytest.mark.parametrize("ours_writes", [True, False])
@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_files_of_both(ours_writes, ending, tmp_path):
    writer, reader = (ours_whole, real) if ours_writes else (real, ours_whole)
    written, path = stacked(writer), str(tmp_path / f"m{ending}")
    written.set_weights([drawn(w.shape, i) for i, w in enumerate(written.get_weights())])
    if ending == ".keras":
        written.save(path)
        read = reader.models.load_model(path)
    else:
        written.save_weights(path)
        read = stacked(reader)
        read.load_weights(path)
    for one, other in zip(written.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(written.predict(X, verbose=0), read.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
