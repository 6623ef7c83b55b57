"""What reaches the disk while it is written, and what is freed in the background: that nothing but time is changed by it."""

import contextlib
import os
import threading

import pytest

from torchkeras_lite import files, flushing


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(bytes(flushing.LARGE))
    return path


def held(path) -> int:
    """How many descriptors this process has of the file."""
    wanted, found = os.stat(path).st_ino, 0
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one that reads the folder is gone by now
            found += os.fstat(int(number)).st_ino == wanted
    return found


proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks Linux which files are open")


@proc
def test_what_was_replaced_is_closed_by_another_thread(large, tmp_path, monkeypatch):
    (tmp_path / "new").write_bytes(b"new")
    os.link(large, tmp_path / "other")
    closed, close = [], os.close
    monkeypatch.setattr(os, "close", lambda number: (closed.append(threading.current_thread()), close(number)))
    flushing.replace(str(tmp_path / "new"), str(large))
    assert large.read_bytes() == b"new"
    flushing.settle()
    assert closed and threading.current_thread() not in closed
    assert not held(tmp_path / "other") and not flushing._freeing


@proc
def test_what_cannot_be_replaced_is_let_go(large, tmp_path):
    with pytest.raises(FileNotFoundError):
        flushing.replace(str(tmp_path / "none"), str(large))
    flushing.settle()
    assert large.stat().st_size == flushing.LARGE and not held(large)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "link", "dangling", "folder", "nothing", "small"])
def test_nothing_but_a_large_file_is_opened(kind, large, tmp_path):
    path = tmp_path / kind
    {
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(large),
        "dangling": lambda: path.symlink_to(tmp_path / "none"),
        "folder": path.mkdir,
        "nothing": lambda: None,
        "small": lambda: path.write_bytes(b"small"),
    }[kind]()
    assert flushing._held(str(path)) is None


def test_to_begin_is_a_hint(tmp_path, monkeypatch):
    flushing.begin(-1)
    asked = []
    monkeypatch.setattr(flushing, "_sync_file_range", lambda: lambda *given: asked.append(given))
    with open(tmp_path / "a", "w+b", buffering=0) as file:
        files.Sink(file).write(bytes(flushing.LARGE - 1))
        assert not asked
        files.Sink(file).write(bytes(2 * flushing.LARGE + 1))
        assert [given[0] for given in asked] == [file.fileno()] * 3
    monkeypatch.setattr(flushing, "_sync_file_range", lambda: None)
    flushing.begin(-1)


def test_whole_files_wait_for_the_room_of_the_one_before(large):
    for content in (b"a", bytes(flushing.LARGE), b"b"):
        with files.whole(str(large)) as draft:
            assert not flushing._freeing
            with open(draft, "wb") as file:
                file.write(content)
        assert large.read_bytes() == content
    flushing.settle()
