"""`keras.engine` and its files: what Keras 1 and 2 showed of the machinery, as far as it is public today."""

from __future__ import annotations

from importlib import import_module

from keras.models import Functional, Model, Sequential, load_model, save_model
from torchkeras_lite import InputSpec, KerasTensor
from torchkeras_lite.layers import Input, InputLayer, Layer
from torchkeras_lite.symbolic import Node

from ._layers import merge
from ._merge import Merge
from ._tables import PATHS
from ._utils import make_batches, slice_arrays, to_list

Container = Network = Model
__path__ = []  # there are modules below it, by rows
__all__ = [
    "Container", "Functional", "Input", "InputLayer", "InputSpec", "KerasTensor", "Layer", "Merge", "Model", "Network",
    "Node", "Sequential", "get_source_inputs", "load_model", "make_batches", "merge", "save_model", "slice_X", "slice_arrays",
    "to_list",
]  # fmt: skip

slice_X = slice_arrays


def __getattr__(name):
    if f"engine.{name}" in PATHS:  # `keras.engine.topology.Layer`, without an import of the module
        return import_module(f"keras.engine.{name}")
    raise AttributeError(f"module 'keras.engine' has no attribute {name!r} (this is torchkeras_lite under Keras's name)")


def get_source_inputs(tensor, layer=None, node_index=None):
    """The KerasTensors, made by Inputs, from which a KerasTensor follows."""
    found, seen, todo = {}, set(), [tensor]
    while todo:
        one = todo.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if one.node is None or not one.node.inputs:
            found[one] = None
        else:
            todo += one.node.inputs
    return list(found)
