"""Libraries that look for TensorFlow and must go on as if there were none, while the stand-in is importable.

- tensorboard asks for a module `tensorboard.compat.notf` before it tries TensorFlow: its own switch, which is turned
  here. Where tensorboard is the first to import `tensorflow`, nothing of ours has run yet, so the stand-in refuses it.
- einops takes a `tensorflow` in `sys.modules` for the real one and asks it about every tensor; its backends for
  TensorFlow are told to wait for a module that never comes.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder

from ._missing import asker

NOTF = "tensorboard.compat.notf"
EINOPS = "einops._backends"
NEVER = "tensorflow, the real one"


def refuse_probes() -> None:
    """Raises ImportError where a library is importing `tensorflow` only to see whether there is one."""
    if asker() == "tensorboard.compat":
        raise ImportError("this `tensorflow` is torchkeras_lite's stand-in; tensorboard works without TensorFlow")


def welcome(additions=()) -> None:
    """Makes those libraries, imported already or not, go on as they were.

    `additions`: modules with `put_on` and `take_off`, which are called now and when the stand-in is taken away.
    """
    if not any(isinstance(finder, GuestFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, GuestFinder(additions))


class Switch:
    """Loads an empty module."""

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        pass


class Afterwards:
    """Loads a module as `loader` does, then calls `then(module)`."""

    def __init__(self, loader, then):
        self.loader, self.then = loader, then

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        module.__loader__ = module.__spec__.loader = self.loader
        self.then(module)


class GuestFinder:
    """Stands first in `sys.meta_path` while the stand-in is imported."""

    def __init__(self, additions=()):
        self.additions = additions
        for addition in additions:
            addition.put_on()
        self.renamed: list[tuple[type, str]] = []
        if EINOPS in sys.modules:
            self.quiet_einops(sys.modules[EINOPS])

    def find_spec(self, fullname, path=None, target=None):
        if fullname == NOTF:
            return ModuleSpec(NOTF, Switch())
        if fullname == EINOPS:
            spec = PathFinder.find_spec(fullname, path)
            if spec is not None and spec.loader is not None:
                spec.loader = Afterwards(spec.loader, self.quiet_einops)
            return spec
        return None

    def quiet_einops(self, backends) -> None:
        for kind in vars(backends).values():
            name = getattr(kind, "framework_name", None)
            if isinstance(kind, type) and isinstance(name, str) and name.partition(".")[0] == "tensorflow":
                self.renamed.append((kind, name))
                kind.framework_name = NEVER

    def leave(self) -> None:
        """Undoes what was done to the libraries, and to torch's and our own classes."""
        for addition in self.additions:
            addition.take_off()
        for kind, name in self.renamed:
            kind.framework_name = name
        self.renamed.clear()
        if isinstance(getattr(sys.modules.get(NOTF), "__loader__", None), Switch):
            del sys.modules[NOTF]
            vars(sys.modules["tensorboard.compat"]).pop("notf", None)
