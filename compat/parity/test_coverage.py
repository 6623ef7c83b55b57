"""The table of what is there: its counting, on made-up packages, and its copy in the README."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

# By its path: another `coverage`, the tool that measures tests, may be installed.
_spec = importlib.util.spec_from_file_location("parity_coverage", Path(__file__).with_name("coverage.py"))
coverage = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(coverage)


def made_up(name, **contents):
    """A package of this name in memory; a dict among the contents is a package below it."""
    module = ModuleType(name)
    module.__path__ = []
    module.__spec__ = importlib.util.spec_from_loader(name, loader=None, is_package=True)
    for key, value in contents.items():
        setattr(module, key, made_up(f"{name}.{key}", **value) if isinstance(value, dict) else value)
    return module


def in_memory(module, monkeypatch):
    for path, one in coverage.public_modules(module).items():
        monkeypatch.setitem(sys.modules, f"{module.__name__}.{path}".rstrip("."), one)
    return module


NOTHING = {"PATHS": {}, "NAMES": {}}


def test_counting(monkeypatch):
    other = made_up("elsewhere", thing=print)
    theirs = made_up(
        "theirs",
        Model=object,
        version=str,
        _private=print,
        numpy=other,
        src={"Inside": object},
        layers={"Dense": int, "Fully": int, "Conv": float, "core": print, "epsilon": 1e-7, "deep": {"Deeper": int}},
        ops={"add": sum, "nn": {"relu": abs}},
        empty={},
    )
    ours = made_up(
        "ours",
        Model=object,
        layers={"Dense": int, "core": {}, "epsilon": max, "extra": print, "deep": {"Deeper": int}},
    )
    in_memory(ours, monkeypatch)
    rows = coverage.count(theirs, NOTHING, "ours")
    assert [(row.title, row.present, row.names, row.missing) for row in rows] == [
        ("keras", 1, ["Model", "version"], ["version"]),
        ("keras.empty", 0, [], []),
        # a file of ours called `core` is no function, and a function called `epsilon` is no number
        ("keras.layers", 1, ["Conv", "Dense", "Fully", "core", "epsilon"], ["Conv", "Fully", "core", "epsilon"]),
        ("keras.layers.deep", 1, ["Deeper"], []),
        ("keras.ops", 0, ["add"], ["add"]),
        ("keras.ops.nn", 0, ["relu"], ["relu"]),
    ]
    assert coverage.total(rows) == ["all", 3, 10, "30%", 7]

    tables = {
        "PATHS": {"ops": "keras.layers", "ops.nn": "nowhere"},
        "NAMES": {"ops": {"add": "somewhere:add"}, "layers": {"Conv": "somewhere:Conv", "NotInKeras": "somewhere:x"}},
    }
    rows = {row.path: row for row in coverage.count(theirs, tables, "ours")}
    assert rows["layers"].missing == ["Fully", "core", "epsilon"]
    assert rows["ops"].missing == []
    assert rows["ops.nn"].missing == ["relu"]


def test_printing():
    rows = [
        coverage.Row("", ["Model", "version"], ["version"]),
        coverage.Row("layers", ["Dense"], []),
        coverage.Row("ops", ["add", "sub"], ["add", "sub"]),
        coverage.Row("ops.nn", ["relu"], ["relu"]),
        coverage.Row("opsimath", ["x"], ["x"]),
    ]
    short = coverage.short_table(rows).splitlines()
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in short[2:]] == [
        ["`keras`", "1", "2", "50%", "1"],
        ["`keras.layers`", "1", "1", "100%", "0"],
        ["`keras.ops` and 1 below", "0", "3", "0%", "3"],
        ["`keras.opsimath`", "0", "1", "0%", "1"],
        ["**all**", "2", "7", "29%", "5"],
    ]
    assert "keras.ops.nn" in coverage.full_table(rows)
    assert coverage.all_missing(rows).splitlines() == [
        "keras (1): version", "keras.ops (2): add, sub", "keras.ops.nn (1): relu", "keras.opsimath (1): x",
    ]  # fmt: skip


def test_the_place_in_the_readme():
    text = f"before\n{coverage.BEGIN}\nold\n{coverage.END}\nafter"
    new = coverage.with_section(text, "new")
    assert new == f"before\n{coverage.BEGIN}\nnew\n{coverage.END}\nafter"
    assert coverage.between_marks(new) == "new"
    with pytest.raises(ValueError, match="no place"):
        coverage.with_section("a README", "new")


def test_of_the_real_keras(keras):
    modules = coverage.public_modules(keras)
    assert {"", "layers", "ops.numpy", "optimizers.schedules", "applications.resnet"} <= modules.keys()
    assert not any(path.startswith(("src", "_")) for path in modules)
    assert {"Dense", "Convolution2D"} <= set(coverage.public_names(keras.layers))
    before = set(sys.modules)
    tables = coverage.read_tables()
    assert isinstance(tables["PATHS"], dict) and isinstance(tables["NAMES"], dict)
    assert sys.modules["keras"] is keras
    assert not any(name.startswith("keras.") for name in set(sys.modules) - before)


def test_the_readme_is_not_stale():
    expected = coverage.section(*coverage.here())
    assert coverage.between_marks(coverage.README.read_text()) == expected, "run `python compat/parity/coverage.py --write`"
