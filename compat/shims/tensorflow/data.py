"""`tf.data` over torch tensors: pipelines of elements, taken apart and put together as TensorFlow does it.

What a data set is, and its everyday methods, are those of `torchkeras_lite.data.Dataset`; here is where TensorFlow's elements
come from, what they look like, and what only its data sets can do.
"""

from __future__ import annotations

import builtins
import collections
import functools
import itertools

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.data import Dataset as _Core

from ._missing import getattr_of
from ._pipelines import Pipelines
from ._tensors import TensorShape
from ._text import is_text, text
from .errors import InvalidArgumentError
from .ragged import RaggedTensor

AUTOTUNE = -1
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2
__all__ = [
    "AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "Options", "TFRecordDataset", "TensorSpec",
    "TextLineDataset", "experimental",
]  # fmt: skip


class TensorSpec:
    """The shape and dtype of a tensor to come."""

    def __init__(self, shape=None, dtype="float32", name=None):
        self.shape = TensorShape(shape)
        self.dtype, self.name = dtype, name

    def __repr__(self):
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype}, name={self.name})"


class Options:
    """Settings of TensorFlow's runtime; they are taken and mean nothing here."""

    def __init__(self):
        self.autotune = self.threading = self.experimental_optimization = self.experimental_distribute = self


class Elements(itertools.chain):
    """What `iter(dataset)` gives: Python's iterator, with `next` and `get_next` as methods."""

    next = get_next = itertools.chain.__next__


class _NumpyIterator:
    """Elements as numpy arrays; `next` is a method too."""

    def __init__(self, elements):
        self._elements = elements

    def __iter__(self):
        return self

    def __next__(self):
        return pytree.tree_map(lambda leaf: leaf.numpy()[()] if hasattr(leaf, "detach") else leaf, next(self._elements))

    next = __next__


def _named(method):
    """The method, which takes TensorFlow's `name` too."""

    @functools.wraps(method)
    def named(self, *args, name=None, **kwargs):
        return method(self, *args, **kwargs)

    return named


