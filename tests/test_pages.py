"""Large pages are asked for what is a tensor's own memory, and nothing in it changes."""

import mmap

import pytest
import torch

from torchkeras_lite import pages


@pytest.mark.parametrize("size", [1 << 22, (5 << 20) + 123])
def test_only_whole_pages_of_the_tensor_are_asked_for(size, monkeypatch):
    asked = []
    monkeypatch.setattr(pages, "_madvise", lambda: lambda *args: asked.append(args))
    monkeypatch.setattr(mmap, "MADV_HUGEPAGE", 14, raising=False)
    tensor = torch.empty(size + 100, dtype=torch.uint8)[100:]  # of the storage, as others have parts of it too
    first, end = tensor.untyped_storage().data_ptr(), tensor.data_ptr() + size
    pages.in_large_pages(tensor)
    ((address, count, kind),) = asked
    assert address % mmap.PAGESIZE == 0 == count % mmap.PAGESIZE and kind == 14
    assert 0 <= address - first < mmap.PAGESIZE and 0 <= end - (address + count) < mmap.PAGESIZE


def test_little_is_asked_for_nowhere(monkeypatch):
    monkeypatch.setattr(pages, "_madvise", lambda: pytest.fail)
    pages.in_large_pages(torch.empty(1 << 19))
    pages.in_large_pages(torch.empty(1 << 22, device="meta"))


def test_nothing_in_it_changes():
    tensor = torch.arange(3 << 20)
    pages.in_large_pages(tensor)
    assert torch.equal(tensor, torch.arange(3 << 20))


def test_where_the_system_has_none_nothing_is_asked(monkeypatch):
    pages._madvise.cache_clear()
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    try:
        pages.in_large_pages(torch.empty(1 << 22))
        assert pages._madvise() is None
    finally:
        pages._madvise.cache_clear()
