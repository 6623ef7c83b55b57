"""The bench is a folder of scripts that import each other by name: for a test its folder is on the path, and then gone."""

import importlib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[1] / "compat" / "bench"


@pytest.fixture
def script(monkeypatch):
    """A function that imports a script of the bench, or one that helps to test it, by its name. All run on the CPU."""
    monkeypatch.setenv("TORCHKERAS_DEVICE", "cpu")
    for folder in (HERE, BENCH):
        monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if {HERE, BENCH} & set(Path(getattr(sys.modules[name], "__file__", None) or "/").parents):
            del sys.modules[name]


@pytest.fixture
def hand(script):
    """The hand-written contender and the workloads."""
    return script("hand_torch"), script("workloads")
