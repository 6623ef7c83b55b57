"""Which era a script is of, as far as it has shown yet."""

from __future__ import annotations

import contextlib
import sys

from . import _keras3_paths, _keras_paths

# Module paths that Keras 3 has too: they tell nothing.
_LASTING = ("backend", "preprocessing", "wrappers", "models", "saving", "optimizers.legacy", "optimizers.schedules", "legacy")

_OWN_FILES = _keras3_paths.PATHS.keys() - _keras_paths.PATHS.keys()  # of Keras 3 alone

settled: str | None = None  # the era, where it was named or the script shows it
_listening = True
_seen: list[str] = []
_told: set[str] = set()


def note(path: str) -> None:
    """The script has asked for the module `keras.<path>`, which stands there by a row."""
    if not _listening or path in _OWN_FILES:
        return
    if path.partition(".")[0] not in _LASTING and ".".join(path.split(".")[:2]) not in _LASTING:
        _seen.append(path)


@contextlib.contextmanager
def unheard(name: str):
    """Nothing is noted while the module `name` is looked for, if it is a path into `keras.src`: no old Keras had that."""
    global _listening
    before, _listening = _listening, _listening and not name.startswith("keras.src")
    try:
        yield
    finally:
        _listening = before


def is_old() -> bool:
    """Whether it is of Keras 1 or 2, or has asked for a module that went with Keras 2."""
    return settled in ("1.2", "2.2", "2.3") if settled else bool(_seen)


def tell(text: str) -> None:
    """One line on stderr, once."""
    if text not in _told:
        _told.add(text)
        print(f"keras: {text}", file=sys.stderr)
