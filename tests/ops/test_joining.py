"""Tensors made one and several: errors, open sizes, laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops


def test_shapes_that_do_not_fit():
    pair = [torch.ones(2, 3), torch.ones(4, 5)]
    for function, where in (
        (ops.concatenate, "axes but 0"), (ops.stack, "along all axes"), (ops.hstack, "axes but 1"), (ops.vstack, "axes but 0"),
        (ops.dstack, "axes but 2"),
    ):  # fmt: skip
        with pytest.raises(
            ValueError, match=rf"`{function.__name__}` expects tensors of equal sizes .*{where}.*\(2, 3\), \(4, 5\)"
        ):
            function(pair)
    with pytest.raises(ValueError, match="`append` expects tensors of equal sizes"):
        ops.append(*pair, axis=0)
    with pytest.raises(ValueError, match="`concatenate` expects tensors of equal sizes"):
        ops.concatenate([keras.Input((3,)), keras.Input((4,))], axis=0)


def test_concatenate_needs_an_axis():
    with pytest.raises(ValueError, match="`concatenate` expects an integer for `axis`"):
        ops.concatenate([torch.ones(2)], axis=None)


def test_rows_of_one_tensor():
    x = torch.arange(6).reshape(2, 3)
    assert ops.concatenate(x).tolist() == [0, 1, 2, 3, 4, 5]
    assert torch.equal(ops.stack(x, axis=1), x.T) and torch.equal(ops.vstack(x), x)


def test_symbolic_beside_real():
    x = keras.Input((3,))
    made = ops.concatenate([x, np.ones((2, 3), "float32")], axis=0)
    assert made.shape == (None, 3)
    assert torch.equal(keras.Model(x, made)(torch.zeros(1, 3)), torch.tensor([[0.0] * 3, [1.0] * 3, [1.0] * 3]))


def test_split_errors():
    x = torch.ones(4, 6)
    for function, parts in ((ops.split, 3), (ops.hsplit, 4), (ops.vsplit, 3), (ops.split, 0)):
        with pytest.raises(
            ValueError, match=rf"`{function.__name__}` expects a number of parts that divides .* x.shape=\(4, 6\)"
        ):
            function(x, parts)
    with pytest.raises(ValueError, match="`vsplit` expects `x` with 2 axes or more"):
        ops.vsplit(x[0], 2)
    with pytest.raises(ValueError, match="`dsplit` expects `x` with 3 axes or more"):
        ops.dsplit(x, 2)
    with pytest.raises(ValueError, match="`hsplit` expects `x` with 1 axes or more"):
        ops.hsplit(torch.tensor(1.0), 1)
    with pytest.raises(TypeError, match="`array_split` expects integers"):
        ops.array_split(x, [1, 2])
    with pytest.raises(ValueError, match="`array_split` expects 1 part or more"):
        ops.array_split(x, 0)


def test_repeat_errors():
    with pytest.raises(ValueError, match=r"`repeat` expects one number, or one for each entry along axis 1"):
        ops.repeat(torch.ones(2, 3), [1, 2], axis=1)


def test_repeat_of_an_open_batch():
    x = keras.Input((3,))
    assert ops.repeat(x, 2, axis=0).shape == ops.repeat(x, [1, 2, 1], axis=0).shape == (None, 3)
    assert keras.Model(x, ops.repeat(x, [1, 2, 1], axis=0))(torch.ones(3, 3)).shape == (4, 3)


@settings(max_examples=50, deadline=None)
@given(size=st.integers(0, 7), parts=st.integers(1, 9), places=st.lists(st.integers(0, 8), max_size=3).map(sorted))
def test_parts_make_the_whole(size, parts, places):
    x = torch.arange(size * 2).reshape(size, 2)
    for made in (ops.array_split(x, parts), ops.split(x, places)):
        assert torch.equal(ops.concatenate(made), x)
    assert [len(part) for part in ops.array_split(x, parts)] == [len(part) for part in np.array_split(x.numpy(), parts)]
    assert [len(part) for part in ops.split(x, places)] == [len(part) for part in np.split(x.numpy(), places)]
