"""Puts old words and old members on the classes of torchkeras_lite, as the rows of ARGUMENTS and MEMBERS say.

A class is one object under all its names, so `Dense(output_dim=3)` must be understood by the class itself. Only the
stand-in does this, when it is imported; without it nothing is added to any class, and `uninstall()` takes it away again.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from importlib import import_module

from . import _arithmetic
from ._tables import ARGUMENTS, MEMBERS, PLACES
from ._words import After, Around

_absent = object()
_done: list[tuple] = []  # (class or module, name, what it had there itself before)


def put_on(package) -> None:
    """Adds all rows to the classes below `package` (once); rows of classes that are not there (yet) are passed over."""
    _arithmetic.put_on()
    if _done:
        return
    for path, rows in MEMBERS.items():
        cls = _find(package, path)[0] or sys.modules.get(f"{package.__name__}.{path}")
        for name, place in rows.items() if cls else ():
            module, _, attribute = place.partition(":")
            _set(cls, name, getattr(import_module(module), attribute))
    for path in {**ARGUMENTS, **PLACES}:
        cls, method = _find(package, path)
        if cls is not None and hasattr(cls, method):
            current = getattr(cls, method)
            if method in vars(cls):
                current = getattr(current, "_understands", current)  # never twice, whatever is imported anew
            module, _, attribute = PLACES.get(path, "").partition(":")
            reads = getattr(import_module(module), attribute) if module else None
            _set(cls, method, understanding(current, ARGUMENTS.get(path, {}), path.partition(".")[2], reads))


def take_off() -> None:
    """Leaves the classes as they were before `put_on`."""
    _arithmetic.take_off()
    while _done:
        cls, name, before = _done.pop()
        if before is _absent:
            delattr(cls, name)
        else:
            setattr(cls, name, before)


def _set(cls: type, name: str, value) -> None:
    _done.append((cls, name, vars(cls).get(name, _absent)))
    setattr(cls, name, value)


def _find(package, path: str) -> tuple[type | None, str]:
    """The class, and the method of it, that "layers.Dense" (then the constructor) or "models.Model.fit" names."""
    found = package
    for i, name in enumerate(parts := path.split(".")):
        found = getattr(found, name, None)
        if isinstance(found, type):
            return found, ".".join(parts[i + 1 :]) or "__init__"
    return None, ""


def understanding(method, rows: dict, name: str, reads=None):
    """`method`, called with old words too. Costs one look at the words of a call where none is old.

    Args:
        rows: old word -> what it means, as in ARGUMENTS.
        name: what error messages call it.
        reads: a function (positional arguments, words) -> both, in an order and with words that are understood.
    """
    parameters = list(inspect.signature(method).parameters.values())[1:]
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    later = {word: means.then for word, means in rows.items() if isinstance(means, After)}
    around = {word: means.within for word, means in rows.items() if isinstance(means, Around)}

    @functools.wraps(method)
    def understood(self, *args, **words):
        if reads is not None:
            args, words = reads(args, words)
        if rows.keys().isdisjoint(words):
            return method(self, *args, **words)
        todo = [(later[word], words.pop(word)) for word in later if word in words]
        # Beyond `names` is what a `*args` takes. The others go on by name, so that a row can replace any of them.
        given = dict(zip(names, args, strict=False))
        with contextlib.ExitStack() as stack:
            for word in around.keys() & words:
                stack.enter_context(around[word](self, words.pop(word)))
            result = method(self, *args[len(names) :], **today(given, words, rows, defaults, name))
        for then, value in todo:
            then(self, value)
        return result

    understood._understands, understood._rows = method, rows
    return understood


def function_with(function, rows: dict):
    """A function of today that understands old words too. It equals today's, and as an argument (`activation=`) is that."""
    understood = understanding(lambda _, *args, **words: function(*args, **words), rows, function.__name__)
    taking = functools.wraps(function)(_Understanding(understood, None))
    taking._rows, taking._stands_for = rows, function
    return taking


class _Understanding(functools.partial):
    def __eq__(self, other):
        return self is other or self._stands_for is other

    def __hash__(self):
        return hash(self._stands_for)


def _era_now() -> str:
    return import_module("keras._eras").now


def today(given: dict, words: dict, rows: dict, defaults: dict, name: str) -> dict:
    """The arguments of a call, those given by position and those by word, in today's words."""
    for word, value in words.items():
        if word not in rows:
            _add(given, word, value, word, name)
    for word, means in rows.items():  # in the order of the rows: a later one may build on an earlier one
        if word not in words or means is None:
            continue
        if isinstance(means, str):
            _add(given, means, words[word], word, name)
        elif isinstance(means, tuple):
            _add(given, means[0], means[1](words[word]), word, name)
        else:
            given.update(means(words[word], {**defaults, **given}))
    return given


def _add(given, word, value, said, name):
    if word in given and not (said == "lr" and _era_now() == "tf2"):  # there `lr` was what counted
        also = "by position or by name" if said == word else f"under its own name and as `{said}`, its old one"
        raise TypeError(f"{name} got the argument `{word}` twice: {also}. Leave one of them out.")
    given[word] = value
