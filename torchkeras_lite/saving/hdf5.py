"""`.h5`: whole models and weights as Keras 1 and 2 wrote them, and as Keras 3 still does on request.

A model's file has its config as an attribute, and a group for each layer with the weights in the order of `layer.weights`.
Files of weights have only the groups. Layers are found by their order, or by name.
"""

from __future__ import annotations

import functools
import json
import math

import numpy as np

from torchkeras_lite import registry
from torchkeras_lite.files import whole
from torchkeras_lite.loading import Loading
from torchkeras_lite.notices import warn
from torchkeras_lite.saving import cudnn, keras1, legacy_config, legacy_words, packed
from torchkeras_lite.saving.jobs import Jobs
from torchkeras_lite.saving.stores import attribute, created, dataset, group_at, stored_bytes
from torchkeras_lite.saving.transfer import is_taken, put, take
from torchkeras_lite.saving.validity import parsed
from torchkeras_lite.saving.weights import with_rate

_FORMAT = "3.15.1"
_LIMIT = 64512  # bytes of an attribute; longer lists are spread over several


def is_legacy(file) -> bool:
    """Whether an open h5py.File is laid out in this way."""
    return "layer_names" in file.attrs or "layer_names0" in file.attrs or "model_weights" in file


# ---------------------------------------------------------------- writing


def save_model(model, filepath: str, include_optimizer: bool = True) -> None:
    """Writes a whole model."""

    config = registry.serialize(model)
    # In files of Keras 2 the name "hard_sigmoid" means the steep one. A model that has both can only be one of Keras 3.
    text = json.dumps(config)
    steep = legacy_config.HARD_SIGMOID["config"] in text and '"hard_sigmoid"' not in text
    version = "2.15.0" if steep else _FORMAT
    config = legacy_words.plain(config, steep)
    compiled = config.pop("compile_config", None)
    with whole(filepath) as draft, created(draft) as file:
        file.attrs["backend"], file.attrs["keras_version"] = "torch", version
        file.attrs["model_config"] = json.dumps({part: config[part] for part in ("class_name", "config")})
        write_weights(model, file.create_group("model_weights"))
        if include_optimizer and compiled:
            compiled["optimizer_config"] = legacy_words.plain_optimizer(compiled.pop("optimizer"))
            compiled["loss"] = legacy_words.plain_losses(compiled.get("loss"))
            file.attrs["training_config"] = json.dumps(compiled)
            if model.optimizer.built:
                jobs = Jobs()
                _write(file.create_group("optimizer_weights"), model.optimizer.variables, jobs)
                jobs.run()


def save_weights(model, filepath: str) -> None:
    """Writes the weights only."""

    with whole(filepath) as draft, created(draft) as file:
        write_weights(model, file)


def write_weights(model, group) -> None:
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"], group.attrs["keras_version"] = "torch", _FORMAT
    jobs = Jobs()
    for layer in model.layers:
        _write(group.create_group(layer.name), _weights(layer), jobs)
    _write(group.create_group("top_level_model_weights"), model.own_variables(), jobs)
    jobs.run()


def _write(group, variables, jobs: Jobs) -> None:
    _write_names(group, "weight_names", [variable.path for variable in variables])
    for variable in variables:
        put(group, variable.path, variable, jobs)


def _write_names(group, key: str, names: list[str]) -> None:
    encoded = np.asarray([name.encode("utf8") for name in names])
    count = 1
    while any(part.nbytes > _LIMIT for part in np.array_split(encoded, count)):
        count += 1
    if count == 1:
        group.attrs[key] = encoded
        return
    for i, part in enumerate(np.array_split(encoded, count)):
        group.attrs[f"{key}{i}"] = part


# ---------------------------------------------------------------- reading


def load_model(file, filepath: str, compile: bool = True):
    """The model in an open h5py.File."""
    if "model_config" not in file.attrs:
        raise ValueError(
            f"There is no model in {filepath!r}, only weights. The usual fix: build the model in code, and call its "
            "`load_weights`."
        )
    config = _json(attribute(file, "model_config"), filepath)
    config = keras1.translated(config) if _is_keras1(file) else config
    if not _of_keras3(file):
        config = legacy_config.as_meant(config)
    with Loading(functools.partial(stored_bytes, file)) as loading:
        model = registry.deserialize(legacy_config.modern(config))
    group = group_at(file, "model_weights")
    if model.built or stored_bytes(group):  # else: written before it was built
        read_weights(model, group, filepath, same=True)
    loading.fill()
    if compile and "training_config" in file.attrs:
        _compile(model, file, _json(attribute(file, "training_config"), filepath), loading)
    return model


def _is_keras1(group) -> bool:
    return keras1.is_keras1(_said(group, "keras_version"))


def _of_keras3(file) -> bool:
    return str(_said(file, "keras_version")).startswith("3")


def _said(group, key: str):
    """A text that is an attribute of a group or else of its file; None where there is none."""
    found = next((attribute(place, key) for place in (group, group.file) if key in place.attrs), None)
    return found.decode("utf8") if isinstance(found, bytes) else found


def _json(text, filepath):
    return parsed(text.decode("utf8") if isinstance(text, bytes) else text, f"The config in {filepath!r}")


