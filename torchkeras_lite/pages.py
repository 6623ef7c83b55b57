"""Fresh memory of large tensors: a system hands it out page by page when it is first written to, which takes as long as to fill
it. Pages of 2 MB are handed out in half the time; and another thread can ask for them while there is something else to do.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import torch

LARGE, MIDDLING = 1 << 22, 1 << 19  # bytes from which on large pages, and another thread, are worth while
_AT_ONCE = 1 << 21  # bytes that are asked for in one call, while which other threads get no new memory
_BATCH = 1 << 24  # bytes for which the other thread is woken
_POPULATE_WRITE = 23  # of madvise, since Linux 5.14: hand out now, and change nothing
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_large_pages(tensor: torch.Tensor) -> None:
    """Asks that fresh memory of a large tensor come in large pages, where the system has such."""
    if (place := _whole_pages(tensor, LARGE)) is not None:
        _madvise()(*place, mmap.MADV_HUGEPAGE)  # advice: that it is not taken is no error


class Ahead:
    """Memory that another thread asks for, while this one makes what is to use it."""

    def __init__(self):
        self._thread: ThreadPoolExecutor | None = None
        self._batch: list[torch.Tensor] = []
        self._over = threading.Event()

    def ask(self, tensor: torch.Tensor) -> None:
        """The memory of a tensor that nobody has written to yet is wanted; without another processor it has time."""
        if CORES < 2 or tensor.nbytes < MIDDLING or tensor.device.type != "cpu":
            return
        self._batch.append(tensor)
        if sum(one.nbytes for one in self._batch) >= _BATCH:
            self._thread = self._thread or ThreadPoolExecutor(1)
            self._thread.submit(_hand_out, self._batch, self._over)
            self._batch = []

    def settle(self) -> None:
        """Ends it: what has not been asked for yet is not any more."""
        if self._thread is not None:
            self._over.set()
            self._thread.shutdown(cancel_futures=True)
        self.__init__()


def _hand_out(tensors, over: threading.Event) -> None:
    """(The tensors are held on to, so that their memory is not another's.)"""
    for tensor in tensors:
        in_large_pages(tensor)
        start, size = _whole_pages(tensor, MIDDLING) or (0, 0)
        for offset in range(0, size, _AT_ONCE):
            # It fails on an old system, and where there is no more memory: whoever fills it is to meet that.
            if over.is_set() or _madvise()(start + offset, min(_AT_ONCE, size - offset), _POPULATE_WRITE):
                return


def _whole_pages(tensor: torch.Tensor, least: int) -> tuple[int, int] | None:
    """Where the pages of a large tensor on the CPU begin, and how many bytes they have; None where nothing can be asked for."""
    if tensor.device.type != "cpu":
        return None
    storage = tensor.untyped_storage()
    if storage.nbytes() < least or _madvise() is None:
        return None
    start = -(-storage.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
    return start, (storage.data_ptr() + storage.nbytes() - start) // mmap.PAGESIZE * mmap.PAGESIZE


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
