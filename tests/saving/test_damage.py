"""Files with bytes flipped and configs with values changed: an error that says so, in bounded time, or a whole model.

And what a killed process leaves behind: the file that was there.
"""

import json
import signal
import subprocess
import sys
import textwrap
import time
import warnings
import zipfile

import h5py
import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers

REFUSALS = (ValueError, TypeError, OSError, EOFError, NotImplementedError)
PLAIN, SLOW = 120, 5000  # changed files of each kind
SECONDS = 10  # for a file that takes some milliseconds when it is whole
X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")


def model():
    x = keras.Input((6,))
    h = layers.BatchNormalization()(layers.Dense(5, activation="relu")(x) * 2 + 1)
    h = layers.LSTM(3)(layers.Reshape((1, 5))(h))
    made = keras.Model(x, layers.Dense(2, kernel_regularizer="l2")(layers.Concatenate()([h, x])))
    made.compile("adam", "mse", metrics=["mae"])
    made.fit(X, X[:, :2], verbose=0)
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("files"), model()
    made.save(folder / "m.keras")
    made.save(folder / "m.h5")
    made.save_weights(folder / "m.weights.h5")
    return folder


def is_whole(loaded):
    """Whether it is a model that can be used: each weight has the shape that its layer wants, and it computes."""
    assert all(tuple(v.shape) == tuple(v.numpy().shape) for v in loaded.weights)
    if loaded.built and loaded.input_shape == (None, 6):
        loaded(X)
    return True


def attempt(path, target=None):
    """Loads the file. What it raises is of the family of ValueError; a model whose weights cannot be read keeps its own."""
    before, start = None if target is None else target.get_weights(), time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if target is None:
                is_whole(keras.models.load_model(path))
            else:
                target.load_weights(path)
        except REFUSALS:
            if target is not None:
                for old, new in zip(before, target.get_weights(), strict=True):
                    np.testing.assert_array_equal(old, new)
    assert time.perf_counter() - start < SECONDS


def flipped(content: bytes, draw) -> bytes:
    """The bytes with some of them changed, cut off, or doubled."""
    changed = bytearray(content)
    kind = draw.integers(6)
    if kind == 0:
        return bytes(changed[: draw.integers(len(changed))])
    if kind == 1:
        start, size = draw.integers(len(changed)), draw.integers(1, 64)
        changed[start : start + size] = changed[draw.integers(len(changed)) :][:size]
        return bytes(changed)
    for _ in range(draw.integers(1, 9)):
        changed[draw.integers(len(changed))] = draw.choice([0, 255, 127, 128, draw.integers(256)])
    return bytes(changed)


def fuzz_bytes(files, name, tmp_path, count, seed):
    draw, content, path = np.random.default_rng(seed), (files / name).read_bytes(), tmp_path / name
    target = model() if "weights" in name else None
    for _ in range(count):
        path.write_bytes(flipped(content, draw))
        attempt(path, target)


NOTHINGS = [None, True, -1, 0, 1, 2.5, float("nan"), "", "x", "relu", [], {}, [[]], {"class_name": "Dense"}, [None] * 3, 2**70]


def nodes(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from nodes(part, (*path, key))


def mutated(text: str, draw) -> str:
    """The JSON with a node replaced, taken away, renamed, or put into the place of another."""
    config = json.loads(text)
    for _ in range(draw.integers(1, 3)):
        paths = [path for path in nodes(config) if path]
        if not paths:
            break
        *way, key = paths[draw.integers(len(paths))]
        parent = config
        for step in way:
            parent = parent[step]
        kind = draw.integers(4)
        if kind == 0:
            del parent[key]
        elif kind == 1 and isinstance(parent, dict):
            parent[str(NOTHINGS[draw.integers(len(NOTHINGS))])] = parent.pop(key)
        elif kind == 2:
            other = config
            for step in paths[draw.integers(len(paths))]:
                other = other[step]
            parent[key] = json.loads(json.dumps(other))
        else:
            parent[key] = NOTHINGS[draw.integers(len(NOTHINGS))]
    return json.dumps(config)


def fuzz_config(files, name, tmp_path, count, seed):
    draw, path = np.random.default_rng(seed), tmp_path / name
    if name.endswith(".h5"):
        path.write_bytes((files / name).read_bytes())
        with h5py.File(path) as file:
            texts = {key: file.attrs[key] for key in ("model_config", "training_config")}
        for _ in range(count):
            key = draw.choice(list(texts))
            with h5py.File(path, "a") as file:
                for other, text in texts.items():
                    file.attrs[other] = mutated(text, draw) if other == key else text
            attempt(path)
        return
    with zipfile.ZipFile(files / name) as good:
        parts = {part: good.read(part) for part in good.namelist()}
    for _ in range(count):
        with zipfile.ZipFile(path, "w") as bad:
            for part, content in parts.items():
                bad.writestr(part, mutated(content.decode(), draw) if part == "config.json" else content)
        attempt(path)


KINDS = [(fuzz_bytes, name) for name in ("m.keras", "m.h5", "m.weights.h5")]
KINDS += [(fuzz_config, name) for name in ("m.keras", "m.h5")]


def over(kinds):
    return pytest.mark.parametrize(("fuzz", "name"), kinds, ids=[f"{fuzz.__name__}-{name}" for fuzz, name in kinds])


# Flipped bytes can make the HDF5 library itself crash, and the process with it: not in the plain run.
@over([kind for kind in KINDS if kind[0] is fuzz_config])
def test_damaged_files(fuzz, name, files, tmp_path):
    fuzz(files, name, tmp_path, PLAIN, seed=0)


@pytest.mark.slow
@over(KINDS)
def test_many_damaged_files(fuzz, name, files, tmp_path):
    fuzz(files, name, tmp_path, SLOW, seed=1)


# ---------------------------------------------------------------- a process that is killed

KILLED = """
    import os, signal, sys
    import h5py
    import torchkeras_lite as keras

    path, moment = sys.argv[1:]

    def die(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, kernel_initializer="ones"), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    if moment == "weights":
        model.layers[-1].save_own_variables = die
        h5py.Group.create_dataset = die if not path.endswith((".keras", ".weights.h5")) else h5py.Group.create_dataset
    elif moment == "flush":
        os.fsync = die
    else:
        os.replace = die
    if path.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_a_kill_leaves_the_old_file_whole(name, tmp_path):
    old = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
    old.compile("adam", "mse")
    path = tmp_path / name
    old.save_weights(path) if "weights" in name else old.save(path)
    before = path.read_bytes()
    script = tmp_path / "save.py"
    script.write_text(textwrap.dedent(KILLED))
    for moment in ("weights", "flush", "rename"):
        done = subprocess.run([sys.executable, script, path, moment], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert path.read_bytes() == before
    if "weights" in name:
        new = keras.models.clone_model(old)
        new.load_weights(path)
    else:
        new = keras.models.load_model(path)
    np.testing.assert_array_equal(new(np.ones((1, 3))).detach(), old(np.ones((1, 3))).detach())