def _compile(model, file, config, loading) -> None:
    try:
        with loading:
            model.compile_from_config(legacy_config.modern_training(config))
    except (TypeError, ValueError, KeyError) as error:
        warn(f"The model was loaded without being compiled; call `compile()` yourself. {error}")
        return
    if "optimizer_weights" not in file or not model.built:
        return
    group = group_at(file, "optimizer_weights")
    values, room = _sets(group), sum(math.prod(variable.shape) for variable in model.optimizer.variables)
    if sum(math.prod(one.shape) for one in values) <= 4 * room:  # more than that it cannot need
        # What is packed may turn out to be damaged only when it is read.
        values = [one if one.chunks is None else np.asarray(one) for one in map(packed.bounded, values)]
        values = _state_of_today(model.optimizer, _names(group, "weight_names"), values)
    else:
        values = None
    variables = model.optimizer.variables
    if values is not None and all(is_taken(value.dtype, one) for value, one in zip(values, variables, strict=True)):
        jobs = Jobs()
        for value, variable in zip(values, variables, strict=True):
            take(value, variable, jobs)
        jobs.run()
    else:
        warn("The state of the optimizer in the file does not fit, so it begins anew.")


def _state_of_today(optimizer, names, values) -> list | None:
    """The state of an optimizer, in today's order; None where it does not fit.

    Keras 3 keeps the step, the learning rate, and what belongs to the first weight, to the second, and so on. Keras before 2.11
    had the first number of all weights, then the second of all; neither release of Keras 2 kept the learning rate.
    """
    variables = optimizer.variables
    shapes = [tuple(variable.shape) for variable in variables]
    if [value.shape for value in values] == shapes:
        return values
    slots = shapes[2:]
    kept = [value for name, value in zip(names, values, strict=True) if "vhat" not in name or value.shape in slots]
    if len(kept) != len(variables) - 1 or not slots or kept[0].shape:
        return None
    step, rest = kept[0], kept[1:]
    if not names[0].startswith("iteration:"):
        each = len(optimizer._trainable_variables)
        rest = [rest[i] for first in range(each) for i in range(first, len(rest), each)] if each else rest
    return with_rate(optimizer, [step, *rest])


def read_weights(
    model, group, filepath, skip_mismatch: bool = False, by_name: bool = False, same: bool = False
) -> None:
    """Takes the weights from a group. All is checked before anything is changed.

    Args:
        skip_mismatch: leave out layers whose weights differ in number or shape, with a warning.
        by_name: layers are found by name, and those that only one side has are left alone; else by their order.
        same: the model is that of the file, so that names tell more than the order, if they are the same.

    Raises:
        ValueError: there are other layers, or a layer's weights are of another number or shape.
    """
    if not model.built:
        raise ValueError(
            f"Unable to load weights into model {model.name!r}: it is not built yet. Give it an input shape, or call it on "
            "data first."
        )
    owners = [layer for layer in model.layers if _weights(layer)]
    names = [name for name in _names(group, "layer_names") if _names(group_at(group, name), "weight_names")]
    if by_name or (same and sorted(names) == sorted(layer.name for layer in owners)):
        known = {layer.name: layer for layer in owners}
        pairs = [(known[name], name) for name in names if name in known]
    elif len(names) != len(owners):
        raise ValueError(
            f"Layer count mismatch when loading weights from file {filepath!r}: the model has {len(owners)} layers with "
            f"weights ({', '.join(layer.name for layer in owners[:20])}), the file {len(names)} ({', '.join(names[:20])})."
        )
    else:
        pairs = list(zip(owners, names, strict=True))
    plan = []
    old, theano = _is_keras1(group), _said(group, "backend") == "theano"
    of_today = keras1.weights if old else keras1.turned_round if theano else None
    for layer, name in pairs:
        variables, values = _weights(layer), _sets(group_at(group, name))
        values = cudnn.of_today(layer, values) if of_today is None else _translated(of_today, layer, variables, values)
        problem = _problem(variables, values)
        if problem is None:
            plan += zip(variables, values, strict=True)
        elif skip_mismatch:
            warn(f"Weights of layer {layer.name!r} were left as they are: {problem}.")
        else:
            raise ValueError(
                f"The weights in {filepath!r} do not fit layer {layer.name!r} ({name!r} in the file): {problem}. "
                "`skip_mismatch=True` leaves such layers out."
            )
    own = model.own_variables()
    if own and not by_name and "top_level_model_weights" in group:
        values = _sets(group_at(group, "top_level_model_weights"))
        if _problem(own, values) is None:
            plan += zip(own, values, strict=True)
    # What has been checked cannot fail any more; what is compressed can.
    risky = any(getattr(value, "chunks", None) is not None for _, value in plan)
    before, jobs = [(variable, variable.numpy()) for variable, _ in plan] if risky else [], Jobs()
    try:
        for variable, value in plan:
            take(packed.bounded(value), variable, jobs)
        jobs.run()
    except BaseException:
        for variable, value in before:
            variable.assign(value)
        raise


def _translated(of_today, layer, variables, sets) -> list:
    """The arrays of a layer of an old release as today's; read only if they are no more than what the layer has."""
    if sum(math.prod(one.shape) for one in sets) != sum(math.prod(variable.shape) for variable in variables):
        return sets
    return of_today(layer, [np.asarray(packed.bounded(one)) for one in sets])


def _problem(variables, values) -> str | None:
    if len(variables) != len(values):
        return f"it has {len(variables)} weights, the file {len(values)}"
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != tuple(value.shape):
            return f"{variable.path} has shape {tuple(variable.shape)}, in the file {tuple(value.shape)}"
        if not is_taken(value.dtype, variable):
            return f"{variable.path} is no array of numbers in the file, but of {value.dtype}"
    return None


def _weights(layer) -> list:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _sets(group) -> list:
    """The arrays of a group, in their order, not read yet."""
    return [dataset(group, name) for name in _names(group, "weight_names")]


def _names(group, key: str) -> list[str]:
    if group is None:
        return []
    parts = [attribute(group, key)] if key in group.attrs else []
    while f"{key}{len(parts)}" in group.attrs:
        parts.append(attribute(group, f"{key}{len(parts)}"))
    return [name.decode("utf8") if isinstance(name, bytes) else str(name) for part in parts for name in part]
