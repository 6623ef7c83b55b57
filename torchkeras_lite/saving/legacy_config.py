"""Configs as Keras 2 wrote them, in today's words. The other way round: legacy_words.py; Keras 1: keras1.py.

Old files name classes without a module, keep a layer's input shape in the layer, and list calls as
[name, call, output, settings].
Settings that a class no longer has are left out if they say nothing (None, False, 1, nothing in a list); others raise.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

from torchkeras_lite import registry
from torchkeras_lite.saving import cudnn

_CLASSES = {
    "Model": "Functional", "Policy": "DTypePolicy", "PolicyV1": "DTypePolicy", "GroupedQueryAttention": "GroupQueryAttention",
}  # fmt: skip
_RENAMED = {  # class -> old setting -> today's
    "LeakyReLU": {"alpha": "negative_slope"},
    "Adam": {"lr": "learning_rate"}, "SGD": {"lr": "learning_rate"}, "RMSprop": {"lr": "learning_rate"},
    "Adagrad": {"lr": "learning_rate"}, "Adadelta": {"lr": "learning_rate"}, "Adamax": {"lr": "learning_rate"},
    "Nadam": {"lr": "learning_rate"}, "Ftrl": {"lr": "learning_rate"},
}  # fmt: skip
_FORGOTTEN = {  # settings whose meaning has gone: of any class, and of single ones
    "": {"batch_input_shape", "input_dtype", "input_length", "dynamic", "is_legacy_optimizer", "implementation"},
    "InputLayer": {"ragged", "sparse"},
    "MultiHeadAttention": {"query_shape", "key_shape", "value_shape"},
    **{f"SeparableConv{rank}D": {f"kernel_{kind}" for kind in ("initializer", "regularizer", "constraint")} for rank in (1, 2)},
    **{name: {"jit_compile"} for name in ("SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")},
}
_TENSORFLOW = "torchkeras_lite.tensorflow"  # where graph_config looks for functions of TensorFlow
_LAYERS, _INITIALIZERS = "keras.layers", "keras.initializers"  # there is an Identity in either
_NOTHING = (None, False, 0, 1, 0.0, [], {}, "auto", "float32")
_VALUES = {"softmax_v2": "softmax", "relu_v2": "relu"}


@registry.register_keras_serializable("torchkeras_lite")
def steep_hard_sigmoid(x):
    """What "hard_sigmoid" means in files of Keras 1 and 2: x / 5 + 1/2, between 0 and 1. Keras 3 has x / 6 + 1/2."""
    return torch.nn.functional.hardsigmoid(x * 1.2)


steep_hard_sigmoid.by_element = True


HARD_SIGMOID = registry.serialize(steep_hard_sigmoid)


def modern(config: dict, module: str = "keras") -> dict:
    """The config of a model or layer, as `registry.deserialize` reads it. `module` is that of its class if it names none."""
    name = config["class_name"].removeprefix("Custom>") if isinstance(config["class_name"], str) else config["class_name"]
    name = _CLASSES.get(name, name)
    inner = config.get("config")
    if name in cudnn.CLASSES and registry.find_class(name) is None:
        name = cudnn.CLASSES[name]
        inner = {**inner, **cudnn.SETTINGS[name]}
    if name == "Functional" or (isinstance(inner, dict) and {"layers", "input_layers"} <= inner.keys()):
        inner = _graph(inner)
    elif isinstance(inner, list) or (isinstance(inner, dict) and "layers" in inner and name == "Sequential"):
        inner = _chain(inner)
    elif inner is None or isinstance(inner, dict):
        inner = _settings(name, inner or {})
    else:
        raise ValueError(f"The config of {name!r} is not valid: it is {inner!r}, not a dict.")
    made = {"module": config.get("module") or module, "class_name": name, "config": inner}
    given = config.get("registered_name")
    made["registered_name"] = name if given in (None, *cudnn.CLASSES) else given
    return made | {key: config[key] for key in ("build_config",) if config.get(key)}


def as_meant(config: Any, key: str = "") -> Any:
    """The config of a release before Keras 3, with names that have another meaning now replaced by what they meant."""
    if isinstance(config, dict):
        return {key: as_meant(value, key) for key, value in config.items()}
    if isinstance(config, list):
        return [as_meant(value) for value in config]
    return {**HARD_SIGMOID} if config == "hard_sigmoid" and key.endswith("activation") else config


def _chain(inner) -> dict:
    given = {"layers": inner} if isinstance(inner, list) else dict(inner)
    layers = []
    for one in given["layers"]:
        shape = (one.get("config") or {}).get("batch_input_shape") if isinstance(one.get("config"), dict) else None
        if not layers and shape is not None and one["class_name"] != "InputLayer":
            dtype = one["config"].get("dtype") if one["class_name"] != "Embedding" else "float32"
            dtype = dtype if isinstance(dtype, str) else "float32"
            layers.append(modern({"class_name": "InputLayer", "config": {"batch_shape": shape, "dtype": dtype}}))
        layers.append(modern(one, _LAYERS))
    kept = {key: given[key] for key in ("name", "trainable", "build_input_shape") if given.get(key) is not None}
    return {**kept, "layers": layers}


def _graph(inner: dict) -> dict:
    layers = []
    for one in inner["layers"]:
        name = one.get("name") or one["config"]["name"]
        if _is_operation(one):
            layers.append({"module": "keras.src.ops.numpy", **one})
            continue
        if one["class_name"] in ("TFOpLambda", "SlicingOpLambda"):
            calls = [_node(node) for node in one.get("inbound_nodes", [])]
            function = {"module": _TENSORFLOW, "class_name": one["config"]["function"], "config": {}}
            layers.append({**function, "name": name, "inbound_nodes": calls})
            continue
        settings = {**one["config"], "name": name} if isinstance(one["config"], dict) else one["config"]
        layer = modern({**one, "config": settings}, _LAYERS)
        layer.pop("build_config", None)  # the calls build it
        layers.append({**layer, "name": name, "inbound_nodes": [_node(node) for node in one.get("inbound_nodes", [])]})
    ends = {key: _ends(inner[key]) for key in ("input_layers", "output_layers")}
    _count_calls_from_zero(layers, ends)
    return {**{key: inner[key] for key in ("name", "trainable") if key in inner}, "layers": layers, **ends}


def _count_calls_from_zero(layers: list, ends: dict) -> None:
    """Models inside of a model were called once before, by themselves; Keras 2 counts that call where it names theirs."""
    calls = {layer["name"]: len(layer["inbound_nodes"]) for layer in layers if is_model(layer)}
    found: dict[str, list] = {name: [] for name in calls}
    where = [one for one in _places([layer["inbound_nodes"] for layer in layers]) if one[0] in calls]
    where += [one for one in _lists(list(ends.values())) if one[0] in calls]
    for place in where:
        found[place[0]].append(place)
    for name, places in found.items():
        before = max((place[1] for place in places), default=0) - calls[name] + 1
        for place in places if before > 0 else ():
            place[1] -= before


def _places(value) -> list:
    """Where the tensors in some arguments come from: lists of layer, call, output."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"]]
        value = list(value.values())
    return [place for one in value for place in _places(one)] if isinstance(value, list) else []


