"""Data that comes batch by batch: generators, data loaders, and whatever has a length and gives batches by number."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.data.arrays import rows, to_tensors, with_class_weights, with_ones
from torchkeras_lite.data.numbered import Numbered, PyDataset
from torchkeras_lite.notices import warn


class Iterable:
    """Batches from an iterable of x, (x, y) or (x, y, weights).

    Args:
        source: a generator, a torch DataLoader, an object with `__len__` and `__getitem__`, or any other iterable.
        steps: batches in an epoch, where they are not all there are (whoever asks for batches stops by himself).
        weights: `{class: weight}`, or None.
        shuffle: whether the batches of a PyDataset come in another order each epoch.
        reads: a function that x of a batch goes through first, or None.
    """

    def __init__(
        self,
        source,
        steps: int | None,
        device: torch.device,
        weights: dict | None = None,
        shuffle: bool = False,
        reads: Callable | None = None,
    ):
        by_number = hasattr(source, "__getitem__") and hasattr(source, "__len__") and not hasattr(source, "__iter__")
        if by_number or isinstance(source, PyDataset):
            source = Numbered(source, shuffle and isinstance(source, PyDataset))
            there = source.count
        else:
            there = _length(source)
        self.source, self.device, self.weights, self.reads = source, device, weights, reads
        endless = hasattr(source, "__next__")
        self._plain = weights is None
        self.asked = steps
        self.steps = steps if steps is not None else there
        self._running = iter(source) if endless else None
        self._begun = self._first = None
        self.ran_out = False  # an iterator, which cannot begin again, has come to its end before all steps were done

    def first(self, keep: bool = False):
        """The first batch, for building from; an iterator gives it again in the epoch.

        Args:
            keep: the next pass begins here already, so that nothing is loaded twice.
        """
        if self._first is None:
            if isinstance(self.source, Numbered):
                batch = self.source.source[0]
            else:
                source = self._running if self._running is not None else iter(self.source)
                batch = next(source, None)
                self._begun = source if keep else None
            if batch is None:
                raise ValueError("There is no data: the iterable passed as `x` gave no batch.")
            if self._running is not None or self._begun is not None:
                self._first = batch
            return self._placed(batch)
        return self._placed(self._first)

    def __iter__(self):
        source, self._begun = self._running if self._running is not None else self._begun, None
        source = iter(self.source) if source is None else source
        if self._first is not None:
            ahead, self._first = [self._first], None
            source = itertools.chain(ahead, source)
        for batch in source:
            if batch is None:
                break
            yield self._placed(batch)
        if self._running is not None and self.asked is not None and not self.ran_out:
            self.ran_out = True
            warn(
                f"The iterator passed as `x` ran out of data before {self.asked} steps were done. The usual fix: let it "
                "give at least steps * epochs batches, or pass something that can begin again (a DataLoader, a Sequence).",
            )

    def _placed(self, batch):
        if self._plain and type(batch) in (list, tuple) and len(batch) == 2:
            x, y = batch
            if self._is_ready(x) and self._is_ready(y):
                return x, y
        own_tuple = isinstance(batch, (tuple, list)) and len(batch) == 1
        batch = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
        names = ("x", "y", "sample_weight")
        if len(batch) > 3:
            raise ValueError(f"A batch is x, (x, y) or (x, y, sample_weight). Received {len(batch)} parts.")
        while len(batch) > 1 and batch[-1] is None:
            batch = batch[:-1]
        if len(batch) == 3 and batch[1] is None:
            raise ValueError("A batch has sample weights, but its targets `y` are None.")
        if self.reads is not None:
            batch = (self.reads(batch[0]), *batch[1:])
        parts = tuple(to_tensors(part, name) for part, name in zip(batch, names, strict=False))
        if len(parts) == 3:
            parts = (*parts[:2], with_ones(parts[2], rows(parts)))
        if self.weights is not None and len(parts) > 1:
            parts = with_class_weights(parts, self.weights)
        if all(type(part) is torch.Tensor and part.device == self.device for part in parts):
            return OnlyX(parts) if own_tuple else parts
        if self.device.type == "cuda":  # from pinned memory the copy is under way while the host goes on
            parts = pytree.tree_map(lambda t: t if t is None or t.device.type == "cuda" else t.pin_memory(), parts)
        parts = pytree.tree_map(lambda t: t if t is None else t.to(self.device, non_blocking=True), parts)
        return OnlyX(parts) if own_tuple else parts


    def _is_ready(self, part) -> bool:
        """Whether a step can be given this as it is: what most loaders of tensors give."""
        return (
            type(part) is torch.Tensor
            and part.device == self.device
            and part.dtype is not torch.float64
            and not part.requires_grad
        )


class OnlyX(tuple):
    """A batch `(x,)` that the source itself gave as a tuple of one: a step of the user's gets it as such."""


pytree.register_pytree_node(OnlyX, lambda batch: (list(batch), None), lambda parts, _: OnlyX(parts))


def _length(source) -> int | None:
    """How many batches there are, or None. A loader of endless data has a `__len__` that raises."""
    try:
        return len(source) if hasattr(source, "__len__") else None
    except TypeError:
        return None


class Resumed:
    """Epochs of `steps` batches, each of which goes on where the last one stopped, as in Keras: all of the data is seen.

    When the source comes to its end, so does the epoch, and the next one begins anew.
    """

    def __init__(self, source, steps: int):
        self.source, self.steps = source, steps
        self.done = 0  # batches of the next epoch that were given elsewhere, before it was taken up here
        self._open = None

    @property
    def ran_out(self) -> bool:
        return getattr(self.source, "ran_out", False)

    def __iter__(self):
        for begins_anew in (self._open is None, True):
            if begins_anew:
                self._open = iter(self.source)
            count, self.done = self.done, 0
            if count >= self.steps:
                return
            for batch in self._open:
                yield batch
                count += 1
                if count == self.steps:
                    return
            self._open = None
            if count or begins_anew:
                return
