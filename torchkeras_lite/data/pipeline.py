"""Data sets in the manner of `tf.data`: each method gives another data set, and nothing is computed before somebody iterates.

As long as elements are rows of arrays, only their numbers are shuffled, repeated and taken; a batch is gathered at once.
Elements lie on the host, and functions of them work there; who iterates gets them on the device in use.
"""

from __future__ import annotations

import collections
import functools
import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config
from torchkeras_lite.texts import Texts, is_texts

ENDLESS, UNKNOWN = -1, -2
_WORKERS = 8


class Spec(NamedTuple):
    """What an element is like."""

    shape: tuple[int, ...]
    dtype: str


class Dataset:
    """Elements, which are tensors and texts, or tuples and dicts of such. Each method gives another of the same class.

    Args:
        make: a function that gives an iterator over the elements, anew each time.
        count: how many there are; None: nobody knows; -1: endlessly many.
        gather: `make` gives numbers of rows; this gives the row for a number, and a batch for a list of numbers.
    """

    def __init__(self, make: Callable[[], Iterator], count: int | None = None, gather: Callable | None = None):
        self._make, self._count, self._gather = make, count, gather

    @classmethod
    def of_rows(cls, arrays) -> Dataset:
        """An element for each row of arrays: tensors or Texts, in tuples or dicts."""
        leaves, spec = pytree.tree_flatten(arrays)

        def gather(chosen):
            if isinstance(chosen, list):
                first, last = chosen[0], chosen[0] + len(chosen)
                if chosen == list(range(first, last)):  # neighbours are a view
                    return pytree.tree_unflatten([leaf[first:last] for leaf in leaves], spec)
                places = torch.tensor(chosen)
                found = [leaf[places] if isinstance(leaf, torch.Tensor) else leaf[chosen] for leaf in leaves]
                return pytree.tree_unflatten(found, spec)
            return pytree.tree_unflatten([leaf[chosen] for leaf in leaves], spec)

        count = len(leaves[0])
        return cls(lambda: iter(range(count)), count, gather)

    # ------------------------------------------------------------ how many, in which order

    def _through(self, change, count) -> Dataset:
        """The elements, or their numbers, passed through a function of iterators."""
        make = self._make
        return type(self)(lambda: change(iter(make())), count, self._gather)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True) -> Dataset:
        """Elements out of a buffer of so many, at random; in another order each time."""
        if buffer_size < 1:
            raise ValueError(f"`buffer_size` must be greater than 0. Received: buffer_size={buffer_size}")
        draw = random.Random(random.random() if seed is None else seed)
        fixed = None if reshuffle_each_iteration is not False else draw.random()

        def shuffled(items):
            chance, buffer = draw if fixed is None else random.Random(fixed), []
            for item in items:
                if len(buffer) < buffer_size:
                    buffer.append(item)
                else:
                    place = chance.randrange(buffer_size)
                    yield buffer[place]
                    buffer[place] = item
            chance.shuffle(buffer)
            yield from buffer

        return self._through(shuffled, self._count)

    def repeat(self, count=None) -> Dataset:
        """The same once more, `count` times in all; None or -1 is for ever."""
        endless = count is None or count < 0
        make = self._make

        def repeated():
            for _ in itertools.count() if endless else range(count):
                empty = True
                for item in make():
                    empty = False
                    yield item
                if empty:
                    return

        total = ENDLESS if endless else None if self._count is None else self._count if self._count < 0 else self._count * count
        return type(self)(repeated, total, self._gather)

    def take(self, count) -> Dataset:
        """The first `count` elements; -1 is all."""
        if count < 0:
            return self
        known = None if self._count is None else count if self._count < 0 else min(count, self._count)
        return self._through(lambda items: itertools.islice(items, count), known)

    def skip(self, count) -> Dataset:
        """All but the first `count` elements."""
        return self._through(lambda items: itertools.islice(items, count, None), self._fewer(lambda n: max(n - count, 0)))

    def shard(self, num_shards, index) -> Dataset:
        """Every `num_shards`-th element, from number `index` on."""
        known = self._fewer(lambda n: len(range(index, n, num_shards)))
        return self._through(lambda items: itertools.islice(items, index, None, num_shards), known)

    def _fewer(self, count):
        """`count` of how many there are, where that is a number."""
        return self._count if self._count is None or self._count < 0 else count(self._count)

    def listed(self) -> list:
        """All elements, or their numbers: what `of_those` takes some of."""
        if self._count == ENDLESS:
            raise ValueError("The data set is endless: it has no parts. The usual fix: `take(count)`.")
        return list(self._make())

    def of_those(self, items: list) -> Dataset:
        """These elements, out of what is `listed`."""
        return type(self)(lambda: iter(items), len(items), self._gather)

    def concatenate(self, dataset) -> Dataset:
        """These elements, then those."""
        counts = self._count, dataset._count
        known = None if None in counts else ENDLESS if min(counts) < 0 else sum(counts)
        return type(self)(lambda: itertools.chain(self._items(), dataset._items()), known)

    # ------------------------------------------------------------ batches

    def batch(self, batch_size, drop_remainder=False, stack=None, **kwargs) -> Dataset:
        """Elements stacked, `batch_size` of them at a time; `stack`: the function that makes a batch of a list of them."""
        known = self._fewer(lambda n: n // batch_size if drop_remainder else -(-n // batch_size))
        make = self._make if stack is None else self._items
        stack = stack or self._gather or self._stacked

        def batches():
            items = iter(make())
            while group := list(itertools.islice(items, batch_size)):
                if len(group) == batch_size or not drop_remainder:
                    yield stack(group)

        return type(self)(batches, known)

    def unbatch(self) -> Dataset:
        """The rows of each element."""

        def rows():
            for element in self._items():
                leaves, spec = pytree.tree_flatten(element)
                for row in zip(*leaves, strict=True):
                    yield pytree.tree_unflatten(list(row), spec)

        return type(self)(rows)

    def rebatch(self, batch_size, drop_remainder=False) -> Dataset:
        """The rows of all elements in batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    # ------------------------------------------------------------ functions

    def map(self, map_func, num_parallel_calls=None, **kwargs) -> Dataset:
        """`map_func(element)`, with the parts of a tuple as its arguments; in threads, if `num_parallel_calls` is not 1."""
        if num_parallel_calls is None or num_parallel_calls == 1:
            call = functools.partial(self._call, map_func)
            return type(self)(lambda: map(call, self._items()), self._count)  # goes on behind an element that fails
        workers = _WORKERS if num_parallel_calls < 0 else num_parallel_calls

        def ahead():
            source, waiting = self._items(), collections.deque()
            for element in itertools.islice(source, 1):  # alone: the layers that it builds must not be built by two at once
                yield self._call(map_func, element)
            with ThreadPoolExecutor(workers) as pool:
                try:
                    while True:
                        for element in itertools.islice(source, 4 * workers - len(waiting)):
                            waiting.append(pool.submit(self._call, map_func, element))
                        if not waiting:
                            return
                        yield waiting.popleft().result()
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)

        return type(self)(ahead, self._count)

    def filter(self, predicate) -> Dataset:
        """The elements for which `predicate` is true."""
        return type(self)(lambda: (element for element in self._items() if bool(self._call(predicate, element))))

    def enumerate(self, start=0) -> Dataset:
        """Pairs of a number and an element."""
        numbers = itertools.count
        pairs = lambda: zip(numbers(start), self._items(), strict=False)  # noqa: E731
        return type(self)(lambda: ((torch.tensor(i), each) for i, each in pairs()), self._count)

    def reduce(self, initial_state, reduce_func):
        """`reduce_func(state, element)` over all elements."""
        state = initial_state
        for element in self._items():
            state = reduce_func(state, element)
        return state

    def apply(self, transformation_func):
        return transformation_func(self)

    def cache(self, filename="") -> Dataset:
        """The elements are kept in memory after the first whole pass."""
        kept: list = []
        done = []

        def cached():
            if done:
                yield from kept
                return
            fresh = []
            for element in self._make():  # of rows of arrays only the numbers: their order stays
                fresh.append(pytree.tree_map(_for_training, element))
                yield element
            kept[:] = fresh
            done.append(True)

        return type(self)(cached, self._count, self._gather)

    def prefetch(self, buffer_size=None) -> Dataset:
        """This: what takes time is done ahead of time anyway."""
        return self

    def with_options(self, options=None) -> Dataset:
        """This: there are no options of a runtime."""
        return self

    # ------------------------------------------------------------ what is in it

    @staticmethod
    def _call(function, element):
        """`function(element)`, with the parts of a tuple as its arguments."""
        with config.device("cpu"):  # where the elements lie; the tensors that the function makes are to lie there too
            result = function(*element) if isinstance(element, tuple) else function(element)
        return tuple(result) if isinstance(result, list) else result

    @classmethod
    def _stacked(cls, group: list):
        """A batch of these elements."""
        spec = pytree.tree_structure(group[0])
        columns = zip(*map(pytree.tree_leaves, group), strict=True)
        return pytree.tree_unflatten([cls._stack(column) for column in columns], spec)

    @staticmethod
    def _stack(column):
        if is_texts(column[0]):
            return Texts(np.stack(column) if isinstance(column[0], np.ndarray) else list(column))
        return torch.stack([torch.as_tensor(one) for one in column])

    def _items(self) -> Iterator[Any]:
        """The elements, on the host."""
        return iter(self._make()) if self._gather is None else map(self._gather, self._make())

    def __iter__(self):
        device = config.get_device()
        if device.type == "cpu":
            return self._items()
        return (pytree.tree_map(lambda leaf: _placed(leaf, device), element) for element in self._items())

    def __len__(self):
        if self._count is None or self._count < 0:
            reason = "length of the data set is unknown" if self._count is None else "data set is endless (infinite)"
            raise TypeError(f"The {reason}.")
        return self._count

    def __bool__(self):
        return True

    def cardinality(self) -> int:
        """How many elements there are; -1 is endlessly many, -2 is not known."""
        return UNKNOWN if self._count is None else self._count

    def as_numpy_iterator(self):
        """The elements as numpy arrays."""
        return (pytree.tree_map(_as_numpy, element) for element in self._items())

    @property
    def element_spec(self):
        """The shapes and dtypes of the first element."""
        return pytree.tree_map(_spec, next(self._items()))

    def __repr__(self):
        return f"<Dataset of {'an unknown number of' if self._count is None else self._count} elements>"


def _spec(leaf) -> Spec:
    if isinstance(leaf, torch.Tensor):
        return Spec(tuple(leaf.shape), config.dtype_name(leaf.dtype))
    return Spec(getattr(leaf, "shape", ()), "string" if is_texts(leaf) else str(np.asarray(leaf).dtype))


def _as_numpy(leaf):
    return leaf.numpy() if isinstance(leaf, torch.Tensor) else leaf


def _placed(leaf, device):
    return leaf.to(device, non_blocking=True) if isinstance(leaf, torch.Tensor) else leaf


def _for_training(leaf):
    """The leaf as a tensor that autograd can keep, although `evaluate` may have been the first to ask for it."""
    with torch.inference_mode(False):
        return leaf.clone() if isinstance(leaf, torch.Tensor) and leaf.is_inference() else leaf
