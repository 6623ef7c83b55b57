"""Config: settings of a program, as attributes and as a dict."""

from __future__ import annotations

import copy
import difflib
import json


class Config:
    """Settings that can be read and set as attributes or as entries, frozen, and written as JSON.

    Raises:
        AttributeError, KeyError: a setting that is not there; the message names the nearest one.
        ValueError: a change after `freeze()`.
    """

    def __init__(self, **kwargs):
        self.__dict__["_config"] = dict(kwargs)
        self.__dict__["_frozen"] = False

    @property
    def frozen(self) -> bool:
        return self._frozen

    def freeze(self) -> None:
        """From now on changes are refused."""
        self.__dict__["_frozen"] = True

    def unfreeze(self) -> None:
        self.__dict__["_frozen"] = False

    def as_dict(self) -> dict:
        return copy.copy(self._config)

    def to_json(self) -> str:
        return json.dumps(self._config)

    def keys(self):
        return self._config.keys()

    def values(self):
        return self._config.values()

    def items(self):
        return self._config.items()

    def get(self, keyname, value=None):
        return self._config.get(keyname, value)

    def pop(self, *args):
        self._refuse_if_frozen()
        return self._config.pop(*args)

    def update(self, *args, **kwargs) -> None:
        self._refuse_if_frozen()
        self._config.update(*args, **kwargs)

    def _refuse_if_frozen(self):
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen. Call `unfreeze()` first.")

    def _missing(self, name) -> str:
        near = difflib.get_close_matches(str(name), map(str, self._config), 1)
        return f"The config has no setting {name!r}." + (f" Did you mean {near[0]!r}?" if near else "")

    def __setattr__(self, name, value):
        self._refuse_if_frozen()
        self._config[name] = value

    __setitem__ = __setattr__

    def __getattr__(self, name):
        if name.startswith("__") or "_config" not in self.__dict__:  # while copying there is nothing to ask yet
            raise AttributeError(name)
        try:
            return self._config[name]
        except KeyError:
            raise AttributeError(self._missing(name)) from None

    def __getitem__(self, name):
        try:
            return self._config[name]
        except KeyError:
            raise KeyError(self._missing(name)) from None

    def __delitem__(self, name):
        self._refuse_if_frozen()
        del self._config[name]

    __delattr__ = __delitem__

    def __contains__(self, name) -> bool:
        return name in self._config

    def __iter__(self):
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
