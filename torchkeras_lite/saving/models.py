"""Whole models <-> files: what they are, their weights, and how they are trained."""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile

from torchkeras_lite import lambdas, registry
from torchkeras_lite.loading import Loading
from torchkeras_lite.notices import warn
from torchkeras_lite.saving import archive, hdf5, keras1, legacy_config, shards, weights
from torchkeras_lite.saving.stores import Source, created, group_at, opened
from torchkeras_lite.saving.validity import valid


def save_model(model, filepath, overwrite: bool = True, zipped: bool | None = None, **kwargs) -> None:
    """Writes the config, the weights, how the model is compiled, and the optimizer's state.

    The file appears whole or not at all. Real Keras opens it. A model that is not built yet comes back as one that is not,
    with a warning: most of its weights are not there yet.

    Args:
        filepath: what ends in `.keras` becomes that; a name without an ending, or `zipped=False`, becomes a folder with the
            same parts; any other ending means HDF5, as Keras 2 has it. A file open for writing bytes gets what a `.keras`
            file holds.
        overwrite: replace a file that is there.

    Raises:
        FileExistsError: the file is there and `overwrite` is False.
    """

    if hasattr(filepath, "write"):
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(folder, "model.keras")
            save_model(model, place, **kwargs)
            with open(place, "rb") as file:
                shutil.copyfileobj(file, filepath)
        return
    filepath = os.fspath(filepath)
    include_optimizer = kwargs.pop("include_optimizer", True)
    kwargs.pop("save_format", None)
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    extension = os.path.splitext(filepath)[1]
    if os.path.exists(filepath) and not overwrite:
        raise FileExistsError(f"{filepath!r} is there already. Pass `overwrite=True`, or another name.")
    if not model.built:
        warn(
            f"Model {model.name!r} has not yet been built: it may have no weights to save. Give it an input shape, or call it "
            "on data first.",
        )
    if extension not in ("", ".keras") and zipped is not False:
        hdf5.save_model(model, filepath, include_optimizer)
        return
    config = registry.serialize(model)
    if not include_optimizer:
        config.pop("compile_config", None)

    def write_weights(path, **settings):
        with created(path, **settings) as file:
            weights.write(model, file)

    assets = [(path, owner.save_assets) for path, owner in weights.walk(model) if hasattr(owner, "save_assets")]
    archive.write(filepath, config, write_weights, zipped is not False and extension == ".keras", assets)


def load_model(filepath, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool | None = True):
    """The model in a `.keras` file (or in a folder with its parts) or in an HDF5 file, compiled as it was.

    What kind of file it is shows in the file, not in its name.

    No code is taken from the file: classes and functions are those of this package, those registered with
    `register_keras_serializable`, and `custom_objects`. A `Lambda` layer over a nameless function is the exception: with
    `safe_mode=False` it comes out of the file, and may do anything.

    Args:
        filepath: its name, or such a file open for reading bytes.
        custom_objects: names in the file -> classes and functions.
        compile: compile the model as it was when it was saved.

    Raises:
        ValueError: there is no such file, or it is no model's.
        TypeError: a class in it is not known.
    """
    if hasattr(filepath, "read"):
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(folder, "model")
            with open(place, "wb") as file:
                shutil.copyfileobj(filepath, file)
            return load_model(place, custom_objects, compile, safe_mode)
    filepath = os.fspath(filepath)
    if not os.path.exists(filepath):
        raise ValueError(f"File not found: filepath={filepath}. Please ensure the file is an accessible `.keras` zip file.")
    with registry.CustomObjectScope(custom_objects or {}), lambdas.safe_mode(safe_mode), valid(repr(filepath)):
        return _load_hdf5(filepath, compile) if is_hdf5(filepath) else _load_archive(filepath, compile)


