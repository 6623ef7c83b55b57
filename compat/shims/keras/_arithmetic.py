"""Operators of tensors as scripts for Keras mean them, there as long as the stand-in is imported.

- `a /= b` makes a new tensor, as under every backend that Keras had: whoever else holds `a` keeps its values, and gradients
  flow. torch writes into the memory of `a`; it goes on doing so for leaves of autograd, for its own code and this package's,
  and for modules that have imported torch by its name, whose authors mean that.
- `[1.0, 2.0] * tensor` and `tensor - [1.0, 2.0]`, `tensor == [1, 2]` and their kin: a list, tuple or array becomes a tensor.
  (torch would compare a tensor with a list to one False, and cannot take gradients through an array. Where it can do with an
  array, in modules that have imported torch by its name, it does.)
- `tensor[::-1]` reads backwards.
- `tensor._keras_shape`, which layers of Keras 2's time read in their `call`, are its sizes, until somebody sets it.

Those of lists and reading backwards are tried where torch refuses, so that what torch understands costs one frame more.
"""

from __future__ import annotations

import operator
import sys
from importlib import import_module

_IN_PLACE = "add sub mul truediv floordiv mod pow and or xor".split()
_REFLECTED = "add sub mul truediv floordiv mod pow matmul".split()
_FORWARD = [*_REFLECTED, *"eq ne lt le gt ge".split()]
_LIBRARIES = ("torch", "torchkeras_lite")


def put_on() -> None:
    """Gives the operators to `torch.Tensor`; doing it again changes nothing."""
    torch = sys.modules.get("torch")
    if not hasattr(getattr(torch, "Tensor", None), "__iadd__") or hasattr(torch.Tensor.__iadd__, "_torchs"):
        return
    for name in _IN_PLACE:
        _put(torch, f"__i{name}__", _anew(torch, name))
    kinds = {list, tuple, getattr(sys.modules.get("numpy"), "ndarray", list)}
    for name in _REFLECTED:
        _put(torch, f"__r{name}__", _of_lists(torch, name, kinds))
    for name in _FORWARD:
        _put(torch, f"__{name}__", _with_lists(torch, name, kinds))
    _put(torch, "__getitem__", _backwards_too(torch))
    torch.Tensor._keras_shape = Sizes()


def take_off() -> None:
    """Undoes `put_on`."""
    torch = sys.modules.get("torch")
    names = [*(f"i{name}" for name in _IN_PLACE), *(f"r{name}" for name in _REFLECTED), *_FORWARD, "getitem"]
    if "_keras_shape" in vars(getattr(torch, "Tensor", object)):
        del torch.Tensor._keras_shape
    for name in (f"__{name}__" for name in names):
        method = getattr(torch.Tensor, name, None) if torch else None
        if hasattr(method, "_torchs"):
            if method._own:
                setattr(torch.Tensor, name, method._torchs)
            else:
                delattr(torch.Tensor, name)  # it is inherited


class Sizes:
    """The shape of what has it as a tuple. Setting it on an object hides this one."""

    def __get__(self, tensor, owner=None):
        return self if tensor is None else tuple(tensor.shape)


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


def _of_lists(torch, name, kinds):
    reflected = getattr(torch.Tensor, f"__r{name}__")
    function = getattr(operator, name)

    def method(self, other):
        if other.__class__ in kinds:
            return function(_as_tensor(torch, other, self), self)
        return reflected(self, other)

    return method


def _with_lists(torch, name, kinds):
    forward = getattr(torch.Tensor, f"__{name}__")
    compares = name in ("eq", "ne")

    def method(self, other):
        made = forward(self, other)
        if made is NotImplemented and other.__class__ in kinds:
            if hasattr(other, "__array__") and not self.requires_grad and "torch" in sys._getframe(1).f_globals:
                return made
            try:
                return forward(self, _as_tensor(torch, other, self))
            except (RuntimeError, TypeError, ValueError):  # a list of something else, or of another shape: not equal
                if not compares:
                    raise
        return made

    return method


def _as_tensor(torch, numbers, beside):
    """A list or tuple as a tensor, of the dtype of the one beside it unless that would round it."""
    made = torch.as_tensor(numbers, device=beside.device)
    return made.to(beside.dtype) if beside.is_floating_point() or not made.is_floating_point() else made


def _backwards_too(torch):
    plain = torch.Tensor.__getitem__

    def method(self, index):
        try:
            return plain(self, index)
        except ValueError:
            axes, ahead = import_module("torchkeras_lite.variable").forwards(index, self.ndim)
            if not axes:
                raise
            return plain(self.flip(axes), ahead)

    return method
