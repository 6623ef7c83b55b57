"""Followed: batches of which somebody keeps count, so that another process can go on in the middle of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch


def random_state() -> dict[str, Any]:
    """The state of all generators that nobody owns: Python's, numpy's and torch's; as lists, numbers and tensors."""
    version, words, spare = random.getstate()
    kind, keys, *rest = np.random.get_state(legacy=True)
    state = {"python": [version, list(words), spare], "numpy": [kind, keys.tolist(), *rest], "torch": torch.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Puts all those generators where `random_state` found them."""
    version, words, spare = state["python"]
    random.setstate((version, tuple(words), spare))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])


class Followed:
    """Batches of a source, whose order follows from the state of the random generators at the begin of a pass.

    Attributes:
        count: the batches given since this pass began.
        begun_with: the random state at its begin; None between passes.
    """

    def __init__(self, source):
        self.source = source
        self.count, self.begun_with = 0, None
        self._wound: tuple[dict, int, Callable] | None = None

    @property
    def steps(self) -> int | None:
        return self.source.steps

    @property
    def ran_out(self) -> bool:
        return getattr(self.source, "ran_out", False)

    def wind(self, begun_with: dict | None, count: int, then: dict) -> None:
        """The next pass is the one that had this random state at its begin, behind its first `count` batches.

        Args:
            then: the random state behind those batches.
        """
        self._wound = (begun_with, count, then)
        if begun_with is None:  # between passes
            self._wound = None
            set_random_state(then)

    def __iter__(self) -> Iterator:
        if self._wound is None:
            self.count, self.begun_with = 0, random_state()
            batches = iter(self.source)
        else:
            (self.begun_with, count, then), self._wound = self._wound, None
            set_random_state(self.begun_with)
            batches, self.count = iter(self.source), 0
            for _ in range(count):
                next(batches)
                self.count += 1
            set_random_state(then)
        for batch in batches:
            self.count += 1
            yield batch
        self.count, self.begun_with = 0, None
