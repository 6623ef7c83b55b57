"""Which era a script is of, as far as it has shown yet."""

from __future__ import annotations

import sys

# Module paths that Keras 3 has too: they tell nothing.
_LASTING = ("backend", "preprocessing", "wrappers", "models", "saving", "optimizers.legacy", "optimizers.schedules", "legacy")

_seen: list[str] = []
_told: set[str] = set()


def note(path: str) -> None:
    """The script has asked for the module `keras.<path>`, which stands there by a row."""
    if path.partition(".")[0] not in _LASTING and ".".join(path.split(".")[:2]) not in _LASTING:
        _seen.append(path)


def is_old() -> bool:
    """Whether it has asked for a module that went with Keras 2."""
    return bool(_seen)


def tell(text: str) -> None:
    """One line on stderr, once."""
    if text not in _told:
        _told.add(text)
        print(f"keras: {text}", file=sys.stderr)
