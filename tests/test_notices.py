"""Warnings point at the line of the user's code, however deep inside they come about."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers, notices, ops

ROOT = Path(__file__).parents[1]
X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")


def model():
    made = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def fit_with(callback):
    return lambda: model().fit(X, Y, verbose=0, callbacks=[callback])


CALLS = {
    "EarlyStopping": fit_with(callbacks.EarlyStopping("none")),
    "ReduceLROnPlateau": fit_with(callbacks.ReduceLROnPlateau("none")),
    "ModelCheckpoint": lambda: callbacks.ModelCheckpoint("x", monitor="none", save_best_only=True)._should_save_model(
        0, None, {"loss": 1.0}, "x"
    ),
    "mode": lambda: callbacks.EarlyStopping(mode="least"),
    "fit": lambda: model().fit(iter([(X, Y)]), steps_per_epoch=3, verbose=0),
    "evaluate": lambda: model().evaluate(iter([(X, Y)]), steps=3, verbose=0),
    "predict": lambda: model().predict(iter([(X,)]), steps=3, verbose=0),
    "softmax": lambda: ops.softmax(torch.ones(3, 1)),
    "alpha": lambda: layers.LeakyReLU(alpha=0.2),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_points_here(name):
    call = CALLS[name]
    lines, first = inspect.getsourcelines(call)
    with pytest.warns(UserWarning) as caught:
        call()
    assert caught[0].filename == __file__
    # (what is called over several lines counts as the line on which the call begins)
    assert caught[0].lineno in range(call.__code__.co_firstlineno, first + len(lines))


def test_all_warnings_go_one_way():
    for file in (*(ROOT / "torchkeras_lite").rglob("*.py"), *(ROOT / "compat" / "shims").rglob("*.py")):
        if file.name != "notices.py":
            assert not re.search(r"\bwarnings\.warn\(", file.read_text(encoding="utf-8")), file


def test_a_graph_that_is_compiled_holds_no_warnings(monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    notices.warn("nothing is heard of this")  # (warnings are errors here)
