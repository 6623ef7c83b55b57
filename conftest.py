"""For all tests: one thread each, and everybody begins with the same random numbers and settings, whoever ran before.

Several test processes side by side (`pytest -n auto`) must not fight for the cores. torch reads the number of threads when it
is imported, so it stands here, in front of everything else.
"""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import gc
import importlib.util
import random
import sys
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch

from torchkeras_lite import config, dtype_policies

# The same examples in every run, however busy the machine is. (`--hypothesis-profile=default` looks for new ones.)
hypothesis.settings.register_profile("same", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("same")

SETTINGS = [(kept, dict(kept)) for kept in (config._values, config._switches, config._limits, dtype_policies._global)]


def seed():
    """(`torch.manual_seed` takes half a millisecond: it keeps a traceback for every kind of device.)"""
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(0)


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector):
    if isinstance(collector, pytest.Module):
        seed()  # for what a file draws while it is imported


def pytest_collection_finish(session):
    # The tests themselves stay. Looking through all of them takes half a second, whenever somebody collects garbage.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    seed()
    for kept, values in SETTINGS:
        if kept != values:
            kept.clear()
            kept.update(values)


@pytest.fixture
def python_calls():
    """A function that gives the names of the Python functions that run while one is called, first to last, without its own."""

    def names_of(function):
        names: list[str] = []
        gc.collect()
        gc.disable()  # what other tests left behind, and is heard of when it goes, is not counted
        former = sys.getprofile()
        sys.setprofile(lambda frame, event, _: names.append(frame.f_code.co_name) if event == "call" else None)
        try:
            function()
        finally:
            sys.setprofile(former)
            gc.enable()
        return names[1:]

    return names_of


@pytest.fixture(scope="session")
def fresh():
    """Runs programs in processes of their own that begin with torch imported: see `tests/fresh.py`."""
    spec = importlib.util.spec_from_file_location("fresh", Path(__file__).parent / "tests" / "fresh.py")
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    interpreter = module.Interpreter()
    yield interpreter
    interpreter.close()
