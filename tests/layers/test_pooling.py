"""Pooling: values by hand, laws, errors, and what a call costs in memory."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import layers

LIGHT = settings(max_examples=60, deadline=None, database=None)
RANKS = (1, 2, 3)
SHAPES = {1: (2, 6, 3), 2: (2, 6, 4, 3), 3: (2, 4, 6, 2, 3)}
FAMILIES = [
    ("", {"pool_size": 2}),
    ("", {"pool_size": 2, "strides": 1, "padding": "same"}),
    ("", {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("Adaptive", {"output_size": 2}),
    ("Global", {}),
]
ALL = [
    (f"{prefix}{kind}Pooling{rank}D", kwargs) for prefix, kwargs in FAMILIES for kind in ("Max", "Average") for rank in RANKS
]
every = pytest.mark.parametrize(("name", "kwargs"), ALL)


def rank_of(name):
    return int(name[-2])


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------- by hand

ROW = torch.tensor([[[1.0], [-3.0], [-2.0], [-5.0], [4.0]]])  # five steps


@pytest.mark.parametrize(
    ("kind", "size", "strides", "padding", "expected"),
    [
        ("Max", 2, None, "valid", [1, -2]),
        ("Max", 2, None, "same", [1, -2, 4]),
        ("Max", 3, 1, "valid", [1, -2, 4]),
        ("Max", 2, 1, "same", [1, -2, -2, 4, 4]),  # one hangs over behind, and no zero comes in
        ("Max", 4, 1, "same", [1, 1, 4, 4, 4]),
        ("Max", 3, 4, "same", [1, 4]),
        ("Average", 2, None, "valid", [-1, -3.5]),
        ("Average", 2, None, "same", [-1, -3.5, 4]),
        ("Average", 3, 1, "same", [-1, -4 / 3, -10 / 3, -1, -0.5]),
        ("Average", 2, 1, "same", [-1, -2.5, -3.5, -0.5, 4]),
        ("Average", 2, 4, "valid", [-1]),
        ("Average", 2, 4, "same", [-1, 4]),
    ],
)
def test_windows_by_hand(kind, size, strides, padding, expected):
    layer = getattr(layers, f"{kind}Pooling1D")(size, strides, padding)
    torch.testing.assert_close(layer(ROW).flatten(), torch.tensor(expected, dtype=torch.float32))
    across = getattr(layers, f"{kind}Pooling2D")((1, size), (1, strides or size), padding)
    torch.testing.assert_close(across(ROW[:, None]).flatten(), torch.tensor(expected, dtype=torch.float32))
    deep = getattr(layers, f"{kind}Pooling3D")((size, 1, 1), (strides or size, 1, 1), padding, "channels_first")
    torch.testing.assert_close(deep(ROW[:, None, :, None]).flatten(), torch.tensor(expected, dtype=torch.float32))


def test_covering_windows_overlap_where_they_must():
    assert layers.AdaptiveMaxPooling1D(2)(ROW).flatten().tolist() == [1, 4]
    assert layers.AdaptiveAveragePooling1D(2)(ROW).flatten().tolist() == pytest.approx([-4 / 3, -1])
    assert layers.AdaptiveMaxPooling1D(7)(ROW).flatten().tolist() == [1, 1, -2, -2, -2, 4, 4]


def test_all_there_is():
    x = torch.arange(24.0).reshape(2, 2, 3, 2)
    assert layers.GlobalMaxPooling2D()(x).tolist() == [[10, 11], [22, 23]]
    assert layers.GlobalAveragePooling2D(keepdims=True)(x).tolist() == [[[[5, 6]]], [[[17, 18]]]]
    assert layers.GlobalAveragePooling2D("channels_first")(x).tolist() == [[2.5, 8.5], [14.5, 20.5]]


def test_masked_steps_do_not_count():
    x = torch.tensor([[[1.0], [3.0], [float("nan")]], [[2.0], [4.0], [6.0]]])
    mask = torch.tensor([[True, True, False], [False, True, False]])
    layer = layers.GlobalAveragePooling1D()
    assert layer(x, mask=mask).tolist() == [[2], [4]]
    assert layer.supports_masking and layer.compute_mask(x, mask) is None


def test_ties():
    """A window gives its gradient to the first maximum; all there is shares it."""
    x = torch.ones(1, 4, 1, requires_grad=True)
    for layer, expected in (
        (layers.MaxPooling1D(2), [1, 0, 1, 0]),
        (layers.AdaptiveMaxPooling1D(2), [1, 0, 1, 0]),
        (layers.GlobalMaxPooling1D(), [0.25] * 4),
    ):
        (gradient,) = torch.autograd.grad(layer(x).sum(), x)
        assert gradient.flatten().tolist() == expected


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int16, torch.int32, torch.int64])
def test_integers(dtype):
    x = torch.tensor([[[0], [1], [1], [1], [0]]]).to(dtype)
    for layer, expected in (
        (layers.MaxPooling1D(2), [1, 1]),
        (layers.AdaptiveMaxPooling1D(2), [1, 1]),
        (layers.GlobalMaxPooling1D(), [1]),
        (layers.AveragePooling1D(2), [0.5, 1]),
        (layers.AdaptiveAveragePooling1D(1), [0.6]),
        (layers.GlobalAveragePooling1D(), [0.6]),
    ):
        for _ in range(2):  # the second call goes the short way
            y = layer(x)
            assert y.dtype is (dtype if "Max" in type(layer).__name__ else torch.float32)
            assert y.flatten().tolist() == pytest.approx(expected)


def test_means_of_integers_do_not_overflow():
    x = torch.full((1, 4, 1), 250, dtype=torch.uint8)
    assert layers.AveragePooling1D(2)(x).flatten().tolist() == [250, 250]


# ---------------------------------------------------------------- laws

windows = st.integers(1, 5)


@st.composite
def pooled(draw):
    """A rank, arguments, and an input."""
    rank = draw(st.sampled_from(RANKS))
    sizes = draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank))
    kwargs = {"pool_size": draw(windows), "strides": draw(windows), "padding": "same"}
    return rank, kwargs, drawn((2, *sizes, 2), draw(st.integers(0, 100)))


@LIGHT
@given(pooled(), st.floats(-3, 3))
def test_the_mean_of_a_constant_is_the_constant(case, value):
    rank, kwargs, x = case
    y = getattr(layers, f"AveragePooling{rank}D")(**kwargs)(torch.full_like(x, value))
    torch.testing.assert_close(y, torch.full_like(y, value))


@LIGHT
@given(pooled())
def test_maxima_commute_with_what_keeps_the_order(case):
    rank, kwargs, x = case
    layer = getattr(layers, f"MaxPooling{rank}D")(**kwargs)
    for function in (torch.exp, torch.tanh, lambda x: 3 * x - 100):
        torch.testing.assert_close(layer(function(x)), function(layer(x)))


@LIGHT
@given(pooled())
def test_a_mean_lies_between_minimum_and_maximum(case):
    rank, kwargs, x = case
    highest, mean = (getattr(layers, f"{kind}Pooling{rank}D")(**kwargs) for kind in ("Max", "Average"))
    assert (mean(x) <= highest(x) + 1e-5).all() and (mean(x) >= -highest(-x) - 1e-5).all()


@LIGHT
@given(pooled())
def test_channels_keep_to_themselves_in_either_format(case):
    rank, kwargs, x = case
    for kind in ("Max", "Average"):
        cls = getattr(layers, f"{kind}Pooling{rank}D")
        last, first = cls(**kwargs), cls(**kwargs, data_format="channels_first")
        y = last(x)
        torch.testing.assert_close(first(x.movedim(-1, 1)).movedim(1, -1), y)
        torch.testing.assert_close(last(x[..., :1]), y[..., :1])


@LIGHT
@given(pooled())
def test_one_window_over_all_is_global(case):
    rank, _, x = case
    for kind in ("Max", "Average"):
        whole = getattr(layers, f"Global{kind}Pooling{rank}D")(keepdims=True)(x)
        torch.testing.assert_close(getattr(layers, f"{kind}Pooling{rank}D")(tuple(x.shape[1:-1]))(x), whole)
        torch.testing.assert_close(getattr(layers, f"Adaptive{kind}Pooling{rank}D")(1)(x), whole)


@LIGHT
@given(st.sampled_from(RANKS), st.integers(1, 3), st.integers(1, 3), st.integers(0, 100))
def test_adaptive_windows_that_divide_are_sliding_ones(rank, count, size, seed):
    x = drawn((2, *[count * size] * rank, 2), seed)
    for kind in ("Max", "Average"):
        sliding, covering = (getattr(layers, f"{prefix}{kind}Pooling{rank}D") for prefix in ("", "Adaptive"))
        torch.testing.assert_close(covering(count)(x), sliding(size)(x))


# ---------------------------------------------------------------- memory, rows, copies


@every
def test_channels_stay_last_in_memory(name, kwargs):
    layer = getattr(layers, name)(**kwargs)
    y = layer(drawn(SHAPES[rank_of(name)]))
    assert y.is_contiguous() and y.shape[-1] == 3


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D", "AveragePooling3D"])
def test_nothing_is_copied_on_the_way_to_torch(name):
    """A copy would be a `clone`: of the input or the output."""
    x = drawn(SHAPES[rank_of(name)])
    layer = getattr(layers, name)(2)
    layer(x)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        layer(x)
    assert not {"aten::clone", "aten::copy_", "aten::contiguous"} & {event.key for event in profile.key_averages()}


@every
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_no_rows(name, kwargs, data_format):
    layer = getattr(layers, name)(**kwargs, data_format=data_format)
    x = drawn(SHAPES[rank_of(name)])
    x = x if data_format == "channels_last" else x.movedim(-1, 1)
    assert layer(x[:0]).shape == (0, *layer(x).shape[1:])
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *layer(x).shape[1:])


@every
def test_copies_and_pickles(name, kwargs):
    layer = getattr(layers, name)(**kwargs)
    x = drawn(SHAPES[rank_of(name)])
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), type(layer).from_config(layer.get_config())):
        assert torch.equal(other(x), layer(x))
        assert other.get_config() == layer.get_config()
    assert not list(layer.parameters()) and not layer.state_dict()


def test_unknown_sizes():
    assert layers.MaxPooling2D(2)(layers.Input((None, 6, 3))).shape == (None, None, 3, 3)
    assert layers.AveragePooling1D(3, padding="same")(layers.Input((None, 2))).shape == (None, None, 2)
    assert layers.MaxPooling1D(1000)(layers.Input((None, 2))).shape == (None, None, 2)  # more than the sizes that are tried
    wide = layers.AveragePooling2D((2, 500), data_format="channels_first")
    assert wide(layers.Input((3, 8, None))).shape == (None, 3, 4, None)
    assert layers.AdaptiveMaxPooling2D((2, 3))(layers.Input((None, None, 4))).shape == (None, 2, 3, 4)
    assert layers.GlobalMaxPooling3D()(layers.Input((None, None, None, 4))).shape == (None, 4)
    with pytest.raises(ValueError, match="5 wide"):
        layers.MaxPooling2D((1000, 6))(layers.Input((None, 5, 1)))


def test_short_names():
    assert layers.MaxPool1D is layers.MaxPooling1D and layers.AvgPool3D is layers.AveragePooling3D
    assert layers.GlobalMaxPool2D is layers.GlobalMaxPooling2D and layers.GlobalAvgPool1D is layers.GlobalAveragePooling1D
    assert layers.MaxPool2D().get_config()["name"].startswith("max_pooling2d")


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("again", [False, True])  # the second call goes the short way
@pytest.mark.parametrize(
    ("layer", "right", "wrong", "words"),
    [
        (layers.MaxPooling2D(5, name="p"), (1, 5, 5, 1), (1, 5, 4, 1), "Layer 'p': the input is 4 wide, the pool needs 5.*fix"),
        (layers.MaxPooling2D(5, name="p"), (1, 5, 5, 1), (1, 4, 5, 1), "Layer 'p': the input is 4 high, the pool needs 5"),
        (layers.AveragePooling1D(3, name="p"), (1, 3, 1), (1, 2, 1), "Layer 'p': the input is 2 long, the pool needs 3"),
        (layers.AveragePooling3D(2, name="p"), (1, 2, 2, 2, 1), (1, 1, 2, 2, 1), "Layer 'p': the input is 1 deep"),
        (layers.MaxPooling3D(2, name="p", data_format="channels_first"), (1, 1, 2, 2, 2), (1, 1, 2, 1, 2), "'p'.* 1 high"),
        (layers.MaxPooling2D(2, name="p"), (1, 2, 2, 1), (1, 2, 2), "'p'.*expected ndim=4, found ndim=3"),
        (layers.MaxPooling2D(2, name="p", data_format="channels_first"), (1, 1, 2, 2), (1, 2, 2), "'p'.*expected ndim=4"),
        (layers.AdaptiveMaxPooling1D(2, name="p"), (1, 2, 1), (1, 2), "'p'.*expected ndim=3, found ndim=2"),
        (layers.GlobalAveragePooling1D(name="p"), (1, 2, 1), (1, 2, 2, 1), "'p'.*expected ndim=3, found ndim=4"),
        (layers.GlobalMaxPooling2D(name="p"), (1, 2, 2, 1), (1, 2, 2, 2, 1), "'p'.*expected ndim=4, found ndim=5"),
    ],
)
def test_inputs_that_do_not_fit(layer, right, wrong, words, again):
    layer = copy.deepcopy(layer)
    if again:
        layer(torch.zeros(right))
    with pytest.raises(ValueError, match=words):
        layer(torch.zeros(wrong))
    with pytest.raises(ValueError, match=words):
        layer(layers.Input(wrong[1:]))


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.MaxPooling2D((2, 2, 2), name="p"), ValueError, r"'p'.*`pool_size`.* 2 integers.*\(2, 2, 2\)"),
        (lambda: layers.MaxPooling2D(2, 0, name="p"), ValueError, "'p'.*`strides`.*strides=0"),
        (lambda: layers.AveragePooling1D(2, padding="causal", name="p"), ValueError, "'p'.*`padding`.*'same'.*causal"),
        (lambda: layers.AveragePooling1D(2, padding=1, name="p"), ValueError, "'p'.*`padding`.*padding=1"),
        (lambda: layers.GlobalMaxPooling1D("last"), ValueError, "data_format.*last"),
        (lambda: layers.AdaptiveMaxPooling2D("2", name="p"), TypeError, "'p'.*`output_size`.*'2'.*str"),
        (lambda: layers.AdaptiveMaxPooling2D((2, 0), name="p"), ValueError, r"'p'.*`output_size`.*\(2, 0\), .*\{0\}"),
        (lambda: layers.AveragePooling1D(), TypeError, "pool_size"),
    ],
)
def test_arguments_that_make_no_sense(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_numpy_integers_and_capitals():
    layer = layers.MaxPooling2D(np.int64(2), [np.int32(1), 2], "SAME", "Channels_Last")
    config = layer.get_config()
    assert (config["pool_size"], config["strides"], config["padding"], config["data_format"]) == (
        (2, 2), (1, 2), "same", "channels_last"
    )  # fmt: skip
    assert {type(size) for size in (*config["pool_size"], *config["strides"])} == {int}
