"""Training flags of whole trees of modules."""

from __future__ import annotations

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


class training_mode:
    """Inside, all modules of `root` train (or none does); afterwards each is as it was, and new ones are as `root` was."""

    def __init__(self, root: nn.Module, mode: bool):
        self.root, self.mode = root, mode

    def __enter__(self):
        self.outer = self.root.training
        self.before = [(module, module.training) for module in all_modules(self.root)]
        for module, _ in self.before:
            module.training = self.mode

    def __exit__(self, *exc):
        for module in all_modules(self.root):
            module.training = self.outer
        for module, mode in self.before:
            module.training = mode
