"""How an HDF5 file is built: the trees in which it keeps the names in a group and the pieces of an array, and what else leads
from one place in it to another.

The HDF5 library goes down these and along them without looking where it has been: in a hostile one that leads back to itself it
never comes to an end, or to that of its stack. So they are walked through once, before it is asked. What nobody needs for
weights is not walked through, but refused: types that lie in other objects, and the newest of the forms in which HDF5 can keep
many names, many attributes and many pieces (nothing writes these unless it is told to: h5py with `libver="latest"`).
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct

from torchkeras_lite.saving.heads import BACK, NOWHERE, leaves, messages, number
from torchkeras_lite.saving.index import Index, names_in

# Kinds of messages in the head of an object.
_NAMES, _LAYOUT, _LINK, _LINKS, _ATTRIBUTE, _ATTRIBUTES, _TIME = 0x11, 0x08, 0x06, 0x02, 0x0C, 0x15, 0x12
# These besides: nothing, a shape, a type, what fills (old, new), of a group, filters, where it goes on, how many names it has.
_KINDS = {0x00, 0x01, 0x03, 0x04, 0x05, 0x0A, 0x0B, 0x10, 0x16, _NAMES, _LAYOUT, _LINK, _LINKS, _ATTRIBUTE, _ATTRIBUTES, _TIME}
_NEWEST = (
    "The file is not valid for weights: it keeps {} in HDF5's newest form, which is not read here. The usual fix: write it as "
    'Keras does, without `libver="latest"`.'
)
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def check(place) -> Index | None:
    """Looks at all objects of an HDF5 file that can be reached.

    Args:
        place: its path, or a file that is open, which may begin further on, at its `start`, and have a `size`.

    Returns:
        what is plain in it; None where there is no HDF5.

    Raises:
        ValueError: one of the trees leads back to itself, or something is in it that is in no file of weights.
    """
    with contextlib.ExitStack() as stack:
        file = place if hasattr(place, "fileno") else stack.enter_context(open(place, "rb"))
        file.flush()
        if not os.fstat(file.fileno()).st_size:
            return None
        content = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        first = getattr(place, "start", 0)
        start, root = _root(content, first)
        if root is None:
            return None
        index = Index(content, start, min(len(content), first + getattr(place, "size", len(content))), root)
        todo = [root]
        seen, walked = {root}, set()
        while todo:
            address, named = todo.pop(), None
            described = [*messages(content, start, start + address)]
            for kind, at, size, shared in described:
                if kind not in _KINDS or shared or (kind == _TIME and size < 8):
                    raise ValueError(f"The file is not valid: an object in it is described by what no weights have ({kind}).")
                if kind == _ATTRIBUTE and content[at] > 1 and content[at + 1] & 3:
                    raise ValueError("The file is not valid: the type of an attribute lies in another object.")
                if kind == _NAMES and size >= 16:
                    named, leads_to = names_in(content, start, at, walked)
                    _check_names(content, start, start + number(content, at + 8))
                else:
                    leads_to = _below(content, start, kind, at, walked)
                found = {*leads_to} - seen
                seen |= found
                todo += found
            index.add(address, described, named)
    return index


def _below(content, start: int, kind: int, at: int, walked: set[int]):
    """The objects to which a message leads: where their heads are."""
    if kind == _LAYOUT:
        version, kind_of_layout = number(content, at, 1), number(content, at + (2 if content[at] < 3 else 1), 1)
        if kind_of_layout == 2 and version > 3:  # in pieces: one
            dimensions, width = number(content, at + 3, 1), number(content, at + 4, 1)
            if number(content, at + 5 + dimensions * width, 1) != 1:
                raise ValueError(_NEWEST.format("the pieces of an array"))
        elif kind_of_layout == 2:
            axes, tree = number(content, at + (1 if version < 3 else 2), 1), number(content, at + (8 if version < 3 else 3))
            for _ in leaves(content, start, tree, 8 + 8 * axes, walked):
                pass
        elif kind_of_layout > 2:
            raise ValueError("The file is not valid: an array in it is virtual, made of others.")
    elif kind == _LINK:
        flags = number(content, at + 1, 1)
        elsewhere = number(content, at + 2, 1) if flags & 8 else 0
        front = at + 2 + bool(flags & 8) + 8 * bool(flags & 4) + bool(flags & 16)
        width = 1 << (flags & 3)
        if not elsewhere:
            yield number(content, front + width + number(content, front, width))
    elif kind in (_LINKS, _ATTRIBUTES):
        many = number(content, at + 2 + (8 if kind == _LINKS else 2) * (number(content, at + 1, 1) & 1))
        if many != NOWHERE:
            raise ValueError(_NEWEST.format("many names" if kind == _LINKS else "many attributes"))


def _check_names(content, start: int, at: int) -> None:
    """Looks at the heap in which the names of a group lie: its gaps are a list, which has an end."""
    if content[at : at + 4] != b"HEAP" or at + 32 > len(content):
        return  # damaged: HDF5 says so
    size, gap, first = struct.unpack_from("<QQQ", content, at + 8)
    seen: set[int] = set()
    while gap != 1:
        if gap in seen or gap + 16 > size or start + first + size > len(content):
            raise ValueError(BACK)
        seen.add(gap)
        gap = number(content, start + first + gap)


def _root(content, start: int) -> tuple[int, int | None]:
    """Where the file begins from which addresses count, and the address of the head of the outermost group (None: no HDF5)."""
    step = 0
    while start + step < len(content) and content[start + step : start + step + 8] != _SIGNATURE:
        step = 2 * step or 512
    start += step
    if start + 48 > len(content):
        return start, None  # no HDF5
    # Where the sizes of addresses stand, that of more about the file, and the root.
    sizes, more, root = {0: (13, 48, 64), 1: (13, 52, 68), 2: (9, 20, 36), 3: (9, 20, 36)}.get(content[start + 8], (0, 0, 0))
    if content[start + sizes : start + sizes + 2] != b"\x08\x08" or number(content, start + more) != NOWHERE:
        raise ValueError("The file is not valid: it is kept in a way in which no weights are.")
    return start, number(content, start + root)
