"""The progress bar looks seldom, writes where stdout is now, and never fails. (Its bytes are compared in parity.)"""

import io
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from torchkeras_lite.callbacks import CallbackList, Progbar, progress, write
from torchkeras_lite.logs import Logs


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(value=100.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(time=lambda: now.value))
    return now


def plain(text):
    """What a reader sees: no colours, and of a line written anew only the last state."""
    text = re.sub("\x1b\\[[0-9]+m", "", text).replace("\b", "")
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in text.split("\n"))


class Watched(Logs):
    __slots__ = ()
    looks = 0

    def items(self):
        type(self).looks += 1
        return super().items()


@pytest.mark.parametrize("verbose, looks", [(0, 1), (1, 11), (2, 1)])
def test_it_looks_about_ten_times_a_second(verbose, looks, clock, capsys):
    Watched.looks = 0
    callbacks = CallbackList(add_progbar=True, verbose=verbose, epochs=1, steps=1000)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for step in range(1000):  # one second
        clock.value += 0.001
        for hook in callbacks._hooks["on_train_batch_end"]:
            hook(step, logs=Watched(loss=torch.tensor(float(step))))
    assert Watched.looks <= looks - 1
    for hook in callbacks._hooks["on_epoch_end"]:
        hook(0, Watched(loss=torch.tensor(0.25)))
    assert Watched.looks == looks
    expected = {0: "", 1: "1000/1000 ━━━━━━━━━━━━━━━━━━━━ 1s 1ms/step - loss: 0.2500\n"}
    expected[2] = "1000/1000 - 1s - 1ms/step - loss: 0.2500\n"
    assert plain(capsys.readouterr().out) == expected[verbose]


def test_an_unknown_number_of_batches_is_known_after_the_first_epoch(clock, capsys):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=2, steps=None)
    callbacks.on_train_begin()
    lines = []
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        for step in range(4):
            clock.value += 0.5
            callbacks.on_train_batch_end(step, {"loss": 2.0})
        lines.append(plain(capsys.readouterr().out))
        callbacks.on_epoch_end(epoch, {"loss": 2.0})
        capsys.readouterr()
    assert lines == [
        "Epoch 1/2\n      4/Unknown 2s 500ms/step - loss: 2.0000",
        "Epoch 2/2\n4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 500ms/step - loss: 2.0000",
    ]


def test_a_longer_line_leaves_nothing_behind(clock, capsys):
    bar = Progbar(4, interval=0, stateless_metrics=())
    bar.update(1, [("loss", 0.00001)])
    clock.value += 1
    bar.update(4, [("loss", 1.0)])
    last = capsys.readouterr().out.rpartition("\r")[2]
    assert re.sub("\x1b\\[[0-9]+m", "", last).startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 1s 333ms/step - loss: 1.0000 ")
    assert len(re.sub("\x1b\\[[0-9]+m", "", last).rstrip("\n")) == len("1/4 ━━━━━━━━━━━━━━━━━━━━ 0s 0s/step - loss: 1.0000e-05")


def test_averages_over_steps(clock, capsys):
    bar = Progbar(10, verbose=1, interval=60, stateful_metrics=["now"])
    bar.update(2, [("mean", 1.0), ("now", 1.0)])
    bar.add(2, [("mean", 4.0), ("now", 4.0)])
    clock.value += 100
    bar.add(1, [("mean", 5.0), ("now", 5.0)])
    assert plain(capsys.readouterr().out).endswith("- mean: 3.0000 - now: 5.0000")  # (2 * 1 + 2 * 4 + 5) / 5


@pytest.mark.parametrize("left, text", [(0.5, "0s"), (59.9, "59s"), (61, "1:01"), (3601, "1:00:01"), (90061, "25:01:01")])
def test_time_left(left, text, clock, capsys):
    bar = Progbar(2)
    clock.value += left
    bar.update(1)
    assert f" {text} " in plain(capsys.readouterr().out)


def test_small_numbers_have_an_exponent(capsys):
    numbers = {"a": 0.0011, "b": 0.0009, "c": -0.0009, "d": -2.0, "e": 0.0}
    Progbar(1, stateless_metrics=()).update(1, numbers)
    Progbar(1, stateless_metrics=(), verbose=2).update(1, numbers)
    bar, line = plain(capsys.readouterr().out).splitlines()
    assert bar.endswith(" - a: 0.0011 - b: 9.0000e-04 - c: -9.0000e-04 - d: -2.0000 - e: 0.0000e+00")
    assert line.endswith(" - a: 0.0011 - b: 9.0000e-04 - c: -9.0000e-04 - d: -2.0000e+00 - e: 0.0000e+00")


def test_what_callbacks_may_put_into_the_logs(capsys):
    Progbar(1, stateless_metrics=()).update(1, Logs(note="fine", none=None, array=np.array([1.0, 3.0]), n=2))
    assert plain(capsys.readouterr().out).endswith(" - note: fine - none: None - array: 2.0000 - n: 2.0000\n")


def test_stdout_is_looked_up_when_writing(monkeypatch):
    bar, later = Progbar(1), io.StringIO()
    monkeypatch.setattr(sys, "stdout", later)
    bar.update(1)
    assert "1/1" in later.getvalue()


def test_an_output_that_knows_only_ascii(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Progbar(2).update(1, [("Größe", 1.0)])
    write("┏━┓ │ ö")
    shown = plain(raw.getvalue().decode("ascii"))
    assert shown.startswith("1/2 ==========") and shown.endswith("Gr??e: 1.0000+=+ | ?\n")


def test_no_console_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    Progbar(1).update(1)
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=lambda text: None))  # as some notebooks and loggers give
    Progbar(1).update(1)


def test_two_ways_of_averaging_at_once():
    with pytest.raises(ValueError, match=r"stateful_metrics=\['a'\] and stateless_metrics=\[\]"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=[])
