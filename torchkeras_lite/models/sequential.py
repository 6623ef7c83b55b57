"""Sequential: layers in a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from torchkeras_lite import registry, symbolic
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import Embedding, InputLayer, TorchModuleWrapper
from torchkeras_lite.models.model import Model
from torchkeras_lite.shapes import as_shape


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
        self.__dict__["_tail"] = None  # the sizes of an input behind the batch axis
        for layer in layers if layers is not None else ():
            self.add(layer)

    # ------------------------------------------------------------ layers

    def add(self, layer: nn.Module, rebuild: bool = True) -> None:
        """Puts a layer (or any torch module) at the end."""
        if isinstance(layer, symbolic.KerasTensor) and layer.node and isinstance(layer.node.operation, InputLayer):
            layer = layer.node.operation
        if isinstance(layer, nn.Module) and not isinstance(layer, Layer):
            layer = TorchModuleWrapper(layer)
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
                "All layers added to a Sequential model should have unique names. Name "
                f"{layer.name!r} is already the name of a layer in this model. Pass another `name`."
            )
        given = getattr(layer, "_input_shape_arg", None)
        if not self._chain and self._entry is None:
            nested = layer._entry if isinstance(layer, Sequential) else None
            if given is not None or nested is not None:
                shape = given if given is not None else nested.batch_shape
                self._enter(shape, _entry_dtype(layer) if nested is None else nested.dtype)
        end = None
        if self._exit is not None:  # before it counts as ours: a layer that does not fit is not added
            end = self._appended(layer, self._exit)
        self._modules[str(len(self._chain))] = layer
        if layer.training is not self.training:
            layer.train(self.training)
        self.__dict__["_chain"] = (*self._chain, layer)
        self.__dict__["_direct"] = False
        self.__dict__["_exit"] = end
        if end is not None:
            self._draw()

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the last layer away and returns it."""
        if not self._chain:
            raise TypeError("There are no layers in the model.")
        layer = self._chain[-1]
        del self._modules[str(len(self._chain) - 1)]
        self.__dict__["_chain"] = self._chain[:-1]
        self.__dict__["_direct"] = False
        if self._entry is not None:
            self.__dict__["_exit"] = self._chain[-1].output if self._chain else self._entry.output
            self._draw()
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order, without the InputLayer."""
        return list(self._chain)

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Sequential.layers` attribute is reserved and should not be used. Use `add()` and `pop()`.")

    # ------------------------------------------------------------ building

    def _enter(self, shape, dtype):
        self._begin_with(InputLayer(batch_shape=shape, dtype=dtype))

    def _begin_with(self, entry: InputLayer):
        self.__dict__.update(_entry=entry, _exit=entry.output, _tail=entry.batch_shape[1:])

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
        self._nodes.clear()
        start, end = self._entry.output, self._exit
        node = symbolic.Node.__new__(symbolic.Node)
        node.operation, node.args, node.kwargs = self, (start,), {}
        node.structure, node.inputs, node.outputs = end, [start], [end]
        self._nodes.append(node)
        if self._chain:
            self.built = True
            self.__dict__["_build_shapes"] = {"input_shape": self._entry.batch_shape}

    def build(self, input_shape: Any = None) -> None:
        """Builds all layers for inputs of this shape (with the batch axis)."""
        if self._entry is None:
            if input_shape is None:
                return
            if not self._chain:
                raise ValueError(f"Sequential model {self.name!r} cannot be built because it has no layers. Call `add()`.")
            shape = as_shape(input_shape)
            self._enter((None, *shape[1:]), _entry_dtype(self._chain[0]))
            try:
                end = self._exit
                for layer in self._chain:
                    end = self._appended(layer, end)
            except BaseException:
                self.__dict__["_entry"] = self.__dict__["_exit"] = None
                raise
            self.__dict__["_exit"] = end
        if self._chain:
            self._draw()

    def _apply(self, fn, recurse=True):
        before = self.compute_dtype
        super()._apply(fn, recurse)
        if self._entry is not None and self._entry.dtype == before != self.compute_dtype:
            self._entry.__dict__["_input_dtype"] = self.compute_dtype
        return self

    # ------------------------------------------------------------ calling

    def call(self, inputs):
        if self._entry is not None and isinstance(inputs, torch.Tensor) and inputs.shape[1:] != self._tail:
            inputs = self._standardized(inputs)
        for layer in self._chain:
            inputs = layer(inputs)
        return inputs

    def _settle(self):
        super()._settle()
        if self._entry is not None and not isinstance(self._chain[0], Embedding):
            # Integers are cast to what the InputLayer says, which the careful path does.
            self.__dict__["_direct_dtypes"] = frozenset({self._entry.torch_input_dtype()})

    def forward(self, *args, **kwargs):
        if not self._chain:
            raise ValueError(f"Sequential model {self.name!r} has no layers, so it cannot be called. Call `add()` first.")
        return super().forward(*args, **kwargs)

    def _convert(self, value, integers=False):
        value = super()._convert(value, integers)
        return self._standardized(value) if isinstance(value, torch.Tensor) and self._entry is not None else value

    def _standardized(self, x):
        """The input with the rank and dtype of the InputLayer: (batch,) becomes (batch, 1) where that is what is wanted."""
        entry = self._entry
        if entry is None or not isinstance(x, torch.Tensor):
            return super()._standardized(x)
        shape, wanted = tuple(x.shape), entry.batch_shape
        if len(shape) == len(wanted) - 1 and wanted[-1] in (1, None) and len(wanted) > 1:
            x = x.unsqueeze(-1)
        elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
            x = x.squeeze(-1)
        if len(x.shape) != len(wanted) or any(
            b is not None and a != b for a, b in zip(x.shape[1:], wanted[1:], strict=True)
        ):
            raise ValueError(
                f"Invalid input shape for model {self.name!r}. Expected shape {wanted}, but the input has incompatible shape "
                f"{shape}." + _shape_hint(shape, wanted)
            )
        kept = x.dtype
        if isinstance(self._chain[0] if self._chain else None, Embedding):
            return x  # integers are what an Embedding is about; through floats, large ones would change
        target = entry.torch_input_dtype()
        return x if kept is target else x.to(target)

    # ------------------------------------------------------------ config

    @property
    def inputs(self) -> list:
        return self._node().inputs

    @property
    def outputs(self) -> list:
        return self._node().outputs

    def get_config(self) -> dict:
        layers = []
        for layer in ([self._entry] if self._entry is not None else []) + list(self._chain):
            one = registry.serialize(layer)
            shapes = None if isinstance(layer, InputLayer) else layer.get_build_config()
            if shapes is not None:
                one["build_config"] = shapes
            layers.append(one)
        config = {**self._base_config(), "layers": layers}
        if self._entry is not None:
            config["build_input_shape"] = self._entry.batch_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        model = cls(name=config.get("name"), trainable=config.get("trainable", True), dtype=config.get("dtype"))
        for one in config["layers"]:
            model.add(registry.deserialize(one, custom_objects))
        shape = config.get("build_input_shape")
        if shape and not model.built:
            model.build(shape)
        return model


def _entry_dtype(layer):
    return layer.compute_dtype


def _shape_hint(shape, wanted) -> str:
    if len(shape) == len(wanted) - 1 and all(b is None or a == b for a, b in zip(shape, wanted[1:], strict=True)):
        return f" The batch axis is missing. The usual fix: `x[None]`, which has shape {(1, *shape)}."
    return " (None stands for the batch axis, which the data must have.)"
