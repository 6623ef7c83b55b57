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


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(capsys, monkeypatch):
    """What is written, as if to a terminal."""
    monkeypatch.setattr(progress, "_can_rewrite", lambda stream: True)
    return SimpleNamespace(text=lambda: capsys.readouterr().out)


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
def test_it_looks_about_ten_times_a_second(verbose, looks, clock, screen):
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
    assert plain(screen.text()) == expected[verbose]


def test_an_unknown_number_of_batches_is_known_after_the_first_epoch(clock, screen):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=2, steps=None)
    callbacks.on_train_begin()
    lines = []
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        for step in range(4):
            clock.value += 0.5
            callbacks.on_train_batch_end(step, {"loss": 2.0})
        lines.append(plain(screen.text()))
        callbacks.on_epoch_end(epoch, {"loss": 2.0})
        screen.text()
    assert lines == [
        "Epoch 1/2\n      4/Unknown 2s 500ms/step - loss: 2.0000",
        "Epoch 2/2\n4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 500ms/step - loss: 2.0000",
    ]


def test_a_longer_line_leaves_nothing_behind(clock, screen):
    bar = Progbar(4, interval=0, stateless_metrics=())
    bar.update(1, [("loss", 0.00001)])
    clock.value += 1
    bar.update(4, [("loss", 1.0)])
    last = screen.text().rpartition("\r")[2]
    assert re.sub("\x1b\\[[0-9]+m", "", last).startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 1s 333ms/step - loss: 1.0000 ")
    assert len(re.sub("\x1b\\[[0-9]+m", "", last).rstrip("\n")) == len("1/4 ━━━━━━━━━━━━━━━━━━━━ 0s 0s/step - loss: 1.0000e-05")


class Narrow(Terminal):
    def fileno(self):
        return 1


@pytest.mark.parametrize("columns, shown", [(44, 43), (30, 29), (10, 27), (0, 99), (None, 99)])
def test_a_line_longer_than_the_terminal_is_cut_until_it_is_the_last(columns, shown, clock, monkeypatch):
    """(The bar itself is never cut.) Of a line that went over into a second one only the second could be written anew."""
    stream = Narrow()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    if columns is None:
        monkeypatch.setattr(stream, "isatty", lambda: False)  # as the stream of a notebook is not
        monkeypatch.setitem(sys.modules, "ipykernel", object())
        monkeypatch.setattr(progress, "_can_rewrite", lambda stream: True)
    monkeypatch.setattr(progress.os, "get_terminal_size", lambda descriptor: SimpleNamespace(columns=columns or 0))
    bar = Progbar(4, interval=0, stateless_metrics=())
    for step in (1, 2, 3, 4):
        clock.value += 1
        bar.update(step, {"loss": 0.5, "x": 1.0})
    lines = re.sub("\x1b\\[[0-9]+m|\b", "", stream.getvalue()).split("\r")[1:]
    whole = "/4 ━━━━━━━━━━━━━━━━━━━━ 3s 1s/step - loss: 0.5000 - x: 1.0000"
    assert lines[0].rstrip() == ("1" + whole)[:shown].rstrip() and len(lines[1].rstrip()) <= shown
    assert lines[3] == f"4{whole}\n".replace("3s", "4s")


def test_the_last_group_of_steps_may_be_short(clock, screen):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=10)
    callbacks.on_epoch_begin(0)
    for step in (3, 7, 11):
        clock.value += 60
        callbacks.on_train_batch_end(step, {"loss": 2.0})
    assert plain(screen.text()).startswith("10/10 ━━━━━━━━━━━━━━━━━━━━ 0s ")


def test_averages_over_steps(clock, screen):
    bar = Progbar(10, verbose=1, interval=60, stateful_metrics=["now"])
    bar.update(2, [("mean", 1.0), ("now", 1.0)])
    bar.add(2, [("mean", 4.0), ("now", 4.0)])
    clock.value += 100
    bar.add(1, [("mean", 5.0), ("now", 5.0)])
    assert plain(screen.text()).endswith("- mean: 3.0000 - now: 5.0000")  # (2 * 1 + 2 * 4 + 5) / 5


@pytest.mark.parametrize("left, text", [(0.5, "0s"), (59.9, "59s"), (61, "1:01"), (3601, "1:00:01"), (90061, "25:01:01")])
def test_time_left(left, text, clock, screen):
    bar = Progbar(2)
    clock.value += left
    bar.update(1)
    assert f" {text} " in plain(screen.text())


