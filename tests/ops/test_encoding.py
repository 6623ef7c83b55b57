"""Classes as vectors, space as channels: what they refuse, and ways there and back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import KerasTensor, ops


def test_classes():
    x = torch.tensor([[0, 1]])
    for function in (ops.one_hot, ops.multi_hot):
        assert torch.equal(function(x, 3, sparse=True), function(x, 3))
        drawn = KerasTensor((None, 2), "int32")
        assert function(drawn, 3, sparse=True).shape == function(drawn, 3).shape
        for axis in (3, -4):
            with pytest.raises(ValueError, match=rf"{function.__name__}: `axis` must be between -3 and 2, .* axis={axis}"):
                function(x, 3, axis=axis)
    with pytest.raises(ValueError, match="multi_hot: `num_classes` must be given"):
        ops.multi_hot(x)
    with pytest.raises(ValueError, match="Invalid dtype"):
        ops.one_hot(x, 3, dtype="float31")


@pytest.mark.parametrize("function", [ops.depth_to_space, ops.space_to_depth])
def test_blocks(function):
    name, images = function.__name__, torch.ones(1, 4, 4, 4)
    with pytest.raises(ValueError, match=f"{name}: `block_size` must be at least 2. Received: block_size=1"):
        function(images, 1)
    with pytest.raises(ValueError, match=rf"{name}: expected images with 4 axes. Received: x.shape=\(4, 4, 4\)"):
        function(images[0], 2)
    with pytest.raises(ValueError, match="must be divisible by"):
        function(images, 3)
    with pytest.raises(ValueError, match="must be divisible by"):
        function(KerasTensor((None, 4, 4, 4)), 3)
    with pytest.raises(ValueError, match="data_format"):
        function(images, 2, "channels_middle")


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(2, 3),
    st.sampled_from(["channels_last", "channels_first"]),
)  # fmt: skip
def test_there_and_back(samples, high, wide, channels, block, data_format):
    shape = (samples, high, wide, channels * block**2)
    if data_format == "channels_first":
        shape = (samples, channels * block**2, high, wide)
    x = torch.randn(shape)
    y = ops.depth_to_space(x, block, data_format)
    assert torch.equal(ops.space_to_depth(y, block, data_format), x)
    if data_format == "channels_first":
        assert torch.equal(y, torch.pixel_shuffle(x, block))


def test_one_hot_finds_its_way_back():
    labels = torch.randint(0, 7, (3, 4))
    for axis in (-1, 0, 1):
        assert torch.equal(ops.one_hot(labels, 7, axis=axis).argmax(axis), labels)