def is_hdf5(filepath: str) -> bool:
    """Whether it is an HDF5 file."""
    if not os.path.isfile(filepath):
        return False
    with open(filepath, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _load_hdf5(filepath, compile):
    with opened(filepath) as file:
        return hdf5.load_model(file, filepath, compile)


def _load_archive(filepath, compile):
    with archive.Archive(filepath) as source:
        config = source.config()
        compiled, is_keras2 = config.pop("compile_config", None), source.is_keras2()
        with Loading(source.stored_bytes) as loading:
            model = registry.deserialize(legacy_config.modern(legacy_config.as_meant(config)) if is_keras2 else config)
            if compile and compiled:
                _compile(model, legacy_config.modern_training(compiled) if is_keras2 else compiled)
        with source.weights(_room(model)) as file:
            weights.read(model, functools.partial(Source, file), filepath, skip_mismatch=not model.built)
        loading.fill()
        for path, owner in weights.walk(model) if source.has_assets() else ():
            if hasattr(owner, "load_assets"):
                with source.assets(path) as folder:
                    if folder is not None:
                        owner.load_assets(folder)
    return model


def _compile(model, config: dict) -> None:
    try:
        model.compile_from_config(config)
    except (TypeError, ValueError) as error:
        warn(f"The model was loaded without being compiled; call `compile()` yourself. {error}")


def _room(model) -> int:
    """More bytes than the weights of a model and three numbers per weight of an optimizer take in a file."""
    return (1 << 26) + 64 * sum(tensor.numel() for tensor in (*model.parameters(), *model.buffers()))


def save_weights(
    model, filepath, overwrite: bool = True, max_shard_size: float | None = None, objects_to_skip=None, **kwargs
) -> None:
    """Writes all weights to an HDF5 file: in the layout of Keras 3, or for a plain `.h5` or `.hdf5` in that of Keras 2.

    Args:
        max_shard_size: with a number of GiB, to several files of that size at most beside a `.weights.json` that names them.
        objects_to_skip: (in the layout of Keras 3) layers that are left out, with what only they hold.

    Raises:
        ValueError: the model is not built, so it has no weights yet.
        FileExistsError: the file is there and `overwrite` is False.
    """
    filepath = os.fspath(filepath)
    kwargs.pop("save_format", None)
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    if max_shard_size is not None and model.built:
        if os.path.exists(filepath) and not overwrite:
            raise FileExistsError(f"{filepath!r} is there already. Pass `overwrite=True`, or another name.")
        shards.save(model, filepath, max_shard_size, objects_to_skip or ())
    elif filepath.endswith((".h5", ".hdf5")) and not filepath.endswith(".weights.h5") and model.built:
        _skips_nothing(objects_to_skip, filepath)
        if os.path.exists(filepath) and not overwrite:
            raise FileExistsError(f"{filepath!r} is there already. Pass `overwrite=True`, or another name.")
        hdf5.save_weights(model, filepath)
    else:
        weights.save_weights(model, filepath, overwrite, objects_to_skip or ())


def _skips_nothing(objects_to_skip, filepath: str) -> None:
    if objects_to_skip is not None:
        raise ValueError(f"`objects_to_skip` only supports '.weights.h5' and '.weights.json' files. Received: {filepath}")


def load_weights(
    model, filepath, skip_mismatch: bool = False, by_name: bool = False, objects_to_skip=None, **kwargs
) -> None:
    """Takes the weights out of a file of weights or of a whole model, in any layout. See `Model.load_weights`."""
    filepath = os.fspath(filepath)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    with valid(repr(filepath)):
        _load_weights(model, filepath, skip_mismatch, by_name, objects_to_skip)


def _load_weights(model, filepath, skip_mismatch, by_name, objects_to_skip) -> None:
    if is_hdf5(filepath):
        with opened(filepath) as file:
            if hdf5.is_legacy(file):
                _skips_nothing(objects_to_skip, filepath)
                group = group_at(file, "model_weights") if "model_weights" in file else file
                hdf5.read_weights(model, group, filepath, skip_mismatch, by_name)
            else:
                _not_by_name(by_name, filepath)
                weights.load_weights(model, file, filepath, skip_mismatch, objects_to_skip or ())
        return
    _not_by_name(by_name, filepath)
    if filepath.endswith(".weights.json") and os.path.isfile(filepath):
        shards.load(model, filepath, skip_mismatch, objects_to_skip or ())
        return
    if not os.path.exists(filepath):
        raise FileNotFoundError(f"There is no weights file {filepath!r}.")
    _skips_nothing(objects_to_skip, filepath)
    with archive.Archive(filepath) as source, source.weights(_room(model)) as file:
        weights.read(model, functools.partial(Source, file), filepath, skip_mismatch)


def _not_by_name(by_name: bool, filepath: str) -> None:
    if by_name:
        raise ValueError(f"`by_name` only supports files in the layout of Keras 2 ('.h5'). Received: {filepath}")


def deserialize_keras_object(config, custom_objects: dict | None = None, safe_mode: bool | None = True):
    """The object that `serialize_keras_object` wrote. See `load_model` for what `safe_mode` means.

    Inside of `load_model` its `safe_mode` counts, not this one.

    Raises:
        TypeError: a class or function of that name is not known.
    """
    with lambdas.safe_mode_unless_said(safe_mode), valid("The config"):
        return registry.deserialize(config, custom_objects)


def model_from_json(json_string: str, custom_objects: dict | None = None):
    """The model, without its weights, that `model.to_json()` described, in whatever release of Keras.

    Where it was compiled with what nobody knows, it comes back uncompiled, with a warning.
    """
    with valid("The description of the model"):
        config = json.loads(json_string)
        if isinstance(config, dict) and "class_name" in config and "module" not in config:  # Keras 3 names a module
            old = keras1.is_keras1(config.get("keras_version"))
            config = legacy_config.modern(legacy_config.as_meant(keras1.translated(config) if old else config))
        compiled = config.pop("compile_config", None) if isinstance(config, dict) else None
        model = registry.deserialize(config, custom_objects)
        if compiled:
            with registry.CustomObjectScope(custom_objects or {}):
                _compile(model, compiled)
        return model
