"""Losses and metrics that ask the layer behind `y_pred` for what went into it, as those of conditional random fields do.

    crf, index = y_pred._keras_history[:2]
    x, mask = crf._inbound_nodes[index].input_tensors[0], crf._inbound_nodes[index].input_masks[0]

In Keras 1 and 2 `y_pred` was the symbolic output of the model, and the tensors of a call were symbolic too. Here both are
values: while such a function runs, the call of the layer tells what went into it in this batch.
"""

from __future__ import annotations

import contextlib
import functools
import types

from torchkeras_lite import KerasTensor

_ASK = {"_keras_history", "_inbound_nodes", "inbound_nodes"}
_now: dict = {}  # a call of a layer -> the tensors that went into it in this batch


def ask_their_layer(function, known=None) -> bool:
    """Whether a function, or one that it calls, looks behind tensors."""
    known = set() if known is None else known
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType) or id(function) in known:
        return False
    known.add(id(function))
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    called = (function.__globals__.get(name) for name in names)
    return not _ASK.isdisjoint(names) or any(
        ask_their_layer(one, known) for one in called if getattr(one, "__module__", None) == function.__module__
    )


class OverItsLayer:
    """A loss or metric `(y_true, y_pred)`, computed while the layer behind `y_pred` tells what went into it.

    Args:
        function: asks that.
        tensor: the model's output.
        together: the OverItsLayer that knows the values; None: this one is given them.
    """

    def __init__(self, function, tensor, together=None):
        self.function = function
        self.node, self.index = tensor.node, tensor.index
        self.tensors_beside = list(self.node.inputs) if together is None else []
        self.values: tuple = ()
        self.together = together

    def __call__(self, y_true, y_pred, *values):
        if isinstance(y_pred, KerasTensor):
            return self.function(y_true, y_pred)
        if values:
            self.values = values
        layer = self.node.operation
        y_pred._keras_history = (layer, next(i for i, one in enumerate(layer._nodes) if one is self.node), self.index)
        with _telling(self.node, list((self.together or self).values)):
            return self.function(y_true, y_pred)


@contextlib.contextmanager
def _telling(node, values):
    _now[node] = values
    try:
        yield
    finally:
        del _now[node]


def input_tensors(node) -> list:
    """What goes into a call of a layer, or went into it in this batch."""
    return _now.get(node) or list(node.inputs)


def input_masks(node) -> list:
    """The masks of these."""
    return [getattr(tensor, "_keras_mask", None) for tensor in input_tensors(node)]


def settled(model, words: dict) -> dict:
    """The arguments of `compile()`, with OverItsLayer where a function asks for it. For models with one output."""
    graph = getattr(model, "_graph", None)
    loss = words.get("loss")
    if graph is None or len(graph.exits) != 1 or not ask_their_layer(loss):
        return words
    tensor = graph.exits[0]
    over = OverItsLayer(loss, tensor)
    metrics = words.get("metrics")
    if isinstance(metrics, (list, tuple)):
        metrics = [_as_function(OverItsLayer(one, tensor, over)) if ask_their_layer(one) else one for one in metrics]
    return {**words, "loss": _as_function(over), "metrics": metrics}


def _as_function(over):
    """What is called as the function is, and in a file too."""

    @functools.wraps(over.function)
    def called(y_true, y_pred, *values):
        return over(y_true, y_pred, *values)

    called.tensors_beside = over.tensors_beside
    return called
