"""`python -m torchkeras_lite --editor [folder]`: what an editor needs to find `keras` and `tensorflow`.

Most of the stand-in's modules are made when they are imported, so an editor sees the files in its folder only. Stubs show it
the rest: for each module path a file that says from where its names come.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path

from . import _eras, _tables, _views
from ._layers import Former

SHIMS = Path(__file__).resolve().parents[1]
ROOTS = ("tensorflow.keras", "tf_keras", "keras_core")


def main(args: list[str]) -> int:
    """Prints the settings, or writes stubs into the folder that is named."""
    if args:
        count = write(Path(args[0]))
        print(f"wrote {count} stubs into {args[0]}. Pylance and Pyright look into `typings` by themselves. Other folders:")
        _say({"python.analysis.stubPath": args[0]}, f'stubPath = "{args[0]}"', args[0])
    else:
        print("`keras` and `tensorflow` are folders in here:\n")
        print(f"    {SHIMS}\n")
        _say({"python.analysis.extraPaths": [str(SHIMS)]}, f'extraPaths = ["{SHIMS}"]', str(SHIMS))
        print("Names of Keras need stubs, too, as its modules are made while they are imported: --editor typings writes them.")
    return 0


def _say(settings: dict, pyright: str, folder: str) -> None:
    print(f"VS Code, .vscode/settings.json:\n    {json.dumps(settings)}")
    print(f"Pyright, Pylance, Zed, Neovim, pyproject.toml:\n    [tool.pyright]\n    {pyright}")
    print(f'mypy, pyproject.toml:\n    [tool.mypy]\n    mypy_path = "{folder}"')
    print(f"PyCharm: mark the folder {folder} as Sources Root.")


def write(folder: Path) -> int:
    """Writes a stub for each module path; returns how many."""
    paths = {"": "keras"} | {path: f"keras.{path}" for path in sorted({*_public(), *_tables.PATHS}) if "._" not in f".{path}"}
    for path, name in paths.items():
        children = sorted(p.rpartition(".")[2] for p in paths if p and p.rpartition(".")[0] == path)
        text = _stub(importlib.import_module(name), name, children)
        _write(folder, f"keras.{path}".rstrip("."), text)
        for root in ROOTS:
            _write(folder, f"{root}.{path}".rstrip("."), f"from {name} import *\n")
    tensorflow = "from typing import Any\n\nfrom tensorflow import keras as keras\n\ndef __getattr__(name: str) -> Any: ...\n"
    _write(folder, "tensorflow", tensorflow)
    return len(paths) * (1 + len(ROOTS)) + 1


def _public():
    """The paths of the package's own modules that `keras` shows."""
    package = Path(sys.modules[_views.PACKAGE].__file__).parent
    for file in package.rglob("*.py"):
        parts = file.relative_to(package).with_suffix("").parts
        path = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if path and "__main__" not in path and path != "dropin":
            yield path


def _stub(module, name: str, children: list[str]) -> str:
    lines, anything = [], False
    names = getattr(module, "__all__", None) or [n for n in dir(module) if n[:1] != "_"]
    for one in sorted(set(names) - set(children)):
        try:
            value = getattr(module, one)
        except Exception:
            continue
        source = _source(value)
        if source:
            lines.append(f"from {source[0]} import {source[1]} as {one}")
        elif one.isidentifier():
            anything = True
            lines.append(f"{one}: Any")
    lines = [f"from {name} import {child} as {child}" for child in children if child.isidentifier()] + lines
    head = ["from typing import Any"] if anything else []
    return "\n".join([*head, *sorted(lines, key=lambda line: line.endswith(": Any"))]) + "\n"


def _source(value) -> tuple[str, str] | None:
    """The module and the name from which a value can be imported."""
    if isinstance(value, Former):
        value = value._cls
    value = _eras._behind(value)
    if inspect.ismodule(value) and value.__name__.partition(".")[0] == "keras":
        parent, _, last = value.__name__.rpartition(".")
        return (parent, last) if parent and "._" not in value.__name__ else None
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return None
    home, name = value.__module__, value.__qualname__
    if home.partition(".")[0] != _views.PACKAGE or not name.isidentifier():
        return None
    return (home, name) if getattr(sys.modules.get(home), name, None) is value else None


def _write(folder: Path, name: str, text: str) -> None:
    file = folder.joinpath(*name.split("."), "__init__.pyi")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
