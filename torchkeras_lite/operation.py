"""Operations of users: functions with settings, that symbolic tensors draw and files keep."""

from __future__ import annotations

from abc import ABC
from typing import Any

import torch

from torchkeras_lite import config, registry, symbolic, tree
from torchkeras_lite.graph import Graph, leaves, only_one
from torchkeras_lite.layer import Layer
from torchkeras_lite.variable import tensor_of


class Operation(registry.Configurable, ABC):
    """A computation without state. A subclass writes `call`; in a graph it is one node, and its config is its constructor's.

    Whether `isinstance(x, Operation)`: layers and the functions of `ops` in a graph are operations too.

    Args:
        name: unique in a model; made from the class name when left out.

    Raises:
        ValueError: a name that is no string or has a `/` in it.
    """

    keras_module = "keras"

    def __init__(self, name: str | None = None):
        if name is not None:
            registry.check_name(name)
        self.name = name or registry.unique_name(registry.snake_case(type(self).__name__))
        self._nodes = symbolic.Nodes()

    def call(self, *args, **kwargs):
        """Computes the output. Subclasses write this."""
        raise NotImplementedError(f"The operation {type(self).__name__} must define `call()`.")

    def __call__(self, *args, **kwargs):
        return self.symbolic_call(*args, **kwargs) if symbolic.is_symbolic(args, kwargs) else self.call(*args, **kwargs)

    def symbolic_call(self, *args, **kwargs):
        """Draws a call on KerasTensors, and returns those that come out."""
        outputs = self.compute_output_spec(*args, **kwargs)
        self._nodes.append(symbolic.Node(self, args, kwargs, outputs))
        symbolic.drawing.begin()
        return outputs

    def compute_output_spec(self, *args, **kwargs):
        """The KerasTensors that come out for the KerasTensors that go in: found by running `call` on zeros of their shapes."""
        try:
            return symbolic.infer(self.call, args, kwargs)
        except Exception as error:
            if hasattr(error, "add_note"):
                error.add_note(
                    f"(while the operation {self.name!r} ({type(self).__name__}) was tried out, to find what shape it returns: "
                    "mend `call()`, or write `compute_output_spec()`)"
                )
            raise

    def _first_call(self) -> symbolic.Node:
        if not self._nodes:
            raise AttributeError(
                f"The operation {self.name!r} has never been called on a symbolic tensor: it has no defined input or output."
            )
        return self._nodes[0]

    @property
    def input(self):
        """The KerasTensor (or list of them) of its first symbolic call."""
        return only_one(self._first_call().inputs)

    @property
    def output(self):
        """What its first symbolic call returned."""
        return self._first_call().structure

    def _base_config(self) -> dict:
        return {"name": self.name}

    def get_build_config(self) -> None:
        """Nothing: it has no state to build."""

    def __getstate__(self):
        return {**self.__dict__, "_nodes": symbolic.Nodes()}  # a graph copies its calls

    def __repr__(self):
        return f"<Operation name={self.name}>"


Operation.register(Layer)
Operation.register(symbolic.Op)


class Function(Operation):
    """The calls that lead from some KerasTensors to others, as one function: a model without what makes it a layer.

    Args:
        inputs, outputs: KerasTensors, or lists, tuples and dicts of them.

    Raises:
        ValueError: no inputs, no outputs, or outputs that do not follow from the inputs; when called: other inputs than those.
    """

    def __init__(self, inputs, outputs, name: str | None = None):
        super().__init__(name)
        for word, structure in (("inputs", inputs), ("outputs", outputs)):
            if not leaves(structure):
                raise ValueError(f"`{word}` argument cannot be empty. Received: {word}={structure!r}")
        self._graph = Graph(inputs, outputs)
        self._forward = self._graph.compile(self.name)

    @property
    def inputs(self) -> list:
        return list(self._graph.entrances)

    @property
    def outputs(self) -> list:
        return list(self._graph.exits)

    @property
    def operations(self) -> list:
        """The layers and operations in it, those farthest from the outputs first."""
        return list(self._graph.operations)

    def call(self, inputs):
        """The outputs for these inputs, in the structure of `outputs`."""
        given = [self._convert(value) for value in leaves(inputs)]
        entrances = self._graph.entrances
        if len(given) != len(entrances) or not all(map(_fits, given, entrances)):
            raise ValueError(
                f"The function {self.name!r} takes {self._graph.inputs!r}. "
                f"Received: {len(given)} inputs, of shapes {[tuple(value.shape) for value in given]}"
            )
        made = self._forward(*given)
        alone = only_one(self._graph.outputs) is not self._graph.outputs
        return type(self._graph.outputs)([made]) if alone else made

    def _convert(self, value):
        return value if isinstance(value, (torch.Tensor, symbolic.KerasTensor)) else tensor_of(value, None, config.get_device())

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs for inputs of this shape, or structure of shapes (None: varies)."""
        dtypes = iter([tensor.dtype for tensor in self._graph.entrances])
        spec = tree.map_shape_structure(lambda shape: symbolic.KerasTensor(shape, next(dtypes)), input_shape)
        return tree.map_structure(lambda tensor: tensor.shape, self.compute_output_spec(spec))


def _fits(value, tensor: symbolic.KerasTensor) -> bool:
    """Whether a tensor may stand where `tensor` stands in a graph: sizes that vary may be any."""
    return len(value.shape) == len(tensor.shape) and all(
        None in (a, b) or a == b for a, b in zip(value.shape, tensor.shape, strict=True)
    )
