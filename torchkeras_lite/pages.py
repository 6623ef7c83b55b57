"""Fresh memory of large tensors: a system hands it out page by page when it is first written to, which takes as long as to fill
it. Pages of 2 MB are handed out in half the time.

(To ask for them in another thread, while a model is made, took longer than it saved: measured.)
"""

from __future__ import annotations

import ctypes
import functools
import mmap

import torch

_LARGE = 1 << 22  # bytes from which on it is worth while


def in_large_pages(tensor: torch.Tensor) -> None:
    """Asks that fresh memory of a large tensor come in large pages, where the system has such."""
    storage = tensor.untyped_storage()
    if tensor.device.type != "cpu" or storage.nbytes() < _LARGE or _madvise() is None:
        return
    start = -(-storage.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
    size = (storage.data_ptr() + storage.nbytes() - start) // mmap.PAGESIZE * mmap.PAGESIZE
    _madvise()(start, size, mmap.MADV_HUGEPAGE)  # advice: that it is not taken is no error


@functools.cache
def _madvise():
    """The function of the C library, or None."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return None
    try:
        found = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return None
    found.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return found
