"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid


@contextlib.contextmanager
def whole(filepath: str, keep: str | None = None):
    """`with whole("a.h5") as draft:` write to `draft`, which becomes the file at the end; if something fails, nothing changes.

    Folders are made. What is written is on the disk before the name points to it.

    Args:
        keep: where the file that was there goes.
    """
    folder = os.path.dirname(os.path.abspath(filepath))
    os.makedirs(folder, exist_ok=True)
    draft = f"{filepath}.{uuid.uuid4().hex}.part"  # made by whoever writes, with the permissions of any other file
    try:
        yield draft
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        if keep is not None and os.path.exists(filepath):
            os.replace(filepath, keep)
        os.replace(draft, filepath)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
