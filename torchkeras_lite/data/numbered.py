"""Batches by number: PyDataset and what looks like it, in order or shuffled, one by one or ahead of time."""

from __future__ import annotations

import collections
import itertools
import random
from concurrent.futures import ThreadPoolExecutor

import torch

from torchkeras_lite import config
from torchkeras_lite.notices import warn


class PyDataset:
    """Base of data that makes its batches itself: `dataset[i]` is batch `i`, `len(dataset)` says how many there are.

    A batch is x, (x, y) or (x, y, sample_weight). Each batch is asked for once in an epoch, in any order.

    Args:
        workers: how many batches are made at the same time, in threads.
        use_multiprocessing: make them in processes instead, which get a copy of the data set at the start of each epoch.
        max_queue_size: how many batches are made ahead.
    """

    _workers, _use_multiprocessing, _max_queue_size = 1, False, 10  # for subclasses that do not call super().__init__()

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self._workers, self._use_multiprocessing, self._max_queue_size = workers, use_multiprocessing, max_queue_size

    @property
    def workers(self):
        return self._settings()[0]

    @workers.setter
    def workers(self, value):
        self._workers = value

    @property
    def use_multiprocessing(self):
        return self._settings()[1]

    @use_multiprocessing.setter
    def use_multiprocessing(self, value):
        self._use_multiprocessing = value

    @property
    def max_queue_size(self):
        return self._settings()[2]

    @max_queue_size.setter
    def max_queue_size(self, value):
        self._max_queue_size = value

    def _settings(self):
        if not {"_workers", "_use_multiprocessing", "_max_queue_size"} & self.__dict__.keys():
            warn(
                f"Your `PyDataset` class should call `super().__init__(**kwargs)` in its constructor ({type(self).__name__}): "
                "that is where `workers`, `use_multiprocessing` and `max_queue_size` are said, and not in `fit()`.",
            )
            PyDataset.__init__(self)
        return self._workers, self._use_multiprocessing, self._max_queue_size

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} has to define `__getitem__(self, index)`, which returns a batch.")

    @property
    def num_batches(self) -> int | None:
        """How many batches there are; None: endlessly many."""
        if "num_batches" in vars(self):  # users keep the number under this name
            return vars(self)["num_batches"]
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            "You need to implement the `num_batches` property:\n\n@property\ndef num_batches(self):\n  return ..."
        )

    @num_batches.setter
    def num_batches(self, value):
        vars(self)["num_batches"] = value

    def __iter__(self):
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None
        return (self[i] for i in (itertools.count() if count is None else range(count)))

    def on_epoch_begin(self):
        """Called before the first batch of an epoch is asked for."""

    def on_epoch_end(self):
        """Called after an epoch."""


class Numbered:
    """The batches of an epoch, out of an object that gives them by number.

    Args:
        source: a PyDataset, or anything with `__getitem__` and `__len__`.
        shuffle: another order in each epoch.
    """

    def __init__(self, source, shuffle: bool = False):
        self.source, self.shuffle = source, shuffle
        self.count = source.num_batches if isinstance(source, PyDataset) else len(source)
        if self.count == 0:
            raise ValueError(f"There is no data: the {type(source).__name__} passed as `x` has length 0.")

    def __iter__(self):
        self._tell("on_epoch_begin")
        if self.count is None:
            order = itertools.count()
        else:
            order = list(range(self.count))
            if self.shuffle:
                random.shuffle(order)
        try:
            yield from self._fetched(order)
        finally:  # an epoch that was cut short has ended too
            self._tell("on_epoch_end")

    def _tell(self, hook: str) -> None:
        getattr(self.source, hook, lambda: None)()

    def _fetched(self, order):
        workers, processes, ahead = self.source._settings() if isinstance(self.source, PyDataset) else (1, False, 10)
        if processes and workers > 0:
            yield from _from_processes(self.source, order, workers, ahead)
        elif workers > 1:
            yield from _from_threads(self.source, order, workers, ahead)
        else:
            for index in order:
                yield self.source[index]


def _from_threads(source, order, workers: int, ahead: int):
    order, waiting = iter(order), collections.deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                for index in itertools.islice(order, max(ahead, workers) - len(waiting)):
                    waiting.append(pool.submit(source.__getitem__, index))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _from_processes(source, order, workers: int, ahead: int):
    yield from torch.utils.data.DataLoader(
        _Unbatched(source),
        batch_size=None,
        sampler=order,
        num_workers=workers,
        prefetch_factor=max(ahead // workers, 1),
        collate_fn=_as_it_is,
        worker_init_fn=_stay_on_the_host,
    )


def _as_it_is(batch):
    return batch


_for_ever: list = []


def _stay_on_the_host(worker: int) -> None:
    """What a worker process makes lies in memory: a GPU that the parent works with cannot be used by its copies."""
    scope = config.device("cpu")
    scope.__enter__()
    _for_ever.append(scope)


class _Unbatched(torch.utils.data.Dataset):
    """A view of the source that torch's loader takes for a data set whose items are batches."""

    def __init__(self, source):
        self.source = source

    def __getitem__(self, index):
        return self.source[index]
