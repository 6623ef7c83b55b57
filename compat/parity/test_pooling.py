"""Pooling over random ranks, sizes, windows and strides: beside its definition, and beside Keras where that is right."""

import itertools

import numpy as np
import pytest
import torch
from harness import drawn, pair, run, same
from hypothesis import given, settings
from hypothesis import strategies as st
from values import factors

from torchkeras_lite import calls
from torchkeras_lite import layers as mine

FEW = settings(max_examples=40, deadline=None, database=None)
MANY = settings(max_examples=2000, deadline=None, database=None)


def sizes_of(rank, most):
    return st.lists(st.integers(1, most), min_size=rank, max_size=rank)


def moved(x, data_format):
    return x if data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(x, -1, 1))


def moved_back(x, data_format):
    return x if data_format == "channels_last" else np.moveaxis(x, 1, -1)


# ---------------------------------------------------------------- sliding windows


@st.composite
def sliding(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(sizes_of(rank, {1: 12, 2: 8, 3: 5}[rank]))
    windows, strides = draw(sizes_of(rank, 5)), draw(sizes_of(rank, 5))
    padding, data_format = draw(st.sampled_from(["same", "valid"])), draw(st.sampled_from(["channels_last", "channels_first"]))
    if padding == "valid":
        windows = [min(window, size) for window, size in zip(windows, sizes, strict=True)]
    kwargs = {"pool_size": tuple(windows), "strides": tuple(strides), "padding": padding, "data_format": data_format}
    x = drawn((draw(st.integers(1, 2)), *sizes, draw(st.integers(1, 3))), draw(st.integers(0, 1000)))
    if draw(st.booleans()):
        x = x - 10
    elif draw(st.booleans()):
        x = np.round(x)  # ties
    return draw(st.sampled_from(["Max", "Average"])) + f"Pooling{rank}D", kwargs, moved(x, data_format)


def by_definition(name, kwargs, x):
    """The output and the gradient of the input, window by window."""
    x = moved_back(x, kwargs["data_format"])
    spans = []
    for size, window, stride in zip(x.shape[1:-1], kwargs["pool_size"], kwargs["strides"], strict=True):
        count, start = (size - window) // stride + 1, 0
        if kwargs["padding"] == "same":
            count = -(-size // stride)
            start = -(max((count - 1) * stride + window - size, 0) // 2)
        begins = [start + i * stride for i in range(count)]
        spans.append([slice(max(begin, 0), min(begin + window, size)) for begin in begins])
    counts = [len(each) for each in spans]
    y, gradient = np.zeros((len(x), *counts, x.shape[-1]), "float32"), np.zeros_like(x)
    weights = moved_back(factors(moved(y, kwargs["data_format"]).shape), kwargs["data_format"])
    for place in itertools.product(*map(range, counts)):
        region = tuple(spans[axis][i] for axis, i in enumerate(place))
        for row, channel in itertools.product(range(len(x)), range(x.shape[-1])):
            inside, weight = x[(row, *region, channel)], weights[(row, *place, channel)]
            if name.startswith("Max"):
                y[(row, *place, channel)] = inside.max()
                first = np.unravel_index(inside.argmax(), inside.shape)
                gradient[(row, *region, channel)][first] += weight
            else:
                y[(row, *place, channel)] = inside.mean()
                gradient[(row, *region, channel)] += weight / inside.size
    return moved(y, kwargs["data_format"]), moved(gradient, kwargs["data_format"])


def compare_sliding(case):
    name, kwargs, x = case
    ours, theirs = pair(name, kwargs)
    found = run(ours, x)
    if min(x.shape) > 1:  # of a single pixel nobody can tell where its channels lie
        assert found["output"].is_contiguous()
    for actual, expected in zip((found["output"], found["input gradient"]), by_definition(*case), strict=True):
        np.testing.assert_allclose(actual.detach(), expected, rtol=1e-5, atol=1e-5, strict=True)
    assert ours.compute_output_shape(x.shape) == theirs.compute_output_shape(x.shape)
    if name.startswith("Max") or kwargs["padding"] == "valid":
        same(found, run(theirs, x))


@FEW
@given(sliding())
def test_sliding_windows(case):
    compare_sliding(case)


@pytest.mark.slow
@MANY
@given(sliding())
def test_sliding_windows_in_many_cases(case):
    compare_sliding(case)


# ---------------------------------------------------------------- adaptive and global


@st.composite
def covering(draw):
    rank = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["Average", "Max"]))
    kwargs = {"data_format": draw(st.sampled_from(["channels_last", "channels_first"]))}
    if draw(st.booleans()):
        family, kwargs = "Adaptive", {"output_size": tuple(draw(sizes_of(rank, 6))), **kwargs}
    else:
        family, kwargs = "Global", {**kwargs, "keepdims": draw(st.booleans())}
    x = drawn((draw(st.integers(1, 3)), *draw(sizes_of(rank, 7)), draw(st.integers(1, 3))), draw(st.integers(0, 1000)))
    if draw(st.booleans()):
        x = np.round(x)  # ties
    if family == "Global" and draw(st.booleans()):
        x = (10 * x).astype(draw(st.sampled_from(["int32", "uint8", "bool"])))
    return f"{family}{kind}Pooling{rank}D", kwargs, moved(x, kwargs["data_format"])


def compare_covering(case):
    name, kwargs, x = case
    ours, theirs = pair(name, kwargs)
    found = run(ours, x)
    same(found, run(theirs, x), atol=1e-5)
    if min(x.shape) > 1:
        assert found["output"].is_contiguous()
    assert ours.compute_output_shape(x.shape) == theirs.compute_output_shape(x.shape)


@FEW
@given(covering())
def test_adaptive_and_global(case):
    compare_covering(case)


@pytest.mark.slow
@MANY
@given(covering())
def test_adaptive_and_global_in_many_cases(case):
    compare_covering(case)


# ---------------------------------------------------------------- masks, precision


@pytest.fixture
def with_masks():
    before, calls.careful[0] = calls.careful[0], True
    yield
    calls.careful[0] = before


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("mask_dtype", [bool, "int32", "float32"])
def test_masked_mean(with_masks, data_format, keepdims, dtype, mask_dtype):
    x = moved((5 * drawn((3, 4, 2))).astype(dtype), data_format)
    mask = torch.tensor(np.array([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], mask_dtype))  # nothing at all: NaN
    results = []
    for layer in pair("GlobalAveragePooling1D", {"data_format": data_format, "keepdims": keepdims}):
        results.append(run(layer, x, mask=mask))
        tensor = torch.tensor(x)
        tensor._keras_mask = mask
        y = layer(tensor)
        assert getattr(y, "_keras_mask", None) is None
        torch.testing.assert_close(y, results[-1]["output"], equal_nan=True)
    same(*results)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16", "float64"])
@pytest.mark.parametrize(
    ("name", "kwargs", "shape"),
    [
        ("MaxPooling1D", {"padding": "same"}, (2, 5, 3)),
        ("MaxPooling2D", {}, (2, 4, 4, 3)),
        ("MaxPooling3D", {}, (2, 4, 4, 4, 3)),
        ("AveragePooling1D", {"pool_size": 2}, (2, 5, 3)),
        ("AveragePooling2D", {"pool_size": 2}, (2, 4, 4, 3)),
        ("AdaptiveAveragePooling2D", {"output_size": 3}, (2, 4, 4, 3)),
        ("AdaptiveMaxPooling1D", {"output_size": 3}, (2, 4, 3)),
        ("GlobalAveragePooling2D", {}, (2, 4, 4, 3)),
        ("GlobalMaxPooling1D", {}, (2, 4, 3)),
    ],
)
def test_precision(name, kwargs, shape, policy):
    x = drawn(shape)
    found, wanted = (layer(x) for layer in pair(name, {**kwargs, "dtype": policy}))
    assert found.dtype is wanted.dtype
    np.testing.assert_allclose(found.double(), wanted.double(), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("policy", ["bfloat16", "float16"])
@pytest.mark.parametrize(
    ("name", "kwargs"), [("AveragePooling3D", {"pool_size": 2}), ("AdaptiveAveragePooling3D", {"output_size": 2})]
)
def test_means_of_volumes_in_half_precision(name, kwargs, policy):
    """For which Keras on torch finds no kernel on a CPU."""
    x = drawn((2, 4, 4, 4, 3))
    half, whole = (pair(name, {**kwargs, "dtype": dtype})[0](x) for dtype in (policy, "float32"))
    assert str(half.dtype) == f"torch.{policy}"
    np.testing.assert_allclose(half.float(), whole, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    ("name", "kwargs", "shape", "error"),
    [
        ("MaxPooling2D", {"pool_size": 0}, None, ValueError),
        ("MaxPooling2D", {"pool_size": (2, 2, 2)}, None, ValueError),
        ("MaxPooling2D", {"pool_size": "2"}, None, ValueError),
        ("MaxPooling2D", {"pool_size": None}, None, ValueError),
        ("MaxPooling2D", {"strides": -1}, None, ValueError),
        ("MaxPooling2D", {"data_format": "last"}, None, ValueError),
        ("MaxPooling2D", {"strides": 0}, (1, 4, 4, 1), ValueError),
        ("MaxPooling2D", {}, (1, 4, 4), ValueError),
        ("AveragePooling1D", {"pool_size": 2}, (1, 4, 4, 1), ValueError),
        ("GlobalMaxPooling3D", {}, (1, 4, 4, 1), ValueError),
        ("AdaptiveMaxPooling1D", {"output_size": (2, 2)}, None, ValueError),
        ("AdaptiveMaxPooling2D", {"output_size": (2,)}, None, TypeError),
        ("AdaptiveMaxPooling2D", {"output_size": "2"}, None, TypeError),
        ("AdaptiveMaxPooling3D", {"output_size": 2.0}, None, TypeError),
        ("AdaptiveMaxPooling3D", {"output_size": 0}, (1, 4, 4, 4, 1), ValueError),
        ("AdaptiveMaxPooling1D", {"output_size": 2}, (1, 4, 4, 4), ValueError),
        ("AdaptiveMaxPooling1D", {"output_size": 2, "data_format": "last"}, None, ValueError),
    ],
)
def test_errors_have_the_type_of_keras(keras, name, kwargs, shape, error):
    for library in (mine, keras.layers):
        with pytest.raises(error):
            layer = getattr(library, name)(**kwargs)
            if shape is not None:
                layer(drawn(shape))


def test_a_window_that_does_not_fit_is_a_value_error_in_symbolic_calls(keras):
    for library in (mine, keras.layers):
        with pytest.raises(ValueError):
            library.MaxPooling2D(5)(library.Input((4, 6, 1)))
