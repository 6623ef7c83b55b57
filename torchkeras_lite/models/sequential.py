"""Sequential: layers in a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from torchkeras_lite import registry
from torchkeras_lite.graph import Graph
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import InputLayer
from torchkeras_lite.layers.torch_module import wrapper_of
from torchkeras_lite.models.entries import Entry
from torchkeras_lite.models.model import Model
from torchkeras_lite.models.wiring import hide, looks_up
from torchkeras_lite.modes import take_over
from torchkeras_lite.shapes import as_shape
from torchkeras_lite.symbolic import KerasTensor, Node, drawing, tensors_in

Tensor = torch.Tensor


def _only_input(model) -> InputLayer | None:
    """The Input of a model that was made of tensors and has one."""
    entries = getattr(model, "_entries", ())
    return entries[0].layer if len(entries) == 1 else None


class Sequential(Model):
    """A model whose layers follow each other.

    It is built as soon as the shape of its input is known (an `Input`, or `input_shape=` of the first layer); otherwise when
    it first sees data. Any torch.nn.Module may stand among the layers. `state_dict()` names layers by position, as
    nn.Sequential does.

    Args:
        layers: a list of layers; more can be added with `add`.
        name: the name of the model.
    """

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None, **kwargs):
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.__dict__["_chain"] = ()  # the layers that compute, in order
        self.__dict__["_entry"] = None  # the InputLayer, once there is one
        self.__dict__["_exit"] = None  # the KerasTensor behind the last layer
        for layer in layers if layers is not None else ():
            self.add(layer)

    is_functional = False  # it is its layers
    _guessed = False  # whether the shape of the input was only seen in data
    output_names = None  # there is one output, whatever targets call it

    # ------------------------------------------------------------ layers

    def add(self, layer: nn.Module, rebuild: bool = True) -> None:
        """Puts a layer (or any torch module) at the end."""
        if isinstance(layer, KerasTensor) and layer.node and isinstance(layer.node.operation, InputLayer):
            layer = layer.node.operation
        if isinstance(layer, nn.Module) and not isinstance(layer, Layer):
            layer = wrapper_of(layer)
        if not isinstance(layer, Layer):
            raise ValueError(
                "Only instances of `keras.Layer` or `torch.nn.Module` can be added to a Sequential model. "
                f"Received: {layer!r} (of type {type(layer)})"
            )
        if isinstance(layer, InputLayer):
            if self._chain or self._entry is not None:
                raise ValueError(
                    f"Sequential model {self.name!r} has already been configured to use input shape "
                    f"{self._entry.batch_shape if self._entry else None}. You cannot add a different Input layer to it."
                )
            self._begin_with(layer)
            return
        if any(known.name == layer.name and known is not layer for known in self._chain):
            raise ValueError(
                "Layers of a Sequential should have unique names. "
                f"{layer.name!r} is there already. The usual fix: pass another `name`."
            )
        given = getattr(layer, "_input_shape_arg", None)
        if not self._chain and self._entry is None:
            nested = layer._entry if isinstance(layer, Sequential) else _only_input(layer)
            if given is not None or nested is not None:
                shape = given if given is not None else nested.batch_shape
                self._begin_at(shape, layer.compute_dtype if nested is None else nested.dtype, layer)
                self.__dict__["_guessed"] = given is None and getattr(layer, "_guessed", False)
        end = None
        if self._exit is not None:  # before it counts as ours: a layer that does not fit is not added
            try:
                end = self._appended(layer, self._exit)
            except Exception:
                if not self._guessed:
                    raise
                self._forget_entry()  # the data that the first model once saw need not be like that of this one
                self.built = False
                self._nodes.clear()
        self._modules[str(len(self._chain))] = layer
        if layer.training is not self.training:
            take_over(layer, self.training)
        self.__dict__.update(_chain=(*self._chain, layer), _exit=end, _direct=False, _function=None)
        if end is not None:
            self._draw()

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the last layer away and returns it."""
        if not self._chain:
            raise TypeError("There are no layers in the model.")
        layer = self._chain[-1]
        del self._modules[str(len(self._chain) - 1)]
        self.__dict__.update(_chain=self._chain[:-1], _direct=False, _function=None)
        if self._entry is not None:
            self.__dict__["_exit"] = tensors_in(self._exit)[0].node.args[0]
            self._draw()
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order, without the InputLayer."""
        return list(self._chain)

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Sequential.layers` attribute is reserved. Use `add()` and `pop()` to change the layers.")

    @property
    def _drawn_keys(self) -> tuple[str, ...]:
        return tuple(str(i) for i in range(len(self._chain)))

    # ------------------------------------------------------------ building

    def _begin_at(self, shape, dtype, first):
        self._begin_with(InputLayer(batch_shape=shape, dtype=dtype, name=self._input_name(first)))

    @staticmethod
    def _input_name(first: Layer) -> str | None:
        """What an Input that is made for the first layer is called; None: as Inputs are."""
        return None

    def _begin_with(self, entry: InputLayer):
        self.__dict__.update(_entry=entry, _exit=entry._node().structure)
        self._enter()

    def _forget_entry(self):
        self.__dict__.update(_entry=None, _exit=None, _graph=None, _entries=(), _lone=None)

    def _enter(self):
        looked_up = bool(self._chain) and looks_up(self._chain[0])
        entry = Entry(self._entry, looked_up, sizes_vary=True, ranks_vary=self._guessed and looked_up)
        self.__dict__.update(_entries=(entry,), _lone=entry)

    @property
    def _graph(self) -> Graph | None:
        graph = self.__dict__.get("_graph")
        if graph is None and self._exit is not None:
            graph = self.__dict__["_graph"] = Graph(self._entry._node().structure, self._exit)
        return graph

    def _appended(self, layer, tensor):
        try:
            with self._named():
                return layer(tensor)
        except Exception as error:
            if hasattr(error, "add_note"):
                error.add_note(f"(while adding layer {layer.name!r} to Sequential model {self.name!r})")
            raise

    def _draw(self):
        """The model as one call from its input to its output: what `input`, `output` and `output_shape` show."""
        self.__dict__.update(_graph=None, _function=None)
        self._enter()
        self._nodes.clear()
        self._nodes.append(Node(self, (self._entry._node().structure,), {}, self._exit, makes_outputs=False))
        if self._chain:
            self.built = True
            self.__dict__["_build_shapes"] = {"input_shape": self._entry.batch_shape}
        drawing.pause()

    def build(self, input_shape: Any = None) -> None:
        """Builds all layers for inputs of this shape (with the batch axis)."""
        if self._entry is None:
            if input_shape is None:
                return
            if not self._chain:
                raise ValueError(f"Sequential model {self.name!r} cannot be built because it has no layers. Call `add()`.")
            shape = as_shape(input_shape)
            if isinstance(shape, dict) or (shape and isinstance(shape[0], (tuple, list, dict))):
                self.built = True  # several tensors enter, so nothing is drawn: the layers build themselves when called
                return
            self._begin_at((None, *shape[1:]), self._chain[0].compute_dtype, self._chain[0])
            try:
                end = self._exit
                for layer in self._chain:
                    end = self._appended(layer, end)
            except NotImplementedError:  # a layer that does not say what comes out: the others build themselves when called
                self._forget_entry()
                self.built = True
                return
            except BaseException:
                self._forget_entry()
                raise
            self.__dict__.update(_exit=end, _guessed=True)
        if self._chain:
            self._draw()

    # ------------------------------------------------------------ calling

    def call(self, inputs, training=None, mask=None, **kwargs):  # as in Keras, other words are let go
        if mask is not None:
            hide(inputs, mask)
        lone = self._lone
        if lone is not None and not (
            type(inputs) is Tensor and inputs.shape[1:] == lone.tail and (inputs.dtype is lone.dtype or lone.dtype is None)
        ):
            inputs = self._entering(inputs)[0]
            if not lone.fits(inputs):
                return self._of_other_sizes(inputs)
        if self._function is not None:
            return self._function(inputs)
        for layer in self._chain:
            inputs = layer(inputs)
        return inputs

    def _of_other_sizes(self, inputs):
        """The output for an input of other sizes than those it was built for, where all layers take them (as in Keras)."""
        given = inputs.shape
        try:
            for layer in self._chain:
                inputs = layer(inputs)
        except (ValueError, TypeError, RuntimeError) as error:
            raise self._lone.misfit(given, self) from error
        return inputs

    def _settle(self):
        super()._settle()
        if self._exit is not None and self._function is None:  # called once, so no more layers are being added
            self._compile_graph()

    def forward(self, *args, **kwargs):
        if not self._chain and self._entry is None:
            raise ValueError(f"Sequential model {self.name!r} has no layers, so it cannot be called. Call `add()` first.")
        return super().forward(*args, **kwargs)

    # ------------------------------------------------------------ config

    def get_config(self) -> dict:
        layers = [*([] if self._entry is None else [self._entry]), *self._chain]
        config = {**self._base_config(), "layers": [registry.serialize(layer) for layer in layers]}
        if self._entry is not None:
            config["build_input_shape"] = self._entry.batch_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = registry.config_of(cls, config)
        with registry.understood(cls):
            model = cls(name=config.get("name"), trainable=config.get("trainable", True), dtype=config.get("dtype"))
            for one in config["layers"]:
                model.add(registry.deserialize(one, custom_objects))
            shape = config.get("build_input_shape")
            if shape and not model.built:
                model.build(shape)
            return model

    # ------------------------------------------------------------ copies

    def __getstate__(self):
        return {**super().__getstate__(), "_exit": None}

    def _take(self, graph):
        self.__dict__["_exit"] = graph.outputs
        self._draw()
