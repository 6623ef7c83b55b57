"""What a layer holds as its attributes: weights, layers and torch modules, metrics, and lists and dicts of them."""

from __future__ import annotations

import torch
from torch import nn

from torchkeras_lite.metrics import Metric
from torchkeras_lite.modes import take_over
from torchkeras_lite.tracking import is_on, release, track
from torchkeras_lite.variable import Variable

_PLAIN = (int, float, str, bool, bytes, type(None))


class Holding:
    """The part of Layer that takes notice of what becomes an attribute."""

    def __setattr__(self, name, value):
        modules = self.__dict__.get("_modules")
        if modules is None:
            if type(value) not in _PLAIN:
                self.__dict__.setdefault("_early", []).append(name)  # before `super().__init__()`, which looks at it anew
            object.__setattr__(self, name, value)
            return
        if name in self.__dict__.get("_contents", ()) and not isinstance(value, (list, dict, tuple)):
            release(self, name)  # a list of layers makes room for something else
        if type(value) in _PLAIN and name not in self._parameters and name not in self._buffers and name not in modules:
            object.__setattr__(self, name, value)
            if name in ("built", "autocast"):
                self.__dict__["_direct"] = False
            elif name == "forward":
                self.__dict__["_forward_is_a_users"] = True
        elif not is_on():
            self.__dict__[name] = value
        elif isinstance(value, Variable):
            self._track_variable(name, value)
        elif isinstance(value, nn.Module):
            if name in self._parameters or name in self._buffers:
                _make_room(self, name)
            if value.training is not self.training:
                take_over(value, self.training)
            self.__dict__.pop(name, None)
            nn.Module.__setattr__(self, name, value)
            if hasattr(type(self), name):
                self.__dict__[name] = value  # a name of ours or torch's own: torch looks among the modules last
                if name == "forward":
                    self.__dict__["_forward_is_a_users"] = True
        elif isinstance(value, (list, dict, tuple)):
            object.__setattr__(self, name, track(value, self, name))
            if name == "forward":
                self.__dict__["_forward_is_a_users"] = True
        else:
            if isinstance(value, Metric) and not any(value is known for known in self._metrics):
                self._metrics.append(value)
            if name in modules:
                self.__dict__.pop(name, None)
                if value is not None:
                    del modules[name]  # torch would keep the place for modules
            if isinstance(value, torch.Tensor) or name in modules or name in self._parameters or name in self._buffers:
                nn.Module.__setattr__(self, name, value)
            else:
                object.__setattr__(self, name, value)  # which is what torch comes to, after many questions
            if name == "activity_regularizer":
                self.__dict__["_direct"] = False

    def __delattr__(self, name):
        value = self.__dict__.get(name)
        if isinstance(value, Variable):
            object.__delattr__(self, name)
            self._untrack_variable(value)
        else:
            super().__delattr__(name)

    @property
    def layers_inside(self) -> list:
        """The layers directly inside, in order, those in lists and dicts too."""
        found = []
        for child in self._modules.values():
            found += [child] if isinstance(child, Holding) else _layers_in(child)
        return list(dict.fromkeys(found))  # under however many names, once

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list:
        """This layer and those inside, those inside these too."""
        below = [module for module in nn.Module.modules(self) if isinstance(module, Holding)][1:]
        inside = below if recursive else self.layers_inside
        return [self, *inside] if include_self else inside

    _drawn_keys: tuple[str, ...] = ()  # of the modules that stand in a model's `layers`, under no attribute of their own

    def __dir__(self):
        return sorted({*super().__dir__()} - {*self._drawn_keys})  # counted names differ from one such model to the next

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that it holds, and those of the layers inside."""
        held = [metric for module in nn.Module.modules(self) if isinstance(module, Holding) for metric in module._metrics]
        return list({id(metric): metric for metric in held}.values())

    @property
    def metrics_variables(self) -> list[Variable]:
        return [variable for metric in self.metrics for variable in metric.variables]


def _make_room(layer: Holding, name: str) -> None:
    """A weight was added under this name, and now an attribute of this name holds something else: it gets another key."""
    count = 1
    while hasattr(layer, f"{name}_{count}"):
        count += 1
    for table in (layer._parameters, layer._buffers):
        if name in table:
            table[f"{name}_{count}"] = table.pop(name)
    for variable in layer._variables:
        if variable._module is layer.own_tables and variable._key == name:
            variable._key = f"{name}_{count}"


def _layers_in(module) -> list:
    """The layers nearest to the surface of a container or torch module."""
    if module is None:
        return []
    found = []
    for child in module._modules.values():
        found += [child] if isinstance(child, Holding) else _layers_in(child)
    return found
