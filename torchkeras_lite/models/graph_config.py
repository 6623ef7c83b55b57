"""A graph as plain data, in the words of Keras 3: its layers, and for each of their calls where the arguments come from."""

from __future__ import annotations

import inspect
import operator
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, registry
from torchkeras_lite.graph import mapped
from torchkeras_lite.layers.core import InputLayer
from torchkeras_lite.models import tensorflow_functions
from torchkeras_lite.operation import Operation
from torchkeras_lite.symbolic import NAMED, KerasTensor, Op, op_named, record_op, torch_functions

_KERAS_OPS = "keras.src.ops.numpy"
_TORCH_OPS = "torchkeras_lite.torch"
TENSORFLOW = "torchkeras_lite.tensorflow"  # the module of functions in graphs of Keras 2


def is_made_from_tensors(cls) -> bool:
    """Whether `cls(inputs, outputs, ...)` makes a model of this class."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return any(p.kind is p.VAR_POSITIONAL for p in parameters) or {"inputs", "outputs"} <= {p.name for p in parameters}


def to_config(model) -> dict:
    """The config of a model made from tensors."""
    graph = model._graph
    found: dict[str, Any] = {"name": model.name, "trainable": model.trainable, "layers": []}
    for operation in graph.operations:
        one = _serialized(operation)
        one["name"] = operation.name
        one["inbound_nodes"] = [_node(*_call(node), graph) for node in graph.calls_of(operation) if node.inputs]
        found["layers"].append(one)

    def place(tensor):
        name, call, output = graph.history(tensor)
        # Keras counts the calls of a model inside from 1 here (and only here).
        return [name, call + _counts_from_one(tensor.node.operation), output]

    found["input_layers"], found["output_layers"] = mapped(graph.inputs, place), mapped(graph.outputs, place)
    return found


def _counts_from_one(operation) -> bool:
    return hasattr(operation, "_graph") and "functional" in type(operation).__name__.lower()


def _node(args, kwargs, graph) -> dict:
    """A call. Keras writes down a `training` that nobody asked for, and passes over it; ours holds: see `_asked_for`."""
    written = {"args": _arguments(args, graph), "kwargs": _arguments(kwargs, graph)}
    return {**written, "pinned": ["training"]} if kwargs.get("training") is not None else written


def _asked_for(node, kwargs) -> dict:
    """The keyword arguments in a file that hold whatever the model is called with: `training` only if it says so."""
    return {key: value for key, value in kwargs.items() if key != "training" or "training" in node.get("pinned", ())}


def _call(node):
    """The arguments of a call. Of a named operation only the tensors: its settings stand in its config, as in Keras."""
    named = NAMED.get(node.operation.function) if isinstance(node.operation, Op) else None
    if named is None:
        return node.args, node.kwargs
    tensors, _, further = _tensors_and_settings(node)
    return tensors, further


def _tensors_and_settings(node) -> tuple[tuple, dict, dict]:
    """What a named operation was called with, apart: its tensors in Keras's order, its settings by name, and its `**kwargs`."""
    named, signature = NAMED[node.operation.function], inspect.signature(node.operation.function)
    bound = signature.bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    tensors: list = []
    for name in named.tensors:
        several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        tensors += bound.arguments[name] if several else [bound.arguments[name]]
    open_ended = [name for name, parameter in signature.parameters.items() if parameter.kind is inspect.Parameter.VAR_KEYWORD]
    further = bound.arguments.pop(open_ended[0], {}) if open_ended else {}
    return tuple(tensors), {key: value for key, value in bound.arguments.items() if key not in named.tensors}, further


def rejoined(function, tensors, settings: dict) -> tuple[list, dict]:
    """Arguments for a call of a named operation, out of what a file keeps apart (see `_tensors_and_settings`)."""
    parameters, values, given = inspect.signature(function).parameters, dict(settings), list(tensors)
    args: list = []
    for name in NAMED[function].tensors:
        if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            values[name], given = given, []
        elif given:
            values[name] = given.pop(0)
    for name, parameter in parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            args += values.pop(name)
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY or name not in values:
            break
        else:
            args.append(values.pop(name))
    return args, values


def _serialized(operation) -> dict:
    if isinstance(operation, Op) and operation.function in NAMED:
        named = NAMED[operation.function]
        settings = _tensors_and_settings(operation._nodes[0])[1]
        return {
            "module": named.module,
            "class_name": named.kind,
            "config": {"name": operation.name, **registry.serialize(settings)},
            "registered_name": named.kind,
        }
    if isinstance(operation, Op):
        ours = operation.kind.startswith("torch.")
        return {
            "module": _TORCH_OPS if ours else _KERAS_OPS,
            "class_name": torch.overrides.resolve_name(operation.function) if ours else operation.kind,
            "config": {"name": operation.name},
            "registered_name": operation.kind,
        }
    return registry.serialize(operation)


