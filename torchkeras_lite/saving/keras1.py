"""What Keras 1 wrote, in the words and in the order of Keras 2: configs of models, and the weights of layers.

A file of Keras 1 does not say on what backend its convolutions ran. Theano turned their kernels round, TensorFlow did not;
files whose images have the channels first are taken to be Theano's, as its users' were.
"""

from __future__ import annotations

import numpy as np

_MERGED = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate", "dot": "Dot", "cos": "Dot",
}  # fmt: skip
_CLASSES = {
    "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D", "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D", "AtrousConvolution1D": "Conv1D", "AtrousConvolution2D": "Conv2D",
    "AtrousConv2D": "Conv2D",
}  # fmt: skip
_WORDS = {
    "init": "kernel_initializer", "inner_init": "recurrent_initializer", "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer", "gamma_init": "gamma_initializer", "beta_init": "beta_initializer",
    "W_regularizer": "kernel_regularizer", "U_regularizer": "recurrent_regularizer", "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint", "U_constraint": "recurrent_constraint", "b_constraint": "bias_constraint",
    "inner_activation": "recurrent_activation", "bias": "use_bias", "p": "rate", "sigma": "stddev", "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout", "output_dim": "units", "nb_filter": "filters", "filter_length": "kernel_size",
    "subsample": "strides", "subsample_length": "strides", "border_mode": "padding", "dim_ordering": "data_format",
    "pool_length": "pool_size", "stride": "strides", "atrous_rate": "dilation_rate", "length": "size",
}  # fmt: skip
_OF_CLASSES = {
    "Embedding": {
        "init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer", "W_constraint": "embeddings_constraint",
        "output_dim": "output_dim",
    },
    "PReLU": {"init": "alpha_initializer"},
}  # fmt: skip
_GONE = {
    "consume_less", "weights", "input_length", "input_dtype", "cache_enabled", "nb_row", "nb_col", "kernel_dim1", "kernel_dim2",
    "kernel_dim3",
}  # fmt: skip
_INITIALIZERS = {
    "uniform": ("RandomUniform", {"minval": -0.05, "maxval": 0.05}), "normal": ("RandomNormal", {"mean": 0.0, "stddev": 0.05}),
    "zero": ("Zeros", {}), "one": ("Ones", {}), "identity": ("Identity", {"gain": 1.0}),
    "orthogonal": ("Orthogonal", {"gain": 1.1}),
}  # fmt: skip
_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}


def is_keras1(version) -> bool:
    """Whether this is the `keras_version` of a file of Keras 1; the first of them have none."""
    return version is None or str(version).startswith(("0.", "1."))


def translated(config: dict) -> dict:
    """The config of a model of Keras 1, as Keras 2 would have written it."""
    return _layer(config, {"data_format": _ORDERINGS[_ordering(config)]})


def _ordering(value) -> str:
    """The one that a model has; some layers do not say it."""
    if isinstance(value, dict):
        if value.get("dim_ordering") in _ORDERINGS:
            return value["dim_ordering"]
        value = list(value.values())
    found = [_ordering(one) for one in value] if isinstance(value, list) else []
    return "th" if "th" in found else "tf"


def _layer(one: dict, context: dict) -> dict:
    name, inner = one["class_name"], one.get("config")
    if isinstance(inner, list):
        if inner and inner[0]["class_name"] == "Merge":
            return {**one, "class_name": "Model", "config": _joined(inner, context)}
        return {**one, "config": [_layer(each, context) for each in inner]}
    if not isinstance(inner, dict):
        return one
    if "input_layers" in inner:
        return {**one, "config": {**inner, "layers": [_layer(each, context) for each in inner["layers"]]}}
    if name == "Merge":
        return {**one, **_merge(inner)}
    return {**one, "class_name": _CLASSES.get(name, name), "config": _settings(_CLASSES.get(name, name), inner, context)}


def _merge(inner: dict) -> dict:
    mode = inner["mode"]
    if inner.get("mode_type", "raw") != "raw" or mode not in _MERGED:
        raise ValueError(
            f"Layer {inner.get('name')!r} merges by {mode!r}, a function of the one who wrote the file, which files of Keras 1 "
            f"keep as code. Modes that can be read: {', '.join(_MERGED)}."
        )
    settings = {key: inner[key] for key in ("name", "trainable") if key in inner}
    if mode == "concat":
        settings["axis"] = inner["concat_axis"]
    if mode in ("dot", "cos"):
        settings.update(axes=inner["dot_axes"], normalize=mode == "cos")
    return {"class_name": _MERGED[mode], "config": settings}


def _joined(chain: list, context: dict) -> dict:
    """A chain that begins with a Merge of other chains, as a graph."""
    layers: list = []
    inputs: list = []

    def follow(chain, source):
        for one in chain:
            if one["class_name"] == "Merge":
                ends = [follow(branch["config"], None) for branch in one["config"]["layers"]]
                layers.append({**_layer(one, context), "name": one["config"]["name"], "inbound_nodes": [ends]})
            else:
                layer = _layer(one, context)
                name = layer["config"]["name"]
                if source is None:
                    source = [f"{name}_input", 0, 0]
                    entry = {"name": source[0], "batch_input_shape": layer["config"].get("batch_input_shape")}
                    layers.append({"class_name": "InputLayer", "name": source[0], "config": entry, "inbound_nodes": []})
                    inputs.append(source)
                layers.append({**layer, "name": name, "inbound_nodes": [[source]]})
            source = [layers[-1]["name"], 0, 0]
        return source

    end = follow(chain, None)
    return {"name": "joined", "layers": layers, "input_layers": inputs, "output_layers": [end]}


