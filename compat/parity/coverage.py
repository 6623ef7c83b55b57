"""How much of Keras is there: for each public module of the installed Keras, the names in it and those that are ours too.

    python compat/parity/coverage.py              the table
    python compat/parity/coverage.py --missing    and every missing name
    python compat/parity/coverage.py --write      puts the short table into README.md

The modules are found by walking `keras` itself. A name counts as ours if the module of the same path shows it the way the
stand-in would: an attribute of `torchkeras_lite.<path>`, or a row of the tables in `compat/shims/keras`. The rows are read
as data; the stand-in is never imported, because this process holds the real Keras. Aliases count as names, on both sides.
That a name is there says nothing about how well it works: that is for the tests of this folder.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
SHIM = ROOT / "compat" / "shims" / "keras"
OURS = "torchkeras_lite"
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"


class Row(NamedTuple):
    """A public module of Keras (`path` is empty for `keras` itself), its names, and those of them that are not ours."""

    path: str
    names: list[str]
    missing: list[str]

    @property
    def title(self) -> str:
        return f"keras.{self.path}" if self.path else "keras"

    @property
    def present(self) -> int:
        return len(self.names) - len(self.missing)


# ---------------------------------------------------------------- counting


def public_modules(package: ModuleType, path: str = "") -> dict[str, ModuleType]:
    """The module and the public ones below it, by their path below the first."""
    found = {path: package}
    for name, value in vars(package).items():
        below = isinstance(value, ModuleType) and value.__name__ == f"{package.__name__}.{name}"
        if below and not name.startswith("_") and name != "src":  # src is the inside of Keras
            found |= public_modules(value, f"{path}.{name}".lstrip("."))
    return found


def public_names(module: ModuleType) -> list[str]:
    """What a module offers; modules below it have rows of their own."""
    return sorted(
        name for name, value in vars(module).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    )


def module_shown(path: str, paths: dict[str, str], ours: str = OURS) -> ModuleType | None:
    """The module that `keras.<path>` shows: by its row, or the one of the same path below `ours`; None if there is none."""
    full = paths.get(path)
    if full and full.rpartition(".")[2].startswith("_"):
        full = None  # a file of the stand-in that has more than the module below `ours`, and never less
    if full and full.partition(".")[0] == "keras":  # a second name of another module of the stand-in
        return module_shown(full.partition(".")[2], paths, ours)
    if full is None:
        parent, _, last = path.rpartition(".")
        above = module_shown(parent, paths, ours) if path else None
        if path and (above is None or not hasattr(above, "__path__")):
            return None
        full = f"{above.__name__}.{last}" if path else ours
    return importlib.import_module(full) if find_spec(full) else None


def is_there(name: str, theirs, shown: ModuleType | None, rows: dict[str, str]) -> bool:
    """Whether the module shown, or a row, has this name for something of the same sort as Keras's."""
    if name in rows:
        return True
    mine = getattr(shown, name, None)
    if isinstance(mine, ModuleType):  # one of our files, which happens to be called as a function of Keras is
        return False
    return mine is not None and callable(mine) == callable(theirs)


def count(keras: ModuleType, tables: dict, ours: str = OURS) -> list[Row]:
    """A row for each public module of `keras`, in the order of their paths."""
    rows = []
    for path, module in sorted(public_modules(keras).items()):
        shown, extra = module_shown(path, tables["PATHS"], ours), tables["NAMES"].get(path, {})
        names = public_names(module)
        rows.append(Row(path, names, [name for name in names if not is_there(name, getattr(module, name), shown, extra)]))
    return rows


# ---------------------------------------------------------------- printing


def percent(present: int, total: int) -> str:
    return f"{present / total:.0%}" if total else "-"


def total(rows: list[Row], word: str = "all") -> list:
    present, names = sum(row.present for row in rows), sum(len(row.names) for row in rows)
    return [word, present, names, percent(present, names), names - present]


def full_table(rows: list[Row]) -> str:
    from tabulate import tabulate

    lines = [[*_counts(row), textwrap.shorten(", ".join(row.missing), 60, placeholder=" ...")] for row in rows if row.names]
    heads = ["module", "present", "in Keras", "", "missing", "which"]
    return tabulate([*lines, total(rows)], heads, tablefmt="simple", disable_numparse=True, colalign=_sides(heads))


def all_missing(rows: list[Row]) -> str:
    blocks = (
        textwrap.fill(f"{row.title} ({len(row.missing)}): {', '.join(row.missing)}", 120, subsequent_indent="    ")
        for row in rows
        if row.missing
    )
    return "\n".join(blocks)


def short_table(rows: list[Row]) -> str:
    """The table as Markdown. A package of which nothing is there takes one line, with all that is below it."""
    from tabulate import tabulate

    lines, done = [], set()
    for row in rows:
        below = [other for other in rows if row.path and f"{other.path}.".startswith(f"{row.path}.")]
        if row.path in done:
            continue
        if len(below) > 1 and not any(other.present for other in below):
            done |= {other.path for other in below}
            lines.append(total(below, f"`{row.title}` and {len(below) - 1} below"))
        elif row.names:
            lines.append([f"`{row.title}`", *_counts(row)[1:]])
    heads = ["module", "present", "in Keras", "", "missing"]
    return tabulate([*lines, total(rows, "**all**")], heads, tablefmt="github", disable_numparse=True, colalign=_sides(heads))


def _counts(row: Row) -> list:
    return [row.title, row.present, len(row.names), percent(row.present, len(row.names)), len(row.missing)]


def _sides(heads) -> list[str]:
    return ["left" if head in ("module", "which") else "right" for head in heads]


def section(rows: list[Row], version: str) -> str:
    """What stands between the marks in the README."""
    return f"Names in the public modules of Keras {version}, aliases too.\n\n{short_table(rows)}"


def between_marks(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0].strip("\n")


def with_section(text: str, new: str) -> str:
    """The README with the text between its marks replaced."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"README.md has no place for the table: {BEGIN} and {END} are not in it.")
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{new}\n{END}{rest.split(END)[1]}"


def read_tables() -> dict:
    """The rows of the stand-in, from its files by another name: what they do when `keras` is imported does not happen."""
    package = ModuleType("rows_of_the_stand_in")
    package.__path__ = [str(SHIM)]
    sys.modules[package.__name__] = package
    return vars(importlib.import_module(f"{package.__name__}._tables"))


def here() -> tuple[list[Row], str]:
    """The rows of the installed Keras, and its version."""
    from oracle import keras

    return count(keras, read_tables()), keras.__version__


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--missing", action="store_true", help="list every missing name")
    parser.add_argument("--write", action="store_true", help="put the short table into README.md")
    options = parser.parse_args()
    sys.path.append(str(ROOT))  # behind what is installed
    rows, version = here()
    print(full_table(rows))
    if options.missing:
        print(f"\n{all_missing(rows)}")
    if options.write:
        README.write_text(with_section(README.read_text(), section(rows, version)))


if __name__ == "__main__":
    main()
