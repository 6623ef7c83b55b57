"""Memory that is asked for ahead: only that of the tensor, no more than a file accounts for, and nothing in it changes."""

import itertools
import mmap

import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, pages
from torchkeras_lite.loading import Loading


@pytest.fixture
def asked(monkeypatch):
    """What the system is asked for: pairs of an address and a size, by the kind of advice."""
    calls = {}

    def madvise(address, size, kind):
        calls.setdefault(kind, []).append((address, size))
        return 0

    monkeypatch.setattr(pages, "_madvise", lambda: madvise)
    monkeypatch.setattr(pages, "CORES", 2)
    monkeypatch.setattr(pages, "_BATCH", 1 << 20)
    monkeypatch.setattr(mmap, "MADV_HUGEPAGE", 14, raising=False)
    return calls


@pytest.mark.parametrize("size", [3 << 19, (5 << 20) + 123])
def test_only_whole_pages_of_the_tensor_are_asked_for(size, asked):
    tensor, ahead = torch.empty(size, dtype=torch.uint8), pages.Ahead()
    first, end = tensor.data_ptr(), tensor.data_ptr() + size
    ahead.ask(tensor)
    ahead._thread.shutdown()
    ahead.settle()
    places = asked[pages._POPULATE_WRITE]
    assert all(address % mmap.PAGESIZE == 0 == count % mmap.PAGESIZE for address, count in places)
    assert places[0][0] - first < mmap.PAGESIZE and first <= places[0][0]
    assert all(address + count == following for (address, count), (following, _) in itertools.pairwise(places))
    assert 0 <= end - sum(places[-1]) < mmap.PAGESIZE
    assert (14 in asked) is (size > pages.LARGE)


def test_little_is_asked_for_nowhere(asked):
    ahead = pages.Ahead()
    ahead.ask(torch.empty(1000))
    ahead.ask(torch.empty(1 << 20, device="meta"))
    pages.in_large_pages(torch.empty(1 << 18))
    ahead.settle()
    assert not asked and ahead._thread is None


def test_nothing_in_it_changes():
    tensor, ahead = torch.arange(3 << 20), pages.Ahead()
    ahead.ask(tensor)
    ahead._thread.shutdown()
    ahead.settle()
    pages.in_large_pages(tensor)
    assert torch.equal(tensor, torch.arange(3 << 20))


@pytest.mark.parametrize(("stored", "expected"), [(1 << 24, 2), (1 << 22, 1), (1 << 20, 0)])
def test_no_more_is_asked_for_than_the_file_has(stored, expected, monkeypatch):
    wanted = []
    monkeypatch.setattr(pages.Ahead, "ask", lambda self, tensor: wanted.append(tuple(tensor.shape)))
    with Loading(lambda: stored) as loading:
        keras.Sequential([keras.Input((1000,)), layers.Dense(1000), layers.Dense(1000), layers.Dense(3)])
    assert len(wanted) == expected
    loading.fill()


def test_a_model_that_cannot_be_made_leaves_no_thread(asked):
    with pytest.raises(ZeroDivisionError), Loading(lambda: 1 << 30) as loading:
        keras.Sequential([keras.Input((1000,)), layers.Dense(1000)])
        assert loading._ahead._thread is not None
        _ = 1 / 0
    assert loading._ahead._thread is None
