"""Layers that list their weights themselves: `self.trainable_weights = [self.W]`, `self._trainable_weights.append(self.b)`.

What is listed is trained, and what the layers inside have; another variable that the layer holds is not.
"""

from __future__ import annotations

import sys

from torchkeras_lite.layers import Layer, Wrapper
from torchkeras_lite.tracking import release
from torchkeras_lite.variable import Variable

from . import _eras

_track = getattr(Layer._track_variable, "_todays", Layer._track_variable)


def track_variable(self, name, variable):
    """A variable becomes a weight of the layer that it is made an attribute of. Until Keras 2.2 only those that were listed.

    A Wrapper's weights were those of its layer, to which it may have added some: `self.p = self.layer.add_weight(...)`.
    """
    plain = type(variable) is Variable and variable.home is not None
    listed = plain and _eras.now in ("1.2", "2.2") and "tensorflow" not in sys.modules
    wrapped = _eras.now in ("1.2", "2.2", "2.3") and isinstance(self, Wrapper) and any(
        variable is one for one in vars(self.layer).get("_variables", ())
    )  # fmt: skip
    if listed or wrapped:
        object.__setattr__(self, name, variable)
    else:
        _track(self, name, variable)


track_variable._todays = _track


def _own(layer, trained: bool) -> list[Variable]:
    return [one for one in vars(layer).get("_variables", ()) if (one.is_parameter and one._wants_training) is trained]


def _list(layer, name: str, trained: bool, values) -> None:
    """Makes `values` the trained (or the other) weights that the layer has itself."""
    if "_variables" not in vars(layer):
        return  # before `super().__init__()`
    release(layer, name)
    values = [one for one in values if isinstance(one, Variable)]
    known = {id(one.raw) for one in layer.weights}
    for one in values:
        if id(one.raw) not in known:
            place = one.path.rpartition("/")[2].replace(".", "_")
            while hasattr(layer, place):
                place += "_"
            _track(layer, place, one)
    order = {id(one.raw): place for place, one in enumerate(values)}
    before, own = {id(one.raw) for one in _own(layer, trained)}, layer._variables
    mine = sorted((one for one in own if id(one.raw) in order), key=lambda one: order[id(one.raw)])
    others = [one for one in own if id(one.raw) not in order]
    for one in own:
        wanted = trained if id(one.raw) in order else one._wants_training and id(one.raw) not in before
        one.trainable = wanted and layer.trainable
        one._wants_training = wanted
    own[:] = [*mine, *others] if trained else [*others, *mine]


class Listed(list):
    """The weights of one kind that a layer has itself; what is put in or taken out is so in the layer."""

    def __init__(self, layer, name: str, trained: bool):
        super().__init__(_own(layer, trained))
        self._to = layer, name, trained


def _changing(name):
    plain = getattr(list, name)

    def method(self, *args):
        result = plain(self, *args)
        _list(*self._to, self)
        return result

    method.__name__ = name
    return method


for _name in ("append", "extend", "insert", "pop", "remove", "clear", "__iadd__", "__setitem__", "__delitem__"):
    setattr(Listed, _name, _changing(_name))


def _property(name: str, trained: bool, of_today=None):
    read = of_today.fget if of_today is not None else lambda self: Listed(self, name, trained)
    return property(read, lambda self, values: _list(self, name, trained, values))


_today = {name: getattr(Layer, name) for name in ("trainable_weights", "non_trainable_weights")}
trainable_weights = _property("trainable_weights", True, _today["trainable_weights"])
non_trainable_weights = _property("non_trainable_weights", False, _today["non_trainable_weights"])
own_trainable_weights = _property("_trainable_weights", True)
own_non_trainable_weights = _property("_non_trainable_weights", False)