def _lists(value) -> list:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
        return [value]
    return [place for one in value for place in _lists(one)]


def _is_operation(one) -> bool:
    """Keras 3 leaves out the module of an operation, too; but its config has nothing of what that of each layer has."""
    if ".ops" in str(one.get("module")):
        return True
    is_new = any(isinstance(node, dict) for node in one.get("inbound_nodes", ()))
    return is_new and not {"trainable", "dtype", "layers", "batch_shape"} & one["config"].keys()


def _ends(value):
    """A lone tensor stands in a list of one in old files."""
    lone = isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)
    return value[0] if lone and isinstance(value[0][0], str) else value


def _node(node) -> dict:
    if isinstance(node, dict):
        return node  # Keras 3's
    if isinstance(node, list) and node and isinstance(node[0], str):
        node = [node]  # a single tensor
    if not isinstance(node, list):
        raise ValueError(f"The config of a model is not valid: a call is written as {node!r}.")
    settings = next((one[3] for one in node if len(one) > 3 and one[3]), {})
    tensors = [_tensor(one) for one in node]
    kwargs = {key: _argument(value) for key, value in settings.items() if key != "name"}
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": kwargs, "pinned": list(kwargs)}


def _argument(value):
    """A tensor among the settings is written as [name, call, output]."""
    is_tensor = isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str)
    if is_tensor and value[0] == "_CONSTANT_VALUE":
        return value[2]
    if is_tensor and isinstance(value[1], int) and isinstance(value[2], int):
        return _tensor(value)
    if isinstance(value, list):
        return [_argument(one) for one in value]
    return value


