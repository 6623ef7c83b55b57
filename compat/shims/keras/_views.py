"""Views: modules that show torchkeras_lite's modules under Keras's names, and the finder that makes them on demand.

Reading an attribute of a view reads the real module, so both names give one object, and classes pickle under their own
module. Setting one stays on the view, because libraries patch `keras` and the package itself must not notice.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from . import _era, _eras, _members
from ._tables import BEHIND, NAMES, PATHS, ROOTS

PACKAGE = "torchkeras_lite"

_own = ModuleType.__dict__["__dict__"].__get__  # a module's own attributes, without asking the class below
_absent = object()


class Lasting(ModuleType):
    """A module whose functions and classes stay when a file of the same name below it is imported (`layers.merging.add`)."""

    def __setattr__(self, name: str, value):
        if isinstance(value, ModuleType) and not isinstance(getattr(self, name, value), ModuleType):
            return
        super().__setattr__(name, value)


class View(Lasting):
    """The module `_real` under another name; rows of the tables come first, what was set on the view before them."""

    def __getattribute__(self, name: str):
        # The quick road for what is read in loops (`keras.ops.add`): Python comes to __getattr__ by an error, and
        # that costs several times as much. Keeping values would be quicker still, and miss patches of the package.
        own = _own(self)
        if name in own:
            return own[name]
        if name[:1] != "_" and name not in NAMES.get(own["__name__"].partition(".")[2], ()):
            value = getattr(own.get("_real"), name, _absent)
            if value is not _absent and not isinstance(value, ModuleType):
                return value
        return super().__getattribute__(name)

    def __getattr__(self, name: str):
        # A view answers for its own identity (`__file__`, `__path__`, ...): inspect maps files to modules by these.
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        real, path = vars(self)["_real"], self.__name__.partition(".")[2]
        rows = NAMES.get(path, {})
        if name == "__all__":
            return sorted({*_public(real, self), *rows})
        if name in rows:
            module, _, attribute = rows[name].partition(":")
            return getattr(import_module(module), attribute)
        child = f"{path}.{name}" if path else name
        try:
            value = getattr(real, name)
        except AttributeError as error:
            # Keras's modules are attributes of their parents, imported or not.
            if _real_spec(child) is not None:
                return _shown(child)
            if path in BEHIND:
                value = getattr(import_module(BEHIND[path]), name, _absent)
                if value is not _absent:
                    return value
            text = str(error).replace(repr(real.__name__), repr(self.__name__))
            raise AttributeError(f"{text} (this is {PACKAGE} under Keras's name)", name=name, obj=self) from None
        if isinstance(value, ModuleType) and value.__name__.startswith(f"{PACKAGE}."):
            shown = value.__name__.partition(".")[2]
            if _real_spec(shown) is not None:
                return _shown(shown)
        return value

    def __dir__(self):
        rows = NAMES.get(self.__name__.partition(".")[2], {})
        shown = {name for name in dir(vars(self)["_real"]) if not name.startswith("__")}  # see `__getattr__`
        return sorted({*vars(self), *shown, *rows} - {"_real"})

    def __repr__(self):
        return f"<module {self.__name__!r}, a view of {vars(self)['_real'].__name__!r}>"


def _shown(path: str) -> ModuleType:
    """The module `keras.<path>`; by a row for one that is seen already, without the second name being imported."""
    name = PATHS.get(path, "")
    return import_module(name if name.startswith("keras.") else f"keras.{path}")


def _public(real: ModuleType, view: ModuleType):
    """What `from <view> import *` takes: the real module's list, or what Python takes where there is none."""
    names = getattr(real, "__all__", None)
    return names if names is not None else (n for n in {**vars(real), **vars(view)} if not n.startswith("_"))


def _real_spec(path: str) -> ModuleSpec | None:
    """The spec of the module that `keras.<path>` shows, by its row or else below its parent's module; None if none."""
    name = PATHS.get(path)
    if name is None:
        parent, _, last = path.rpartition(".")
        if last.startswith("_"):
            return None
        above = _real_spec(parent) if parent else sys.modules[PACKAGE].__spec__
        if above is None or above.submodule_search_locations is None:
            return None
        name = f"{above.name}.{last}"
    return find_spec(name)


class ViewLoader:
    """Makes the view of `real`; running it again (`importlib.reload`) changes nothing."""

    def __init__(self, real: str):
        self.real = real

    def create_module(self, spec):
        return View(spec.name)

    def exec_module(self, module):
        show(module, import_module(self.real))


class AliasLoader:
    """Puts the module called `name` under a second name: the same object, not a copy."""

    def __init__(self, name: str):
        self.name = name

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        # The import system takes what stands in sys.modules after this; handed over earlier, its __spec__ would change.
        with _era.unheard(module.__spec__.name):
            sys.modules[module.__spec__.name] = import_module(self.name)


class ViewFinder:
    """Answers for everything below `keras` and below the other roots."""

    def find_spec(self, fullname, path=None, target=None):
        for alias, root in ROOTS.items():
            if fullname == alias or fullname.startswith(f"{alias}."):
                with _era.unheard(fullname):
                    return _spec(fullname, AliasLoader, find_spec(root + fullname[len(alias) :]))
        if fullname.startswith("keras."):
            below = fullname.partition(".")[2]
            shown = _real_spec(below)
            if below in PATHS:
                _era.note(below)
            loader = AliasLoader if shown is not None and shown.name.startswith("keras.") else ViewLoader
            return _spec(fullname, loader, shown)
        return None

    def leave(self) -> None:
        """Undoes what was done to the classes."""
        _members.take_off()


def _spec(name: str, loader: type, shown: ModuleSpec | None) -> ModuleSpec | None:
    """`shown` under another name. Any view may have modules below it, by rows; only the finder knows where they are."""
    return ModuleSpec(name, loader(shown.name), origin=shown.origin, is_package=True) if shown else None


def show(module: ModuleType, real: ModuleType) -> None:
    """Makes `module` a view of `real`."""
    module.__class__ = View
    vars(module).update(_real=real, __doc__=real.__doc__)


def open_root(module: ModuleType) -> None:
    """Makes the running `keras` package the view of torchkeras_lite, teaches its classes old words, and starts the finder."""
    try:
        real = import_module(PACKAGE)
    except ModuleNotFoundError as error:
        if error.name != PACKAGE:
            raise
        # Only this folder is on the path, in a checkout that is not installed: the package lies beside compat/.
        # At the end of the path, so that nothing else in the checkout comes before what is installed.
        sys.path.append(str(Path(__file__).resolve().parents[3]))
        real = import_module(PACKAGE)
    show(module, real)
    _members.put_on(real)
    if not any(isinstance(finder, ViewFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, ViewFinder())
    _eras.begin()
