"""CSVLogger: the logs of each epoch as lines of a file."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterable

import numpy as np

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.files import naming


class CSVLogger(Callback):
    """Writes a line for each epoch: its number and the logs. The file is complete after each line.

    Args:
        filename: where to.
        separator: between the columns.
        append: go on in a file that is there, instead of beginning it anew.
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.keys = self.writer = self.csv_file = None

    def on_train_begin(self, logs=None):
        self._close()
        if self.append and os.path.isfile(self.filename):
            _end_line(self.filename, self.sep)
        goes_on = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf8")  # noqa: SIM115
        self._wants_header = not goes_on
        self.keys = self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        size = os.fstat(self.csv_file.fileno()).st_size
        try:
            with naming(self.filename):
                self._write(epoch, logs or {})
        except OSError:  # what has got there of this line goes
            file, self.csv_file = self.csv_file, None
            with contextlib.suppress(OSError):
                os.ftruncate(file.fileno(), size)
            file.buffer.raw.close()
            raise

    def _write(self, epoch, logs):
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):  # validation may begin later
                self.keys += [f"val_{key}" for key in self.keys]
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep)
            if self._wants_header:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch, **{key: _cell(logs.get(key, "NA")) for key in self.keys}})
        self.csv_file.flush()

    def on_train_end(self, logs=None):
        self._close()

    def _abandon(self):
        self._close()

    def _close(self):
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None


def _end_line(filename: str, separator: str) -> None:
    """Ends the last line of a file to go on with. One that was cut off by a kill goes: half a number is none."""
    with open(filename, "r+b") as file:
        begin = file.readline()
        end = file.seek(0, os.SEEK_END)
        start, last = end, b""
        while start > 0 and b"\n" not in last:
            start = max(start - _PIECE, 0)
            file.seek(start)
            last = file.read(end - start)
        place = last.rfind(b"\n") + 1
        line = last[place:]
        if not line:
            return
        first, wanted = place == 0, separator.encode()
        ours = b"epoch".startswith(begin[:5]) if first else last[:place].endswith(b"\r\n")
        whole = line.endswith(b"\r") or (not ours and (first or line.count(wanted) == begin.count(wanted)))
        if whole:
            file.seek(end)
            file.write(b"\n")
        else:
            file.truncate(start + place)


_PIECE = 1 << 16  # bytes that are read at once, from the end on


def _cell(value):
    if isinstance(value, str) or not isinstance(value, Iterable) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
