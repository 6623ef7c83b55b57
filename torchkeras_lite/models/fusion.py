"""Fusion: calls that follow each other in a graph and are quicker as one, with the same values and gradients.

- A rectifier behind a layer whose output nobody else reads works in the memory of that output, before the axes are turned back
  into Keras's order. (Behind the turn torch would have to copy: an in-place function of a view is dear in the backward pass.)
- Max pooling comes before the rectifier, with which it commutes: max(relu(a), relu(b)) = relu(max(a, b)). The rectifier then
  meets a quarter of the numbers, and the large tensor in between is never made.

A layer takes part if it is `fusible`. Then it has `raw(x)`: its output before the activation, as new memory that its backward
pass does not read, with the axes as torch has them; and `turned(y)`, which puts them in Keras's order. Whoever looks at single
layers, by hooks or masks, gets them called one by one.
"""

from __future__ import annotations

import torch

from torchkeras_lite import activations
from torchkeras_lite.calls import careful
from torchkeras_lite.graph import Graph
from torchkeras_lite.layer import has_hooks
from torchkeras_lite.layers.activation import ReLU
from torchkeras_lite.layers.core import Activation
from torchkeras_lite.layers.pooling import MaxPooling2D, MaxPooling3D
from torchkeras_lite.symbolic import Node

_POOLS = (MaxPooling2D, MaxPooling3D)
_PACKAGE = __name__.partition(".")[0]


class Fused:
    """Layers that follow each other, as one function of the first one's input.

    Args:
        layers: a fusible layer, the rectifier behind it if that is a layer of its own, and a max pooling, if there is one.
    """

    def __init__(self, layers):
        self.layers = tuple(layers)
        self.first = self.layers[0]
        self.pool = self.layers[-1] if type(self.layers[-1]) in _POOLS else None
        self.rectifiers = [layer for layer in self.layers[1:] if layer is not self.pool]
        self._may_activate = hasattr(self.first, "activation")  # asking each time for what is not there is dear in torch
        self.name = "_then_".join(layer.name for layer in self.layers)

    def __call__(self, x):
        if careful[0] or has_hooks(*self.layers) or not self._is_plain(x):
            return self._one_by_one(x)
        first, pool = self.first, self.pool
        try:
            y = first.raw(x)
        except torch.OutOfMemoryError:
            raise
        except Exception:  # called by itself it will say what is wrong, or fetch x from another device
            return self._one_by_one(x)
        if pool is None:
            return first.turned(y.relu_())
        try:
            return pool.turned(pool.raw(y).relu_())
        except Exception as error:
            pool._explain(error, (first.turned(y),))
            raise

    def _one_by_one(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def _is_plain(self, x) -> bool:
        """Whether the short ways of all the layers would do for x, and nobody has changed what they compute."""
        for layer in self.layers:
            if not layer._direct or layer._policy.name != self.first._policy.name or "call" in layer.__dict__:
                return False
        for layer in self.rectifiers or (self.first,):
            if not rectifies(layer):
                return False
        if self.rectifiers and self._may_activate and self.first.activation not in _NONE:
            return False
        for part in x if type(x) is list else (x,):
            if type(part) is not torch.Tensor or not part.is_floating_point() or part.dtype not in self.first._direct_dtypes:
                return False
        return True


def rectifies(layer) -> bool:
    """Whether what a layer does, or does last, is max(x, 0)."""
    if isinstance(layer, ReLU):
        return type(layer) is ReLU and layer.max_value is None and not layer.negative_slope and not layer.threshold
    return getattr(layer, "activation", None) is activations.relu


def find(graph: Graph) -> dict[Node, tuple[Node, Fused] | None]:
    """What is fused in a graph: the last node of a group -> (its first node, the function); the other nodes of it -> None."""
    readers: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for tensor in node.inputs:
            readers.setdefault(tensor.node, []).append(node)
    kept = {tensor.node for tensor in graph.exits}

    def next_of(node):
        """The node that alone reads what this one makes, and reads nothing else."""
        behind = readers.get(node, [])
        if len(behind) != 1 or node in kept or behind[0].kwargs or len(behind[0].args) != 1:
            return None
        return behind[0] if behind[0].args[0] is node.structure else None

    found: dict[Node, tuple[Node, Fused] | None] = {}
    for node in graph.nodes:
        layer = node.operation
        if node in found or not _takes_part(layer) or len(node.args) != 1 or node.kwargs:
            continue
        group = [node]
        follower = next_of(node)
        if not rectifies(layer):
            separate = follower is not None and type(follower.operation) in (Activation, ReLU)
            if not separate or not rectifies(follower.operation) or getattr(layer, "activation", None) not in _NONE:
                continue
            group.append(follower)
            follower = next_of(follower)
        if follower is not None and type(follower.operation) in _POOLS and _fit(layer, follower.operation):
            group.append(follower)
        if len(group) > 1:
            found.update(dict.fromkeys(group))
            found[group[-1]] = (node, Fused([one.operation for one in group]))
    return found


_NONE = (None, activations.linear)


def _takes_part(layer) -> bool:
    # A user's subclass may compute something else.
    return getattr(layer, "fusible", False) and type(layer).__module__.partition(".")[0] == _PACKAGE


def _fit(layer, pool) -> bool:
    """Whether the pooling can read the layer's output as it is, without turning axes between."""
    return getattr(layer, "_outward", None) == pool._outward and pool.rank == getattr(layer, "rank", None)
