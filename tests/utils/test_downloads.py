"""get_file: the cache, checksums, archives, and what happens when something goes wrong. Addresses are files."""

import hashlib
import io
import os
import tarfile
import zipfile

import pytest

from torchkeras_lite.utils import get_file

CONTENT = b"word " * 1000


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def origin(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes(CONTENT)
    return path.as_uri()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def test_a_file_is_fetched_once(origin, home, tmp_path):
    path = get_file("words.txt", origin)
    assert path == str(home / "datasets" / "words.txt")
    assert read(path) == CONTENT
    (tmp_path / "words.txt").write_bytes(b"new")
    assert read(get_file("words.txt", origin)) == CONTENT
    assert read(get_file("words.txt", origin, force_download=True)) == b"new"
    assert read(get_file(origin=origin, cache_subdir="other")) == b"new"
    assert read(get_file(origin=origin, cache_dir=str(tmp_path / "elsewhere"), cache_subdir="")) == b"new"


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_checksums(algorithm, origin, home):
    right = hashlib.new(algorithm, CONTENT).hexdigest()
    path = get_file("words.txt", origin, file_hash=right)
    with open(path, "wb") as file:
        file.write(CONTENT[:100])  # half a file, left by something else
    assert read(get_file("words.txt", origin, file_hash=right)) == CONTENT
    with pytest.raises(ValueError, match="checksum"):
        get_file("other.txt", origin, file_hash="0" * len(right))
    assert os.listdir(home / "datasets") == ["words.txt"]  # no half of the other file


def test_md5_hash_is_another_word(origin):
    assert get_file("words.txt", origin, md5_hash=hashlib.md5(CONTENT).hexdigest())
    with pytest.raises(ValueError, match="checksum"):
        get_file("other.txt", origin, md5_hash="0" * 32)


def test_no_network_says_where_to_put_the_file(home):
    with pytest.raises(OSError, match=r"put the file to .*missing.txt"):
        get_file("missing.txt", (home / "nowhere.txt").as_uri())


@pytest.mark.parametrize("name", ["../words.txt", "a/words.txt", ".."])
def test_names_are_no_paths(name, origin):
    with pytest.raises(ValueError, match="Paths are not accepted"):
        get_file(name, origin)


def test_no_origin():
    with pytest.raises(ValueError, match="origin"):
        get_file("words.txt")


# ---------------------------------------------------------------- archives


def tar(path, **members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_tar_and_zip_are_unpacked_as_keras_names_the_folders(tmp_path, home):
    made = tar(tmp_path / "a.tar.gz", **{"flowers/rose.txt": b"red"})
    folder = get_file("flowers", made.as_uri(), untar=True)
    assert folder == str(home / "datasets" / "flowers")
    assert read(os.path.join(folder, "flowers", "rose.txt")) == b"red"
    assert get_file("flowers.tar.gz", made.as_uri(), extract=True) == str(home / "datasets" / "flowers_extracted")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x.txt", "x")
    assert read(os.path.join(get_file("b.zip", (tmp_path / "b.zip").as_uri(), extract=True), "x.txt")) == b"x"


def evil_tar(path, kind):
    with tarfile.open(path, "w") as archive:
        good = tarfile.TarInfo("good.txt")
        archive.addfile(good)
        bad = tarfile.TarInfo("../outside.txt" if kind == "name" else "link")
        if kind == "absolute":
            bad.name = "/tmp/outside.txt"
        elif kind in ("symlink", "hardlink"):
            bad.type = tarfile.SYMTYPE if kind == "symlink" else tarfile.LNKTYPE
            bad.linkname = "../../outside"
        elif kind == "device":
            bad.type = tarfile.CHRTYPE
        archive.addfile(bad)
    return path


@pytest.mark.parametrize("kind", ["name", "absolute", "symlink", "hardlink", "device"])
def test_archives_stay_in_their_folder(kind, tmp_path, home):
    made = evil_tar(tmp_path / "evil.tar", kind)
    with pytest.raises(ValueError, match="reaches out"):
        get_file("evil", made.as_uri(), extract=True)
    assert os.listdir(home / "datasets") == ["evil_archive"]


def test_zip_archives_too(tmp_path, home):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("good.txt", "")
        archive.writestr("../outside.txt", "")
    with pytest.raises(ValueError, match="reaches out"):
        get_file("evil", (tmp_path / "evil.zip").as_uri(), extract=True)
    assert not os.path.exists(home / "datasets" / "outside.txt")


def test_what_is_no_archive(origin):
    with pytest.warns(UserWarning, match="Could not extract"):
        get_file("words", origin, extract=True)
