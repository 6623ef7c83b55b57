"""Where the data sets come from: the cache, the network, or, if one asks for it, a generator of random numbers."""

from __future__ import annotations

import functools
import io
import math
import os
import pickle
import pickletools
import re

import numpy as np

from torchkeras_lite.files import zip_archive
from torchkeras_lite.notices import warn
from torchkeras_lite.saving.validity import valid
from torchkeras_lite.utils.downloads import get_file

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_SYNTHETIC = "TORCHKERAS_SYNTHETIC_DATA"


def fetched(path, name: str, file_hash: str) -> str:
    """The path of one of the published files, in the cache under the last part of `path`."""
    if os.path.isabs(os.fspath(path)) and os.path.exists(path):
        return os.fspath(path)
    return get_file(os.path.basename(os.fspath(path)), _BASE + name, file_hash=file_hash)


def is_synthetic() -> bool:
    """Whether made-up data of the true shapes stand for the real ones; says so once."""
    if os.environ.get(_SYNTHETIC, "") in ("", "0"):
        return False
    _announce()
    return True


@functools.cache
def _announce():
    warn(
        f"{_SYNTHETIC} is set: data sets are random numbers of the true shapes and types. Accuracies mean nothing.",
    )


# ---------------------------------------------------------------- arrays without pickle


class _Kind:
    """What stands in a pickle for a dtype: numbers, texts or objects. A dtype itself would believe any state it is given."""

    _plain = re.compile(r"[biufcO]\d{1,2}|[SU]\d{1,6}")

    def __init__(self, name, *_):
        name = name.decode() if isinstance(name, bytes) else name
        if not isinstance(name, str) or not self._plain.fullmatch(name):
            raise pickle.UnpicklingError(f"The file of the data set holds {name!r}, not numbers.")
        self.dtype = np.dtype(name)

    def __setstate__(self, state):
        order = state[1].decode() if isinstance(state[1], bytes) else state[1]
        self.dtype = self.dtype.newbyteorder(order if order in ("<", ">") else "=")


class _Array(np.ndarray):
    """What stands in a pickle for an array: it takes as many numbers as its shape says, of a dtype that is what it says."""

    def __setstate__(self, state):
        *_, shape, kind, by_columns, content = state
        if not isinstance(kind, _Kind):
            raise pickle.UnpicklingError("The file of the data set holds an array of no kind.")
        wanted = list if kind.dtype.hasobject else (bytes, str)
        size = math.prod(shape) * (1 if kind.dtype.hasobject else kind.dtype.itemsize)
        if not isinstance(content, wanted) or size != len(content) or any(length < 0 for length in shape):
            raise pickle.UnpicklingError(f"The file of the data set holds {len(content)} pieces for the shape {shape}.")
        super().__setstate__((1, shape, kind.dtype, bool(by_columns), content))


class _Named:
    """What a pickle gets for a name. It cannot give it attributes."""

    def __setstate__(self, state):  # of an instance there is never a state, and a class is no instance
        raise TypeError


class _Type(_Named):
    """What stands in a pickle for the class of arrays: only a name."""

    def __new__(cls, *_):
        raise pickle.UnpicklingError("The file of the data set makes an array out of the blue.")


class _Begun(_Named):
    """What stands in a pickle for the function that begins an array, whose state comes later."""

    def __new__(cls, *_):
        return np.ndarray.__new__(_Array, 0)


class _Arrays(pickle.Unpickler):
    """Puts arrays and plain values together again, and knows nothing else: a file cannot name a function to be called.

    numpy's own functions would take memory that is not there for an array (a dtype with a false size, numbers for addresses of
    objects), so that others stand in for them.
    """

    _known = {
        ("numpy", "ndarray"): _Type, ("numpy", "dtype"): _Kind,
        ("numpy.core.multiarray", "_reconstruct"): _Begun, ("numpy._core.multiarray", "_reconstruct"): _Begun,
    }  # fmt: skip

    def find_class(self, module, name):
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(f"The file of the data set names {module}.{name}, which is no part of an array.")
        return self._known[module, name]


_NONSENSE = (
    pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    RecursionError,
)  # fmt: skip


_LISTS, _RATIO = 1 << 26, 64  # bytes of lists that are never too many; what packing makes of a byte of them, at most


def unpickled(file, encoding: str = "ASCII", most: int = 1 << 30):
    """Arrays, lists, dicts and numbers out of a pickle; ValueError where it holds anything else, or more than `most` bytes."""
    content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"The file of the data set is not what it should be: lists in it take more than {most} bytes.")
    try:
        _check_depth(content)
        return _Arrays(io.BytesIO(content), encoding=encoding).load()
    except _NONSENSE as error:
        raise ValueError(f"The file of the data set is not what it should be: {error}") from error


_DEEP = 50_000  # tuples, which may lie in each other: Python looks at the innermost of a key first, and its stack has an end
_TUPLES, _KEYS = b"t\x85\x86\x87", b"sud\x90\x91"  # steps of a pickle that make a tuple; that look at keys


def _check_depth(content: bytes) -> None:
    """Refuses a pickle with keys among very many tuples."""
    if sum(content.count(step) for step in _TUPLES) <= _DEEP:  # as many as there could be
        return
    plain, sized = _steps()
    at = tuples = keys = 0
    while at < len(content):
        step, run = content[at], plain.match(content, at)
        if run is not None:
            at = run.end()
        elif step in _TUPLES or step in _KEYS:
            tuples, keys, at = tuples + (step in _TUPLES), keys + (step in _KEYS), at + 1
        elif sized.get(step) == pickletools.UP_TO_NEWLINE:
            for _ in range(2 if step in b"ci" else 1):
                at = content.find(b"\n", at) + 1 or len(content)
        elif step in sized:
            width = _WIDTHS[sized[step]]
            at += 1 + width + int.from_bytes(content[at + 1 : at + 1 + width], "little")
        else:
            break  # no pickle, as will be seen
        if keys and tuples > _DEEP:
            raise pickle.UnpicklingError(f"it has more than {_DEEP} tuples.")


_WIDTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT4: 4, pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}  # fmt: skip


@functools.cache
def _steps():
    """A pattern of steps whose arguments have a fixed size; for the others how long theirs are."""
    plain, sized = [], {}
    for step in pickletools.opcodes:
        sign, size = ord(step.code), 0 if step.arg is None else step.arg.n
        if size < 0:
            sized[sign] = size
        elif sign not in _TUPLES and sign not in _KEYS:
            plain.append(re.escape(bytes([sign])) + b"." * size)
    return re.compile(b"(?:" + b"|".join(plain) + b"){1,4096}", re.DOTALL), sized


def arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, those of lists too. ValueError where it is none."""
    found = {}
    with valid(repr(path)), zip_archive(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(member)
                if dtype.hasobject:
                    most = _LISTS + _RATIO * archive.getinfo(name).compress_size
                    found[name.removesuffix(".npy")] = np.asarray(unpickled(member, most=most), dtype=object).reshape(shape)
                    continue
            with archive.open(name) as member:
                found[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
    return found
