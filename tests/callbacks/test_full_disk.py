"""Callbacks that write, on a disk that is full: an error that says which file, and all else as it was."""

import errno

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers

resource = pytest.importorskip("resource")
X = np.random.default_rng(0).normal(size=(40, 30)).astype("float32")

WRITERS = {
    "ModelCheckpoint": lambda folder: callbacks.ModelCheckpoint(folder / "m.keras"),
    "ModelCheckpoint of weights": lambda folder: callbacks.ModelCheckpoint(folder / "m.weights.h5", save_weights_only=True),
    "BackupAndRestore": lambda folder: callbacks.BackupAndRestore(folder / "state", delete_checkpoint=False),
    "BackupAndRestore, twice": lambda folder: callbacks.BackupAndRestore(
        folder / "state", delete_checkpoint=False, double_checkpoint=True
    ),
    "CSVLogger": lambda folder: callbacks.CSVLogger(folder / "log.csv", append=True),
}


def model():
    made = keras.Sequential([keras.Input((30,)), layers.Dense(50, activation="relu"), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


def fit(made, *more, epochs=1):
    made.fit(X, X[:, :1], epochs=epochs, shuffle=False, verbose=0, callbacks=[*more])


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Full:
    """`with Full(size): ...` no file becomes larger."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *exc):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk(writer, room, tmp_path):
    made, other = model(), model()
    other.set_weights(made.get_weights())
    fit(made, WRITERS[writer](tmp_path))
    fit(other)
    before = contents(tmp_path)
    size = 10 if not room else max(map(len, before.values())) + 3 if writer == "CSVLogger" else 900
    with Full(size), pytest.raises(OSError, match=str(tmp_path)) as caught:
        fit(made, WRITERS[writer](tmp_path), epochs=2)
    assert caught.value.errno == errno.EFBIG
    assert contents(tmp_path) == before
    # The epoch is over, and training goes on from there as if nobody had wanted to write.
    fit(other)
    for one, same in zip(made.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, same)
    for one, same in zip(made.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), same.numpy())
    fit(made, WRITERS[writer](tmp_path), epochs=3)
    assert contents(tmp_path) != before


def test_the_log_begins_anew(tmp_path):
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    with Full(20), pytest.raises(OSError, match=r"log\.csv"):
        fit(model(), logger)
    assert (tmp_path / "log.csv").read_bytes() == b""
    fit(model(), logger)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    made = model()
    with Full(10), pytest.raises(OSError, match="logs"):
        fit(made, callbacks.TensorBoard(tmp_path / "logs"))
    fit(made, callbacks.TensorBoard(tmp_path / "logs"))
