"""`.keras`: a zip archive (or a folder) with the config of a model, its weights and, if layers have such, their assets."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import struct
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

from torchkeras_lite.files import metadata, whole, whole_folder, zip_archive
from torchkeras_lite.saving.checksums import checksum
from torchkeras_lite.saving.stores import opened, stored_bytes
from torchkeras_lite.saving.validity import parsed

CONFIG, METADATA, WEIGHTS, ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets"
_FORMAT = "3.15.1"  # the version of Keras whose files these are
_TEXT_LIMIT = 1 << 25  # bytes of a config; the largest published ones have a tenth of it
_TEXT_FLOOR, _TEXT_RATIO = 1 << 23, 64  # bytes that are never too many; what packing makes of a byte of such text, at most
_ASSETS_LIMIT = 1 << 32  # bytes of all that is unpacked for one layer
_PACKED = 1100  # what deflate makes of a byte, at most
_CHUNK = 1 << 20
_HEAD = 512  # bytes of the smallest user block of HDF5
_PADDING = 0xD935  # the kind of field in a zip archive that only fills: Android's


def write(filepath: str, config: dict, write_weights, zipped: bool = True, assets=()) -> None:
    """Writes the archive; it appears whole or not at all.

    Args:
        write_weights: `write_weights(path, **settings)` writes the HDF5 file to where it is told; the settings are h5py's.
        assets: pairs of a layer's path and a function that writes the layer's assets into an empty folder.
    """
    date = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    texts = {METADATA: json.dumps({"keras_version": _FORMAT, "date_saved": date}), CONFIG: json.dumps(config)}
    if not zipped:
        with whole_folder(filepath, (*texts, WEIGHTS, ASSETS)) as draft:
            for name, text in texts.items():
                with open(os.path.join(draft, name), "w", encoding="utf8") as file:
                    file.write(text)
            write_weights(os.path.join(draft, WEIGHTS))
            for path, write_assets in assets:
                folder = os.path.join(draft, ASSETS, *path.split("/"))
                os.makedirs(folder, exist_ok=True)
                write_assets(folder)
        return
    with whole(filepath) as draft:
        # What HDF5 leaves free in front of it becomes the head of the archive: the weights are written once, where they stay.
        write_weights(draft, userblock_size=_HEAD, libver=("earliest", "latest"))
        with open(draft, "r+b") as file, ThreadPoolExecutor(1) as other:
            flushed = other.submit(os.fsync, file.fileno())  # what is written by now is on its way while the rest is made
            weights = _as_member(file)
            flushed.result()  # a disk tells of a failure only once
            if weights is None:  # an HDF5 library that writes otherwise than is known: over a file of its own
                file.seek(0)
                file.truncate()
            with zipfile.ZipFile(file, "w") as archive:
                if weights is None:
                    _add_files(archive, "", lambda folder: write_weights(os.path.join(folder, WEIGHTS)))
                else:
                    archive.filelist.append(weights)
                    archive.NameToInfo[WEIGHTS] = weights
                for name, text in texts.items():
                    archive.writestr(name, text)
                for path, write_assets in assets:
                    _add_files(archive, f"{ASSETS}/{path}/" if path else f"{ASSETS}/", write_assets)


def _as_member(file) -> zipfile.ZipInfo | None:
    """Makes an HDF5 file with a user block the first member of an archive that ends where the file ends now.

    None, and nothing done, where the file is not built as is known.

    The addresses in it count from its own beginning, but for two in the superblock (version 0 of it, which is the one that
    "earliest" means).
    """
    size = file.seek(0, os.SEEK_END) - _HEAD
    file.seek(_HEAD)
    front = file.read(48)
    version, base, end = front[8], *struct.unpack("<Q8xQ", front[24:48])
    if version != 0 or base != _HEAD or end != _HEAD + size:
        return None
    file.seek(_HEAD + 24)
    file.write(struct.pack("<Q", 0) + front[32:40] + struct.pack("<Q", size))
    info = zipfile.ZipInfo(WEIGHTS, time.localtime()[:6])
    info.external_attr = 0o600 << 16
    file.flush()
    info.header_offset, info.file_size, info.compress_size, info.CRC = 0, size, size, checksum(file.name, _HEAD, size)
    room = _HEAD - len(info.FileHeader(zip64=True)) - 4
    info.extra = struct.pack("<HH", _PADDING, room) + bytes(room)
    file.seek(0)
    file.write(info.FileHeader(zip64=True))
    info.extra = b""
    file.seek(0, os.SEEK_END)
    return info


def _add_files(archive: zipfile.ZipFile, prefix: str, write) -> None:
    """Adds what `write(folder)` writes, each file under its path in the folder behind `prefix`."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder)
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = os.path.join(root, name)
                archive.write(path, prefix + os.path.relpath(path, folder).replace(os.sep, "/"))


