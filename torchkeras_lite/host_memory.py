"""Memory of the host that training frees in one step and wants again in the next.

The C library gives large blocks back to the system as soon as they are free, and the system hands them out anew page by page,
each of them wiped: for a convolutional network a tenth of the time of a step, often more. On a GPU torch keeps freed memory; on
the host glibc does so too, if it is told to.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # from malloc.h
_LARGEST_BLOCK = 2**30  # larger ones go back to the system at once
_KEPT = 2**29  # free memory beyond this goes back too


@functools.cache
def keep_freed_memory() -> bool:
    """From now on freed memory stays with the process, up to half a gigabyte. Returns whether the C library could be told.

    Nothing is done where it is not glibc, or where the user has settings of his own (`MALLOC_..._`, `GLIBC_TUNABLES` or another
    allocator in the environment).
    """
    told = any(name.startswith("MALLOC_") or name in ("GLIBC_TUNABLES", "LD_PRELOAD") for name in os.environ)
    if told or not sys.platform.startswith("linux"):
        return False
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 - other libraries have no such function
        return bool(library.mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK) and library.mallopt(_TRIM_THRESHOLD, _KEPT))
    except (OSError, AttributeError):
        return False