def _settings(name: str, inner: dict, context: dict) -> dict:
    words = {**_WORDS, **_OF_CLASSES.get(name, {})}
    settings = {words.get(key, key): _value(key, value, context) for key, value in inner.items() if key not in _GONE}
    for sides in (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")):
        if sides[0] in inner:
            settings["kernel_size"] = [inner[side] for side in sides]
    if name != "Embedding":
        settings.pop("input_dim", None)  # the shape says it as well
    if name == "InputLayer":
        settings["dtype"] = inner.get("input_dtype") or "float32"
    if "forget_bias_init" in settings:
        settings["unit_forget_bias"] = settings.pop("forget_bias_init") == "one"
    if name in ("ZeroPadding2D", "Cropping2D", "UpSampling2D", "ZeroPadding3D", "Cropping3D", "UpSampling3D"):
        settings.setdefault("data_format", context["data_format"])
    if name == "BatchNormalization" and settings.pop("mode", 0):
        raise ValueError(
            f"Layer {inner.get('name')!r} normalizes in mode {inner['mode']}, which only Keras 1 had. The usual fix: mode 0."
        )
    if name == "Embedding" and settings.pop("dropout", 0):
        raise ValueError(f"Layer {inner.get('name')!r} drops whole words (dropout={inner['dropout']}), as only Keras 1 did.")
    return settings


def _value(key: str, value, context):
    if key == "layer":
        return _layer(value, context)
    if key == "dim_ordering":
        return _ORDERINGS.get(value, value)
    if (key == "init" or key.endswith("_init")) and key != "forget_bias_init" and value in _INITIALIZERS:
        kind, settings = _INITIALIZERS[value]
        return {"class_name": kind, "config": settings}
    if key.endswith("regularizer") and isinstance(value, dict) and "name" in value:
        return {"class_name": "L1L2", "config": {part: value.get(part, 0.0) for part in ("l1", "l2")}}
    if key.endswith("constraint") and isinstance(value, dict) and "name" in value:
        known = {("max_value" if word == "m" else word): part for word, part in value.items() if word != "name"}
        return {"class_name": value["name"], "config": known}
    return value


# ---------------------------------------------------------------- weights

_GATES = {"LSTM": (4, (0, 2, 1, 3)), "GRU": (3, (0, 1, 2))}  # how many, and where today's lie among those of Keras 1


def weights(layer, values: list[np.ndarray]) -> list[np.ndarray]:
    """The weights of a layer as Keras 1 kept them, in the order and in the shapes of today."""
    made, rest = _taken(layer, list(values))
    return made + rest


def _taken(layer, values):
    """The trainable weights of a layer, out of the beginning of `values`, and the values that are left."""
    if hasattr(layer, "forward_layer"):
        forward, values = _taken(layer.forward_layer, values)
        backward, values = _taken(layer.backward_layer, values)
        return forward + backward, values
    if hasattr(layer, "layers"):
        found = []
        for one in layer.layers:
            made, values = _taken(one, values)
            found += made
        return found, values
    inner = getattr(layer, "layer", layer)
    kind, count = type(inner).__name__, len(inner.trainable_weights)
    gates, order = _GATES.get(kind, (1, (0,)))
    if kind in _GATES and len(values) >= 3 * gates and values[0].shape[-1] == inner.units:
        parts, values = values[: 3 * gates], values[3 * gates :]
        return [np.concatenate([parts[3 * gate + which] for gate in order], -1) for which in range(3)], values
    own, values = values[:count], values[count:]
    if own and kind in _KERNELS:
        own[0] = _KERNELS[kind](inner, own[0])
    return own, values


def _kernel(layer, kernel):
    """(filters, channels, ...) and turned round, where the channels come first; else as it is."""
    if layer.data_format != "channels_first":
        return kernel
    sides = tuple(range(2, kernel.ndim))
    return np.flip(kernel, sides).transpose(*sides, 1, 0)


def _kernel_of_sequences(layer, kernel):
    """(length, 1, channels, filters), or (filters, channels, length, 1) as the first releases had it."""
    if kernel.ndim != 4:
        return kernel
    if kernel.shape[:2] != (layer.kernel_size[0], 1) or kernel.shape[3] != layer.filters:
        kernel = kernel.transpose(2, 3, 1, 0)
    return kernel[:, 0]


def _kernel_of_transposed(layer, kernel):
    if layer.data_format != "channels_first":
        return kernel.transpose(0, 1, 3, 2)
    return np.flip(kernel, (2, 3)).transpose(2, 3, 1, 0) if kernel.shape[1] == layer.filters else kernel.transpose(2, 3, 0, 1)


def turned_round(layer, values: list[np.ndarray]) -> list[np.ndarray]:
    """The weights of a layer of Keras 2 on Theano, whose convolutions turned their kernels round."""
    kind = type(layer).__name__
    count = 2 if kind.startswith("ConvLSTM") else 1 if kind.startswith("Conv") else 0
    return [np.flip(value, tuple(range(value.ndim - 2))) for value in values[:count]] + values[count:]


_KERNELS = {"Conv1D": _kernel_of_sequences, "Conv2D": _kernel, "Conv3D": _kernel, "Conv2DTranspose": _kernel_of_transposed}
