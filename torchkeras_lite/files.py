"""Files that appear whole or not at all, and archives that unpack within bounds."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import io
import json
import os
import platform
import re
import shutil
import uuid
import zipfile

from torchkeras_lite import flushing

_METADATA = 1 << 12  # bytes of what says who wrote a model; more of them are something else


@contextlib.contextmanager
def naming(filepath: str):
    """An OSError inside that does not say of which file it is says it then: a full disk says only that it is full."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = filepath
        raise


class Sink(io.RawIOBase):
    """A file for those who write from another language, and would take the process down, or say nothing of use, if it failed.

    Attributes:
        problem: the OSError that came, or None. What is written after it goes nowhere.
    """

    def __init__(self, file):
        self._file, self.problem = file, None

    def write(self, content) -> int:
        content = memoryview(content).cast("B")
        done = 0
        try:
            while done < len(content) and self.problem is None:
                done += self._file.write(content[done : done + flushing.LARGE])
                if done >= flushing.LARGE:
                    flushing.begin(self._file.fileno())
        except OSError as error:
            self.problem = error
        return len(content)

    def truncate(self, size=None) -> int:
        try:
            return self._file.truncate(size)
        except OSError as error:
            self.problem = self.problem or error
            return size

    def readinto(self, buffer) -> int:
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    writable = seekable = readable


_DRAFT = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.part")


@functools.cache
def _here() -> str:
    """A word for where numbers of processes mean what they mean here: this machine since it was started, this container."""
    known = [platform.node()]
    with contextlib.suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            known.append(file.read())
        known.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256(repr(known).encode()).hexdigest()[:8]


def _draft_of(filepath: str) -> str:
    """A name beside the file for what is to become it, which says who is writing."""
    return f"{filepath}.{_here()}-{os.getpid()}-{uuid.uuid4().hex[:16]}.part"


def _clear(folder: str) -> None:
    """Removes drafts that processes left which were killed. What another machine or a running process writes stays."""
    if os.name != "posix":  # where one cannot ask for a process without ending it
        return
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".part") and _is_left(entry.name):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)


def _is_left(name: str) -> bool:
    """Whether it is the name of a draft whose process is gone."""
    found = _DRAFT.search(name)
    if found is None or found.end() != len(name) or found[1] != _here():
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it runs, and is somebody else's
        return False
    return False


@contextlib.contextmanager
def whole(filepath: str, keep: str | None = None):
    """`with whole("a.h5") as draft:` write to `draft`, which becomes the file at the end; if something fails, nothing changes.

    Folders are made. What is written is on the disk before the name points to it.

    Args:
        keep: where the file that was there goes.
    """
    folder = os.path.dirname(os.path.abspath(filepath))
    os.makedirs(folder, exist_ok=True)
    _clear(folder)
    draft = _draft_of(filepath)  # made by whoever writes, with the permissions of any other file
    flushing.settle()
    try:
        with naming(filepath):
            yield draft
            with open(draft, "rb") as file:
                os.fsync(file.fileno())
        if keep is not None and os.path.exists(filepath):
            flushing.replace(filepath, keep)
        flushing.replace(draft, filepath)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


