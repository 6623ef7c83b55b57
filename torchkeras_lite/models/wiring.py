"""Wired: the half of a Model that knows the graph of calls between its inputs and its outputs, where it has one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.calls import require_care
from torchkeras_lite.graph import Graph, leaves, mapped
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import Embedding, InputLayer
from torchkeras_lite.models import fusion
from torchkeras_lite.models.entries import Entry, in_order
from torchkeras_lite.models.side_losses import SideLosses
from torchkeras_lite.shown import Shown
from torchkeras_lite.symbolic import KerasTensor, Node, drawing
from torchkeras_lite.texts import is_texts

Tensor = torch.Tensor


class Wired(SideLosses):
    """A model made from KerasTensors: `_wire` draws its graph, `call` runs it."""

    takes_sparse = True  # the entries say which input is to be dense
    _graph: Graph | None = None
    _function: Callable | None = None  # the graph as a function
    _entries: tuple = ()
    _lone: Entry | None = None  # the entry of a model with one, given as a tensor

    def _wire(self, inputs: Any, outputs: Any) -> None:
        """Takes the calls that lead from `inputs` to `outputs` as what the model computes."""
        for name, structure in (("inputs", inputs), ("outputs", outputs)):
            strange = [leaf for leaf in leaves(structure) if not isinstance(leaf, KerasTensor)]
            if strange or not leaves(structure):
                raise ValueError(
                    f"All `{name}` of a model must be KerasTensors: what `Input(...)` returns, and what layers return for it. "
                    f"Received: {name}={structure!r}" + (f", with {strange[0]!r} of type {type(strange[0])}" if strange else "")
                )
        graph = Graph(inputs, outputs)
        inner = [tensor for tensor in graph.entrances if tensor.node is None or tensor.node.inputs]
        if inner:  # a piece of another model: it begins with Inputs of its own, and its calls are drawn once more
            begin = {t: InputLayer(batch_shape=t.shape, dtype=t.dtype, name=f"{t.name}CLONE").output for t in inner}
            graph = graph.redrawn(begin)
        self._take(graph)
        self._hold(graph.operations)
        self.built = True

    def _hold(self, operations) -> None:
        """Makes the layers among these modules of this one."""
        for layer in operations:
            if isinstance(layer, Layer) and not isinstance(layer, InputLayer):
                self._modules[self._key_for(layer)] = layer
        self.__dict__["_drawn_keys"] = tuple(self._modules)

    def _take(self, graph: Graph) -> None:
        self.__dict__["_graph"] = graph
        self._compile_graph()
        self._nodes.begin_with(Node(self, (graph.inputs,), {}, graph.outputs, makes_outputs=False))
        self._enter()
        drawing.pause()

    def _compile_graph(self) -> None:
        """Makes the graph the function that `call` runs."""
        graph = self._extended or self._graph
        function = graph.compile(self.name, fusion.find(graph))
        self.__dict__["_function"] = function if self._extended is None else self._with_sides(function)

    def _enter(self) -> None:
        graph = self._graph
        entries = []
        for tensor in graph.entrances:
            readers = [node.operation for node in graph.nodes if any(tensor is given for given in node.inputs)]
            looked_up = bool(readers) and all(map(looks_up, readers))
            takes_sparse = tensor.sparse and any(getattr(reader, "takes_sparse", True) for reader in readers)
            entries.append(Entry(tensor.node.operation, keeps_integers=looked_up, takes_sparse=takes_sparse))
        alone = isinstance(graph.inputs, KerasTensor) or (isinstance(graph.inputs, (list, tuple)) and len(entries) == 1)
        self.__dict__.update(_entries=tuple(entries), _lone=entries[0] if alone else None)

    def _key_for(self, layer: Layer) -> str:
        """The layer's name, such that torch finds it as an attribute: not one that the model's class uses itself."""
        key = re.sub(r"\W", "_", layer.name) or "_"
        while hasattr(type(self), key) or key in self.__dict__ or self._modules.get(key, layer) is not layer:
            key += "_"
        return key

    # ------------------------------------------------------------ what it is made of

    @property
    def is_functional(self) -> bool:
        """Whether it was made from tensors, and so is its graph."""
        return self._graph is not None

    @Shown
    def inputs(self) -> list[KerasTensor]:
        """The KerasTensors that enter, in a row."""
        drawing.begin()
        return list(self._drawn().entrances)

    @Shown
    def outputs(self) -> list[KerasTensor]:
        """The KerasTensors that come out, in a row."""
        drawing.begin()
        return list(self._drawn().exits)

    @Shown
    def operations(self) -> list:
        """The layers and functions of the graph, those farthest from the outputs first."""
        return list(self._drawn().operations)

    @Shown
    def input_names(self) -> list[str]:
        return [tensor.node.operation.name for tensor in self._drawn().entrances]

    @Shown
    def output_names(self) -> list[str]:
        return [tensor.node.operation.name for tensor in self._drawn().exits]

    @Shown
    def code(self) -> str:
        """What the model computes, as the Python function that `call` runs."""
        graph = self._drawn()
        return graph.source(fusion.find(graph))

    def _drawn(self) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"Model {self.name!r} has no graph of inputs and outputs. The usual fix: give it an `Input`, or build it from "
                "one: `Model(inputs, outputs)`."
            )
        return self._graph

    def __setattr__(self, name, value):
        if isinstance(value, Layer) and self._drawn_keys and self._has_place_for(value):
            object.__setattr__(self, name, value)  # a second name for a layer of the graph; torch is to see it once
        else:
            super().__setattr__(name, value)

    def _has_place_for(self, layer) -> bool:
        return any(self._modules.get(key) is layer for key in self._drawn_keys)

    @property
    def input(self):
        """The KerasTensors that enter, in the structure in which the model was made from them."""
        drawing.begin()
        return self._graph.inputs if self._graph is not None else super().input

    @property
    def output(self):
        """The KerasTensors that come out, in the structure in which the model returns its outputs."""
        drawing.begin()
        return self._graph.outputs if self._graph is not None else super().output

    @Shown
    def input_shape(self):
        if self._graph is None:
            return super().input_shape
        shapes = [tensor.shape for tensor in self._graph.entrances]
        return shapes[0] if len(shapes) == 1 else shapes

    @Shown
    def output_shape(self):
        if self._graph is None:
            return super().output_shape
        shapes = [tensor.shape for tensor in self._graph.exits]
        return shapes[0] if len(shapes) == 1 else shapes

    # ------------------------------------------------------------ calling

    @property
    def computes(self) -> bool:
        """Whether it has a `call`, its own or that of its graph."""
        return type(self).call is not Wired.call or self._function is not None

    def call(self, inputs, training=None, mask=None, **kwargs):  # as in Keras, other words are let go
        if self._function is None:
            raise NotImplementedError(
                f"Model {type(self).__name__} does not have a `call()` method implemented. Write one, or make the model from "
                "tensors: `Model(inputs, outputs)`."
            )
        if mask is not None:
            hide(inputs, mask)
        lone = self._lone
        if (
            lone is not None
            and type(inputs) is Tensor
            and inputs.shape[1:] == lone.tail
            and (inputs.dtype is lone.dtype or lone.dtype is None)
        ):
            return self._function(inputs)
        return self._function(*self._entering(inputs))

    def _training_among(self, args):
        """Tensors one after the other, as other modules of torch take several, are the inputs."""
        if len(args) > 1 and len(args) == len(self._entries) and all(isinstance(x, (Tensor, KerasTensor)) for x in args):
            return (list(args),), None
        return super()._training_among(args)

    def _entering(self, inputs) -> list[Tensor]:
        """A tensor for each entry, in its rank and dtype."""
        entries = self._entries
        found = in_order(inputs, self._graph.inputs, entries, self)
        ready = []
        for x, entry in zip(found, entries, strict=True):
            if x is None:
                if not entry.layer.optional:
                    raise ValueError(
                        f"The input {entry.layer.name!r} of model {self.name!r} is not optional, but None was passed."
                    )
            elif x.shape[1:] != entry.tail or x.dtype is not entry.dtype:
                mask = getattr(x, "_keras_mask", None)
                x = entry.standardized(x, self)
                if mask is not None:
                    x._keras_mask = mask
            ready.append(x)
        return ready

    def _cast(self, x, integers):
        return x if self._entries else super()._cast(x, integers)  # an entry says which dtype it takes

    def _reader(self):
        return super()._reader() or (None if self._graph is None or self._has_own_steps() else self._without_texts)

    def _without_texts(self, x):
        """Of a dict what the model takes, and what else are numbers: names and the like stand beside them in tables."""
        if not isinstance(x, dict):
            return x
        inputs = self._graph.inputs
        names = {*inputs} if isinstance(inputs, dict) else {entry.layer.name for entry in self._entries}
        return {key: value for key, value in x.items() if key in names or not is_texts(value)} or x

    def _matched(self, x):
        """Inputs in the structure, ranks and dtypes that the model was made with."""
        if isinstance(x, Tensor) and self._lone is not None:
            return self._lone.standardized(x, self)
        by_entrance = dict(zip(self._graph.entrances, self._entering(x), strict=True))
        return mapped(self._graph.inputs, by_entrance.__getitem__)

    def _infer(self, args, kwargs):
        if self._graph is not None and len(args) == 1 and not kwargs:
            given = leaves(args[0])
            if len(given) == len(self._entries) and all(map(_covers, self._graph.entrances, given)):
                return mapped(self._graph.outputs, lambda t: KerasTensor(t.shape, t.dtype))  # known already
        return super()._infer(args, kwargs)

    def _settle(self):
        super()._settle()
        if self._graph is not None:
            dtypes = {entry.dtype for entry in self._entries}
            if None not in dtypes:
                self.__dict__["_direct_dtypes"] = frozenset(dtypes)

    def _apply(self, fn, recurse=True):
        before = self.compute_dtype
        super()._apply(fn, recurse)
        if self._graph is not None:
            for entry in self._entries:
                if entry.layer.dtype == before != self.compute_dtype:
                    entry.layer.__dict__["_input_dtype"] = self.compute_dtype
            self._enter()
            self._apply_to_constants(fn)
        return self

    def _apply_to_constants(self, fn):
        """Tensors that stand in calls of functions go where the weights go."""
        changed = False
        for node in (self._extended or self._graph).nodes:
            given = pytree.tree_leaves((node.args, node.kwargs))
            if any(type(leaf) is Tensor for leaf in given):
                move = partial(_moved, fn)
                node.args, node.kwargs = pytree.tree_map(move, (node.args, node.kwargs))
                changed = True
        if changed and self._function is not None:
            self._compile_graph()

    # ------------------------------------------------------------ copies

    def __getstate__(self):
        graph, state = self._graph, super().__getstate__()
        if graph is not None:
            state.update(_graph=graph, _function=None, _entries=(), _lone=None, _side_values=())
            state["_arguments"] = graph.packed(state.get("_arguments", {}))
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        graph = state.get("_graph")
        if graph is not None:
            self.__dict__["_arguments"] = graph.unpacked(self.__dict__["_arguments"])
            self._take(graph)


def hide(inputs, mask) -> None:
    """Gives each input its mask, which the layers inside find there."""
    require_care()
    for x, hidden in zip(leaves(inputs), leaves(mask), strict=True):
        if hidden is not None:
            x._keras_mask = hidden


def looks_up(operation) -> bool:
    """Whether an operation takes its input as indices: an Embedding, or a model that begins with one."""
    return isinstance(operation, Embedding) or getattr(getattr(operation, "_lone", None), "keeps_integers", False)


def _moved(fn, leaf):
    return fn(leaf) if type(leaf) is Tensor else leaf


def _covers(entrance: KerasTensor, given) -> bool:
    """Whether a model made for `entrance` gives for `given` what it gives for `entrance` itself."""
    return isinstance(given, KerasTensor) and given.dtype == entrance.dtype and given.shape == entrance.shape
