"""Padding, cropping and upsampling over random ranks, sizes and amounts: beside Keras, or beside their definition."""

import numpy as np
import pytest
import torch
from harness import config, drawn, pair, run, same
from hypothesis import given, settings
from hypothesis import strategies as st
from values import factors

from torchkeras_lite import layers as mine

FEW = settings(max_examples=40, deadline=None, database=None)
MANY = settings(max_examples=2000, deadline=None, database=None)
FORMATS = st.sampled_from(["channels_last", "channels_first"])
DTYPES = st.sampled_from(["float32", "float32", "int32", "uint8", "bool"])


def moved(x, data_format):
    return x if data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(x, -1, 1))


@st.composite
def arrays(draw, rank, least=1):
    """(batch, *sizes, channels), zero rows too."""
    sizes = draw(st.lists(st.integers(least, 5), min_size=rank, max_size=rank))
    x = drawn((draw(st.integers(0, 3)), *sizes, draw(st.integers(1, 3))), draw(st.integers(0, 1000)))
    return (50 * np.abs(x)).astype(dtype) if (dtype := draw(DTYPES)) != "float32" else x


def compare(case):
    name, kwargs, x = case
    ours, theirs = pair(name, kwargs)
    same(run(ours, x), run(theirs, x), atol=1e-5)
    shape = (None, *x.shape[1:])
    assert tuple(ours.compute_output_shape(shape)) == tuple(theirs.compute_output_shape(shape))
    assert config(ours) == config(theirs)
    return ours


# ---------------------------------------------------------------- padding and cropping


@st.composite
def padding_and_cropping(draw):
    rank, data_format = draw(st.integers(1, 3)), draw(FORMATS)
    name = draw(st.sampled_from(["ZeroPadding", "Cropping"]))
    x = draw(arrays(rank))
    pairs = []
    for size in x.shape[1:-1]:
        before = draw(st.integers(0, size - 1 if name == "Cropping" else 3))
        pairs.append((before, draw(st.integers(0, size - 1 - before if name == "Cropping" else 3))))
    amounts = tuple(pairs) if rank > 1 else pairs[0]
    if rank > 1 and draw(st.booleans()):  # the same on both sides of some axes
        amounts = tuple(min(pair) if draw(st.booleans()) else list(pair) for pair in pairs)
    elif draw(st.booleans()):
        amounts = min(min(pair) for pair in pairs)
    kwargs = {"padding" if name == "ZeroPadding" else "cropping": amounts}
    if name == "Cropping" and rank == 1:
        return f"{name}{rank}D", kwargs, x
    return f"{name}{rank}D", {**kwargs, "data_format": data_format}, moved(x, data_format)


@FEW
@given(padding_and_cropping())
def test_padding_and_cropping(case):
    compare(case)


@pytest.mark.slow
@MANY
@given(padding_and_cropping())
def test_padding_and_cropping_in_many_cases(case):
    compare(case)


# ---------------------------------------------------------------- upsampling


@st.composite
def upsampling(draw):
    rank, data_format = draw(st.integers(1, 3)), draw(FORMATS)
    size = tuple(draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank)))
    kwargs = {"size": draw(st.sampled_from([size, list(size), size[0]])) if rank > 1 else size[0]}
    x = draw(arrays(rank))
    if rank == 1:
        return "UpSampling1D", kwargs, x
    if rank == 2:
        kwargs["interpolation"] = draw(st.sampled_from(["nearest", "bilinear"]))
    return f"UpSampling{rank}D", {**kwargs, "data_format": data_format}, moved(x, data_format)


def compare_upsampling(case):
    _, kwargs, x = case
    if kwargs.get("interpolation") == "bilinear" and x.dtype == bool:
        return  # what is above zero by no more than a rounding error is true
    ours = compare(case)
    if min(x.shape) > 1:
        assert ours(x).is_contiguous()


@FEW
@given(upsampling())
def test_upsampling(case):
    compare_upsampling(case)


