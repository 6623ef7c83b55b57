"""Laws that hold for every input."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import layers

LIGHT = settings(max_examples=60, deadline=None, database=None)
sizes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)
scales = st.floats(0.01, 50)


def drawn(shape, seed=0, scale=1.0, shift=0.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale + shift


@LIGHT
@given(shape=sizes, rows=st.integers(0, 3), seed=st.integers(0, 100))
def test_reshape_undoes_flatten(shape, rows, seed):
    x = drawn((rows, *shape), seed)
    flat = layers.Flatten()(x)
    assert flat.shape == (rows, math.prod(shape))
    assert torch.equal(layers.Reshape(shape)(flat), x)
    for hidden in range(len(shape)):
        target = [-1 if i == hidden else size for i, size in enumerate(shape)]
        assert torch.equal(layers.Reshape(target)(flat), x)


@LIGHT
@given(shape=sizes, seed=st.integers(0, 100))
def test_flatten_does_not_care_where_channels_stand(shape, seed):
    x = drawn((2, *shape), seed)
    first = x if x.ndim < 3 else x.movedim(-1, 1)
    assert torch.equal(layers.Flatten("channels_first")(first), layers.Flatten("channels_last")(x))


@LIGHT
@given(
    shape=st.lists(st.integers(2, 6), min_size=1, max_size=3),
    rows=st.integers(2, 30),
    scale=scales,
    shift=st.floats(-20, 20),
    seed=st.integers(0, 100),
    data=st.data(),
)
def test_normalized_batches_have_mean_0_and_variance_1(shape, rows, scale, shift, seed, data):
    x = drawn((rows, *shape), seed, scale, shift)
    axis = data.draw(st.integers(1, x.ndim - 1))
    layer = layers.BatchNormalization(axis=axis, epsilon=1e-6, momentum=0.9)
    y = layer(x, training=True).detach().movedim(axis, 0).flatten(1)
    given_rows = x.movedim(axis, 0).flatten(1)
    mean, variance = given_rows.mean(1), given_rows.var(1, correction=0)
    torch.testing.assert_close(y.mean(1), torch.zeros(len(y)), rtol=0, atol=1e-3)
    torch.testing.assert_close(y.var(1, correction=0), variance / (variance + 1e-6), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(layer.norm.running_mean, 0.1 * mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(layer.norm.running_var, 0.9 + 0.1 * variance, rtol=1e-3, atol=1e-3)


@LIGHT
@given(scale=scales, shift=st.floats(-5, 5), seed=st.integers(0, 100))
def test_normalization_forgets_scale_and_shift(scale, shift, seed):
    x = drawn((20, 3), seed)
    layer = layers.BatchNormalization(epsilon=1e-8)
    torch.testing.assert_close(layer(x * scale + shift, training=True), layer(x, training=True), rtol=1e-2, atol=1e-2)


@LIGHT
@given(mask=st.lists(st.booleans(), min_size=6, max_size=6).filter(lambda m: sum(m) > 1), seed=st.integers(0, 100))
def test_what_is_masked_does_not_count(mask, seed):
    x = drawn((2, 3, 4), seed)
    mask = torch.tensor(mask).reshape(2, 3)
    masked, whole = layers.BatchNormalization(), layers.BatchNormalization()
    y = masked(x, mask=mask, training=True)
    torch.testing.assert_close(y[mask], whole(x[mask], training=True), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(masked.get_weights()[2], whole.get_weights()[2], rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore:softmax over axis")
@LIGHT
@given(shape=sizes, seed=st.integers(0, 100), data=st.data())
def test_softmax_is_a_distribution_over_what_is_not_masked(shape, seed, data):
    x = drawn((2, *shape), seed, 5.0)
    axes = data.draw(st.lists(st.integers(1, x.ndim - 1), min_size=1, unique=True))
    mask = drawn(x.shape, seed + 1) > 0
    y = layers.Softmax(axis=axes)(x, mask=mask)
    assert not y[~mask].any() and (y >= 0).all()
    torch.testing.assert_close(y.sum(axes), mask.float().amax(axes), rtol=1e-4, atol=1e-4)


@LIGHT
@given(rate=st.floats(0, 0.99), seed=st.integers(0, 100), training=st.booleans(), seeded=st.booleans())
def test_dropout_keeps_the_expectation(rate, seed, training, seeded):
    torch.manual_seed(seed)
    x = torch.ones(300, 300)
    y = layers.Dropout(rate, seed=seed if seeded else None)(x, training=training)
    if not training:
        assert torch.equal(x, y)
    deviation = math.sqrt(rate / (1 - rate) / x.numel())
    assert abs(y.mean().item() - 1) <= 6 * deviation + 1e-6
    for value in y.unique().tolist():
        assert value in (0, 1) or value == pytest.approx(1 / (1 - rate), rel=1e-6)


@LIGHT
@given(scale=scales, offset=st.floats(-5, 5), seed=st.integers(0, 100))
def test_one_rescaling_undoes_another(scale, offset, seed):
    x = drawn((3, 4), seed)
    y = layers.Rescaling(1 / scale, -offset / scale)(layers.Rescaling(scale, offset)(x))
    torch.testing.assert_close(y, x, rtol=1e-3, atol=1e-2)


@LIGHT
@given(rows=st.integers(1, 5), features=st.integers(1, 5), units=st.integers(1, 5), seed=st.integers(0, 100))
def test_dense_is_linear(rows, features, units, seed):
    layer = layers.Dense(units, use_bias=False)
    a, b = drawn((rows, features), seed), drawn((rows, features), seed + 1)
    torch.testing.assert_close(layer(2 * a + b), 2 * layer(a) + layer(b), rtol=1e-4, atol=1e-5)
    eye = torch.eye(features)
    np.testing.assert_allclose(layer(eye).detach(), layer.get_weights()[0], rtol=1e-6)


@LIGHT
@given(
    indices=st.lists(st.integers(0, 6), min_size=1, max_size=8),
    dtype=st.sampled_from(["uint8", "int32", "int64", "float32"]),
)
def test_embedding_is_dense_on_one_hot_rows(indices, dtype):
    layer = layers.Embedding(7, 3)
    indices = np.array(indices)
    y = layer(indices.astype(dtype)).detach()
    np.testing.assert_allclose(y, np.eye(7, dtype="float32")[indices] @ layer.get_weights()[0], rtol=1e-6)


@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("top", [None, 3.0])
@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_relu_at_its_corners(slope, top, threshold):
    layer = layers.ReLU(top, slope, threshold)
    for value in (-4.0, -1e-6, 0.0, 1e-6, 0.5, 1.0, 2.999, 3.0, 3.001, 100.0):
        expected = value if value >= threshold and value > 0 else slope * (value - threshold)
        expected = min(expected, top) if top is not None else expected
        if value == threshold:  # there Keras takes the lower branch, which is 0
            expected = 0.0 if threshold else expected
        assert layer(torch.tensor([value])).item() == pytest.approx(expected, rel=1e-6, abs=1e-7)
