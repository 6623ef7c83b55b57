"""Today's configs in the words of Keras 2, as far as those go: HDF5 files are read by it, and by Keras 3.

What Keras 2 does not know stays as it is: operations on tensors, and settings that say something it cannot do.
"""

from __future__ import annotations

from typing import Any

from torchkeras_lite.saving.legacy_config import HARD_SIGMOID, is_model

_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}  # the one that Keras publishes under another name
_ADDED = {  # settings that came with Keras 3, and what it does without them
    "optional": False, "quantization_config": None, "input_axes": None, "output_axes": None, "sliding_window": None,
    "use_gate": False, "flash_attention": None, "salt": None, "oov_method": None, "value_range": [0, 255],
    "fill_mode": "constant", "fill_value": 0.0, "antialias": False, "pad_to_aspect_ratio": False, "lora_rank": None,
    "lora_alpha": None, "zero_output_for_mask": False,
    "rms_scaling": False, "score_mode": "dot",  # the last one Keras 3 writes into such files, and cannot read
}  # fmt: skip
# Short names that Keras 3 does not find when it reads such a file, its own included.
_LOSSES = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
}  # fmt: skip
_ADDED_TO = {"seed": ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "MultiHeadAttention", "SimpleRNN", "LSTM", "GRU")}
_FORMATS = {
    "CenterCrop", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "Resizing", "ZeroPadding1D",
}  # fmt: skip


def plain(config: Any, steep: bool = False) -> Any:
    """The config of a model, as Keras 2 has it. `steep`: with its name for the hard sigmoid that only it has."""
    if steep:
        config = _with_old_sigmoid(config)
    if not is_model(config):
        return config
    inner = dict(config["config"])
    # Keras 3 counts the calls of a Sequential from 0 also here: Keras 2 opens no graph that has one in it.
    models = {one["config"].get("name") for one in inner["layers"] if is_model(one) and one["class_name"] != "Sequential"}
    inner["layers"] = [_layer(one, models) for one in inner["layers"]]
    for key in ("input_layers", "output_layers"):
        if key in inner:
            inner[key] = [inner[key]] if _is_place(inner[key]) else inner[key]
    return {**config, "config": inner}


def _with_old_sigmoid(value: Any) -> Any:
    if value == HARD_SIGMOID:
        return "hard_sigmoid"
    if isinstance(value, dict):
        return {key: _with_old_sigmoid(one) for key, one in value.items()}
    return [_with_old_sigmoid(one) for one in value] if isinstance(value, list) else value


def plain_optimizer(config: dict) -> dict:
    """The config of an optimizer. Under its name Keras 2 has that of Keras 2.10, which lacks what says nothing here."""
    inner = config["config"]
    more = ("ema_momentum", "ema_overwrite_frequency") if not inner.get("use_ema") else ()
    kept = {key: value for key, value in inner.items() if value is not None and value is not False and key not in more}
    return {"class_name": config["class_name"], "config": kept}


def plain_losses(value: Any) -> Any:
    """What `compile` was told of losses, each by the name that all releases know."""
    if isinstance(value, dict) and "class_name" not in value:
        return {key: plain_losses(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain_losses(one) for one in value]
    return _LOSSES.get(value, value) if isinstance(value, str) else value


def _is_place(value) -> bool:
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)


def _layer(one: dict, models: set) -> dict:
    if ".ops" in str(one.get("module")):
        return one  # an operation, which has the name of a layer more often than not
    made = {**_plain(one, bare=True), **{key: one[key] for key in ("name", "inbound_nodes") if key in one}}
    if "inbound_nodes" in made:
        made["inbound_nodes"] = [_node(node, models) for node in made["inbound_nodes"]]
    return made


def _plain(value: Any, bare: bool = False) -> Any:
    """A setting, or an object of Keras, without the module that Keras 2 did not write."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, inner = value.get("class_name"), value.get("config")
    if kind is None:
        return {key: _plain(item) for key, item in value.items()}
    if kind == "DTypePolicy":
        return inner["name"]
    if not str(value.get("module")).startswith("keras") or value.get("registered_name") not in (None, kind):
        return value  # the user's
    if is_model(value):
        return {"class_name": kind, "config": plain(value)["config"]}
    made = {"class_name": _NAMES.get(kind, kind), "config": _settings(kind, inner)}
    return {**value, **made} if value["module"] == "keras.layers" and not bare else made  # Keras 3 looks for layers there


def _settings(kind: str, given: dict) -> dict:
    made = {key: _plain(value) for key, value in given.items() if not _says_nothing(kind, key, value)}
    if kind == "InputLayer":
        made["batch_input_shape"] = made.pop("batch_shape")
    if kind == "LeakyReLU":
        made["alpha"] = made.pop("negative_slope")
    return made


def _says_nothing(kind: str, key: str, value) -> bool:
    """Whether Keras 2 does without this setting what Keras 3 does with it."""
    if kind in _ADDED_TO.get(key, ()):
        return value is None
    if key == "data_format" and kind in _FORMATS:
        return value in (None, "channels_last")
    return key in _ADDED and (value == _ADDED[key] or value is None)


# ---------------------------------------------------------------- calls


def _node(node: dict, models: set):
    """A call as [[layer, call, output, settings], ...]; as Keras 3 has it, where it takes tensors by name or several."""
    first, *others = node["args"] or [None]
    places = [_place(one, models) for one in (first if isinstance(first, list) else [first])]
    settings = {key: value for key, value in node["kwargs"].items() if value is not None}
    if others or None in places or any(isinstance(value, (dict, list)) for value in settings.values()):
        return node
    return [[*place, settings] for place in places]


def _place(value, models: set) -> list | None:
    """Where a tensor comes from. A model was called once by itself, says Keras 2, before it was called in another."""
    if not isinstance(value, dict) or value.get("class_name") != "__keras_tensor__":
        return None
    name, call, output = value["config"]["keras_history"]
    return [name, call + (name in models), output]
