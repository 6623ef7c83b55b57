"""Tensors out of nothing: errors, devices, memory."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import ops


@pytest.mark.parametrize("function", [ops.zeros, ops.ones, ops.empty])
def test_open_size(function):
    with pytest.raises(TypeError, match=rf"`{function.__name__}` needs to know all sizes. Received: shape=\(None, 4\)"):
        function((keras.Input((4,)).shape[0], 4))
    with pytest.raises(TypeError, match=f"`{function.__name__}` expects a tuple of integers for `shape`"):
        function("2")


def test_full_open_size():
    with pytest.raises(TypeError, match="`full` needs to know all sizes"):
        ops.full((None, 4), 1)


def test_memory_is_uninitialized_but_shaped():
    assert ops.empty((2, 3), "int8").shape == (2, 3) and ops.empty(3).dtype is torch.float32
    made = ops.empty_like(torch.ones(2, 3), dtype="int32")
    assert made.shape == (2, 3) and made.dtype is torch.int32
    outline = ops.empty_like(keras.Input((3,)), dtype="int32")
    assert outline.shape == (None, 3) and outline.dtype == "int32"


def test_device_and_floatx():
    with keras.device("meta"):
        made = [
            ops.zeros(2), ops.ones(2), ops.empty(2), ops.full(2, 1), ops.eye(2), ops.tri(2), ops.arange(2),
            ops.linspace(0, 1, 2), ops.logspace(0, 1, 2), ops.geomspace(1, 2, 2), ops.hanning(4), ops.array([1, 2]),
        ]  # fmt: skip
    assert {each.device.type for each in made} == {"meta"}
    keras.config.set_floatx("float64")
    try:
        assert ops.zeros(2).dtype is ops.linspace(0, 1, 2).dtype is ops.kaiser(4, 2.0).dtype is torch.float64
    finally:
        keras.config.set_floatx("float32")


def test_full_owns_its_memory():
    made = ops.full((2, 3), torch.tensor([1.0, 2.0, 3.0]))
    made[0, 0] = 5
    assert made[1, 0] == 1


def test_full_is_differentiable():
    value = torch.tensor(2.0, requires_grad=True)
    ops.full((2, 3), value).sum().backward()
    assert value.grad == 6


def test_large_integers():
    assert ops.array(2**40).item() == 2**40
    assert ops.array([2**40], "int64").tolist() == [2**40]


@pytest.mark.parametrize("size", [2.0, torch.tensor(2.0)])
def test_eye_wants_integers(size):
    with pytest.raises(TypeError, match="`eye` expects an integer for `N`"):
        ops.eye(size)
    with pytest.raises(TypeError, match="`eye` expects an integer for `M`"):
        ops.eye(2, size)
    assert ops.eye(torch.tensor(2)).tolist() == [[1, 0], [0, 1]]


def test_vander_errors():
    x = torch.ones(3)
    with pytest.raises(ValueError, match=r"`vander` expects `x` with one axis. Received: x.shape=\(1, 3\)"):
        ops.vander(x[None])
    with pytest.raises(TypeError, match="integer for `N`"):
        ops.vander(x, 2.0)
    with pytest.raises(ValueError, match="at least 0 powers"):
        ops.vander(x, -1)
    with pytest.raises(TypeError, match="a bool for `increasing`"):
        ops.vander(x, 2, increasing=1)


def test_symbolic_lengths():
    x = keras.Input((), batch_size=3)
    with pytest.raises(TypeError, match="`arange` cannot know how long it becomes"):
        ops.arange(x)
    for window in (ops.bartlett, ops.blackman, ops.hamming, ops.hanning, lambda x: ops.kaiser(x, 1.0)):
        with pytest.raises(TypeError, match="cannot know how long it becomes"):
            window(x)


def test_arange_step():
    with pytest.raises(ValueError, match="`arange` expects a `step` other than 0"):
        ops.arange(1, 3, 0)


def test_meshgrid_words():
    with pytest.raises(ValueError, match="`meshgrid` expects 'xy' or 'ij'"):
        ops.meshgrid(torch.ones(2), torch.ones(3), indexing="yx")


def test_spaced_ends_are_exact():
    start, stop = torch.rand(50), torch.rand(50) * 1e6
    made = ops.linspace(start, stop, 7)
    assert torch.equal(made[0], start) and torch.equal(made[-1], stop)
    assert np.isnan(ops.linspace(0, 1, 1, retstep=True)[1])


def test_spaced_values_in_graphs():
    start, stop = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([start, stop], [ops.linspace(start, stop, 4), ops.logspace(start, stop, 4, base=2)])
    a, b = torch.rand(2, 3), torch.rand(2, 3)
    assert model.output_shape == [(4, None, 3), (4, None, 3)]
    for made, truth in zip(model([a, b]), (ops.linspace(a, b, 4), ops.logspace(a, b, 4, base=2)), strict=True):
        torch.testing.assert_close(made, truth)


def test_windows_as_long_as_a_scalar_of_any_dtype_says():
    for dtype in (torch.float32, torch.bfloat16, torch.int64):
        assert ops.hanning(torch.tensor(3, dtype=dtype)).tolist() == [0.0, 1.0, 0.0]
    with pytest.raises(TypeError):
        ops.hanning(torch.ones(2))


def test_nested_lists_are_of_the_kind_of_all_that_is_in_them():
    for function in (ops.array, ops.convert_to_tensor):
        made = function([[1, 2], [0.5, 1]])
        assert made.dtype is torch.float32 and made.tolist() == [[1, 2], [0.5, 1]]
        assert function([[True], [1]]).dtype is torch.int32 and function([[True], [False]]).dtype is torch.bool
        assert function([[1], [1j]]).dtype is torch.complex64 and function([[], []]).dtype is torch.float32
        assert function([[1, np.float32(0.5)]]).tolist() == [[1, 0.5]]
    x = torch.tensor([2.5, 3.0], requires_grad=True)
    made = ops.array([[0, x[0]], [x[1], 1]])
    assert made.tolist() == [[0, 2.5], [3, 1]]
    made.sum().backward()
    assert x.grad.tolist() == [1, 1]
