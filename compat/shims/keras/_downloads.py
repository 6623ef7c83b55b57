"""`get_file` for scripts that know where Keras 2 unpacked archives: in the cache folder itself."""

from __future__ import annotations

import contextlib
import os
import shutil
from urllib.parse import urlsplit

from torchkeras_lite.utils import downloads


def get_file(
    fname=None, origin=None, untar=False, md5_hash=None, file_hash=None, cache_subdir="datasets", hash_algorithm="auto",
    extract=False, archive_format="auto", cache_dir=None, force_download=False,
):  # fmt: skip
    """torchkeras_lite's `get_file`; an archive is found where Keras 3 has it, and where Keras 2 had it.

    Keras 2 unpacked into the cache folder, and the path it gave lay there. So scripts go from that path to
    `dirname(path)/name`, to `Path(path).with_suffix("")` or to `splitext(path)[0]`. Keras 3 gives a folder with the contents.
    Here the path is such a folder, called as the archive, and what lies in it has links beside it. `untar=True`, the older
    word, with the name that the archive's own folder has, means that folder, as it did.
    """
    rest = {"file_hash": file_hash, "md5_hash": md5_hash, "hash_algorithm": hash_algorithm, "cache_dir": cache_dir}
    rest |= {"cache_subdir": cache_subdir, "force_download": force_download}
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin or "").path)
    folder = os.path.join(os.path.expanduser(cache_dir or downloads.keras_home()), cache_subdir)
    plain = not (extract or untar) or not name or os.path.basename(name) != name
    if plain or os.path.isfile(os.path.join(folder, name)):  # an older cache has the archive there
        return downloads.get_file(fname, origin, untar, extract=extract, archive_format=archive_format, **rest)
    archive = downloads.get_file(f"{name}_archive", origin, **rest)
    unpacked = archive.removesuffix("_archive")
    if not downloads.extract_archive(archive, unpacked, "tar" if untar else archive_format):
        shutil.copy(archive, unpacked)  # no archive: the file, as Keras 2 gave it
        return unpacked
    for entry in os.listdir(unpacked):
        _show(os.path.join(unpacked, entry), os.path.join(os.path.dirname(unpacked), entry))
    if fname and "." in name:
        _show(unpacked, os.path.join(os.path.dirname(unpacked), name.partition(".")[0] + "_extracted"))  # Keras 3's word for it
    inner = os.path.join(unpacked, name)
    return inner if untar and os.path.isdir(inner) else unpacked


def _show(path: str, link: str) -> None:
    """A link to `path`, unless something of that name is there."""
    if os.path.lexists(link):
        return
    try:
        os.symlink(os.path.relpath(path, os.path.dirname(link)), link)
    except OSError:  # a file system without links
        with contextlib.suppress(OSError):
            (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, link)