@contextlib.contextmanager
def whole_folder(folder: str, parts):
    """`with whole_folder("m", ("a", "b")) as draft:` write `a` and `b` to the folder `draft`, which becomes `m` at the end.

    A folder that was there is replaced in one step where the system knows such a step (Linux does); elsewhere in two, and
    whoever is stopped between them leaves the old one and the new one beside each other.

    Args:
        parts: the names that a folder may hold to be replaced. Into one that holds others too, the new parts are put one after
            the other.

    Raises:
        FileExistsError: something of such a name is there, and is no part of a model.
    """
    place = os.path.realpath(folder)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    _clear(os.path.dirname(place))
    draft = _draft_of(place)
    os.mkdir(draft)
    try:
        with naming(folder):
            yield draft
            for above, _, names in os.walk(draft):
                for name in names:
                    with open(os.path.join(above, name), "rb") as file:
                        os.fsync(file.fileno())
        if not os.path.isdir(place):
            os.rename(draft, place)
        elif may_become_model(place) and {*os.listdir(place)} <= {*parts} and os.path.realpath(os.getcwd()) != place:
            shutil.copymode(place, draft)
            _replace_folder(draft, place)
        else:
            _check_stays(folder, os.listdir(draft))
            for name in os.listdir(draft):
                new, old = os.path.join(draft, name), os.path.join(place, name)
                _replace_folder(new, old) if os.path.isdir(new) and os.path.isdir(old) else os.replace(new, old)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _check_stays(folder: str, names) -> None:
    """Raises FileExistsError where things of such names are in a folder that are no parts of a model."""
    there = [name for name in sorted(names) if os.path.lexists(path := os.path.join(folder, name)) and not _is_empty(path)]
    if there and not is_model(folder):
        raise FileExistsError(
            f"The folder {folder!r} holds no model, but {', '.join(there)}, which would be lost. The usual fix: another name."
        )


def _is_empty(path: str) -> bool:
    return os.path.isdir(path) and not os.listdir(path)


def is_model(folder: str) -> bool:
    """Whether a folder is what `model.save("folder")` writes: there are other things with a `config.json` and `assets`."""
    path = os.path.join(folder, "metadata.json")
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return {*metadata(file)} == {"keras_version", "date_saved"}


def metadata(file) -> dict:
    """What a `metadata.json` that is open says of who wrote a model; nothing where it is none."""
    try:
        said = json.loads(file.read(_METADATA))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def may_become_model(folder: str) -> bool:
    """Whether a model may stand in the place of a folder: there is one in it, or nothing."""
    return is_model(folder) or _is_empty(folder)


def _replace_folder(new: str, old: str) -> None:
    """The new folder stands where the old one stood. What is left of that is at the new one's place, or nowhere."""
    if _exchanged(new, old):
        return
    aside = f"{old}.{uuid.uuid4().hex}.old"
    os.rename(old, aside)
    try:
        os.rename(new, old)
    except OSError:
        os.rename(aside, old)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: str, other: str) -> bool:
    """Lets two files or folders change places, in one step; False, and nothing done, where the system cannot."""
    try:
        exchange = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here = -100  # names count from where the process stands
    exchange.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return exchange(here, os.fsencode(one), here, os.fsencode(other), 2) == 0


class _Archive(zipfile.ZipFile):
    """A zip archive that is refused, before it is read, if its list of members is as long as no honest one's."""

    _raw: _Raw | None = None

    def __init__(self, filepath: str):
        self._raw = _Raw(filepath)
        try:
            super().__init__(self._raw)
        except BaseException:
            self._raw.close()
            raise
        self._raw.most = None

    def close(self) -> None:
        super().close()
        if self._raw is not None:
            self._raw.close()


class _Raw(io.FileIO):
    most: int | None = 1 << 23  # bytes of the list, which become seven times as many: a hundred thousand members

    def read(self, size: int = -1) -> bytes:
        if self.most is not None and size > self.most:
            raise ValueError(f"The archive {self.name!r} is not valid: its list of members has {size} bytes.")
        return super().read(size)


def zip_archive(filepath: str) -> zipfile.ZipFile:
    """A zip archive, open for reading. Its members are stored or deflated: what else there is unpacks a block as a whole.

    Raises:
        zipfile.BadZipFile: it is none.
        ValueError: a member is packed otherwise, or there are two of one name, of which another program might see the other, or
            very many members.
    """
    archive, names, problem = _Archive(filepath), set(), None
    for info in archive.infolist():
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            problem = f"{info.filename!r} is packed in way {info.compress_type}"
        elif info.filename in names:
            problem = f"there are two members called {info.filename!r}"
        names.add(info.filename)
    if problem is not None:
        archive.close()
        raise ValueError(f"The archive {filepath!r} is not valid: {problem}.")
    return archive
