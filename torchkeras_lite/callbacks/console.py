"""Writing to the user's terminal, notebook or file."""

from __future__ import annotations

import sys

_PLAIN = str.maketrans("━─│┃┏┳┓┡╇┩├┼┤└┴┘…", "=-||++++++|+|+++.")


def write(text: str, line_break: bool = True) -> None:
    """Writes to whatever `sys.stdout` is now, and flushes; an output that knows only ASCII gets plain characters."""
    stream = sys.stdout
    if stream is None:  # a program without a console
        return
    text = f"{text}\n" if line_break else str(text)
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.translate(_PLAIN).encode(encoding, errors="replace").decode(encoding))
    if hasattr(stream, "flush"):
        stream.flush()
