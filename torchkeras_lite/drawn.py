"""What a layer is in a graph: called on symbolic tensors, and asked what went in and what came out."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from torchkeras_lite import input_spec, nested, symbolic
from torchkeras_lite.calls import away_from_losses
from torchkeras_lite.shapes import tensors_of_shape
from torchkeras_lite.shown import Shown

_PACKAGE = __name__.partition(".")[0]


def _of_shapes(shape, dtype):
    """A KerasTensor for each shape, in the structure that they are in."""
    if isinstance(shape, dict):
        return {key: _of_shapes(value, dtype) for key, value in shape.items()}
    if any(isinstance(size, (list, tuple, dict)) for size in shape):
        return type(shape)(_of_shapes(value, dtype) for value in shape)
    return symbolic.KerasTensor(shape, dtype)


class Drawn:
    """The half of Layer that deals with KerasTensors."""

    def symbolic_call(self, *args, **kwargs):
        """Draws a call on KerasTensors, and returns those that come out."""
        return self._call_symbolic(args, kwargs)

    def _call_symbolic(self, args, kwargs):
        """Called on KerasTensors: builds, finds out what comes out, and draws a Node."""
        training = kwargs.pop("training", None)
        if not self.built:
            with self._named():
                self._build_for(args, kwargs)
        first = args[0] if args else next(iter(kwargs.values()))
        input_spec.check(self.input_spec, first, self.name)
        if training is not None and self._signature.training:
            kwargs["training"] = training
        given = type(self).compute_output_spec is not Drawn.compute_output_spec
        outputs = self.compute_output_spec(*args, **kwargs) if given else self._infer(args, kwargs)
        self._nodes.append(symbolic.Node(self, args, kwargs, outputs))
        symbolic.drawing.begin()
        return outputs

    def _infer(self, args, kwargs):
        try:
            with away_from_losses(self):
                return symbolic.infer(self._entrance, args, kwargs, self._device(), self._goes_by_rows)
        except Exception:
            shape = self._declared_shape(args, kwargs)
            if shape is None:
                raise
            return _of_shapes(shape, self.compute_dtype)

    def _goes_by_rows(self) -> bool:
        """Whether all that is called is a layer of this package or of torch's: they do the same to many rows as to few."""
        for module in nn.Module.modules(self):
            graph = getattr(module, "_graph", None)
            if type(module).__module__.partition(".")[0] not in (_PACKAGE, "torch") or type(module).__name__ == "Lambda":
                return False
            if graph is not None and any(isinstance(operation, symbolic.Op) for operation in graph.operations):
                return False
        return True

    def _declared_shape(self, args, kwargs):
        """The output shape that a user's `compute_output_shape` gives, for layers that cannot be tried."""
        if type(self).compute_output_shape is Drawn.compute_output_shape:
            return None
        shapes = self._shapes_of(args, kwargs)
        wanted = list(inspect.signature(self.compute_output_shape).parameters)
        named = {name: shapes[name.removesuffix("_shape")] for name in wanted if name.removesuffix("_shape") in shapes}
        if len(wanted) > 1 and named:
            return self.compute_output_shape(**named)
        return self.compute_output_shape(next(iter(shapes.values())))

    def compute_output_spec(self, *args, **kwargs):
        """The KerasTensors that come out for the KerasTensors that go in."""
        if not self.built:
            self._build_for(args, kwargs)
        return self._infer(args, kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input of this shape (None: varies)."""
        spec = self.compute_output_spec(tensors_of_shape(input_shape, self.compute_dtype))
        return nested.mapped(lambda leaf: leaf.shape, spec)

    def _node(self):
        if not self._nodes:
            raise AttributeError(
                f"The layer {self.name!r} has never been called on a symbolic tensor and thus has no defined input or "
                "output. Give the model an `Input`, or call it once."
            )
        return self._nodes[0]

    @property
    def input(self):
        """The KerasTensor (or list of them) of its first symbolic call."""
        symbolic.drawing.begin()
        inputs = self._node().inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self):
        """The KerasTensor (or list of them) that its first symbolic call returned."""
        symbolic.drawing.begin()
        outputs = self._node().outputs
        return outputs[0] if len(outputs) == 1 else outputs

    @Shown
    def input_shape(self):
        shapes = [tensor.shape for tensor in self._node().inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @Shown
    def output_shape(self):
        shapes = [tensor.shape for tensor in self._node().outputs]
        return shapes[0] if len(shapes) == 1 else shapes
