"""Operators of tensors as scripts for Keras mean them, there as long as the stand-in is imported.

- `a /= b` makes a new tensor, as under every backend that Keras had: whoever else holds `a` keeps its values, and gradients
  flow. torch writes into the memory of `a`; it goes on doing so for leaves of autograd, for its own code and this package's,
  and for modules that have imported torch by its name, whose authors mean that.
- `[1.0, 2.0] * tensor` and its kin: a list or tuple on the left becomes a tensor.
"""

from __future__ import annotations

import operator
import sys

_IN_PLACE = "add sub mul truediv floordiv mod pow and or xor".split()
_REFLECTED = "add sub mul truediv".split()
_LIBRARIES = ("torch", "torchkeras_lite")


def put_on() -> None:
    """Gives the operators to `torch.Tensor`; doing it again changes nothing."""
    torch = sys.modules.get("torch")
    if not hasattr(getattr(torch, "Tensor", None), "__iadd__") or hasattr(torch.Tensor.__iadd__, "_torchs"):
        return
    for name in _IN_PLACE:
        _put(torch, f"__i{name}__", _anew(torch, name))
    for name in _REFLECTED:
        _put(torch, f"__r{name}__", _of_lists(torch, name))


def take_off() -> None:
    """Undoes `put_on`."""
    torch = sys.modules.get("torch")
    for name in [*(f"__i{name}__" for name in _IN_PLACE), *(f"__r{name}__" for name in _REFLECTED)]:
        method = getattr(torch.Tensor, name, None) if torch else None
        if hasattr(method, "_torchs"):
            if method._own:
                setattr(torch.Tensor, name, method._torchs)
            else:
                delattr(torch.Tensor, name)  # it is inherited


def _put(torch, name, method) -> None:
    method._torchs, method._own = getattr(torch.Tensor, name), name in vars(torch.Tensor)
    method.__name__ = name
    setattr(torch.Tensor, name, method)


def _anew(torch, name):
    function = getattr(operator, f"{name}_" if name in ("and", "or") else name)
    in_place, is_compiling = getattr(torch.Tensor, f"__i{name}__"), torch.compiler.is_compiling

    def method(self, other):
        if not is_compiling():
            if self.requires_grad and self.is_leaf:
                return in_place(self, other)
            names = sys._getframe(1).f_globals
            if "torch" in names or names.get("__name__", "").partition(".")[0] in _LIBRARIES:
                return in_place(self, other)
        return function(self, other)

    return method


def _of_lists(torch, name):
    reflected = getattr(torch.Tensor, f"__r{name}__")
    function = getattr(operator, name)

    def method(self, other):
        if other.__class__ is list or other.__class__ is tuple:
            made = torch.as_tensor(other, device=self.device)
            if self.is_floating_point() or not made.is_floating_point():
                made = made.to(self.dtype)
            return function(made, self)
        return reflected(self, other)

    return method