@pytest.mark.slow
@MANY
@given(upsampling())
def test_upsampling_in_many_cases(case):
    compare_upsampling(case)


def kernel(method, distance):
    """The weight of a pixel at this distance, in plain numbers."""
    distance = abs(distance)
    if method == "bilinear":
        return max(0.0, 1 - distance)
    if method == "bicubic":
        a = -0.5
        if distance < 1:
            return (a + 2) * distance**3 - (a + 3) * distance**2 + 1
        return a * (distance**3 - 5 * distance**2 + 8 * distance - 4) if distance < 2 else 0.0
    radius = int(method[-1])
    if distance >= radius:
        return 0.0
    turned = np.pi * distance
    return 1.0 if distance == 0 else radius * np.sin(turned) * np.sin(turned / radius) / turned**2


def enlarging(method, size, factor):
    """The matrix (size * factor, size), weight by weight."""
    rows = []
    for i in range(size * factor):
        middle = (i + 0.5) / factor - 0.5
        row = np.array([kernel(method, middle - j) for j in range(size)])
        rows.append(row / row.sum())
    return np.array(rows)


@st.composite
def interpolation(draw):
    method = draw(st.sampled_from(["bilinear", "bicubic", "lanczos3", "lanczos5"]))
    sizes, size = [draw(st.lists(st.integers(1, most), min_size=2, max_size=2)) for most in (14, 5)]
    x = drawn((draw(st.integers(0, 2)), *sizes, draw(st.integers(1, 3))), draw(st.integers(0, 1000)))
    return method, size, draw(FORMATS), x


def compare_interpolation(case):
    method, size, data_format, x = case
    down, right = (enlarging(method, *axis) for axis in zip(x.shape[1:3], size, strict=True))
    layer = mine.UpSampling2D(size, data_format, method)
    found = run(layer, moved(x, data_format))
    expected = moved(np.einsum("ih,jw,nhwc->nijc", down, right, x), data_format)
    np.testing.assert_allclose(found["output"].detach(), expected, rtol=1e-4, atol=1e-5)
    assert found["output"].dtype is torch.float32 and found["output"].shape == expected.shape
    if min(x.shape) > 1:
        assert found["output"].is_contiguous()
    weights = factors(expected.shape) if data_format == "channels_last" else np.moveaxis(factors(expected.shape), 1, -1)
    gradient = moved(np.einsum("ih,jw,nijc->nhwc", down, right, weights), data_format)
    np.testing.assert_allclose(found["input gradient"], gradient, rtol=1e-4, atol=1e-4)
    values = moved(np.einsum("ih,jw,nhwc->nijc", down, right, np.round(50 * x)), data_format)
    for dtype, low, high in (("int32", -1e9, 1e9), ("uint8", 0, 255), ("int8", -128, 127)):
        given = np.clip(np.round(50 * moved(x, data_format)), low, high)
        if np.array_equal(given, np.round(50 * moved(x, data_format))):
            whole = layer(given.astype(dtype)).numpy()
            assert whole.dtype == dtype
            # Halves may fall either way.
            np.testing.assert_allclose(whole, np.clip(values, low, high), atol=0.501)


@FEW
@given(interpolation())
def test_interpolation(case):
    compare_interpolation(case)


@pytest.mark.slow
@MANY
@given(interpolation())
def test_interpolation_in_many_cases(case):
    compare_interpolation(case)


