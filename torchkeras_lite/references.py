"""Known: a reference to what holds the one who has it.

Whatever is held in a circle is freed late, when Python looks for circles, and with it the memory of its weights. So the parts
of a layer or model know their owner and do not hold it.
"""

from __future__ import annotations

import weakref


class Known(weakref.ref):
    """Called, it gives the object, or None when that is gone. In a copy or a pickle it refers to the copy."""

    __slots__ = ()

    def __reduce__(self):
        return _known, (self(),)


def _known(thing):
    return _gone if thing is None else Known(thing)


def _gone() -> None:
    """A reference to nothing."""
