"""Parts of tensors: errors, places out of a stand-in's reach, laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops
from torchkeras_lite.symbolic import KerasTensor


def test_get_item_is_what_brackets_draw():
    x = keras.Input((3, 4))
    model = keras.Model(x, [ops.get_item(x, (slice(None), 1)), x[:, 1]])
    assert [layer["class_name"] for layer in model.get_config()["layers"][1:]] == ["GetItem", "GetItem"]
    again = keras.Model.from_config(model.get_config())
    value = torch.randn(2, 3, 4)
    assert all(torch.equal(made, value[:, 1]) for made in (*model(value), *again(value)))
    assert ops.get_item(keras.Variable([1.0, 2.0]), 1) == 2


def test_places_beyond_the_stand_in():
    x = keras.Input((4,))
    taken, along = ops.take(x, [7, 9], axis=0), ops.take_along_axis(x, [[7, 9, 3, 0]], axis=0)
    assert taken.shape == (2, 4) and along.shape == (1, 4)
    value = torch.randn(10, 4)
    made = keras.Model(x, [taken, along])(value)
    assert torch.equal(made[0], value[[7, 9]]) and torch.equal(made[1], value[[7, 9, 3, 0], range(4)][None])


def test_rows_of_an_open_batch():
    x = keras.Input((2, 3))
    drawn = [x[5], x[-4], ops.get_item(x, (7, 1)), x[[1, 8]]]
    assert [each.shape for each in drawn] == [(2, 3), (2, 3), (3,), (2, 2, 3)]
    value = torch.randn(9, 2, 3)
    for made, wanted in zip(keras.Model(x, drawn)(value), (value[5], value[-4], value[7, 1], value[[1, 8]]), strict=True):
        assert torch.equal(made, wanted)
    with pytest.raises(ValueError, match="index 2 is out of bounds"):
        x[:, 2]


def test_places_that_are_not_there():
    x = torch.ones(2, 3)
    for axis in (0, 1):
        with pytest.raises((IndexError, RuntimeError)):  # torch's own words
            ops.take(x, torch.tensor([5]), axis=axis)
    with pytest.raises(ValueError, match=r"equally many axes. Received: x.shape=\(2, 3\), indices.shape=\(1,\)"):
        ops.take_along_axis(x, [0], axis=1)


def test_nonzero_of_a_drawn_tensor():
    x = keras.Input((3,), batch_size=2)
    made = ops.nonzero(x)
    assert [(each.shape, each.dtype) for each in made] == [((None,), "int32")] * 2
    found = keras.Model(x, list(made))(torch.tensor([[0.0, 1, 0], [2, 0, 3]]))
    assert [each.tolist() for each in found] == [[0, 1, 1], [1, 0, 2]]
    assert isinstance(made[0], KerasTensor)


def test_nonzero_can_index():
    x = torch.tensor([[0.0, 1, 0], [2, 0, 3]])
    assert x[ops.nonzero(x)].tolist() == [1, 2, 3]


def test_select_errors():
    c, x = torch.tensor([True, False]), torch.ones(2)
    with pytest.raises(ValueError, match="`select` expects lists of conditions and choices"):
        ops.select(c, [x])
    for conditions, choices in (([], []), ([c], [x, x])):
        with pytest.raises(ValueError, match="`select` expects as many choices as conditions"):
            ops.select(conditions, choices)


def test_diagonal_errors():
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match=r"`diag` expects `x` with 1 or 2 axes. Received: x.shape=\(1, 2, 3\)"):
        ops.diag(x[None])
    for axes in ((1, 1), (0, -2), (0, 2)):
        with pytest.raises(ValueError, match="`diagonal` expects two different axes"):
            ops.diagonal(x, 0, *axes)


@settings(max_examples=50, deadline=None)
@given(places=st.lists(st.integers(-6, 5), max_size=4), axis=st.sampled_from([None, 0, 1, -1]))
def test_take_is_pythons_indexing(places, axis):
    x = torch.arange(6).reshape(6, 1) if axis == 0 else torch.arange(12).reshape(2, 6)
    flat = x.reshape(-1) if axis is None else x
    truth = flat[places] if axis in (None, 0) else flat[:, places]
    indices = torch.tensor(places, dtype=torch.int64)
    assert torch.equal(ops.take(x, indices, axis=axis), truth)


@settings(max_examples=50, deadline=None)
@given(k=st.integers(-4, 4))
def test_triangles_make_the_whole(k):
    x = torch.arange(12).reshape(3, 4) + 1
    assert torch.equal(ops.tril(x, k) + ops.triu(x, k + 1), x)
    assert torch.equal(ops.tril(ops.triu(x, k), k).sum(), ops.diagonal(x, k).sum())


def test_take_of_one_number():
    x = np.arange(6.0).reshape(1, 2, 3)
    for index in (4, np.array(4), torch.tensor(4)):
        found = ops.take(x, index)
        assert found.shape == () and found == 4.0
    assert ops.take(torch.tensor([5.0, 6.0]), np.array(-1)) == 6.0
    assert ops.take(x, 1, axis=1).tolist() == [[3.0, 4.0, 5.0]]