# ---------------------------------------------------------------- precision, errors


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16", "float64"])
@pytest.mark.parametrize(
    ("name", "kwargs", "shape"),
    [
        ("ZeroPadding2D", {}, (2, 4, 4, 3)),
        ("Cropping1D", {}, (2, 4, 3)),
        ("UpSampling1D", {}, (2, 4, 3)),
        ("UpSampling2D", {}, (2, 4, 4, 3)),
        ("UpSampling2D", {"interpolation": "bilinear"}, (2, 4, 4, 3)),
        ("UpSampling3D", {}, (2, 4, 4, 4, 3)),
        ("Permute", {"dims": (2, 1)}, (2, 4, 3)),
        ("RepeatVector", {"n": 2}, (2, 4)),
    ],
)
def test_precision(name, kwargs, shape, policy):
    x = drawn(shape)
    found, wanted = (layer(x) for layer in pair(name, {**kwargs, "dtype": policy}))
    assert found.dtype is wanted.dtype
    np.testing.assert_allclose(found.double(), wanted.double(), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16"])
@pytest.mark.parametrize("method", ["bicubic", "lanczos3"])
def test_weights_in_half_precision(policy, method):
    x = drawn((2, 4, 5, 3))
    half, whole = (mine.UpSampling2D(2, interpolation=method, dtype=dtype)(x) for dtype in (policy, "float32"))
    assert str(half.dtype) == f"torch.{policy.removeprefix('mixed_')}"
    np.testing.assert_allclose(half.float(), whole, rtol=0.03, atol=0.03)


@pytest.mark.parametrize(
    ("name", "kwargs", "shape", "error"),
    [
        ("ZeroPadding1D", {"padding": -1}, None, ValueError),
        ("ZeroPadding1D", {"padding": (1, 2, 3)}, None, ValueError),
        ("ZeroPadding2D", {"padding": (1, 2, 3)}, None, ValueError),
        ("ZeroPadding2D", {"padding": (1, -1)}, None, ValueError),
        ("ZeroPadding2D", {"padding": ((1, 1), (1, 1, 1))}, None, ValueError),
        ("ZeroPadding2D", {"padding": None}, None, ValueError),
        ("ZeroPadding2D", {"padding": 1.5}, None, ValueError),
        ("ZeroPadding2D", {"padding": ("a", 1)}, None, ValueError),
        ("ZeroPadding3D", {"padding": (1, 1)}, None, ValueError),
        ("ZeroPadding2D", {}, (1, 4, 4), ValueError),
        ("Cropping2D", {"cropping": -1}, None, ValueError),
        ("Cropping2D", {"cropping": (1, 2, 3)}, None, ValueError),
        ("Cropping2D", {"cropping": None}, None, ValueError),
        ("Cropping1D", {"cropping": 2}, (1, 4, 1), ValueError),
        ("Cropping2D", {"cropping": (0, 2)}, (1, 5, 4, 1), ValueError),
        ("Cropping3D", {"cropping": ((0, 0), (3, 1), (0, 0))}, (1, 4, 4, 4, 1), ValueError),
        ("Cropping2D", {"cropping": 1}, (4, 4, 4), ValueError),
        ("UpSampling1D", {"size": 2.0}, None, TypeError),
        ("UpSampling1D", {"size": (2,)}, None, TypeError),
        ("UpSampling1D", {"size": True}, None, TypeError),
        ("UpSampling1D", {"size": 0}, None, ValueError),
        ("UpSampling2D", {"size": 0}, None, ValueError),
        ("UpSampling2D", {"size": (2,)}, None, ValueError),
        ("UpSampling2D", {"interpolation": "cubic"}, (1, 2, 2, 1), ValueError),
        ("UpSampling3D", {}, (1, 2, 2, 1), ValueError),
        ("Permute", {"dims": (0, 1)}, None, ValueError),
        ("Permute", {"dims": (1, 3)}, None, ValueError),
        ("Permute", {"dims": (1, 1)}, None, ValueError),
        ("Permute", {"dims": 1}, None, TypeError),
        ("Permute", {"dims": (2, 1)}, (1, 2, 2, 1), ValueError),
        ("RepeatVector", {"n": 0}, None, ValueError),
        ("RepeatVector", {"n": 2.0}, None, TypeError),
        ("RepeatVector", {"n": True}, None, TypeError),
        ("RepeatVector", {"n": 2}, (1, 2, 2), ValueError),
    ],
)
def test_errors_have_the_type_of_keras(keras, name, kwargs, shape, error):
    for library in (mine, keras.layers):
        with pytest.raises(error):
            layer = getattr(library, name)(**kwargs)
            if shape is not None:
                layer(drawn(shape))
