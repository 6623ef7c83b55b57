"""CSVLogger goes on in a file whose last line was cut off."""

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.callbacks import CSVLogger

X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")


def fit(file):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    model.fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0, callbacks=[CSVLogger(file, append=True)])


LINES = b"epoch,loss,val_loss\r\n0,0.5,0.25\r\n1,0.4,0.125\r\n"


@pytest.mark.parametrize("length", range(len(LINES) + 1))
def test_going_on_after_a_kill_at_any_byte(tmp_path, length):
    file = tmp_path / "log.csv"
    file.write_bytes(LINES[:length])
    logger = CSVLogger(file, append=True)
    logger.on_train_begin()
    logger.on_epoch_end(5, {"loss": 0.3, "val_loss": 0.2})
    logger.on_train_end()
    found = file.read_bytes()
    kept = [line for line in LINES.split(b"\r\n")[:-1] if LINES.find(line) + len(line) < length]  # with its \r at least
    assert found == b"\r\n".join([*(kept or [b"epoch,loss,val_loss"]), b"5,0.3,0.2", b""])


def test_a_last_line_of_somebody_elses_is_kept(tmp_path):
    file = tmp_path / "log.csv"
    for text, kept in ((b"epoch,loss\n0,0.5", True), (b"epoch,loss\n0", False), (b"a note", True)):
        file.write_bytes(text)
        logger = CSVLogger(file, append=True)
        logger.on_train_begin()
        logger.on_epoch_end(1, {"loss": 0.25, "val_loss": 1.0})
        logger.on_train_end()
        whole = text if kept else b"epoch,loss"
        assert file.read_bytes() == whole + b"\n1,0.25,1.0\r\n"


def test_fit_goes_on(tmp_path):
    file = tmp_path / "log.csv"
    fit(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-3])
    fit(file)
    lines = file.read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss" and [line[0] for line in lines[1:]] == ["0", "0", "1"]
