"""What it means that a file is not valid: one kind of error, whatever a reader stumbled over."""

from __future__ import annotations

import contextlib
import struct
import zipfile
import zlib

# What the readers of archives, of HDF5 and of JSON raise, and what constructors do, when they meet nonsense.
_SYMPTOMS = (
    AttributeError, KeyError, IndexError, OverflowError, RuntimeError, ZeroDivisionError, AssertionError, MemoryError,
    struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


@contextlib.contextmanager
def valid(what: str):
    """Inside, an error that only says how far a broken file was read becomes one that says that it is broken."""
    try:
        yield
    except _SYMPTOMS as error:
        raise ValueError(f"{what} is damaged, or not what it should be: {type(error).__name__}: {error}") from error
