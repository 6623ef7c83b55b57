"""Files from the network, kept in a cache: whole or not at all, checked, and unpacked inside their own folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from torchkeras_lite.callbacks import Progbar, write
from torchkeras_lite.files import whole
from torchkeras_lite.notices import warn

_CHUNK = 1 << 16
_LARGEST = 1 << 38  # bytes that an archive may unpack to


def keras_home() -> str:
    """The folder of Keras's caches: `$KERAS_HOME`, else `~/.keras`."""
    return os.path.expanduser(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """The path of a file from the network, which is fetched if the cache has no good copy of it.

    Args:
        fname: its name in the cache; None is the last part of `origin`. With `extract`, the folder to unpack to (a name with a
            dot names the archive: its folder is the name up to the dot, and `_extracted`).
        origin: the address.
        untar: as `extract`, for tar archives.
        md5_hash, file_hash: the checksum expected (md5 or sha256). A file in the cache that differs is fetched again.
        cache_subdir, cache_dir: the cache is `cache_dir/cache_subdir`; `cache_dir` None is `$KERAS_HOME` or `~/.keras`.
        hash_algorithm: `"sha256"`, `"md5"`, or `"auto"`: by the checksum's length.
        extract: unpack a tar or zip archive, and return the folder.
        archive_format: `"auto"`, `"tar"`, `"zip"` or a list of these; None unpacks nothing.
        force_download: fetch it in any case.

    Raises:
        ValueError: no `origin`, a path as `fname`, a checksum that does not fit, an archive that reaches out of its folder.
        OSError: the file is neither in the cache nor to be had; the message says where to put it.
    """
    if origin is None:
        raise ValueError("Please specify the `origin` argument (the URL of the file to download).")
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise ValueError(f"There is no file name in the address {origin!r}: please specify the `fname` argument.")
    if os.path.basename(name) != name or name in (".", ".."):
        raise ValueError(
            f"Paths are not accepted as the `fname` argument: use `cache_dir` for the folder. Received: fname={name!r}"
        )
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = os.path.join(_writable(os.path.expanduser(cache_dir or keras_home())), cache_subdir)
    unpacks = extract or untar
    if not unpacks:
        target = os.path.join(folder, name)
    elif fname and "." in name:
        target, unpacked = os.path.join(folder, name), os.path.join(folder, name.partition(".")[0] + "_extracted")
    else:
        target, unpacked = os.path.join(folder, f"{name}_archive"), os.path.join(folder, name)
    if force_download or not _is_good(target, file_hash, hash_algorithm):
        _fetch(origin, target, file_hash, hash_algorithm)
    if not unpacks:
        return target
    if not extract_archive(target, unpacked, "tar" if untar else archive_format):
        warn(f"Could not extract archive: {target!r} is no {archive_format} archive.")
    return unpacked


def _writable(folder: str) -> str:
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
    return folder if os.access(folder, os.W_OK) else os.path.join(tempfile.gettempdir(), ".keras")


def _is_good(path: str, file_hash, algorithm) -> bool:
    if not os.path.exists(path):
        return False
    if file_hash is None or hash_file(path, _hasher(file_hash, algorithm)) == str(file_hash):
        return True
    write(f"{path} is in the cache, but its checksum is not {file_hash}: incomplete or out of date, so it is fetched again.")
    return False


def _fetch(origin: str, target: str, file_hash, algorithm) -> None:
    write(f"Downloading data from {origin}")
    try:
        with urllib.request.urlopen(origin) as answer, whole(target) as draft, open(draft, "wb") as file:
            size = answer.headers.get("Content-Length")
            bar = Progbar(int(size) if size else None)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                bar.add(len(chunk))
            file.flush()
            if file_hash is not None and hash_file(draft, _hasher(file_hash, algorithm)) != str(file_hash):
                raise ValueError(f"Incomplete or corrupted file detected: the checksum of {origin} is not {file_hash}.")
    except (urllib.error.URLError, TimeoutError) as error:
        reason = f"{getattr(error, 'code', '')} {getattr(error, 'reason', error)}".strip()
        raise OSError(
            f"URL fetch failure on {origin}: {reason}. Without a network, put the file to {target!r} yourself."
        ) from error


def _hasher(file_hash, algorithm):
    return hashlib.sha256() if algorithm == "sha256" or (algorithm == "auto" and len(str(file_hash)) == 64) else hashlib.md5()


def hash_file(path: str, hasher) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


# ---------------------------------------------------------------- archives


def extract_archive(path: str, folder: str, archive_format="auto") -> bool:
    """Unpacks a tar or zip archive; False if it is neither. The folder gets all members, or none of them.

    Raises:
        ValueError: a member would lie outside of the folder, is a device or points out of it, or they are too large.
    """
    formats = [archive_format] if isinstance(archive_format, str) else archive_format or []
    if "auto" in formats:
        formats = ["tar", "zip"]
    for kind, fits, unpack in (("tar", tarfile.is_tarfile, _unpack_tar), ("zip", zipfile.is_zipfile, _unpack_zip)):
        if kind in formats and fits(path):
            os.makedirs(os.path.dirname(os.path.abspath(folder)), exist_ok=True)
            draft = tempfile.mkdtemp(prefix=".unpacking_", dir=os.path.dirname(os.path.abspath(folder)))
            try:
                unpack(path, draft)
                shutil.copytree(draft, folder, dirs_exist_ok=True, symlinks=True)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            return True
    return False


def _unpack_tar(path: str, folder: str) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        _check_size(path, sum(member.size for member in members))
        for member in members:
            inside = member.isfile() or member.isdir()
            if member.issym():
                inside = _is_inside(folder, os.path.join(os.path.dirname(member.name), member.linkname))
            elif member.islnk():
                inside = _is_inside(folder, member.linkname)
            if not inside or not _is_inside(folder, member.name):
                raise ValueError(f"The archive {path!r} is not safe to unpack: {member.name!r} reaches out of its folder.")
            archive.extract(member, folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def _unpack_zip(path: str, folder: str) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_size(path, sum(info.file_size for info in archive.infolist()))
        for info in archive.infolist():
            if not _is_inside(folder, info.filename):
                raise ValueError(f"The archive {path!r} is not safe to unpack: {info.filename!r} reaches out of its folder.")
        archive.extractall(folder)


def _check_size(path, size) -> None:
    if size > _LARGEST:
        raise ValueError(f"The archive {path!r} is not unpacked: it says that it holds {size} bytes.")


def _is_inside(folder: str, name: str) -> bool:
    folder = os.path.realpath(folder)
    return os.path.commonpath([folder, os.path.realpath(os.path.join(folder, name))]) == folder
