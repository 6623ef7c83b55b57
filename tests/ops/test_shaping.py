"""The same numbers in another shape: errors, open sizes, views, laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops


def test_reshape_errors():
    x = torch.ones(2, 3)
    for newshape in ((4, 2), (-1, 4), (-1, -1), (-2, 3)):
        with pytest.raises(ValueError, match=r"`reshape` cannot bring `x` of shape \(2, 3\) \(6 numbers\) into `newshape`"):
            ops.reshape(x, newshape)
    with pytest.raises(ValueError, match="`reshape` cannot bring"):
        ops.reshape(keras.Input((3,), batch_size=2), (4, 2))
    with pytest.raises(ValueError, match=r"cannot know the sizes that are None. Received: x.shape=\(2, 3\)"):
        ops.reshape(x, (2, 3, None, None))


def test_reshape_with_open_sizes():
    x = keras.Input((4, 6))
    batch, steps, _ = ops.shape(x)
    assert batch is None
    rows = ops.reshape(x, (batch, -1))
    heads = ops.reshape(x, (batch, steps, 2, 3))
    back = ops.reshape(ops.transpose(heads, (0, 2, 1, 3)), (-1, steps, 6))
    model = keras.Model(x, [rows, heads, back])
    assert model.output_shape == [(None, 24), (None, 4, 2, 3), (None, 4, 6)]
    value = torch.randn(3, 4, 6)
    found = model(value)
    assert torch.equal(found[0], value.flatten(1)) and torch.equal(found[1], value.reshape(3, 4, 2, 3))
    assert torch.equal(found[2], value.reshape(3, 4, 2, 3).transpose(1, 2).reshape(3, 4, 6))
    again = keras.Model.from_config(model.get_config())
    assert torch.equal(again(value)[0], found[0])
    assert ops.reshape(torch.ones(0, 4, 6), (None, -1)).shape == (0, 24)


def test_reshape_with_open_sizes_further_in():
    x = keras.Input((None, 6))
    made = ops.reshape(x, (*ops.shape(x)[:2], 2, 3))
    assert made.shape == (None, None, 2, 3)
    assert keras.Model(x, made)(torch.ones(2, 5, 6)).shape == (2, 5, 2, 3)


def test_fixed_sizes_of_an_open_batch():
    x = keras.Input((3,))
    for made, shape in (
        (ops.reshape(x, (5, 6)), (5, 6)),
        (ops.broadcast_to(x, (4, 2, 3)), (4, 2, 3)),
        (ops.broadcast_to(x, (4, None, 3)), (4, None, 3)),
        (ops.pad(x, ((1, 2), (0, 0))), (None, 3)),
        (ops.concatenate([x, torch.ones(2, 3)]), (None, 3)),
    ):
        assert made.shape == shape
    assert keras.Model(x, ops.reshape(x, (5, 6)))(torch.ones(10, 3)).shape == (5, 6)


def test_broadcast_to_new_open_axis():
    with pytest.raises(ValueError, match="`broadcast_to` cannot know the size of a new axis that is None"):
        ops.broadcast_to(torch.ones(3), (None, 3))


def test_views_share_memory():
    x = torch.arange(24.0).reshape(2, 3, 4)
    for made in (
        ops.reshape(x, (6, 4)), ops.ravel(x), ops.transpose(x), ops.swapaxes(x, 0, 1), ops.moveaxis(x, 0, 2),
        ops.view(x, "int32"), ops.expand_dims(x, (0, 2)), ops.squeeze(x[:1], 0), ops.broadcast_to(x, (5, 2, 3, 4)),
        ops.rearrange(x, "a b c -> (a b) c"), ops.diagonal(x), ops.diag(x[0]), ops.split(x, 2)[0],
        ops.take(x, 0, axis=0), ops.array(x),
    ):  # fmt: skip
        assert made.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def test_errors_of_axes():
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match=r"`expand_dims` cannot put axes at 5 of `x` of shape \(2, 3\)"):
        ops.expand_dims(x, 5)
    with pytest.raises(ValueError, match="`expand_dims` cannot put axes at"):
        ops.expand_dims(x, (0, 9))
    with pytest.raises(ValueError, match="`expand_dims` expects an integer, tuple or list"):
        ops.expand_dims(x, 1.0)
    with pytest.raises(ValueError, match=r"`squeeze` cannot drop axis 1 of `x` of shape \(2, 3\)"):
        ops.squeeze(x, 1)
    with pytest.raises(ValueError, match=r"`transpose` expects each axis of `x` once in `axes`. Received: x.shape=\(2, 3\)"):
        ops.transpose(x, (0, 0))
    with pytest.raises(ValueError, match="`transpose` expects"):
        ops.transpose(keras.Input((3,)), (0, 1, 2))
    with pytest.raises(ValueError, match="`moveaxis` expects as many places as axes"):
        ops.moveaxis(x, (0, 1), (1,))
    with pytest.raises(ValueError, match="`fliplr` expects `x` with two axes or more"):
        ops.fliplr(x[0])
    with pytest.raises(ValueError, match="`flipud` expects `x` with one axis or more"):
        ops.flipud(torch.tensor(1.0))
    with pytest.raises(ValueError, match="`rot90` expects two different `axes`"):
        ops.rot90(x, axes=(1, 1))
    with pytest.raises(ValueError, match="`rot90` needs two axes to turn in"):
        ops.rot90(x, axes=(0, 2))


def test_view_errors():
    with pytest.raises(ValueError, match=r"`view` cannot read `x` of shape \(2, 3\) and dtype float32 as float64"):
        ops.view(torch.ones(2, 3), "float64")


def test_pad_errors():
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match=r"`constant_values` can only be provided when .*'reflect'"):
        ops.pad(x, 1, mode="reflect", constant_values=2)
    with pytest.raises(ValueError, match="`pad` expects one of"):
        ops.pad(x, 1, mode="median")
    with pytest.raises(ValueError, match=r"`pad` expects a pair of integers .* x.shape=\(2, 3\)"):
        ops.pad(x, ((1, 1), (1, 1), (1, 1)))


def test_rearrange_errors():
    x = torch.ones(2, 6)
    for pattern in ("a b", "a b -> a", "a b -> a b c", "a a -> a a", "a ... -> ... a c"):
        with pytest.raises(ValueError, match="`rearrange` expects names of axes on both sides"):
            ops.rearrange(x, pattern)
    with pytest.raises(ValueError, match="an axis on the left for each of the tensor"):
        ops.rearrange(x, "a b c -> c b a")
    for sizes in ({"b": 4}, {"b": 2, "c": 2}, {}):
        with pytest.raises(ValueError, match=r"`rearrange` cannot split an axis of size 6 into \['b', 'c'\]"):
            ops.rearrange(x, "a (b c) -> a b c", **sizes)


def test_rearrange_is_einops():
    einops = pytest.importorskip("einops")
    x = torch.randn(2, 4, 6, 3)
    for pattern, sizes in (
        ("b (h two) w c -> b h (two w) c", {"two": 2}),
        ("b (h s) (w t) c -> (s t b) c h w", {"s": 2, "w": 3}),
        ("a b c d -> (d c b a)", {}),
    ):
        assert torch.equal(ops.rearrange(x, pattern, **sizes), einops.rearrange(x, pattern, **sizes))


def test_ndim_is_a_number():
    assert ops.ndim(keras.Input((3, 4))) == 3


@settings(max_examples=50, deadline=None)
@given(
    size=st.integers(1, 5), before=st.integers(0, 12), behind=st.integers(0, 12),
    mode=st.sampled_from(["constant", "reflect", "symmetric", "edge", "wrap"]),
)  # fmt: skip
def test_pad_is_numpys(size, before, behind, mode):
    x = np.arange(size * 2).reshape(2, size)
    widths = ((0, 0), (before, behind))
    np.testing.assert_array_equal(ops.pad(x, widths, mode=mode).numpy(), np.pad(x, widths, mode))
    np.testing.assert_array_equal(ops.pad(x, widths, mode=mode.upper()).numpy(), np.pad(x, widths, mode))


@settings(max_examples=50, deadline=None)
@given(order=st.permutations(range(4)), k=st.integers(-5, 5))
def test_orders_undo_each_other(order, k):
    x = torch.arange(24).reshape(1, 2, 3, 4)
    assert torch.equal(ops.transpose(ops.transpose(x, order), np.argsort(order).tolist()), x)
    assert torch.equal(ops.rot90(ops.rot90(x, k, (1, 2)), -k, (1, 2)), x)
    assert torch.equal(ops.roll(ops.roll(x, k, 3), -k, 3), x)
