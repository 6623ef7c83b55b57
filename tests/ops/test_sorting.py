"""Order and places: laws, errors, open batches."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import KerasTensor, ops

X = torch.tensor([3.0, 1.0, 2.0])
NUMBERS = st.lists(st.integers(-5, 5), min_size=1, max_size=20).map(torch.tensor)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, st.data())
def test_a_partition(x, data):
    kth = data.draw(st.integers(0, len(x) - 1))
    found = x[ops.argpartition(x, kth)]
    assert ops.all(found[:kth] <= found[kth]) and ops.all(found[kth:] >= found[kth])


@settings(max_examples=50, deadline=None)
@given(NUMBERS)
def test_argsort_sorts(x):
    assert torch.equal(x[ops.argsort(x)], ops.sort(x))


@settings(max_examples=50, deadline=None)
@given(NUMBERS, NUMBERS)
def test_places_found_keep_the_order(x, values):
    x = ops.sort(x)
    left, right = (ops.searchsorted(x, values, side=side) for side in ("left", "right"))
    assert torch.equal(right - left, ops.sum(x[None] == values[:, None], axis=1))
    assert torch.equal(right, ops.digitize(values, x))


@settings(max_examples=50, deadline=None)
@given(NUMBERS)
def test_what_unique_tells_gives_x_back(x):
    values, first, inverse, counts = ops.unique(x, return_index=True, return_inverse=True, return_counts=True)
    assert torch.equal(values[inverse], x) and torch.equal(x[first], values) and int(counts.sum()) == len(x)


def test_in_top_k_of_an_open_batch():
    assert ops.in_top_k(KerasTensor((None,), "int32"), KerasTensor((None, 5)), k=2).shape == (None,)


def test_unique_has_the_size_it_is_given():
    assert ops.unique(KerasTensor((None, 5)), size=4).shape == (4,)


def test_unique_of_a_drawn_tensor_knows_no_size():
    x = KerasTensor((2, 4))
    assert ops.unique(x).shape == (None,) and ops.unique(x, axis=0).shape == (None, 4)
    more = ops.unique(x, axis=-1, return_index=True, return_inverse=True, return_counts=True)
    assert [each.shape for each in more] == [(2, None), (None,), (4,), (None,)]
    assert [each.shape for each in ops.unique(x, return_inverse=True, return_counts=True)] == [(None,), (2, 4), (None,)]
    node = more[1].node
    del more
    assert [each.shape for each in node.outputs] == [(2, None), (None,), (4,), (None,)]  # made anew


@pytest.mark.parametrize("kth", [3, -4])
def test_kth_out_of_range(kth):
    with pytest.raises(ValueError, match=f"argpartition: axis -1 of `x` has 3 numbers. Received: kth={kth}"):
        ops.argpartition(X, kth)


def test_kth_is_no_integer():
    with pytest.raises(ValueError, match=r"argpartition: `kth` must be an integer. Received: kth=\[0, 1\]"):
        ops.argpartition(X, [0, 1])


@pytest.mark.parametrize("k", [4, -1])
def test_k_out_of_range(k):
    with pytest.raises(ValueError, match=f"top_k: the last axis of `x` has 3 numbers. Received: k={k}"):
        ops.top_k(X, k)


def test_a_sequence_of_more_axes():
    with pytest.raises(ValueError, match=r"searchsorted: `sorted_sequence` must be 1-D.*shape \(1, 3\)"):
        ops.searchsorted(X[None], 2.0)
    with pytest.raises(ValueError, match=r"digitize: `bins` must be 1-D.*shape \(1, 3\)"):
        ops.digitize(2.0, X[None])


def test_an_unknown_side():
    with pytest.raises(RuntimeError, match="side can only be 'left' or 'right'"):
        ops.searchsorted(X, 2.0, side="middle")
