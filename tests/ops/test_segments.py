"""Segments: open batches, gradients, errors."""

import pytest
import torch

from torchkeras_lite import KerasTensor, ops

NAMES = ["segment_sum", "segment_prod", "segment_max", "segment_min"]


@pytest.mark.parametrize("name", NAMES)
def test_an_open_batch(name):
    data, ids = KerasTensor((None, 3), "int32"), KerasTensor((None,), "int32")
    found = getattr(ops, name)(data, ids, num_segments=4)
    assert (found.shape, found.dtype) == ((4, 3), "int32")
    assert getattr(ops, name)(data, ids).shape == (None, 3)


@pytest.mark.parametrize("name", NAMES)
def test_segments_are_the_reductions_of_their_rows(name):
    data, ids = torch.randn(20, 3), torch.arange(20) % 4
    whole = getattr(ops, name.removeprefix("segment_"))
    expected = torch.stack([whole(data[ids == segment], axis=0) for segment in range(4)])
    torch.testing.assert_close(getattr(ops, name)(data, ids), expected)


@pytest.mark.parametrize("name", NAMES)
def test_rows_in_no_segment_have_no_gradient(name):
    data = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    getattr(ops, name)(data, torch.tensor([0, -1, 7]), num_segments=1).sum().backward()
    assert data.grad.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ids", [[0, 1], [[0], [1], [1]]])
def test_ids_that_do_not_fit(name, ids):
    with pytest.raises(
        ValueError, match=rf"{name}: Argument `segment_ids` .* [Oo]ne for each row of `data`.*data of shape \(3, 2\)"
    ):
        getattr(ops, name)(torch.zeros(3, 2), torch.tensor(ids))


@pytest.mark.parametrize("name", NAMES)
def test_without_a_number_of_segments_their_number_is_open(name):
    entry, ids = KerasTensor((10, 4)), KerasTensor((10,), "int32")
    assert getattr(ops, name)(entry, ids).shape == (None, 4)
    assert getattr(ops, name)(entry, ids, num_segments=5).shape == (5, 4)
    assert getattr(ops, name)(entry, ids, 5).shape == (5, 4)
