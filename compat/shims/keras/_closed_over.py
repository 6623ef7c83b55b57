"""Lambdas whose functions find tensors of the graph outside of their arguments: `Lambda(lambda x: x * mask)`.

While Keras drew TensorFlow's graphs that was one more edge of the graph. So it is here: the layer is called on them too.
"""

from __future__ import annotations

from torchkeras_lite.graph import Graph, leaves
from torchkeras_lite.models.side_losses import seen_by
from torchkeras_lite.symbolic import is_symbolic


class Opened:
    """A function as one that takes, in a list, the inputs and then the tensors that it found elsewhere.

    Called on anything else it is the function itself.
    """

    def __init__(self, function, compute, count: int):
        self.function, self._compute, self._count = function, compute, count

    def __call__(self, inputs, **words):
        if isinstance(inputs, list) and len(inputs) == self._count and not is_symbolic(inputs):
            return self._compute(*inputs)
        return self.function(inputs, **words)


def opened(layer, args, kwargs):
    """The arguments of a Lambda's call, with the tensors that its function finds outside of them and computes with."""
    function = layer.function.function if isinstance(layer.function, Opened) else layer.function
    if layer._extra or len(args) != 1 or kwargs or not (beside := seen_by(function)):
        return args
    inputs = leaves(args[0])
    others = [tensor for tensor in beside if all(tensor is not one for one in inputs)]
    together = [*inputs, *others]
    try:
        graph = Graph(together, function(args[0], **layer.arguments))
    except Exception:
        return args  # it cannot be drawn; what it does with values is tried next
    if not {*others} & {tensor for node in graph.nodes for tensor in node.inputs}:
        return args  # it asks for their shapes only
    layer.function = Opened(function, graph.compile(layer.name), len(together))
    return (together,)
