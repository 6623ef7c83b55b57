"""What data sets can do besides the everyday: mixing several, sorting by length or by class, carrying a state along."""

from __future__ import annotations

import builtins
import itertools
import random

import numpy as np
import torch
from torch.utils import _pytree as pytree


class Pipelines:
    """The rarer methods of `tf.data.Dataset`. Each gives another data set of the same class."""

    # ------------------------------------------------------------ several data sets, and numbers without end

    @classmethod
    def counter(cls, start=0, step=1, dtype="int64", name=None):
        """start, start + step, ... without end."""
        kind = getattr(torch, str(dtype))
        return cls(lambda: (torch.tensor(number, dtype=kind) for number in itertools.count(start, step)), -1)

    @classmethod
    def random(cls, seed=None, rerandomize_each_iteration=None, name=None):
        """Whole numbers below 2**32 at random, without end."""
        seed = builtins.hash(random.random()) if seed is None else seed

        def numbers():
            draw = random.Random(seed)
            while True:
                yield torch.tensor(draw.randrange(1 << 32))

        return cls(numbers, -1)

    @classmethod
    def sample_from_datasets(
        cls, datasets, weights=None, seed=None, stop_on_empty_dataset=False, rerandomize_each_iteration=None
    ):
        """Elements of the data sets at random.

        Args:
            weights: how probable each data set is; all are equally so by default.
            stop_on_empty_dataset: end with the first that has no more, instead of going on with the others.
        """
        datasets = list(datasets)
        shares = [1.0] * len(datasets) if weights is None else [float(weight) for weight in weights]
        if len(shares) != len(datasets) or not datasets:
            raise ValueError(f"Expected as many weights as data sets, at least one. Received: {len(shares)}, {len(datasets)}")
        draw = random.Random(random.random() if seed is None else seed)

        def choices(open_ones):
            while True:
                left = [share if one else 0.0 for share, one in builtins.zip(shares, open_ones, strict=True)]
                if not builtins.any(left):
                    return
                yield draw.choices(builtins.range(len(left)), left)[0]

        return cls(lambda: _chosen(datasets, choices, stop_on_empty_dataset), _count_of(datasets))

    @classmethod
    def choose_from_datasets(cls, datasets, choice_dataset, stop_on_empty_dataset=True):
        """The next element of the data set whose number `choice_dataset` says."""
        datasets = list(datasets)
        return cls(
            lambda: _chosen(datasets, lambda _: (int(choice) for choice in choice_dataset._items()), stop_on_empty_dataset)
        )

    # ------------------------------------------------------------ some of the elements

    def take_while(self, predicate, name=None):
        """The elements up to the first for which `predicate` is not true."""
        return type(self)(lambda: itertools.takewhile(lambda each: bool(self._call(predicate, each)), self._items()))

    def unique(self, name=None):
        """The elements, each once."""

        def first_ones():
            seen = set()
            for element in self._items():
                key = repr([leaf.tolist() if hasattr(leaf, "tolist") else leaf for leaf in pytree.tree_leaves(element)])
                if key not in seen:
                    seen.add(key)
                    yield element

        return type(self)(first_ones)

    def ignore_errors(self, log_warning=False, name=None):
        """The elements, without those at which a function before this failed."""

        def survivors():
            source = self._items()
            while True:
                try:
                    yield next(source)
                except StopIteration:
                    return
                except Exception:  # whatever the script's function raises
                    continue

        return type(self)(survivors)

    def get_single_element(self, name=None):
        """The element of a data set that has exactly one."""
        found = list(itertools.islice(self._items(), 2))
        if len(found) != 1:
            raise ValueError("Dataset was empty." if not found else "Dataset had more than one element.")
        return found[0]

    def rejection_resample(self, class_func, target_dist, initial_dist=None, seed=None, name=None):
        """Pairs (class, element), of which so many are left out at random that the classes come as in `target_dist`.

        Args:
            class_func: the number of an element's class.
            initial_dist: how the classes come now; else it is counted as the elements go by.
        """
        wanted = np.asarray(target_dist, "float64")
        draw = random.Random(random.random() if seed is None else seed)

        def kept():
            seen = np.zeros_like(wanted) if initial_dist is None else np.asarray(initial_dist, "float64")
            for element in self._items():
                label = int(self._call(class_func, element))
                if initial_dist is None:
                    seen[label] += 1
                odds = np.divide(wanted, seen / seen.sum(), out=np.zeros_like(wanted), where=seen > 0)
                if draw.random() * odds.max() <= odds[label] and odds[label] > 0:
                    yield torch.tensor(label), element

        return type(self)(kept)

    # ------------------------------------------------------------ batches of other kinds

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """The rows of batches in batches of another size."""
        return self.unbatch().batch(int(batch_size), drop_remainder=drop_remainder)

    def group_by_window(self, key_func, reduce_func, window_size=None, window_size_func=None, name=None):
        """Elements with the same key, `window_size` at a time, put together by `reduce_func(key, data set of them)`."""
        if (window_size is None) == (window_size_func is None):
            raise ValueError("Must pass either `window_size` or `window_size_func`.")
        make = type(self)

        def windows():
            waiting: dict[int, list] = {}
            for element in self._items():
                key = int(self._call(key_func, element))
                group = waiting.setdefault(key, [])
                group.append(element)
                if len(group) >= int(window_size if window_size_func is None else window_size_func(torch.tensor(key))):
                    yield key, waiting.pop(key)
            yield from waiting.items()

        def reduced():
            for key, group in windows():
                yield from reduce_func(torch.tensor(key), make(lambda group=group: iter(group), len(group)))._items()

        return make(reduced)

    def bucket_by_sequence_length(
        self, element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes=None, padding_values=None,
        pad_to_bucket_boundary=False, no_padding=False, drop_remainder=False, name=None,
    ):  # fmt: skip
        """Batches of elements of about the same length, padded.

        Args:
            element_length_func: the length of an element.
            bucket_boundaries: the lengths at which buckets begin; there is one bucket more than boundaries.
            bucket_batch_sizes: the size of a batch, for each bucket.
            pad_to_bucket_boundary: pad to the longest that fits the bucket, and not to the longest of the batch.
            no_padding: all elements of a bucket have one length.
        """
        bounds, batch_sizes = list(bucket_boundaries), list(bucket_batch_sizes)
        if len(batch_sizes) != len(bounds) + 1:
            raise ValueError("`len(bucket_batch_sizes)` must equal `len(bucket_boundaries) + 1`.")

        def bucket_of(*element):
            length = int(element_length_func(*element))
            return sum(length >= bound for bound in bounds)

        def batch_of(bucket, group):
            bucket = int(bucket)
            if no_padding:
                return group.batch(batch_sizes[bucket], drop_remainder)
            shapes = padded_shapes
            if pad_to_bucket_boundary:
                if bucket == len(bounds):
                    raise ValueError("With `pad_to_bucket_boundary=True`, no element may be as long as the last boundary.")
                first = next(group._items())
                shapes = pytree.tree_map(lambda leaf: [bounds[bucket] - 1] * leaf.ndim, first)
            return group.padded_batch(batch_sizes[bucket], shapes, padding_values, drop_remainder)

        return self.group_by_window(bucket_of, batch_of, window_size_func=lambda bucket: batch_sizes[int(bucket)])

    # ------------------------------------------------------------ a state that goes along

    def scan(self, initial_state, scan_func, name=None):
        """`scan_func(state, element)` gives the next state, and an element of the new data set."""

        def scanned():
            state = initial_state
            for element in self._items():
                state, made = scan_func(state, element)
                yield made

        return type(self)(scanned)

    def options(self):
        """The settings of TensorFlow's runtime, of which none has a meaning here."""
        from .data import Options

        return Options()

    def snapshot(self, path, compression="AUTO", reader_func=None, shard_func=None, name=None):
        """The elements, kept in memory after the first whole pass. (TensorFlow keeps them in files.)"""
        return self.cache()


def _chosen(datasets, choices, stop_on_empty):
    sources = [dataset._items() for dataset in datasets]
    open_ones = [True] * len(sources)
    for number in choices(open_ones):
        try:
            element = next(sources[number])
        except StopIteration:
            if stop_on_empty:
                return
            open_ones[number] = False
            continue
        yield element


def _count_of(datasets):
    """-1 if one of them has no end; else nobody knows in advance."""
    return -1 if builtins.any(dataset._count == -1 for dataset in datasets) else None
