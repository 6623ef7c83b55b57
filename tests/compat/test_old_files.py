"""Files from the network, as scripts of Keras 2 look for them."""

import importlib.util
import os
import tarfile
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def get_file(repository):
    """What `keras.utils.get_file` is by a row of `_keras2.py`, without the stand-in around it."""
    file = repository / "compat" / "shims" / "keras" / "_downloads.py"
    spec = importlib.util.spec_from_file_location("downloads_of_the_stand_in", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_file


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KERAS_HOME", raising=False)


def made(name, files):
    """An archive in the folder `net`; its address."""
    for file, words in files.items():
        path = Path("net/in") / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words)
    path = Path("net") / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(f"net/in/{file}", file)
    else:
        with tarfile.open(path, "w:gz") as archive:
            for file in files:
                archive.add(f"net/in/{file}", file)
    return path.absolute().as_uri()


def test_beside_the_archive(get_file):
    address = made("pets.zip", {"pets_small/cat/1.txt": "mew"})
    path = get_file("pets.zip", address, extract=True, cache_dir=".")
    assert Path(path, "pets_small/cat/1.txt").read_text() == "mew"
    assert os.listdir(os.path.join(os.path.dirname(path), "pets_small")) == ["cat"]
    assert Path(path).parent == Path("datasets")
    assert Path(path).parent.joinpath("pets_extracted/pets_small/cat/1.txt").read_text() == "mew"  # Keras 3's folder
    assert get_file("pets.zip", "file:///nowhere/pets.zip", extract=True, cache_dir=".") == path


def test_without_the_suffix(get_file):
    address = made("weather.csv.zip", {"weather.csv": "a,b"})
    path = get_file(origin=address, fname="weather.csv.zip", extract=True, cache_dir=".")
    assert Path(os.path.splitext(path)[0]).read_text() == "a,b" == Path(path, "weather.csv").read_text()
    address = made("leaves.tgz", {"leaves/oak/1.txt": "one", "leaves/elm/2.txt": "two"})
    for words in ({"fname": "leaves.tgz"}, {}):
        folder = Path(get_file(origin=address, extract=True, cache_dir=".", **words)).with_suffix("")
        assert sorted(file.read_text() for file in folder.glob("*/*.txt")) == ["one", "two"]


def test_untar(get_file):
    address = made("leaves.tgz", {"leaves/oak/1.txt": "one"})
    assert os.listdir(get_file("leaves", address, untar=True, cache_dir=".")) == ["oak"]
    path = get_file("leaves.tar.gz", address, untar=True, cache_dir=".", cache_subdir="more")
    assert os.listdir(os.path.join(os.path.dirname(path), "leaves")) == ["oak"] and os.listdir(path) == ["leaves"]


def test_what_is_there_stays(get_file):
    address = made("pets.zip", {"mine/1.txt": "theirs", "other.txt": "new"})
    os.makedirs("datasets/mine")
    Path("datasets/mine/1.txt").write_text("mine")
    get_file("pets.zip", address, extract=True, cache_dir=".")
    assert Path("datasets/mine/1.txt").read_text() == "mine" and Path("datasets/other.txt").read_text() == "new"


def test_without_links(get_file, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no links here")

    monkeypatch.setattr(os, "symlink", refuse)
    get_file("pets.zip", made("pets.zip", {"pets/1.txt": "mew", "read.me": "words"}), extract=True, cache_dir=".")
    assert Path("datasets/pets/1.txt").read_text() == "mew" and Path("datasets/read.me").read_text() == "words"


def test_a_cache_of_an_older_keras(get_file):
    made("pets.zip", {"pets/1.txt": "mew"})
    os.mkdir("datasets")
    os.rename("net/pets.zip", "datasets/pets.zip")
    path = get_file("pets.zip", "file:///nowhere/pets.zip", extract=True, cache_dir=".")
    assert Path(path, "pets/1.txt").read_text() == "mew"


@pytest.mark.parametrize("words", [{}, {"extract": True}])
def test_no_archive(get_file, words):
    Path("words.txt").write_text("plain")
    assert Path(get_file("words.txt", Path("words.txt").absolute().as_uri(), cache_dir=".", **words)).read_text() == "plain"


def test_the_checksum(get_file):
    with pytest.raises(ValueError, match="Incomplete or corrupted"):
        get_file("a.zip", made("a.zip", {"a.txt": "a"}), extract=True, cache_dir=".", file_hash="0" * 64)
