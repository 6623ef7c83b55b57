"""Training flags of whole trees of modules, and how the processor treats the tiniest numbers."""

from __future__ import annotations

import threading

import torch
from torch import nn


def all_modules(root: nn.Module) -> list[nn.Module]:
    """What `root.modules()` gives, at a tenth of its Python calls: steps can afford it."""
    found, seen = [root], {root}
    for module in found:
        for child in module._modules.values():
            if child is not None and child not in seen:
                seen.add(child)
                found.append(child)
    return found


def differing(root: nn.Module, mode) -> bool:
    """Whether the flag of any module in `root` is not `mode` (None: whatever it is will do)."""
    if mode is None:
        return False
    if root.training is not bool(mode):
        return True
    for module in all_modules(root):  # noqa: SIM110 - any() would cost a Python call for each module, in each step
        if module.training is not root.training:
            return True
    return False


def take_over(module: nn.Module, mode: bool) -> None:
    """What becomes part of a layer takes over its flag. What trains wherever nobody says otherwise keeps its own."""
    kept = [part for part in all_modules(module) if part.training and getattr(part, "born_training", False)]
    inside = [one for part in kept for one in all_modules(part) if one.training]
    module.train(mode)
    for one in inside:
        one.__dict__["training"] = True


class _Settled(threading.local):
    """The model whose mode a loop has settled for all its steps, so that they need not look at each module again."""

    def __init__(self):  # not in the class: what a trace finds there and then sets, torch.compile does not find again
        self.root: nn.Module | None = None
        self.mode: bool | None = None


settled = _Settled()


class training_mode:
    """Inside, all modules of `root` train (or none does); afterwards each is as it was, and new ones are as `root` was."""

    def __init__(self, root: nn.Module, mode: bool, settle: bool = False):
        self.root, self.mode, self.settle = root, mode, settle

    def __enter__(self):
        self.outer = self.root.training
        self.known = all_modules(self.root)
        self.changed = [module for module in self.known if module.training is not self.mode]
        for module in self.changed:
            module.__dict__["training"] = self.mode  # nn.Module's own __setattr__ takes its time
        self.previous = settled.root, settled.mode
        settled.root, settled.mode = (self.root, self.mode) if self.settle else (None, None)

    def __exit__(self, *exc):
        settled.root, settled.mode = self.previous
        for module in self.changed:
            module.__dict__["training"] = not self.mode
        now = all_modules(self.root)
        if len(now) != len(self.known):
            for module in set(now) - set(self.known):
                module.__dict__["training"] = self.outer


class flushed_denormals:
    """Inside, this thread takes numbers below 1e-38 for zero; afterwards it does what it did.

    The moments of Adam get there where a unit is dead, and stick: processors compute with such numbers up to a hundred times
    slower, and a whole network of two layers with half the speed.
    """

    def __enter__(self):
        self.before = (torch.tensor([2e-38], dtype=torch.float32, device="cpu") * 0.1).item() == 0
        torch.set_flush_denormal(True)

    def __exit__(self, *exc):
        torch.set_flush_denormal(self.before)