def _tensor(one) -> dict:
    if one[0] == "_CONSTANT_VALUE":
        return one[2]
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": list(one[:3])}}


# ---------------------------------------------------------------- settings


def _settings(name: str, given: dict) -> dict:
    found = registry.find_class(name)
    renamed = _RENAMED.get(name, {})
    settings = {renamed.get(key, key): _value(value, key) for key, value in given.items()}
    if name == "InputLayer" and "batch_input_shape" in settings:
        settings["batch_shape"] = settings.pop("batch_input_shape")
    if name == "Lambda":
        _function_of_lambda(settings)
    if name in ("GRU", "GRUCell"):
        settings.setdefault("reset_after", False)  # the only kind there was before the setting
    if name == "BatchNormalization" and isinstance(settings.get("axis"), list) and len(settings["axis"]) == 1:
        settings["axis"] = settings["axis"][0]
    if found is None or not inspect.isclass(found):
        return settings
    parameters = {} if found.__init__ is object.__init__ else inspect.signature(found.__init__).parameters
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    known = {*parameters, *(("name", "trainable", "dtype") if open_ended else ())} - {"self", "args", "kwargs"}
    for key in [key for key in settings if key not in known]:
        value = settings[key]
        if key in _FORGOTTEN[""] or key in _FORGOTTEN.get(name, ()) or any(value is n or value == n for n in _NOTHING):
            del settings[key]
    return settings


def _value(value, key: str = "") -> Any:
    if isinstance(value, dict) and "class_name" in value:
        kind = value["class_name"]
        if kind in ("__tuple__", "TensorShape") or "items" in value:
            return [_value(one) for one in value["items"]]
        if kind in ("__ndarray__", "__numpy__"):
            return value.get("value", value)
        if str(kind).startswith("__") or kind == "function":
            return value
        return modern(value, _INITIALIZERS if key.endswith("initializer") else _LAYERS)
    if isinstance(value, dict) and value.get("type") == "ndarray":  # how Keras 2 wrote arrays
        return value["value"]
    if isinstance(value, dict):
        return {key: _value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_value(one) for one in value]
    return _VALUES.get(value, value) if isinstance(value, str) else value


def _function_of_lambda(settings: dict) -> None:
    for part in ("function", "output_shape", "mask"):
        kind = settings.pop(f"{part}_type", None)
        value = settings.get(part)
        if kind == "lambda" and isinstance(value, list):
            code, defaults, closure = value
            inner = {"code": code, "defaults": defaults, "closure": closure}
            settings[part] = {"class_name": "__lambda__", "config": inner}
        elif kind == "function" and isinstance(value, str):
            named = {"class_name": "function", "config": value, "registered_name": value}
            settings[part] = {"module": settings.get("module"), **named}
    for key in ("module", "output_shape_module", "mask_module", "output_shape_type"):
        settings.pop(key, None)


# ---------------------------------------------------------------- how a model was trained


def modern_training(config: dict) -> dict:
    """The arguments of `compile()`, out of a `training_config`, or of a `compile_config` of Keras 2."""
    given = dict(config)
    optimizer = given.pop("optimizer_config", None) or given.pop("optimizer", None)
    found = {key: given[key] for key in ("loss_weights", "run_eagerly", "steps_per_execution", "jit_compile") if key in given}
    found["loss"] = _named(given.get("loss"))
    for key in ("metrics", "weighted_metrics"):
        found[key] = _named(given.get(key))
    if optimizer is not None:
        named = isinstance(optimizer, str)
        found["optimizer"] = optimizer if named else modern({**optimizer, "module": "keras.optimizers"})
    return {key: value for key, value in found.items() if value is not None}


def _named(value):
    """Losses and metrics: by name where a name says it all."""
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config")
        if value["class_name"] == "function":
            return inner
        if value["class_name"] in ("MeanMetricWrapper", "LossFunctionWrapper"):
            return inner["fn"] if isinstance(inner.get("fn"), str) else inner["name"]
        settings = {key: one for key, one in inner.items() if not (key == "reduction" and one == "auto")}
        return modern({**value, "config": settings})
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, (list, tuple)) else value


def is_model(config) -> bool:
    """Whether it is the config of a graph or a chain of layers; other layers may hold layers, too."""
    inner = config.get("config") if isinstance(config, dict) else None
    return isinstance(inner, dict) and "layers" in inner and ("input_layers" in inner or config["class_name"] == "Sequential")
