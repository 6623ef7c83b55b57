"""Merge: a layer of Keras 1 that makes several tensors into one, and can join Sequential models into one with many inputs."""

from __future__ import annotations

from importlib import import_module

from torchkeras_lite import layers, models, registry
from torchkeras_lite.layers.merging import Merge as TodaysMerge

from . import _methods
from ._layers import merging


class Merge(layers.Layer):
    """The layer of `merge(inputs, mode)`; given models or layers, what it joins when it begins a Sequential.

    Args:
        layers: None, or the models whose outputs it takes: `Sequential([Merge([left, right], mode="concat"), ...])`.
        mode, concat_axis, dot_axes, output_shape, output_mask, arguments: as of `merge`.
    """

    def __init__(
        self, layers=None, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None,
        node_indices=None, tensor_indices=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(name=name, **kwargs)
        self.merging = merging(mode, concat_axis, dot_axes, output_shape, output_mask, arguments)
        given = {"mode": mode, "concat_axis": concat_axis, "dot_axes": dot_axes, "output_shape": output_shape}
        self.__dict__.update(
            branches=list(layers or ()), _given={**given, "output_mask": output_mask, "arguments": arguments}
        )
        self.supports_masking = True

    def get_config(self):
        return {**super().get_config(), **self._given}  # without the branches: what it is called on is in the graph

    def call(self, inputs):
        return self.merging(inputs)

    def compute_mask(self, inputs, mask=None):
        return self.merging.compute_mask(inputs, mask) if mask is not None else None


registry.add_class(Merge, "keras._merge", "Merge")


class ByFunction(TodaysMerge):
    """`_Merge`, from which layers of one's own were derived: a subclass writes `_merge_function(inputs)`."""

    def call(self, inputs):
        return self._merge_function(inputs)


class Branched(models.Functional):
    """What a Sequential becomes that begins with a Merge: a model of several inputs, to whose end layers can be added."""

    keras_module, keras_name = "keras.src.models.functional", "Functional"
    predict_classes, predict_proba = _methods.predict_classes, _methods.predict_proba

    def add(self, layer):
        """Puts a layer at the end."""
        self._wire(self._graph.inputs, layer(self._graph.outputs))


def _joined(model, merge) -> None:
    """Makes the empty Sequential `model` the model of the branches of `merge`."""
    branches = [branch if branch._nodes else models.Sequential([branch]) for branch in merge.branches]
    for branch in branches:
        if not branch._nodes:
            raise ValueError(
                f"Merge cannot join {branch.name!r} yet: its input shape is unknown. Give its first layer an `input_shape`."
            )
    inputs = list(dict.fromkeys(tensor for branch in branches for tensor in _list(branch.input)))
    outputs = merge([branch.output for branch in branches])
    model.__class__ = Branched
    model._wire(inputs, outputs)


def _list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


_add = getattr(models.Sequential.add, "_todays", models.Sequential.add)


def add(self, layer, *args, **kwargs):
    """Puts a layer (or any torch module) at the end."""
    if isinstance(layer, Merge) and layer.branches and not self.layers:
        return _joined(self, layer)
    return _add(self, layer, *args, **kwargs)


add._todays = _add


# A layer whose `__call__` itself draws others (`return Dense(4)(x)`) stood for those: Keras 1 and 2 trained them, and listed
# them in its place. Keras 3 lists the layer, and leaves the others as they are, which nobody can have wanted.
_appended, _layers = (getattr(one, "_todays", one) for one in (models.Sequential._appended, models.Sequential.layers.fget))


def appended(self, layer, tensor):
    """What comes out of the layer. What it drew in its own place becomes a part of it."""
    end = _appended(self, layer, tensor)
    if type(layer).__call__ is not layers.Layer.__call__:
        drawn = _drawn_between(tensor, end)
        if drawn and layer not in drawn:
            layer._drawn_in_its_place = drawn
    return end


def _drawn_between(start, end) -> list:
    """The layers that lead from one tensor to another, in the order of their calls."""
    found, known, waiting = [], {id(start.node)}, [(end.node, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            found.append(node.operation)
        elif node is not None and id(node) not in known:
            known.add(id(node))
            waiting += [(node, True), *((tensor.node, False) for tensor in reversed(node.inputs))]
    return [one for one in dict.fromkeys(found) if isinstance(one, layers.Layer)]


def layers_of(self) -> list:
    """The layers, in order, without the InputLayer."""
    held = _layers(self)
    if import_module("keras._eras").now == "3":
        return held
    return [one for layer in held for one in vars(layer).get("_drawn_in_its_place") or (layer,)]


appended._todays, layers_of._todays = _appended, _layers
layers_of = property(layers_of, models.Sequential.layers.fset)


_from_config = getattr(models.Sequential.from_config.__func__, "_todays", models.Sequential.from_config.__func__)


def from_config(cls, config, *args, **kwargs):
    """A Sequential of this config; one that began with a Merge has that of a graph."""
    if isinstance(config, dict) and "input_layers" in config:
        model = models.Functional.from_config(config, *args, **kwargs)
        model.__class__ = Branched
        eras = import_module("keras._eras")
        return model if eras.now == "3" else eras._marked(model)
    return _from_config(cls, config, *args, **kwargs)


from_config._todays = _from_config
from_config = classmethod(from_config)
