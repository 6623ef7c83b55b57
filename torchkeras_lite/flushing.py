"""Large files that reach the disk while they are written, and others in whose place they come that go in the background.

Both are times that a program would wait for: the disk's, once all is written, and the system's, to free what was there.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import threading

LARGE = 1 << 22  # bytes from which on it is worth while
_WRITE = 2  # of sync_file_range: begin, and do not wait
_freeing: list[threading.Thread] = []


def begin(descriptor: int, offset: int = 0, count: int = 0) -> None:
    """Asks the system to begin writing bytes of a file to the disk; without a count, all from `offset` on.

    It is no more than a hint (and none where there is no such call): whether they are there only `os.fsync` says.
    """
    if _sync_file_range() is not None:
        _sync_file_range()(descriptor, offset, count, _WRITE)


@functools.cache
def _sync_file_range():
    """The function of the C library, or None."""
    try:
        found = ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return found


def replace(new: str, old: str) -> None:
    """`os.replace`; the space of a large file that was there is freed by another thread. `settle()` waits for that."""
    held = _held(old)
    try:
        os.replace(new, old)
    finally:
        if held is not None:
            thread = threading.Thread(target=os.close, args=(held,), daemon=True)
            _freeing.append(thread)
            thread.start()


def settle() -> None:
    """Waits until what was replaced is freed, so that whoever writes next finds the room."""
    while _freeing:
        with contextlib.suppress(IndexError):  # another thread has taken it
            _freeing.pop().join()


def _held(path: str) -> int | None:
    """A descriptor of a large file, by which it lives on without its name; None for anything else."""
    if not hasattr(os, "O_NOFOLLOW"):  # on Windows, where an open file cannot be replaced
        return None
    try:
        if os.lstat(path).st_size < LARGE:
            return None
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
