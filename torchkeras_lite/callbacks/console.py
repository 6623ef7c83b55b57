"""Writing to the user's terminal, notebook or file."""

from __future__ import annotations

import logging
import sys

from torchkeras_lite import config

_PLAIN = str.maketrans("━─│┃┏┳┓┡╇┩├┼┤└┴┘…", "=-||++++++|+|+++.")


def write(text: str, line_break: bool = True) -> None:
    """Writes to whatever `sys.stdout` is now, and flushes; an output that knows only ASCII gets plain characters.

    With interactive logging off, the text goes to the logger instead.
    """
    if not config.is_interactive_logging_enabled():
        if line_break:  # a bar that is drawn anew many times a second is nothing for a log
            logging.getLogger("torchkeras_lite").info(text)
        return
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