def test_small_numbers_have_an_exponent(screen):
    numbers = {"a": 0.0011, "b": 0.0009, "c": -0.0009, "d": -2.0, "e": 0.0}
    Progbar(1, stateless_metrics=()).update(1, numbers)
    Progbar(1, stateless_metrics=(), verbose=2).update(1, numbers)
    bar, line = plain(screen.text()).splitlines()
    assert bar.endswith(" - a: 0.0011 - b: 9.0000e-04 - c: -9.0000e-04 - d: -2.0000 - e: 0.0000e+00")
    assert line.endswith(" - a: 0.0011 - b: 9.0000e-04 - c: -9.0000e-04 - d: -2.0000e+00 - e: 0.0000e+00")


def test_what_callbacks_may_put_into_the_logs(screen):
    Progbar(1, stateless_metrics=()).update(1, Logs(note="fine", none=None, array=np.array([1.0, 3.0]), n=2))
    assert plain(screen.text()).endswith(" - note: fine - none: None - array: 2.0000 - n: 2.0000\n")


def test_stdout_is_looked_up_when_writing(monkeypatch):
    bar, later = Progbar(1), io.StringIO()
    monkeypatch.setattr(sys, "stdout", later)
    bar.update(1)
    assert "1/1" in later.getvalue()


def test_an_output_that_knows_only_ascii(monkeypatch):
    raw = io.BytesIO()
    terminal = type("Terminal", (io.TextIOWrapper,), {"isatty": lambda self: True})
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", terminal(raw, encoding="ascii"))
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


# ---------------------------------------------------------------- where it is no terminal


def run_a_fit(clock, epochs=2, steps=4, seconds=0.5, known=True):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=epochs, steps=steps if known else None)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for step in range(steps):
            clock.value += seconds
            callbacks.on_train_batch_end(step, {"loss": 1 / (step + 1)})
        callbacks.on_epoch_end(epoch, {"loss": 0.25})


@pytest.mark.parametrize("where", ["file", "pipe", "terminal that knows nothing"])
def test_a_line_for_each_epoch_and_no_signs_for_a_terminal(where, clock, monkeypatch, tmp_path):
    if where == "terminal that knows nothing":
        stream = Terminal()
        monkeypatch.setenv("TERM", "dumb")
    else:
        stream = io.StringIO() if where == "pipe" else open(tmp_path / "log", "w+", encoding="utf-8")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", stream)
    run_a_fit(clock)
    stream.seek(0)
    lines = "4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 0.2500\n"
    assert stream.read() == f"Epoch 1/2\n{lines}Epoch 2/2\n{lines}"
    stream.close()


def test_long_epochs_show_once_a_minute_that_they_are_alive(clock, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    run_a_fit(clock, epochs=1, steps=4, seconds=45)
    assert stream.getvalue() == (
        "2/4 ━━━━━━━━━━────────── 1:30 45s/step - loss: 0.5000\n4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 45s/step - loss: 0.2500\n"
        "4/4 ━━━━━━━━━━━━━━━━━━━━ 180s 45s/step - loss: 0.2500\n"
    )


def test_steps_that_nobody_knows_in_a_file(clock, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    run_a_fit(clock, epochs=1, steps=2, seconds=61, known=False)
    assert stream.getvalue().splitlines()[0] == "      1/Unknown 61s 61s/step - loss: 1.0000"
    assert stream.getvalue().splitlines()[-1] == "2/2 ━━━━━━━━━━━━━━━━━━━━ 122s 61s/step - loss: 0.2500"
    assert not any(sign in stream.getvalue() for sign in "\x1b\b\r")


def test_a_notebook_is_no_file(clock, monkeypatch):
    """The stream of a notebook says that it is no terminal, and writes lines anew all the same."""

    class OutStream(io.TextIOBase):
        def __init__(self):
            self.written = []

        def write(self, text):
            self.written.append(text)

    notebook = OutStream()
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setattr(sys, "stdout", notebook)
    run_a_fit(clock)
    assert sum("\r" in text for text in notebook.written) == 10
    captured = io.StringIO()
    monkeypatch.setattr(sys, "stdout", captured)  # a cell that catches what is written
    run_a_fit(clock)
    assert "\r" not in captured.getvalue()


def test_what_comes_behind_an_unfinished_bar_has_a_line_of_its_own(clock, screen):
    with pytest.raises(KeyboardInterrupt), CallbackList(add_progbar=True, verbose=1, epochs=1, steps=4) as callbacks:
        callbacks.on_epoch_begin(0)
        clock.value += 1
        callbacks.on_train_batch_end(0, {"loss": 1.0})
        raise KeyboardInterrupt
    assert screen.text().endswith(" - loss: 1.0000\n")