def _arguments(value, graph):
    def placed(tensor):
        history = list(graph.history(tensor))
        where = {"shape": list(tensor.shape), "dtype": tensor.dtype, "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": where}

    def named(leaf):
        return {"class_name": "__torch_dtype__", "config": config.dtype_name(leaf)} if isinstance(leaf, torch.dtype) else leaf

    value = registry.serialize(pytree.tree_map(named, mapped(value, placed)))
    return list(value) if isinstance(value, tuple) else value


def from_config(cls, given: dict, custom_objects=None):
    """The model of class `cls` that `to_config` described."""
    with registry.CustomObjectScope(custom_objects or {}):
        made = {one["name"]: _deserialized(one) for one in given["layers"]}
        calls: dict[str, list] = {name: [] for name in made}
        waiting = {one["name"]: list(one["inbound_nodes"]) for one in given["layers"]}
        for name, layer in made.items():
            if isinstance(layer, InputLayer):
                calls[name].append(layer.output)
        while any(waiting.values()):
            before = sum(map(len, waiting.values()))
            for name, nodes in waiting.items():
                while nodes:
                    try:
                        args, kwargs = (_revived(nodes[0][part], calls) for part in ("args", "kwargs"))
                    except _NotYet:  # a shared layer whose other call comes first
                        break
                    layer, kwargs = made[name], _asked_for(nodes[0], kwargs)
                    if "mask" in kwargs and kwargs["mask"] is None:
                        del kwargs["mask"]  # Keras writes it down for each layer that would take one
                    if isinstance(layer, Op) and layer.function in NAMED:
                        args, kwargs = rejoined(layer.function, args, kwargs | _settings(given["layers"], name))
                    if isinstance(layer, Op) and layer.function is operator.getitem:
                        args = [args[0], tuple(args[1]) if isinstance(args[1], list) else args[1]]  # JSON knows lists only
                    outputs = record_op(layer, args, kwargs) if isinstance(layer, Op) else layer(*args, **kwargs)
                    calls[name].append(outputs)
                    nodes.pop(0)
            if sum(map(len, waiting.values())) == before:
                stuck = [name for name, nodes in waiting.items() if nodes]
                raise ValueError(
                    "The config of a model is not valid: the inputs of these layers never come to be, perhaps in a loop: "
                    f"{stuck}"
                )
    try:
        ends = [_found(given[part], made, calls) for part in ("input_layers", "output_layers")]
    except _NotYet:
        raise ValueError("The config of a model is not valid: an output is that of a call that is not in it.") from None
    known = ("name", "layers", "input_layers", "output_layers", "trainable", "dtype")
    more = {key: registry.deserialize(value, custom_objects) for key, value in given.items() if key not in known}
    return cls(*ends, name=given.get("name"), trainable=given.get("trainable", True), **more)


def _deserialized(one):
    name = one["class_name"]
    if one.get("module") == TENSORFLOW:
        return tensorflow_functions.find(name)
    if one.get("module") == _TORCH_OPS:
        return Op(f"torch.{name.rpartition('.')[2]}", _torch_function(name), one["name"])
    if str(one.get("module")).startswith(("keras.src.ops.", "keras.src.activations.", "keras.src.quantizers.")):
        function = op_named(name, one["module"])
        if function is None:
            raise ValueError(f"The model uses Keras's operation {name!r}, which is not known here.")
        return Op(name, function, one["name"])
    layer = registry.deserialize(one)
    if not isinstance(layer, Operation):
        raise ValueError(f"Expected a layer in the config of a model. Received: {layer!r} (of type {type(layer)})")
    return layer


def _torch_function(name):
    function = torch_functions().get(name)
    if function is None:
        raise ValueError(f"The model uses a torch function {name!r}, which torch does not have.")
    return function


def _settings(layers, name) -> dict:
    """The settings in the config of a named operation."""
    config = next(one["config"] for one in layers if one["name"] == name)
    return {key: registry.deserialize(value) for key, value in config.items() if key != "name"}


class _NotYet(Exception):
    """A tensor that no call has made so far."""


def _revived(value, calls):
    """Arguments of a call, with the tensors that exist by now."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        name, call, output = value["config"]["keras_history"]
        return _output(calls, name, call, output)
    if isinstance(value, dict) and value.get("class_name") == "__torch_dtype__":
        return config.torch_dtype(value["config"])
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _revived(part, calls) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_revived(part, calls) for part in value)
    return registry.deserialize(value)


def _output(calls, name, call, output) -> KerasTensor:
    if name not in calls:
        raise ValueError(f"The config of a model is not valid: there is no layer {name!r}, whose output is asked for.")
    if len(calls[name]) <= call:
        raise _NotYet
    tensors: list[KerasTensor] = []
    mapped(calls[name][call], tensors.append)
    return tensors[output]


def _found(structure, made, calls):
    if isinstance(structure, dict):
        return {key: _found(part, made, calls) for key, part in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str):
        name, call, output = structure
        return _output(calls, name, call - _counts_from_one(made.get(name)), output)
    return type(structure)(_found(part, made, calls) for part in structure)
