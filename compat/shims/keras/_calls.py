"""`super().call(...)`, and a call by name, with the words and the places that `call` had in Keras 1 and 2.

A layer of the script's own that asks one of ours by `super()` says what it knew: `inputs=` to a layer whose `call` has
`sequences` today, `mask` where nothing is done with it, `mask, training, initial_state` in this order. So the `call` of ours
that is asked is put behind a reader when such a class is made: programs without one never pay for it.
"""

from __future__ import annotations

import functools
import inspect
from importlib import import_module

import torch

from torchkeras_lite import KerasTensor, layers

from . import _members

_PACKAGE = layers.Layer.__module__.partition(".")[0]
_FIRST = ("inputs", "x")  # the names of the first argument: in Keras 2, in Keras 1
_RECURRENT = ("mask", "training", "initial_state", "constants")  # what stood behind it, where there is an `initial_state`
_TAKES_ANYTHING = ("ActivityRegularization", "InputLayer")

_init_subclass = getattr(layers.Layer.__init_subclass__.__func__, "_todays", layers.Layer.__init_subclass__.__func__)
_called_on_nothing = getattr(layers.Layer._called_on_nothing, "_todays", layers.Layer._called_on_nothing)


def init_subclass(cls, **words):
    _init_subclass(cls, **words)
    call = vars(cls).get("call")
    if not inspect.isfunction(call) or cls.__module__.partition(".")[0] == _PACKAGE:
        return
    owner = next(one for one in cls.__mro__[1:] if "call" in vars(one))
    if owner is layers.Layer or owner.__module__.partition(".")[0] != _PACKAGE:
        return
    asked = vars(owner)["call"]
    if not hasattr(asked, "_reads_old_words") and not {"super", owner.__name__}.isdisjoint(call.__code__.co_names):
        _members._set(owner, "call", _reading(asked, owner))


init_subclass._todays = _init_subclass
init_subclass = classmethod(init_subclass)


def called_on_nothing(self, kwargs):
    """`lstm(inputs=x)`, whose first argument has another name today."""
    word = next((word for word in _FIRST if word in kwargs), None)
    if word is None:
        return _called_on_nothing(self, kwargs)
    kwargs = dict(kwargs)
    return (kwargs.pop(word),), kwargs


called_on_nothing._todays = _called_on_nothing


def call(self, *args, **kwargs):
    """Computes the output. A layer that does not say how gave its input back, until Keras 3."""
    if import_module("keras._eras").now == "3" or not args:
        return _call(self, *args, **kwargs)
    return args[0]


_call = getattr(layers.Layer.call, "_todays", layers.Layer.call)
call._todays = _call


def _reading(call, owner):
    """`call` of ours, understanding what its older selves took."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    known = {p.name for p in parameters if p.kind is not p.VAR_POSITIONAL}
    is_open = any(p.kind is p.VAR_KEYWORD for p in parameters)
    is_cell = "states" in names

    @functools.wraps(call)
    def understood(self, *args, **words):
        if names and not args and names[0] not in words:
            args = tuple(words.pop(word) for word in _FIRST if word in words)[:1]
        if len(args) > 1 and "initial_state" in names:
            args, words = _recurrent(args, words)
        elif len(args) == 2 and not is_cell and import_module("keras._eras").now == "1.2":
            args, words = args[:1], {**words, "mask": args[1]}
        if owner.__name__ in _TAKES_ANYTHING:
            args, words = args[:1], {}
        elif not is_open and not words.keys() <= known:
            words = {word: value for word, value in words.items() if word != "mask" and not (word == "constants" and not value)}
        return call(self, *args, **words)

    understood._reads_old_words = True
    return understood


def _recurrent(args, words):
    """Arguments of a recurrent layer's `call` by name, if those by place stand in the order of Keras 1 and 2."""
    _, second, *more = args
    is_old = (
        (isinstance(second, (torch.Tensor, KerasTensor)) and str(second.dtype).rpartition(".")[2] == "bool")
        or (bool(more) and isinstance(more[0], (bool, int)))
        or (len(more) > 1 and isinstance(more[1], (list, tuple, torch.Tensor, KerasTensor)))
    )
    return (args[:1], {**dict(zip(_RECURRENT, args[1:], strict=False)), **words}) if is_old else (args, words)