class Dataset(Pipelines, _Core):
    """Elements, which are tensors or tuples and dicts of tensors. Each method gives another data set."""

    shuffle, repeat, take, skip = map(_named, (_Core.shuffle, _Core.repeat, _Core.take, _Core.skip))
    shard, concatenate, unbatch = map(_named, (_Core.shard, _Core.concatenate, _Core.unbatch))
    filter, enumerate = map(_named, (_Core.filter, _Core.enumerate))
    cache, prefetch, with_options = map(_named, (_Core.cache, _Core.prefetch, _Core.with_options))

    # ------------------------------------------------------------ where elements come from

    @staticmethod
    def from_tensor_slices(tensors, name=None):
        """An element for each row of the arrays."""
        arrays = pytree.tree_map(_array, _structure(tensors), is_leaf=_is_leaf)
        counts = {len(leaf) for leaf in pytree.tree_leaves(arrays)}
        if len(counts) != 1:
            raise ValueError(f"Dimensions of the arrays are not compatible: they have {sorted(counts)} rows.")
        return Dataset.of_rows(arrays)

    @staticmethod
    def from_tensors(tensors, name=None):
        """One element."""
        one = pytree.tree_map(_array, _structure(tensors), is_leaf=_is_leaf)
        return Dataset(lambda: iter([one]), 1)

    @staticmethod
    def from_generator(generator, output_types=None, output_shapes=None, args=None, output_signature=None, name=None):
        """The elements that a function yields; it is called anew for each pass."""
        given = tuple(_tensor(arg) for arg in args or ())
        wanted = output_types
        if output_signature is not None:
            wanted = pytree.tree_map(lambda spec: spec.dtype, output_signature, is_leaf=lambda leaf: hasattr(leaf, "dtype"))
        return Dataset(lambda: (_typed(element, wanted) for element in generator(*given)))

    @staticmethod
    def range(*args, output_type="int64", name=None):
        """The numbers of `range(*args)`."""
        numbers = builtins.range(*args)
        dtype = getattr(torch, str(output_type))
        return Dataset(lambda: (torch.tensor(i, dtype=dtype) for i in numbers), len(numbers))

    @staticmethod
    def zip(*datasets, name=None):
        """Tuples of one element of each (a tuple or dict of data sets is taken too)."""
        parts = datasets[0] if len(datasets) == 1 and not isinstance(datasets[0], Dataset) else datasets
        leaves, spec = pytree.tree_flatten(parts)
        counts = [leaf._count for leaf in leaves]
        finite = [count for count in counts if count is not None and count >= 0]
        unknown = any(count is None for count in counts)
        count = None if unknown else min(finite) if finite else INFINITE_CARDINALITY
        return Dataset(
            lambda: (pytree.tree_unflatten(list(each), spec) for each in builtins.zip(*_all_items(leaves), strict=False)), count
        )

    @staticmethod
    def list_files(file_pattern, shuffle=None, seed=None, name=None):
        """The names of the files that match a pattern, or several."""
        import glob

        patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
        names = sorted(itertools.chain.from_iterable(map(glob.glob, map(str, patterns))))
        if not names:
            raise ValueError(f"No files matched the pattern: {file_pattern}")
        found = Dataset(lambda: map(text, names), len(names))
        return found if shuffle is False else found.shuffle(len(names), seed=seed)

    # ------------------------------------------------------------ batches

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """Elements of unequal lengths stacked: filled up at the end to the longest of the batch, or to `padded_shapes`."""

        def padded(group):
            leaves = [pytree.tree_flatten(element) for element in group]
            spec = leaves[0][1]
            shapes = _along(padded_shapes, spec)
            values = _along(padding_values, spec)
            columns = builtins.zip(*(each for each, _ in leaves), strict=True)
            made = [_padded(column, *more) for column, *more in builtins.zip(columns, shapes, values, strict=True)]
            return pytree.tree_unflatten(made, spec)

        return Dataset(lambda: map(padded, _groups(self._items(), batch_size, drop_remainder)))

    def ragged_batch(self, batch_size, drop_remainder=False, row_splits_dtype="int64", name=None):
        """Elements of unequal lengths as a RaggedTensor, where they are; those of equal ones stacked."""

        def column(values):
            lengths = {np.shape(value)[:1] for value in values}
            return RaggedTensor(values) if len(lengths) > 1 else self._stacked(list(values))

        def batched(group):
            leaves = [pytree.tree_flatten(element) for element in group]
            columns = builtins.zip(*(each for each, _ in leaves), strict=True)
            return pytree.tree_unflatten([column(values) for values in columns], leaves[0][1])

        return Dataset(lambda: map(batched, _groups(self._items(), int(batch_size), drop_remainder)))

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Data sets of `size` elements each, begun every `shift` elements."""
        shift = size if shift is None else shift

        def windows():
            held, reach, source = collections.deque(), (size - 1) * stride + 1, iter(self._items())
            while True:
                held.extend(itertools.islice(source, max(reach - len(held), 0)))
                if not held or (drop_remainder and len(held) < reach):
                    return
                chosen = list(itertools.islice(held, 0, reach, stride))
                yield Dataset(lambda chosen=chosen: iter(chosen), len(chosen))
                ahead = shift - len(held)
                for _ in builtins.range(min(shift, len(held))):
                    held.popleft()
                collections.deque(itertools.islice(source, max(ahead, 0)), maxlen=0)

        return Dataset(windows)

    # ------------------------------------------------------------ functions

    def flat_map(self, map_func, name=None):
        """The elements of the data sets that `map_func` gives, one data set after the other."""
        return Dataset(lambda: itertools.chain.from_iterable(_opened(map_func, element) for element in self._items()))

    def interleave(self, map_func, cycle_length=None, block_length=1, num_parallel_calls=None, deterministic=None, name=None):
        """As `flat_map`, with `cycle_length` data sets open at a time, `block_length` elements from each in turn."""
        cycle = 4 if cycle_length is None or cycle_length < 0 else cycle_length

        def mixed():
            waiting = iter(self._items())
            running = [_opened(map_func, element) for element in itertools.islice(waiting, cycle)]
            while running:
                for place, one in enumerate(list(running)):
                    block = list(itertools.islice(one, block_length))
                    yield from block
                    if len(block) < block_length:
                        fresh = next(waiting, None)
                        running[place] = None if fresh is None else _opened(map_func, fresh)
                running = [one for one in running if one is not None]

        return Dataset(mixed)

    def reduce(self, initial_state, reduce_func, name=None):
        """`reduce_func(state, element)` over all elements."""
        return super().reduce(pytree.tree_map(_tensor, initial_state), reduce_func)

    # ------------------------------------------------------------ what is in it

    @staticmethod
    def _stack(column):
        if isinstance(column[0], (str, bytes)):
            return text(np.array(column, dtype=object))
        if isinstance(column[0], np.ndarray):
            return text(np.stack(column))
        return torch.stack([torch.as_tensor(one) for one in column])

    def cardinality(self, name=None):
        """How many elements there are; -1 is endlessly many, -2 is not known."""
        return torch.as_tensor(UNKNOWN_CARDINALITY if self._count is None else self._count)

    def __iter__(self):
        return Elements(super().__iter__())

    def as_numpy_iterator(self):
        """The elements as numpy arrays."""
        return _NumpyIterator(self._items())

    def get_single_element(self, name=None):
        """The one element that there is. InvalidArgumentError (a ValueError) if there is none, or more than one."""
        found = list(itertools.islice(iter(self), 2))
        if len(found) != 1:
            how_many = "Dataset was empty" if not found else "Dataset had more than one element"
            raise InvalidArgumentError(message=f"{how_many}.")
        return found[0]

    @property
    def element_spec(self):
        """The shapes and dtypes of an element."""

        def spec(leaf):
            if not hasattr(leaf, "shape"):
                return TensorSpec((), "string")
            kind = "string" if is_text(leaf) else str(leaf.dtype).removeprefix("torch.")
            return TensorSpec(leaf.shape, kind)

        return pytree.tree_map(spec, next(self._items()))


# ---------------------------------------------------------------- elements


def _is_leaf(value) -> bool:
    return not isinstance(value, (tuple, dict))


def _structure(value):
    """Tables of numbers are arrays; with other things in them they are dicts of columns, where TensorFlow gives up."""
    if not hasattr(value, "columns"):
        return value
    array = value.to_numpy()
    return array if array.dtype.kind in "biuf" else {key: value[key].to_numpy() for key in value.columns}


def _array(value):
    if isinstance(value, (torch.Tensor, RaggedTensor)):
        return value
    if isinstance(value, (str, bytes)):
        return text(value)
    array = value.to_numpy() if hasattr(value, "to_numpy") else np.asarray(value)
    if array.dtype.kind in "OUS":
        return text(array)
    if array.dtype == np.float64 and isinstance(value, (list, tuple, float)):
        array = array.astype(np.float32)
    if array.dtype == np.int64 and isinstance(value, (list, tuple, int)):
        array = array.astype(np.int32)
    array = np.ascontiguousarray(array).reshape(array.shape)
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _tensor(value):
    return text(value) if isinstance(value, (str, bytes)) else value if isinstance(value, torch.Tensor) else _array(value)


def _typed(element, wanted):
    if wanted is None:
        return pytree.tree_map(_tensor, element, is_leaf=_is_leaf)
    if isinstance(wanted, dict):
        return {key: _typed(element[key], part) for key, part in wanted.items()}
    if isinstance(wanted, (tuple, list)) and not isinstance(wanted, str):
        return tuple(_typed(one, part) for one, part in builtins.zip(element, wanted, strict=True))
    if str(wanted) == "string":
        return text(element)
    return torch.as_tensor(np.asarray(element)).to(getattr(torch, str(wanted)))


def _opened(function, element):
    """The elements of the data set that the function gives."""
    found = Dataset._call(function, element)
    return found._items() if isinstance(found, _Core) else iter(found)


def _all_items(datasets) -> list:
    return [dataset._items() for dataset in datasets]


def _groups(elements, size, drop_remainder):
    source = iter(elements)
    while group := list(itertools.islice(source, size)):
        if len(group) == size or not drop_remainder:
            yield group


def _along(given, spec) -> list:
    if given is None or isinstance(given, (int, float)):
        return [given] * spec.num_leaves
    leaves = pytree.tree_leaves(given, is_leaf=lambda leaf: not isinstance(leaf, (tuple, dict)) or _is_shape(leaf))
    return leaves if len(leaves) == spec.num_leaves else leaves * spec.num_leaves


def _is_shape(value) -> bool:
    return isinstance(value, (tuple, list)) and all(size is None or isinstance(size, int) for size in value)


def _padded(column, shape, value):
    column = [torch.as_tensor(one) for one in column]
    longest = [max(sizes) for sizes in builtins.zip(*(one.shape for one in column), strict=True)]
    if shape is not None:
        longest = [most if size in (None, -1) else size for most, size in builtins.zip(longest, shape, strict=True)]
    out = torch.full((len(column), *longest), 0 if value is None else value, dtype=column[0].dtype)
    for i, one in builtins.enumerate(column):
        out[(i, *map(slice, one.shape))] = one
    return out


def TextLineDataset(filenames, compression_type=None, buffer_size=None, num_parallel_reads=None, name=None):
    """A data set of the lines of text files, without their ends, read as they are needed.

    Args:
        filenames: a path, several, or a data set of paths.
        compression_type: None, or "GZIP".
    """
    import gzip

    def lines():
        for name in _names(filenames):
            with (gzip.open if compression_type == "GZIP" else open)(name, "rt", encoding="utf-8", newline="\n") as file:
                for line in file:
                    yield text(line.rstrip("\n").removesuffix("\r"))

    return Dataset(lines)


def TFRecordDataset(filenames, compression_type=None, buffer_size=None, num_parallel_reads=None, name=None):
    """A data set of the records of TFRecord files, as bytes. The arguments are those of `TextLineDataset`."""
    from ._records import records

    return Dataset(lambda: (text(record) for name in _names(filenames) for record in records(name, compression_type)))


def _names(filenames):
    """The paths of one, of several, or of a data set of them."""
    if isinstance(filenames, Dataset):
        return filenames._items()
    return [filenames] if isinstance(filenames, str) or not hasattr(filenames, "__iter__") else filenames


def CsvDataset(filenames, record_defaults, compression_type=None, buffer_size=None, header=False, field_delim=",", **settings):
    """A data set of the lines of CSV files, each a tuple with one tensor for each column. See `_csv.py`."""
    from ._csv import CsvDataset

    return CsvDataset(filenames, record_defaults, compression_type, buffer_size, header, field_delim, **settings)


def make_csv_dataset(file_pattern, batch_size, **settings):
    """A data set of batches of the columns of CSV files. See `_csv.py`."""
    from ._csv import make_csv_dataset

    return make_csv_dataset(file_pattern, batch_size, **settings)


def _for_apply(name):
    """A function whose result is a function of a data set: the old way to call a method."""
    return staticmethod(lambda *args, **kwargs: lambda dataset: getattr(dataset, name)(*args, **kwargs))


class experimental:
    AUTOTUNE = AUTOTUNE
    CsvDataset = staticmethod(CsvDataset)
    INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = INFINITE_CARDINALITY, UNKNOWN_CARDINALITY

    Counter = staticmethod(Dataset.counter)
    RandomDataset = staticmethod(Dataset.random)
    make_csv_dataset = staticmethod(make_csv_dataset)
    sample_from_datasets = staticmethod(Dataset.sample_from_datasets)
    choose_from_datasets = staticmethod(Dataset.choose_from_datasets)
    get_single_element = staticmethod(Dataset.get_single_element)
    cardinality = staticmethod(Dataset.cardinality)
    ThreadingOptions = OptimizationOptions = DistributeOptions = AutotuneOptions = Options
    # functions for `apply`
    dense_to_ragged_batch = _for_apply("ragged_batch")
    bucket_by_sequence_length = _for_apply("bucket_by_sequence_length")
    group_by_window = _for_apply("group_by_window")
    ignore_errors = _for_apply("ignore_errors")
    rejection_resample = _for_apply("rejection_resample")
    scan = _for_apply("scan")
    snapshot = _for_apply("snapshot")
    take_while = _for_apply("take_while")
    unbatch = _for_apply("unbatch")
    unique = _for_apply("unique")
    prefetch_to_device = copy_to_device = staticmethod(lambda *args, **kwargs: lambda dataset: dataset)

    @staticmethod
    def assert_cardinality(expected_cardinality):
        return lambda dataset: Dataset(dataset._items, int(expected_cardinality))

    @staticmethod
    def map_and_batch(map_func, batch_size, num_parallel_batches=None, drop_remainder=False, num_parallel_calls=None):
        return lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)

    @staticmethod
    def shuffle_and_repeat(buffer_size, count=None, seed=None):
        return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)

    @staticmethod
    def parallel_interleave(map_func, cycle_length, block_length=1, **settings):
        return lambda dataset: dataset.interleave(map_func, cycle_length, block_length)


__getattr__ = getattr_of(__name__)
