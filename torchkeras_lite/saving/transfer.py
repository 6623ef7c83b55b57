"""Arrays between an HDF5 file and the memory of weights, where torch has their axes in another order than Keras's files.

Nothing is copied as a whole. What has to be turned goes through in pieces that a cache holds, by several threads.
"""

from __future__ import annotations

import functools
import os

import numpy as np
import torch

from torchkeras_lite import flushing, pages
from torchkeras_lite.calls import going_on
from torchkeras_lite.saving.found import file_of
from torchkeras_lite.saving.index import read_run
from torchkeras_lite.saving.jobs import Jobs, runs, size_of
from torchkeras_lite.variable import Variable

_TILE = 1 << 18  # bytes of a piece that are turned at once when it is written
_RUN = 1 << 23  # bytes that one thread reads of an array that needs no turning
_SMALL = 1 << 16  # bytes of an array that are read sooner than it is said that they are to be


def put(group, key: str, variable, jobs: Jobs, bits: bool = False) -> None:
    """Writes a variable as an array of a group, in Keras's layout, without a second copy of it.

    All of it is there after `jobs.run()`.

    Args:
        bits: whether bfloat16 is written as such, which only Keras 3 can read; otherwise as float32.
    """
    view = _view_of(variable)
    if bits and type(variable) is Variable and variable.raw.dtype is torch.bfloat16:
        halves = variable.value.detach().cpu().contiguous().view(torch.int16).numpy()
        group.create_dataset(key, data=halves.view(_BFLOAT16)).attrs["dtype"] = "bfloat16"
    elif view is None:
        group.create_dataset(key, data=variable.numpy())
    elif (place := _reserved(group, key, view)) is None:
        group.create_dataset(key, data=np.asarray(view))
    elif view.nbytes <= _SMALL or _lies_in_order(view):
        _write_run(np.ascontiguousarray(view), *place)
    else:
        view = _merged(view)
        jobs.add_pieces(view.shape, view.dtype, _write, view, place)


def take(found, variable, jobs: Jobs) -> None:
    """Reads an array, of a file or of numpy, into a variable of its shape, without a second copy of it.

    Of what lies in a file it may be that it is there only after `jobs.run()`.
    """
    view = _view_of(variable)
    if view is None or variable.home is not None or isinstance(found, np.ndarray) or found.dtype not in _NUMPY.values():
        variable.assign(native(np.asarray(found)))
        return
    pages.in_large_pages(variable.raw)
    jobs.begin_with(variable.raw.data_ptr())
    place, as_it_is = found.place, _lies_in_order(view) and found.dtype == view.dtype
    if place is None:
        found.read_direct(view) if as_it_is else _fill(view, np.asarray(found))
    elif found.nbytes <= _SMALL:
        content = view if as_it_is else np.empty(found.shape, found.dtype)
        read_run(content, *place)
        if not as_it_is:
            _fill(view, content)
    elif as_it_is:
        content = memoryview(view).cast("B")
        for start in range(0, found.nbytes, _RUN):
            jobs.add(min(_RUN, found.nbytes - start), _read_part, content, place, start)
    else:
        view = _merged(view)
        jobs.add_pieces(view.shape, found.dtype, _read, view, found.dtype, place)
    torch.autograd.graph.increment_version(variable.raw)


def is_taken(dtype, variable) -> bool:
    """Whether numbers of this numpy dtype can become those of a variable."""
    return dtype.kind in "biuf" or dtype == _BFLOAT16 or (dtype.kind == "c" and "complex" in variable.dtype)


def native(array: np.ndarray) -> np.ndarray:
    """The numbers as torch takes them: in the byte order of this machine, and of no more than 8 bytes (16 if complex)."""
    if array.dtype == _BFLOAT16:
        return (array.view("<u2").astype(np.uint32) << 16).view(np.float32)
    if array.dtype.kind in "fc" and array.dtype.itemsize > {"f": 8, "c": 16}[array.dtype.kind]:
        return array.astype(np.dtype({"f": "f8", "c": "c16"}[array.dtype.kind]))
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


_BFLOAT16 = np.dtype("V2")  # as Keras's files have it, which numpy does not know: the upper halves of float32
_NUMPY = {torch.float32: np.dtype("<f4"), torch.float64: np.dtype("<f8"), torch.float16: np.dtype("<f2")}


def _view_of(variable) -> np.ndarray | Columns | None:
    """The memory of a weight in Keras's layout, or None where it is not as simple."""
    raw = variable.raw.detach() if type(variable) is Variable and variable.raw.is_leaf else None
    if raw is None or raw.device.type != "cpu" or raw.dtype not in _NUMPY or not raw.numel() or going_on.stateless is not None:
        return None
    if hasattr(variable.layout, "parts") and raw.ndim == 2:
        return Columns([part.numpy() for part in variable.layout.parts(raw)])
    view = raw if variable.layout is None else variable.layout.to_keras(raw)
    if view.data_ptr() != raw.data_ptr():
        return None
    return view.numpy() if view.ndim else view.reshape(1).numpy().reshape(())  # beside TensorFlow's words a scalar is a number


