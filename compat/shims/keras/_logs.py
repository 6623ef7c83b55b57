"""`History.history` under the names that metrics once had: `history["acc"]` where it holds "accuracy"."""

from __future__ import annotations

from ._tables import LOGS


class OldNames(dict):
    """A dict that, asked for a name it does not have, looks under today's. It holds, shows and pickles today's only."""

    def __missing__(self, name):
        for old, now in LOGS.items():
            if name == old or str(name).endswith(f"_{old}"):
                now = f"{name.removesuffix(old)}{now}"
                if now in self:
                    return self[now]
        raise KeyError(name)

    def __reduce__(self):
        return dict, (dict(self),)


def _history(callback):
    return vars(callback)["history"]


def _set_history(callback, value):
    vars(callback)["history"] = OldNames(value)


history = property(_history, _set_history)