class Archive:
    """A `.keras` file, or a folder with the same files, open for reading.

    Raises:
        ValueError: it is neither, or it has no config.
    """

    def __init__(self, filepath: str):
        self.filepath = filepath
        self._zip = None
        self._open_files = contextlib.ExitStack()
        self._plain = None  # the weights, open, if they lie there as they are
        if not os.path.isdir(filepath):
            try:
                self._zip = zip_archive(filepath)
            except zipfile.BadZipFile:
                raise ValueError(f"{filepath!r} is not a `.keras` file: it is no zip archive.") from None
        if not self._has(CONFIG):
            self.close()
            raise ValueError(f"{filepath!r} is not the file of a model: there is no {CONFIG!r} in it.")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self) -> None:
        self._open_files.close()
        if self._zip is not None:
            self._zip.close()

    def _has(self, name: str) -> bool:
        return os.path.isfile(os.path.join(self.filepath, name)) if self._zip is None else name in self._zip.namelist()

    def config(self) -> dict:
        """The config, as plain data."""
        limit = _TEXT_LIMIT
        if self._zip is not None:  # a text that is packed like no config says only that somebody wants memory
            limit = min(limit, _TEXT_FLOOR + _TEXT_RATIO * self._zip.getinfo(CONFIG).compress_size)
        with self._open(CONFIG) as file:
            text = file.read(limit + 1)
        if len(text) > limit:
            raise ValueError(f"The config in {self.filepath!r} has more than {limit} bytes.")
        config = parsed(text, f"The config in {self.filepath!r}")
        if not isinstance(config, dict):
            raise ValueError(f"The config in {self.filepath!r} is not that of a model: {type(config).__name__}, not an object.")
        return config

    def is_keras2(self) -> bool:
        """Whether a release of Keras before 3 wrote this."""
        if not self._has(METADATA):
            return False
        with self._open(METADATA) as file:
            return str(metadata(file).get("keras_version")).startswith("2.")

    @contextlib.contextmanager
    def weights(self, limit: int):
        """The weights, as an open h5py.File. More than `limit` bytes are not unpacked."""
        if not self._has(WEIGHTS):
            raise ValueError(f"There are no weights in {self.filepath!r}: {WEIGHTS!r} is missing.")
        if self._is_packed():
            with self._open(WEIGHTS) as member, tempfile.TemporaryFile() as file:
                while chunk := member.read(_CHUNK):
                    if file.tell() + len(chunk) > limit:
                        raise ValueError(
                            f"The weights in {self.filepath!r} unpack to more than {limit} bytes, which is more than the model "
                            "can need."
                        )
                    file.write(chunk)
                with opened(file) as unpacked:
                    yield unpacked
        else:
            yield self._plain_weights()

    def _is_packed(self) -> bool:
        return self._zip is not None and self._zip.getinfo(WEIGHTS).compress_type != zipfile.ZIP_STORED

    def _plain_weights(self):
        """The weights where they lie, opened once, until the archive is closed."""
        if self._plain is None:
            place = os.path.join(self.filepath, WEIGHTS)
            if self._zip is not None:
                file = io.FileIO(self.filepath)
                self._open_files.callback(file.close)
                place = _Window(file, *_extent(file, self._zip.getinfo(WEIGHTS)))
            self._plain = self._open_files.enter_context(opened(place))
        return self._plain

    def stored_bytes(self) -> int:
        """How many bytes the arrays of the weights have, or at most could have."""
        if not self._has(WEIGHTS):
            return 0
        if self._is_packed():
            info = self._zip.getinfo(WEIGHTS)
            return min(info.file_size, _PACKED * info.compress_size)
        return stored_bytes(self._plain_weights())

    def has_assets(self) -> bool:
        """Whether any layer has assets in it."""
        if self._zip is None:
            return os.path.isdir(os.path.join(self.filepath, ASSETS))
        return any(name.startswith(f"{ASSETS}/") for name in self._zip.namelist())

    @contextlib.contextmanager
    def assets(self, path: str):
        """The folder with the assets of the layer at this path, or None if there are none.

        What is unpacked stays inside of that folder, whatever names the archive holds.
        """
        prefix = "/".join(part for part in (ASSETS, path) if part) + "/"
        if self._zip is None:
            folder = os.path.join(self.filepath, *prefix.split("/")[:-1])
            for above, _, names in os.walk(folder):
                for name in names:
                    if not os.path.isfile(os.path.join(above, name)):  # a pipe would be waited for
                        raise ValueError(f"The folder {self.filepath!r} is not valid: {name!r} in it is no file.")
            yield folder if os.path.isdir(folder) else None
            return
        found = [info for info in self._zip.infolist() if info.filename.startswith(prefix) and not info.is_dir()]
        if not found:
            yield None
            return
        packed = min(sum(info.compress_size for info in found), os.path.getsize(self.filepath))
        room = min(_ASSETS_LIMIT, _TEXT_FLOOR + _TEXT_RATIO * packed)
        with tempfile.TemporaryDirectory() as folder:
            for info in found:
                room = self._unpack(info, folder, info.filename.removeprefix(prefix), room)
            yield folder

    def _unpack(self, info: zipfile.ZipInfo, folder: str, name: str, room: int) -> int:
        """Writes a member to a file in the folder; returns how many more bytes may be."""
        parts = name.split("/")
        if any(part in ("", ".", "..") or "\\" in part or ":" in part or "\0" in part for part in parts):
            raise ValueError(f"The archive {self.filepath!r} is not valid: it has an asset called {info.filename!r}.")
        target = os.path.join(folder, *parts)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with self._zip.open(info) as member, open(target, "xb") as file:
            while chunk := member.read(_CHUNK):
                room -= len(chunk)
                if room < 0:
                    raise ValueError(f"The assets of a layer in {self.filepath!r} unpack to more than such texts can.")
                file.write(chunk)
        return room

    def _open(self, name: str):
        return open(os.path.join(self.filepath, name), "rb") if self._zip is None else self._zip.open(name)


def _extent(file, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Where in the archive a member that is not compressed begins, and its size."""
    file.seek(info.header_offset)
    header = file.read(30)
    if header[:4] != b"PK\3\4" or info.flag_bits & 1:  # encrypted
        raise ValueError(f"The archive is not valid: {info.filename!r} cannot be read.")
    name, extra = struct.unpack("<HH", header[26:])
    return info.header_offset + 30 + name + extra, info.file_size


class _Window(io.RawIOBase):
    """Part of a file as a file, from `start` on: what lies in an archive as it is can be read where it lies."""

    def __init__(self, file, start: int, size: int):
        self._file, self.start, self.size, self._at = file, start, size, 0

    def fileno(self) -> int:
        return self._file.fileno()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer) -> int:
        view = memoryview(buffer)[: max(self.size - self._at, 0)]
        if hasattr(os, "preadv"):
            count = os.preadv(self._file.fileno(), [view], self.start + self._at)
        else:
            self._file.seek(self.start + self._at)
            count = self._file.readinto(view)
        self._at += count
        return count
