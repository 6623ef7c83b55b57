"""Fusion: calls that follow each other in a graph and are quicker as one, with the same values and gradients.

- A rectifier behind a layer whose output nobody else reads works in the memory of that output, before the axes are turned back
  into Keras's order. (Behind the turn torch would have to copy: an in-place function of a view is dear in the backward pass.)
- A sum of two tensors, one of which nobody else reads, is made in the memory of that one: so residual blocks end.
- Max pooling comes before the rectifier, with which it commutes: max(relu(a), relu(b)) = relu(max(a, b)). The rectifier then
  meets a quarter of the numbers, and the large tensor in between is never made.

A layer takes part if it is `fusible`. Then it has `raw(x)`: its output before the activation, as new memory that its backward
pass does not read, with the axes as torch has them; `turned(y)`, which puts them in Keras's order; and `turned_in(x)`, which
puts them in torch's. Whoever looks at single layers, by hooks or masks, gets them called one by one.
"""

from __future__ import annotations

import torch

from torchkeras_lite import activations
from torchkeras_lite.calls import careful
from torchkeras_lite.graph import Graph
from torchkeras_lite.layer import has_hooks
from torchkeras_lite.layers.activation import ReLU
from torchkeras_lite.layers.core import Activation
from torchkeras_lite.layers.merging import Add
from torchkeras_lite.layers.pooling import MaxPooling2D, MaxPooling3D
from torchkeras_lite.symbolic import KerasTensor, Node

_POOLS = (MaxPooling2D, MaxPooling3D)
_PACKAGE = __name__.partition(".")[0]


class Fused:
    """Layers that follow each other, as one function of the first one's input.

    Args:
        layers: a fusible layer, the rectifier behind it if that is a layer of its own, and a max pooling, if there is one.
    """

    adds = False

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

    def _is_plain(self, x, *others) -> bool:
        """Whether the short ways of all the layers would do for these tensors, and nobody has changed what they compute."""
        for layer in self.layers:
            if not layer._direct or layer._policy.name != self.first._policy.name or "call" in layer.__dict__:
                return False
        for layer in self.rectifiers or (() if self.adds else (self.first,)):
            if not rectifies(layer):
                return False
        if (self.rectifiers or self.adds) and self._may_activate and self.first.activation not in _NONE:
            return False
        for part in (*x, *others) if type(x) is list else (x, *others):
            if type(part) is not torch.Tensor or not part.is_floating_point() or part.dtype not in self.first._direct_dtypes:
                return False
        return True


class Summed(Fused):
    """A layer, an Add of its output and another tensor, and the rectifier behind if there is one, as one function.

    It is called with the input of the first and the other tensor.

    Args:
        layers: these.
        turn: whether the Add was given the other tensor first.
    """

    adds = True

    def __init__(self, layers, turn):
        super().__init__(layers)
        self.turn, self.rectifiers = turn, list(layers[2:])

    def __call__(self, x, other):
        if careful[0] or has_hooks(*self.layers) or not self._is_plain(x, other):
            return self._rest(self.first(x), other)
        first = self.first
        try:
            y = first.raw(x)
        except torch.OutOfMemoryError:
            raise
        except Exception:
            return self._rest(first(x), other)
        other = first.turned_in(other) if len(other.shape) == len(y.shape) else other
        if other.shape == y.shape:
            try:
                y.add_(other)
            except RuntimeError:  # the other one has an axis of torch.vmap that this one has not
                y = y + other
            return first.turned(y.relu_() if self.rectifiers else y)
        return self._rest(first.turned(y), first.turned(other) if len(other.shape) == len(y.shape) else other)

    def _rest(self, y, other):
        y = self.layers[1]([other, y] if self.turn else [y, other])
        for layer in self.rectifiers:
            y = layer(y)
        return y


class Joined:
    """The inputs of a function that stands for several calls, as a node has those of one."""

    def __init__(self, *inputs):
        self.args, self.kwargs, self.inputs = inputs, {}, inputs


def rectifies(layer) -> bool:
    """Whether what a layer does, or does last, is max(x, 0)."""
    if isinstance(layer, ReLU):
        return type(layer) is ReLU and layer.max_value is None and not layer.negative_slope and not layer.threshold
    return getattr(layer, "activation", None) is activations.relu


def find(graph: Graph) -> dict[Node, tuple[Node | Joined, Fused] | None]:
    """What is fused in a graph: the last node of a group -> (what it is given, the function); the other nodes of it -> None."""
    readers: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for tensor in node.inputs:
            readers.setdefault(tensor.node, []).append(node)
    kept = {tensor.node for tensor in graph.exits}

    def reader_of(node):
        """The node that alone reads what this one makes."""
        behind = readers.get(node, [])
        if len(behind) != 1 or node in kept or behind[0].kwargs or len(behind[0].args) != 1:
            return None
        return behind[0]

    def next_of(node):
        """The node that alone reads what this one makes, and reads nothing else."""
        behind = reader_of(node)
        return behind if behind is not None and behind.args[0] is node.structure else None

    found: dict[Node, tuple[Node | Joined, Fused] | None] = {}
    for node in graph.nodes:
        layer = node.operation
        for place, before in _summands(node):
            if before not in found and reader_of(before) is node:
                group, follower = [before, node], next_of(node)
                if follower is not None and type(follower.operation) in (Activation, ReLU) and rectifies(follower.operation):
                    group.append(follower)
                found.update(dict.fromkeys(group))
                function = Summed([one.operation for one in group], turn=place == 1)
                found[group[-1]] = Joined(before.args[0], node.args[0][1 - place]), function
                break
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


def _summands(node):
    """The calls whose outputs an Add of two tensors adds, where they can take part, each with its place in the list."""
    pair = node.args[0] if type(node.operation) is Add and len(node.args) == 1 and not node.kwargs else ()
    if isinstance(pair, (list, tuple)) and len(pair) == 2:
        for place in (1, 0):
            before = getattr(pair[place], "node", None)  # a constant has none
            if (
                before is not None
                and isinstance(pair[1 - place], KerasTensor)
                and before.structure is pair[place]
                and _takes_part(before.operation)
                and type(before.operation) is not Add
                and getattr(before.operation, "activation", None) in _NONE
                and not before.kwargs
                and len(before.args) == 1
            ):
                yield place, before


def _takes_part(layer) -> bool:
    # A user's subclass may compute something else.
    return getattr(layer, "fusible", False) and type(layer).__module__.partition(".")[0] == _PACKAGE


def _fit(layer, pool) -> bool:
    """Whether the pooling can read the layer's output as it is, without turning axes between."""
    return getattr(layer, "_outward", None) == pool._outward and pool.rank == getattr(layer, "rank", None)
