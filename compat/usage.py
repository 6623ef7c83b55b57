"""How much of what tutorials use is there under the stand-in: `usage.txt` counts the names and arguments of 861 of them.

    python compat/usage.py              the shares, by kind
    python compat/usage.py --missing    and what is missing, most used first

A line of `usage.txt` is a name, in how many tutorials it stands, and the same for each argument it is called with; `Model.fit`
is a method of any model, `keras` also stands for `tensorflow.keras`. A name is there if looking it up finds something, and an
argument if the signature takes it, old words translated. That says nothing about what it does: that is for the tests.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("usage.txt")
SHIMS = Path(__file__).parent / "shims"
# What these take out of their `**kwargs`, which no signature shows.
UNSEEN = {
    "torchkeras_lite.layer.Layer": {"input_shape", "input_dim", "input_length", "batch_input_shape", "batch_shape"},
    "torchkeras_lite.models.model.Model": {"inputs", "outputs"},
}


_absent = object()


class Row(NamedTuple):
    """A name or an argument (`keras.layers.Dense(units=)`), how many tutorials use it, and whether it is there."""

    what: str
    tutorials: int
    kind: str
    there: bool


def look_up(name: str):
    """The object of a dotted name; AttributeError or ImportError if there is none. `a.b.*` is the module."""
    parts = name.removesuffix(".*").split(".")
    if parts[0] == "Model":
        parts = ["keras", "models", *parts]
    parts[0] = {"tf": "tensorflow"}.get(parts[0], parts[0])
    found = importlib.import_module(parts[0])
    for i, part in enumerate(parts[1:], 2):
        try:
            found = getattr(found, part)
        except AttributeError:
            found = importlib.import_module(".".join(parts[:i]))
    return found


def takes(function, word: str) -> bool:
    """Whether a call may say `word=...`, in the words of any era."""
    if isinstance(function, type):
        return _constructor_takes(function, word)
    older = getattr(function, "_places", None)  # a class of today under an old name
    if older is not None:
        return word in older or _constructor_takes(function._cls, word)
    return _says(function, word) is not False


def _constructor_takes(cls: type, word: str) -> bool:
    if hasattr(cls, "filter_sk_params"):  # an estimator hands on what it is given
        return True
    for base in cls.__mro__:
        if word in UNSEEN.get(f"{base.__module__}.{base.__qualname__}", ()):
            return True
        said = _says(vars(base)["__init__"], word) if "__init__" in vars(base) and base is not object else None
        if said is not None:
            return said
    return False


def _says(function, word: str) -> bool | None:
    """True, False, or None where a `**kwargs` takes it and somebody else must know."""
    if word in getattr(function, "_rows", ()):
        return True
    parameters = inspect.signature(function).parameters
    if word in parameters:
        return parameters[word].kind is not inspect.Parameter.POSITIONAL_ONLY
    return None if any(p.kind is p.VAR_KEYWORD for p in parameters.values()) else False


def rows(table: str) -> list[Row]:
    """All names and arguments of a table, looked up under the stand-in, which must be what `keras` means here."""
    made = []
    for line in table.splitlines():
        name, count, *arguments = line.split()
        kind = "tf" if name.startswith("tf.") else "keras"
        try:
            found = look_up(name)
        except (AttributeError, ImportError):
            found = _absent
        if int(count):
            made.append(Row(name, int(count), f"{kind} names", found is not _absent))
        for argument in arguments:
            word, count = argument.split("=")
            there = found is not _absent and takes(found, word)
            made.append(Row(f"{name}({word}=)", int(count), f"{kind} arguments", there))
    return made


def share(some: list[Row]) -> float:
    """The part that is there, weighted by use."""
    return sum(row.tutorials for row in some if row.there) / max(1, sum(row.tutorials for row in some))


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", action="store_true", help="list what is missing, most used first")
    asked = parser.parse_args(arguments)
    sys.path.insert(0, str(SHIMS))
    os.environ["TORCHKERAS_ERA"] = "3"  # the classes themselves, not what a script of another era is shown
    importlib.import_module("tensorflow")  # if this fails, nothing is missing in particular
    found = rows(TABLE.read_text())
    for kind in sorted({row.kind for row in found}):
        some = [row for row in found if row.kind == kind]
        print(f"{kind:16} {share(some):7.2%} of {sum(row.tutorials for row in some)} uses, {len(some)} kinds")
    if asked.missing:
        for row in sorted((row for row in found if not row.there), key=lambda row: -row.tutorials):
            print(f"{row.tutorials:4} {row.what}")


if __name__ == "__main__":
    main()
