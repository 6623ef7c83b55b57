"""`tf.io.gfile`: the files of this machine. Paths with a scheme (`gs://`) are not among them."""

from __future__ import annotations

import glob as _glob
import os
import shutil

from ._missing import getattr_of

__all__ = [
    "GFile", "copy", "exists", "glob", "isdir", "join", "listdir", "makedirs", "mkdir", "remove", "rename", "rmtree", "stat",
    "walk",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


def _path(path) -> str:
    path = os.fsdecode(path)
    if "://" in path:
        raise NotImplementedError(f"{path!r} is not on this machine. Copy it here first; only local files are read.")
    return path


def GFile(name, mode="r"):
    """An open file; text is in UTF-8."""
    return open(_path(name), mode, encoding=None if "b" in mode else "utf-8")


def exists(path) -> bool:
    return os.path.exists(_path(path))


def isdir(path) -> bool:
    return os.path.isdir(_path(path))


def listdir(path) -> list[str]:
    return os.listdir(_path(path))


def glob(pattern) -> list[str]:
    """The paths that match a pattern, or several."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return sorted(found for one in patterns for found in _glob.glob(_path(one)))


def makedirs(path) -> None:
    os.makedirs(_path(path), exist_ok=True)


def mkdir(path) -> None:
    os.mkdir(_path(path))


def remove(path) -> None:
    os.remove(_path(path))


def rmtree(path) -> None:
    shutil.rmtree(_path(path))


def copy(src, dst, overwrite=False) -> None:
    if not overwrite and exists(dst):
        raise FileExistsError(f"{dst!r} is there already. Pass `overwrite=True`.")
    shutil.copyfile(_path(src), _path(dst))


def rename(src, dst, overwrite=False) -> None:
    if not overwrite and exists(dst):
        raise FileExistsError(f"{dst!r} is there already. Pass `overwrite=True`.")
    os.replace(_path(src), _path(dst))


def join(path, *paths) -> str:
    return os.path.join(_path(path), *map(os.fsdecode, paths))


def stat(path):
    return os.stat(_path(path))


def walk(top, topdown=True, onerror=None):
    return os.walk(_path(top), topdown, onerror)


# TensorFlow 1's words, `tf.gfile.Exists` and so on.
FastGFile = Open = GFile
Copy, DeleteRecursively, Exists, Glob, IsDirectory, ListDirectory, MakeDirs, MkDir, Remove, Rename, Stat, Walk = (
    copy, rmtree, exists, glob, isdir, listdir, makedirs, mkdir, remove, rename, stat, walk
)  # fmt: skip
