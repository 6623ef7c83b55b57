"""Whole models <-> files: what they are, their weights, and how they are trained."""

from __future__ import annotations

import json
import os
import warnings

from torchkeras_lite import lambdas, registry
from torchkeras_lite.saving import archive, weights


def save_model(model, filepath, overwrite: bool = True, zipped: bool | None = None, **kwargs) -> None:
    """Writes a `.keras` file: the config, the weights, how the model is compiled, and the optimizer's state.

    The file appears whole or not at all. Real Keras 3 opens it.

    Args:
        filepath: ends in `.keras`; a folder's name with `zipped=False`.
        overwrite: replace a file that is there.

    Raises:
        ValueError: another ending, or a model that is not built.
        FileExistsError: the file is there and `overwrite` is False.
    """
    import h5py

    filepath = os.fspath(filepath)
    include_optimizer = kwargs.pop("include_optimizer", True)
    kwargs.pop("save_format", None)
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    if zipped is not False and not filepath.endswith(".keras"):
        raise ValueError(
            "Invalid filepath extension for saving. Add the extension `.keras`, or `.weights.h5` and call `save_weights`. "
            f"Received: filepath={filepath}"
        )
    if os.path.exists(filepath) and not overwrite:
        raise FileExistsError(f"{filepath!r} is there already. Pass `overwrite=True`, or another name.")
    config = registry.serialize(model)
    if not include_optimizer:
        config.pop("compile_config", None)

    def write_weights(path):
        with h5py.File(path, "w") as file:
            weights.write(model, file)

    archive.write(filepath, config, write_weights, zipped is not False)


def load_model(filepath, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool | None = True):
    """The model in a `.keras` file (or in a folder with its parts), compiled as it was.

    No code is taken from the file: classes and functions are those of this package, those registered with
    `register_keras_serializable`, and `custom_objects`. A `Lambda` layer over a nameless function is the exception: with
    `safe_mode=False` it comes out of the file, and may do anything.

    Args:
        custom_objects: names in the file -> classes and functions.
        compile: compile the model as it was when it was saved.

    Raises:
        ValueError: there is no such file, or it is no model's.
        TypeError: a class in it is not known.
    """
    import h5py

    filepath = os.fspath(filepath)
    if not os.path.exists(filepath):
        raise ValueError(f"File not found: filepath={filepath}. Please ensure the file is an accessible `.keras` zip file.")
    with archive.Archive(filepath) as source, registry.CustomObjectScope(custom_objects or {}), lambdas.safe_mode(safe_mode):
        config = source.config()
        compiled = config.pop("compile_config", None)
        model = registry.deserialize(config)
        if compile and compiled:
            _compile(model, compiled)
        if model.built:
            with source.weights(_room(model)) as place, h5py.File(place, "r") as file:
                weights.read(model, file, filepath)
    return model


def _compile(model, config: dict) -> None:
    try:
        model.compile_from_config(config)
    except (TypeError, ValueError) as error:
        warnings.warn(f"The model was loaded without being compiled; call `compile()` yourself. {error}", stacklevel=3)


def _room(model) -> int:
    """More bytes than the weights of a model and three numbers per weight of an optimizer take in a file."""
    return (1 << 26) + 64 * sum(tensor.numel() for tensor in (*model.parameters(), *model.buffers()))


def load_weights(model, filepath, skip_mismatch: bool = False, **kwargs) -> None:
    """Takes the weights out of a `.weights.h5` or `.keras` file. See `Model.load_weights`."""
    import h5py

    filepath = os.fspath(filepath)
    if kwargs.pop("by_name", None):
        raise NotImplementedError("Loading weights by the names of layers is not there yet.")
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    if not filepath.endswith(".keras"):
        return weights.load_weights(model, filepath, skip_mismatch)
    with archive.Archive(filepath) as source, source.weights(_room(model)) as place, h5py.File(place, "r") as file:
        return weights.read(model, file, filepath, skip_mismatch)


def model_from_json(json_string: str, custom_objects: dict | None = None):
    """The model, without its weights, that `model.to_json()` described."""
    return registry.deserialize(json.loads(json_string), custom_objects)
