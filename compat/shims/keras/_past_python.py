"""What Python itself did when a script of an old era was written, for that script alone."""

from __future__ import annotations

import builtins
import functools
import re
import sys

from . import _eras

_OLD_ERAS = ("1.2", "2.2", "2.3")

# Python 2's names for what is there. Scripts of that time that print as Python 3 does differ from it in little else.
BUILTINS = {
    "basestring": str, "long": int, "raw_input": input, "reduce": functools.reduce, "unichr": chr, "unicode": str,
    "xrange": range,
}  # fmt: skip


def old_builtins() -> dict:
    """The names that a script of the era now may miss among the builtins."""
    return {name: today for name, today in BUILTINS.items() if _eras.now in _OLD_ERAS and not hasattr(builtins, name)}


def split_as_before_37(split):
    """`re.split` that passes over empty matches where a script calls it: from Python 3.7 on they split too."""

    @functools.wraps(split)
    def splitting(pattern, string, maxsplit=0, flags=0):
        if _eras.now not in _OLD_ERAS or sys._getframe(1).f_globals.get("__name__") != "__main__":
            return split(pattern, string, maxsplit, flags)
        return _between_others(re.compile(pattern, flags), string, maxsplit)

    splitting._todays = split
    return splitting


def _between_others(pattern, string, maxsplit) -> list:
    """The parts of `string` between matches that are not empty, and the groups of these."""
    parts, end, place = [], 0, 0
    while place <= len(string) and not 0 < maxsplit <= len(parts) // (1 + pattern.groups):
        match = pattern.search(string, place)
        if match is None:
            break
        place = match.end()
        if match.start() == place:
            place += 1
        else:
            parts += [string[end : match.start()], *match.groups()]
            end = place
    return [*parts, string[end:]]
