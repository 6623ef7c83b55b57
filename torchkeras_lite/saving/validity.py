"""What it means that a file is not valid: one kind of error, whatever a reader stumbled over."""

from __future__ import annotations

import contextlib
import json
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


_PARTS = 1 << 22  # of a JSON text: each takes a hundred bytes, and three are enough to write it


def parsed(text: str | bytes, what: str):
    """What a JSON text says; `what` is for messages.

    Raises:
        ValueError: it is no JSON, or has parts beyond number.
    """
    signs = (b"[", b"{", b",") if isinstance(text, bytes) else ("[", "{", ",")
    if sum(map(text.count, signs)) > _PARTS:
        raise ValueError(f"{what} has more than {_PARTS} parts, which is more than a model has.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is not valid JSON: {error}") from error
