"""Files are written whole or not at all: on a disk that is full after any number of bytes, and stopped at any moment."""

import functools
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import files, layers
from torchkeras_lite.saving import KerasFileEditor, stores

resource = pytest.importorskip("resource")
NAMES = ["m.keras", "m.h5", "m.weights.h5", "w.h5", "s.weights.json", "folder", "edited.weights.h5"]


def model(seed):
    made = keras.Sequential([keras.Input((20,)), layers.Dense(30), layers.Dense(20)])
    made.set_weights([np.random.default_rng(seed).normal(size=value.shape) for value in made.get_weights()])
    made.compile("adam", "mse")
    made.optimizer.build(made.trainable_variables)
    return made


def write(made, path):
    if path.name == "edited.weights.h5":
        made.save_weights(path.with_name("before.weights.h5"))
        KerasFileEditor(path.with_name("before.weights.h5")).save(path)
    elif path.name == "s.weights.json":
        made.save_weights(path, max_shard_size=3e-6)
    else:
        made.save_weights(path) if path.name[0] == "w" or "weights" in path.name else made.save(path)


def read(path):
    if path.name[0] == "w" or "weights" in path.name:
        made = model(0)
        made.load_weights(path)
        return made
    return keras.models.load_model(path)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_same(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_what_was_there(name, tmp_path):
    old, new, path = model(1), model(2), tmp_path / name
    write(old, path)
    before, limits = contents(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(map(len, before.values()))
    for allowed in [0, 1, *range(600, size - 1, size // 12), size - 1]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, limits[1]))
        try:
            with pytest.raises(OSError, match=r"too large.*\.h5|too large.*folder|too large.*\.keras"):
                write(new, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert contents(tmp_path) == before
    assert_same(read(path), old)
    write(new, path)
    assert contents(tmp_path).keys() == before.keys()
    assert_same(read(path), new)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "w.h5"])
def test_what_was_there_is_whole_at_each_write(name, tmp_path, monkeypatch):
    """Whoever is stopped between two of them, by whatever, leaves the old file."""
    old, new, path, moments = model(1), model(2), tmp_path / name, []
    write(old, path)
    before = path.read_bytes()

    def watched(owner, attribute):
        do = getattr(owner, attribute)

        def and_look(*args, **kwargs):
            assert path.read_bytes() == before
            moments.append(attribute)
            return do(*args, **kwargs)

        monkeypatch.setattr(owner, attribute, and_look)

    watched(files.Sink, "write")
    watched(files.Sink, "truncate")
    watched(os, "fsync")
    watched(os, "replace")
    write(new, path)
    assert moments.count("write") > 10 and moments[-2:] == ["fsync", "replace"]
    assert_same(read(path), new)
    assert os.listdir(tmp_path) == [name]


class Stopped(BaseException):
    """As if the process had been killed: nobody expects it."""


STEPS = [*((os, key) for key in ("fsync", "replace", "rename", "link", "unlink")), (shutil, "rmtree")]
# What is written, and whether the system lets two folders change places.
WAYS = [("folder", True), ("folder", False), ("s.weights.json", True)]


@pytest.mark.parametrize(("name", "exchanges"), WAYS, ids=["folder", "folder, in two steps", "shards"])
def test_several_files_are_replaced_as_one(name, exchanges, tmp_path, monkeypatch):
    """Stopped before any step, with nothing cleaned up: what is there is the old model or the new one, never some of each."""
    old, new, steps, found = model(1), model(2), 0, set()
    exchanged = files._exchanged
    while True:
        path, left = tmp_path / f"{steps}" / name, steps
        path.parent.mkdir()
        write(old, path)

        def stop(do, *args, **kwargs):
            nonlocal left
            left -= 1
            if left < 0:
                raise Stopped
            return do(*args, **kwargs)

        with monkeypatch.context() as patched:
            for owner, key in STEPS:
                patched.setattr(owner, key, functools.partial(stop, getattr(owner, key)))
            swap = exchanged if exchanges else lambda one, other: False
            patched.setattr(files, "_exchanged", functools.partial(stop, swap))
            try:
                write(new, path)
            except Stopped:
                pass
            else:
                break
        if not exchanges and not path.exists():  # between the two steps: both are there
            old_one, = path.parent.glob("folder.*.old")
            new_one, = path.parent.glob("folder.*.part")
            assert_same(read(old_one), old)
            assert_same(read(new_one), new)
            found.add("both")
        else:
            kept = read(path).get_weights()[0][0, 0]
            which = next(one for one in (old, new) if one.get_weights()[0][0, 0] == kept)
            assert_same(read(path), which)
            found.add("new" if which is new else "old")
        steps += 1
    assert_same(read(path), new)
    assert {"old", "new"} <= found and ("both" in found) == (not exchanges) and steps > 4


def test_a_folder_keeps_what_else_is_in_it(tmp_path, monkeypatch):
    old, new, path = model(1), model(2), tmp_path / "folder"
    write(old, path)
    (path / "notes.txt").write_text("mine")
    write(new, path)
    assert (path / "notes.txt").read_text() == "mine" and sorted(os.listdir(tmp_path)) == ["folder"]
    assert_same(read(path), new)
    (path / "notes.txt").unlink()
    monkeypatch.chdir(path)  # who stands in it goes on standing there
    write(old, path)
    assert os.path.samefile(os.getcwd(), path)
    assert_same(read(path), old)


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5", "assets/picture"])
def test_what_is_no_model_is_not_replaced(name, tmp_path):
    """Others too have a `config.json`, or `assets`. What is empty, or called otherwise, is in nobody's way."""
    words = layers.StringLookup(vocabulary=["a", "b"])  # they become assets
    made, path = keras.Sequential([keras.Input((1,), dtype="string"), words]), tmp_path / "folder"
    (path / "assets").mkdir(parents=True)
    (path / "saved_model.pb").write_text("theirs")
    made.save(path)
    assert keras.models.load_model(path).layers[0].get_vocabulary() == ["[UNK]", "a", "b"]
    assert (path / "saved_model.pb").read_text() == "theirs"
    (tmp_path / "other" / name).parent.mkdir(parents=True)
    (tmp_path / "other" / name).write_text('{"keras_version": "3.0.0"}')
    with pytest.raises(FileExistsError, match=f"no model, but {name.partition('/')[0]}, which would be lost"):
        made.save(tmp_path / "other")
    assert contents(tmp_path / "other") == {name: b'{"keras_version": "3.0.0"}'}
    assert sorted(os.listdir(tmp_path)) == ["folder", "other"]


def test_fewer_shards_than_before(tmp_path):
    path = tmp_path / "s.weights.json"
    model(1).save_weights(path, max_shard_size=3e-6)
    assert len(os.listdir(tmp_path)) > 3
    model(2).save_weights(path, max_shard_size=1)
    assert sorted(os.listdir(tmp_path)) == ["s.weights.json", "s_00000.weights.h5"]
    assert_same(read(path), model(2))


def test_an_error_of_the_one_who_writes_is_his(tmp_path):
    with pytest.raises(ZeroDivisionError), stores.created(tmp_path / "x.h5") as file:
        file["a"] = np.ones(3)
        file["b"] = 1 / 0
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["a"][()].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["m.keras", "w.h5", "folder"])
@pytest.mark.skipif(os.name != "posix", reason="nothing is asked of processes there")
def test_the_next_save_removes_what_killed_ones_left(name, tmp_path):
    path = tmp_path / name
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()
    own = os.path.basename(files._draft_of(str(path)))
    assert f"-{os.getpid()}-" in own
    left = own.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    elsewhere = left.replace(files._here(), "0" * 8)
    stays = [own, own.replace(f"-{os.getpid()}-", "-1-"), elsewhere, "mine.part", f"{left}.txt"]
    (tmp_path / left).write_bytes(b"half")
    (tmp_path / left.replace(name, "other")).mkdir()
    (tmp_path / left.replace(name, "other") / "config.json").write_bytes(b"half")
    for one in stays:
        (tmp_path / one).write_bytes(b"x")
    write(model(1), path)
    assert sorted(os.listdir(tmp_path)) == sorted([name, *stays])
    assert_same(read(path), model(1))