class Columns:
    """A matrix whose columns stand in several places, from left to right, as the gates of a layer may."""

    def __init__(self, parts: list[np.ndarray]):
        self.parts, self.dtype = parts, parts[0].dtype
        self.shape = (parts[0].shape[0], sum(part.shape[1] for part in parts))
        self.nbytes = sum(part.nbytes for part in parts)

    def __array__(self, dtype=None, copy=None):
        return np.concatenate(self.parts, 1)


def _lies_in_order(view) -> bool:
    return isinstance(view, np.ndarray) and view.flags.c_contiguous


def _merged(view):
    """The same numbers in the same order with as few axes as can be, two or more, so that more of them lies together."""
    if isinstance(view, Columns):
        return view
    shape, strides = [1], [0]
    for size, stride in zip(view.shape, view.strides, strict=True):
        if size == 1:
            continue
        if strides[-1] == size * stride:
            shape[-1], strides[-1] = shape[-1] * size, stride
        else:
            shape.append(size)
            strides.append(stride)
    shape, strides = [1] * (2 - len(shape)) + shape, [0] * (2 - len(strides)) + strides
    begin = 1 if len(shape) > 2 else 0
    return np.lib.stride_tricks.as_strided(view, shape[begin:], strides[begin:])


def _pieces_of(view, where):
    """What the slices `where` cut out: which of their columns, and the memory of these."""
    if not isinstance(view, Columns):
        yield slice(None), view[where]
        return
    rows, columns = where
    offset = 0
    for part in view.parts:
        first, last = max(columns.start - offset, 0), min(columns.stop - offset, part.shape[1])
        if first < last:
            yield slice(first + offset - columns.start, last + offset - columns.start), part[rows, first:last]
        offset += part.shape[1]


def _fill(view, array) -> None:
    whole = tuple(slice(0, size) for size in view.shape)
    for columns, memory in _pieces_of(view, whole):
        np.copyto(memory, array[..., columns] if array.ndim else array, casting="unsafe")


# ---------------------------------------------------------------- arrays that are made


def _reserved(group, key: str, view) -> tuple[int, int] | None:
    """Makes an array of a group for what is in `view`, to be written where it lies; None, and nothing made, where it cannot."""
    import h5py

    file = file_of(group)
    if file is None:
        return None
    space = h5py.h5s.create_simple(view.shape) if view.shape else h5py.h5s.create(h5py.h5s.SCALAR)
    kind = h5py.h5t.py_create(view.dtype, logical=True)
    made = h5py.h5d.create(group.id, key.encode(), kind, space, _at_once(), on_the_way(key))
    return file[0], file[1] + made.get_offset()


def on_the_way(path: str):
    """The settings of a link for which the groups that lead to it are made."""
    return _link(path.isascii())


@functools.cache
def _link(plain: bool):
    import h5py

    plist = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    plist.set_create_intermediate_group(True)
    # Where names say that they are more than ASCII, HDF5 makes groups of a newer form, which fewer programs read.
    plist.set_char_encoding(h5py.h5t.CSET_ASCII if plain else h5py.h5t.CSET_UTF8)
    return plist


@functools.cache
def _at_once():
    """The settings of an array that has its place in the file as soon as it is made, and no values until then."""
    import h5py

    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plist.set_obj_track_times(False)
    return plist


def _write_run(array, descriptor: int, offset: int) -> None:
    content = memoryview(array).cast("B")
    while content:
        count = os.pwrite(descriptor, content[: flushing.LARGE], offset)
        content, offset = content[count:], offset + count
        if count == flushing.LARGE:
            flushing.begin(descriptor, offset - count, count)


def _read_part(content, place, start: int, room) -> None:
    read_run(content[start : start + _RUN], place[0], place[1] + start)


# ---------------------------------------------------------------- pieces of what is turned


def _write(view, place, shape, where, room) -> None:
    descriptor, start = place
    room = room.of(size_of(shape, where), view.dtype)
    for columns, part in _pieces_of(view, where):
        there, wide = room[..., columns], max(_TILE * part.shape[-1] // part.nbytes, 1)
        for j in range(0, part.shape[-1], wide):  # in tiles, as what is read across would push itself out of the cache
            np.copyto(there[..., j : j + wide], part[..., j : j + wide])
    for offset, run in runs(shape, where, room):
        _write_run(run, descriptor, start + offset)
    flushing.begin(descriptor)


def _read(view, dtype, place, shape, where, room) -> None:
    descriptor, start = place
    room = room.of(size_of(shape, where), dtype)
    for offset, run in runs(shape, where, room):
        read_run(run, descriptor, start + offset)
    for columns, memory in _pieces_of(view, where):
        torch.from_numpy(memory).copy_(torch.from_numpy(room[..., columns]))  # faster than numpy where this is in the cache
