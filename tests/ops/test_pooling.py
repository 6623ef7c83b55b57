"""Pooling as an operation: laws, errors, files, compilers."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as tk
from torchkeras_lite import ops

LIGHT = settings(max_examples=50, deadline=None, database=None)
ranks, sides = st.integers(1, 3), st.integers(1, 4)
paddings = st.sampled_from(["valid", "same"])


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---------------------------------------------------------------- laws


@LIGHT
@given(rank=ranks, window=sides, stride=sides, padding=paddings, shift=st.integers(-50, 50))
def test_what_is_outside_does_not_count(rank, window, stride, padding, shift):
    x = drawn((2, *[5] * rank, 2))
    for pool in (ops.max_pool, ops.average_pool):
        moved = pool(x + shift, window, stride, padding)
        torch.testing.assert_close(moved, pool(x, window, stride, padding) + shift)
        assert moved.is_contiguous()


@LIGHT
@given(rank=ranks, window=sides, stride=sides, padding=paddings)
def test_channels_may_stand_first_or_last(rank, window, stride, padding):
    x = drawn((2, *[5] * rank, 2))
    for pool in (ops.max_pool, ops.average_pool):
        first = pool(x.movedim(-1, 1), window, stride, padding, "channels_first")
        torch.testing.assert_close(first.movedim(1, -1), pool(x, window, stride, padding))
    for pool in (ops.adaptive_max_pool, ops.adaptive_average_pool):
        torch.testing.assert_close(pool(x.movedim(-1, 1), stride, "channels_first").movedim(1, -1), pool(x, stride))


@LIGHT
@given(rank=ranks, window=sides, padding=paddings)
def test_a_mean_is_a_convolution_by_its_reach(rank, window, padding):
    x, kernel = drawn((2, *[5] * rank, 1)), torch.ones(*[window] * rank, 1, 1, dtype=torch.float64)
    count = ops.conv(torch.ones_like(x), kernel, window, padding)
    torch.testing.assert_close(ops.average_pool(x, window, padding=padding), ops.conv(x, kernel, window, padding) / count)


@LIGHT
@given(rank=ranks, times=st.integers(1, 3), windows=st.integers(1, 3))
def test_adaptive_windows_are_equal_where_they_can_be(rank, times, windows):
    x = drawn((2, *[times * windows] * rank, 2))
    torch.testing.assert_close(ops.adaptive_average_pool(x, windows), ops.average_pool(x, times))
    torch.testing.assert_close(ops.adaptive_max_pool(x, windows), ops.max_pool(x, times))


def test_large_integers_stay_exact():
    x = torch.tensor([2**40 + 1, 2**40], dtype=torch.int64).reshape(1, 2, 1)
    assert ops.max_pool(x, 2).item() == ops.adaptive_max_pool(x, 1).item() == 2**40 + 1


def test_means_of_integers_are_floatx():
    x = torch.arange(4).reshape(1, 4, 1)
    before = tk.config.floatx()
    tk.config.set_floatx("float64")
    try:
        assert ops.average_pool(x, 2).dtype is ops.adaptive_average_pool(x, 2).dtype is torch.float64
    finally:
        tk.config.set_floatx(before)


# ---------------------------------------------------------------- errors


X = torch.zeros(1, 4, 5, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.max_pool(X[0, 0], 2), "max_pool: `inputs` must have 3, 4 or 5 axes.*an input with 2 axes"),
        (
            lambda: ops.max_pool(X, 5),
            r"max_pool: the input is 4 high, the pool needs 5.*pool_size=\(5, 5\).*`padding=\"same\"`",
        ),
        (lambda: ops.max_pool(X.int(), (4, 6)), "max_pool: the input is 5 wide, the pool needs 6"),
        (lambda: ops.average_pool(X[0], 6), "average_pool: the input is 5 long, the pool needs 6"),
        (lambda: ops.average_pool(X[None], (1, 2, 6)), "average_pool: the input is 5 wide, the pool needs 6"),
        (lambda: ops.average_pool(tk.KerasTensor((None, 4, 5, 2)), 5), "average_pool: the input is 4 high"),
        (lambda: ops.max_pool(X, (2, 2, 2)), r"max_pool: The `pool_size` argument must be a tuple of 2.*\(2, 2, 2\)"),
        (lambda: ops.max_pool(X, 0), "max_pool: The `pool_size` argument must be .*.*pool_size=0.*`value > 0`"),
        (lambda: ops.average_pool(X, 2, 1.5), "average_pool: The `strides` argument must be .*strides=1.5"),
        (
            lambda: ops.average_pool(X, 2, padding="full"),
            "average_pool: the `padding` argument must be 'valid' or 'same'.*full",
        ),
        (lambda: ops.max_pool(X, 2, data_format="first"), "`data_format` argument must be one of"),
        (lambda: ops.adaptive_max_pool(X, (2,)), "adaptive_max_pool: The `output_size` argument must be a tuple of 2"),
        (lambda: ops.adaptive_average_pool(X, -1), "adaptive_average_pool: The `output_size` argument must be .*.*`value > 0`"),
        (lambda: ops.adaptive_average_pool(X[0, 0], 2), "adaptive_average_pool: `inputs` must have 3, 4 or 5 axes"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------- graphs and files


def test_sizes_may_be_open():
    image = tk.KerasTensor((None, None, None, 2))
    assert ops.max_pool(image, 2).shape == ops.average_pool(image, 3, 2, "same").shape == (None, None, None, 2)
    assert ops.adaptive_average_pool(image, (3, 4)).shape == (None, 3, 4, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.average_pool(x, (2, 3), padding="same"),
        lambda x: ops.max_pool(x, [2, 3], strides=[1, 2]),
        lambda x: ops.adaptive_average_pool(x, (2, 3)),
        lambda x: ops.adaptive_max_pool(x, 2),
        lambda x: ops.adaptive_max_pool(x, 2, "channels_first"),
    ],
)
def test_a_model_comes_back_from_its_config(call):
    x, inputs = drawn((2, 6, 5, 3)).float(), tk.Input((6, 5, 3))
    model = tk.Model(inputs, call(inputs))
    again = tk.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert torch.equal(again(x), model(x))


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_compiler_takes_it_whole(dynamic):
    def together(x):
        return ops.max_pool(x, 2, 1, "same") + ops.average_pool(x, 3, 1, "same") + ops.adaptive_max_pool(x, 1)

    torch.compiler.reset()
    x = drawn((2, 6, 7, 3))
    compiled = torch.compile(together, fullgraph=True, dynamic=dynamic, backend="eager")
    torch.testing.assert_close(compiled(x), together(x))
