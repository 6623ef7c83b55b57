"""clone_model: the same model once more, with weights of its own."""

from __future__ import annotations

import inspect

from torch.utils import _pytree as pytree

from torchkeras_lite import registry
from torchkeras_lite.graph import mapped
from torchkeras_lite.layers.core import Input, InputLayer
from torchkeras_lite.metrics import Metric
from torchkeras_lite.models import graph_config
from torchkeras_lite.models.functional import Functional
from torchkeras_lite.models.sequential import Sequential
from torchkeras_lite.optimizers import Optimizer
from torchkeras_lite.symbolic import KerasTensor, Op, record_op
from torchkeras_lite.tree import flatten

_WORDS = {"output_shape_argument": "output_shape"}  # attribute -> the argument that it keeps, where the names differ


def clone_model(model, input_tensors=None, clone_function=None, call_function=None, recursive: bool = False, **kwargs):
    """A model with equal layers, whose weights are new. It is compiled if the old one is, with an optimizer of its own.

    Args:
        model: a Sequential, a functional model, or a subclassed one that has a config.
        input_tensors: KerasTensors (or Inputs) that the new model begins with, instead of Inputs like the old ones.
        clone_function: `layer -> layer`, instead of making a new one from the layer's config; it is not asked for Inputs.
        call_function: `(layer, *args, **kwargs) -> outputs`, called instead of the new layer (functional models only).
        recursive: whether the layers of models inside are cloned by `clone_function` too.

    Raises:
        ValueError: an argument that this kind of model does not take.
    """
    made = kwargs.pop("cache", None)
    if kwargs:
        raise ValueError(f"Unexpected keyword argument(s): {tuple(kwargs)}")
    made = {} if made is None else made
    clone = _cloner(clone_function, call_function, recursive, made)
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "`call_function` is not supported with Sequential models, whose layers are listed, not called. Received: "
                f"model={model.name!r}"
            )
        return _compiled_alike(_sequential(model, clone, input_tensors), model)
    plain = isinstance(model, Functional) and type(model).get_config is Functional.get_config
    if model._graph is not None and (plain or clone_function or input_tensors or call_function):
        return _compiled_alike(_functional(model, clone, call_function, input_tensors), model)
    for name, value in (("clone_function", clone_function), ("input_tensors", input_tensors), ("call_function", call_function)):
        if value is not None:
            raise ValueError(
                f"`{name}` is only for functional and Sequential models. Received: {type(model).__name__} {model.name!r}"
            )
    return registry.deserialize(registry.serialize(model), {type(model).__name__: type(model)})


def _cloner(clone_function, call_function, recursive, made):
    make = clone_function or _alike

    def clone(layer):
        if id(layer) not in made:
            if recursive and (isinstance(layer, Sequential) or getattr(layer, "_graph", None) is not None):
                called = None if isinstance(layer, Sequential) else call_function
                made[id(layer)] = clone_model(layer, None, clone_function, called, True, cache=made)
            else:
                made[id(layer)] = make(layer)
        return made[id(layer)]

    return clone


def _alike(layer):
    """A new layer with the same settings. A function of the user's among them is the very one that the old layer has."""
    if type(layer) in (Sequential, Functional):
        return clone_model(layer)
    config = layer.get_config()
    for name, value in vars(layer).items():
        name = _WORDS.get(name, name)
        if name in config and inspect.isfunction(value):
            config[name] = value
    return type(layer).from_config(config)


def _compiled_alike(new, model):
    if not model.compiled or not isinstance(model.optimizer, Optimizer):
        return new
    given = {**model._compile_arguments, "optimizer": type(model.optimizer).from_config(model.optimizer.get_config())}
    for word in ("metrics", "weighted_metrics"):
        given[word] = pytree.tree_map(_fresh, given.get(word))
    new.compile(**given)
    return new


def _fresh(metric):
    """A metric with the same settings and a count of its own."""
    return type(metric).from_config(metric.get_config()) if isinstance(metric, Metric) else metric


def _sequential(model, clone, input_tensors):
    entry = model._entry
    layers = [clone(layer) for layer in model.layers]
    if input_tensors is not None:
        tensors = flatten(input_tensors)
        if len(tensors) != 1:
            raise ValueError(f"Argument `input_tensors` must contain a single tensor. Received: input_tensors={input_tensors}")
        entry = _entry_of(tensors[0])
    elif entry is not None:
        entry = InputLayer.from_config(entry.get_config())
    return Sequential([*([] if entry is None else [entry]), *layers], name=model.name, trainable=model.trainable)


def _entry_of(tensor):
    node = tensor.node if isinstance(tensor, KerasTensor) else None
    if node is not None and isinstance(node.operation, InputLayer):
        return node.operation
    return Input(batch_shape=tuple(tensor.shape), dtype=str(tensor.dtype)).node.operation


def _functional(model, clone, call_function, input_tensors):
    graph, new = model._graph, {}
    olds: list = []
    mapped(graph.inputs, olds.append)
    if input_tensors is not None:
        tensors = flatten(input_tensors)
        if isinstance(graph.inputs, dict) != isinstance(input_tensors, dict) and len(olds) > 1:
            raise ValueError(
                "`input_tensors` must have the same structure as model.input, so that it is clear which is which. Received: "
                f"{input_tensors}, where the model has {graph.inputs}"
            )
        if len(tensors) != len(olds):
            raise ValueError(f"`input_tensors` needs {len(olds)} tensors, as the model has inputs. Received: {len(tensors)}")
        new.update(zip(olds, (_entry_of(tensor).output for tensor in tensors), strict=True))
    operations: dict = {}
    for node in graph.nodes:
        operation = node.operation
        if isinstance(operation, InputLayer):
            if node.structure not in new:
                new[node.structure] = InputLayer.from_config(operation.get_config()).output
            continue
        args, kwargs = mapped((node.args, node.kwargs), lambda tensor: new[tensor])
        if isinstance(operation, Op):
            twin = operations.setdefault(operation, Op(operation.kind, operation.function, operation.name))
            outputs = record_op(twin, args, kwargs)
        else:
            twin = clone(operation)
            outputs = twin(*args, **kwargs) if call_function is None else call_function(twin, *args, **kwargs)
        found: list = []
        mapped(outputs, found.append)
        new.update(zip(node.outputs, found, strict=True))
    ends = [mapped(end, lambda tensor: new[tensor]) for end in (graph.inputs, graph.outputs)]
    cls = type(model) if graph_config.is_made_from_tensors(type(model)) else Functional
    return cls(*ends, name=model.name)
