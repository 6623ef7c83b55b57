"""Losses drawn from tensors of a model's graph, not only from its outputs: the variational autoencoder of many tutorials.

Two ways lead here: `model.add_loss(tensor)`, where the tensor was computed from tensors of the graph; and `compile(loss=f)`
with a function that uses such tensors beside its arguments. Either way they are computed along with the outputs.
"""

from __future__ import annotations

import dis
import functools
import types

import torch

from torchkeras_lite import config
from torchkeras_lite.graph import Graph, leaves, only_one
from torchkeras_lite.references import Known
from torchkeras_lite.symbolic import KerasTensor


def seen_by(function, known=None) -> list[KerasTensor]:
    """The KerasTensors that a function, or a function that it calls, finds outside of its arguments."""
    known = set() if known is None else known
    found = []
    while isinstance(function, (functools.partial, types.MethodType)):
        if isinstance(function, functools.partial):
            found += [leaf for leaf in leaves([*function.args, function.keywords]) if isinstance(leaf, KerasTensor)]
        function = function.func if isinstance(function, functools.partial) else function.__func__
    if not isinstance(function, types.FunctionType) or id(function) in known:
        return found
    known.add(id(function))
    for value in _outside_of(function):
        if isinstance(value, types.FunctionType):
            # What lies in other modules than the user's own has never met the tensors.
            found += seen_by(value, known) if value.__module__ == function.__module__ else []
        else:
            found += [leaf for leaf in leaves(value) if isinstance(leaf, KerasTensor)]
    return list(dict.fromkeys(found))


def _outside_of(function):
    """What the names in a function, and in functions written inside it, mean that are neither arguments nor its own."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # a name that nothing has been given yet
    yield from (function.__defaults__ or ())
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in function.__globals__:
                yield function.__globals__[step.argval]


class SideLoss:
    """A loss function that uses tensors of the graph beside its arguments.

    It is drawn when the first targets show what they are like, and from then on computed from values.

    Args:
        function: of `(y_true, y_pred)`.
        model: whose graph it is, and who holds this.
        index: which of the model's outputs is `y_pred`.
        first: the place of its first tensor in the model's `_side_values`.
    """

    def __init__(self, function, model, index: int, first: int):
        self.function, self.model, self.index, self.first = function, Known(model), index, first
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self._drawn: tuple | None = None

    def __call__(self, y_true, y_pred) -> torch.Tensor:
        like = (y_true.shape[1:], y_true.dtype)
        if self._drawn is None or self._drawn[0] != like:
            self._drawn = (like, *self._draw(y_true))
        _, compute, count = self._drawn
        return compute(y_true, y_pred, *self.model()._side_values[self.first : self.first + count])

    def _draw(self, y_true):
        prediction = self.model()._graph.exits[self.index]
        truth = KerasTensor((None, *y_true.shape[1:]), config.dtype_name(y_true.dtype), name="y_true")
        loss = self.function(truth, prediction)
        beside = seen_by(self.function)
        if not isinstance(loss, KerasTensor):
            raise ValueError(f"The loss function {self.__name__!r} is to return a tensor. Received: {loss!r}")
        others = [tensor for tensor in beside if tensor is not prediction]
        entrances = [truth, prediction, *others]
        compute = Graph(entrances, loss).compile(self.__name__)
        if len(others) == len(beside):
            return compute, len(beside)
        at = next(i for i, tensor in enumerate(beside) if tensor is prediction)  # found under two names, it enters once
        return (lambda y, p, *values: compute(y, p, *values[:at], *values[at + 1 :])), len(beside)

    def __getstate__(self):
        return {**self.__dict__, "_drawn": None}


class ValuedLoss:
    """A loss function `(y_true, y_pred, *values)` that says itself which tensors of the graph it wants the values of.

    Args:
        function: with the KerasTensors as `tensors_beside`.
        model: whose graph it is, and who holds this.
        first: the place of its first tensor in the model's `_side_values`.
    """

    def __init__(self, function, model, first: int):
        self.function, self.model, self.first = function, Known(model), first
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, y_true, y_pred) -> torch.Tensor:
        end = self.first + len(self.function.tensors_beside)
        return self.function(y_true, y_pred, *self.model()._side_values[self.first : end])


class SideLosses:
    """The part of a model made from tensors that computes what losses need beside its outputs."""

    _extended: Graph | None = None  # what leads to [outputs, tensors of `add_loss`, tensors that SideLosses use]
    _side_values: tuple | list = ()

    def add_loss(self, loss) -> None:
        """Adds to what training minimises.

        Args:
            loss: a tensor, inside `call()`; or a KerasTensor computed from tensors of the model's graph. Lists of these.

        Raises:
            ValueError: a KerasTensor that does not follow from the model's inputs, or a model that was not made from tensors.
        """
        drawn = [leaf for leaf in leaves(loss) if isinstance(leaf, KerasTensor)]
        if not drawn:
            super().add_loss(loss)
            return
        if self._graph is None:
            raise ValueError(
                f"`add_loss()` was given {drawn[0]!r}, but model {self.name!r} was not made from tensors, so nothing leads to "
                "it. The usual fix: `self.add_loss(loss)` inside `call()`."
            )
        _, losses, sides = self._extended.outputs if self._extended is not None else (None, [], [])
        self._extend([*losses, *drawn], sides)

    def _taking_sides(self, loss):
        """What `compile()` was given as `loss`, with SideLosses for functions that use tensors of the graph."""
        if self._graph is None:
            return loss
        sides: list[KerasTensor] = []
        exits = self._graph.exits
        names = [tensor.node.operation.name for tensor in exits]

        def one(function, index):
            wanted = getattr(function, "tensors_beside", ())
            if wanted:
                valued = ValuedLoss(function, self, len(sides))
                sides.extend(wanted)
                return valued
            found = seen_by(function)
            if not found:
                return function
            side = SideLoss(function, self, index, len(sides))
            sides.extend(found)
            return side

        if isinstance(loss, dict):
            loss = {key: one(value, names.index(key) if key in names else 0) for key, value in loss.items()}
        elif isinstance(loss, (list, tuple)):
            kind = tuple if isinstance(loss, tuple) else list  # which tells what a list of losses beside it means
            loss = kind(one(value, index) for index, value in enumerate(loss))
        elif len(exits) == 1:
            loss = one(loss, 0)
        before = self._extended.outputs if self._extended is not None else (None, [], [])
        if sides or before[2]:
            self._extend(before[1], sides)
        return loss

    def _extend(self, losses: list, sides: list) -> None:
        before, graph = self._extended, self._graph
        wanted = bool(losses or sides)
        self.__dict__["_extended"] = Graph(graph.inputs, [graph.outputs, losses, sides]) if wanted else None
        try:
            self._compile_graph()
        except BaseException:
            self.__dict__["_extended"] = before
            raise
        if wanted:
            self._hold([operation for operation in self._extended.operations if operation not in graph.operations])

    def _with_sides(self, compute):
        """The function that computes the extended graph, as one that gives the outputs and keeps the rest."""

        known = Known(self)

        def forward(*entrances):
            outputs, losses, sides = compute(*entrances)
            model = known()
            model.__dict__["_side_values"] = sides
            if losses:
                model.add_loss(losses)
            return only_one(outputs)

        return forward
