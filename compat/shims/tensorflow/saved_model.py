"""`tf.saved_model`: folders of the stand-in's own, which hold programs of torch. TensorFlow's only TensorFlow can read."""

from __future__ import annotations

import os
from importlib import import_module

from torchkeras_lite.models import Model

from ._missing import getattr_of

__all__ = [
    "DEFAULT_SERVING_SIGNATURE_DEF_KEY", "GPU", "PREDICT_INPUTS", "PREDICT_METHOD_NAME", "PREDICT_OUTPUTS", "SERVING", "TPU",
    "TRAINING", "Asset", "LoadOptions", "SaveOptions", "contains_saved_model", "load", "save",
]  # fmt: skip
__getattr__ = getattr_of(__name__)

DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
PREDICT_INPUTS, PREDICT_METHOD_NAME, PREDICT_OUTPUTS = "inputs", "tensorflow/serving/predict", "outputs"
GPU, SERVING, TPU, TRAINING = "gpu", "serve", "tpu", "train"


class SaveOptions:
    """Settings of TensorFlow's; they are taken and mean nothing here."""

    def __init__(self, *args, **kwargs):
        pass


LoadOptions = SaveOptions


class Asset:
    """A file that belongs to a SavedModel: its path."""

    def __init__(self, path):
        self.asset_path = os.fspath(path)


def save(obj, export_dir, signatures=None, options=None) -> None:
    """Writes a Keras model, or the functions of a module, into a folder.

    Args:
        obj: a model, or a `tf.Module` whose functions know what they take: by `tf.function(input_signature=...)`, or because
            `get_concrete_function` was called with it.
        signatures: which of the functions is "serving_default"; a dict of them by names is taken too.

    Raises:
        ValueError: there is no such function.
        RuntimeError: torch cannot export one.
    """
    folders = import_module("keras._saved_model")
    if isinstance(obj, Model):
        folders.save_keras_model(obj, export_dir)
        return
    functions = _functions_of(obj)
    chosen = list(signatures.values()) if isinstance(signatures, dict) else [signatures] if signatures is not None else []
    plain = [getattr(one, "python_function", one) for one in chosen]
    default = next((name for name, (bound, _) in functions.items() if getattr(bound, "python_function", bound) in plain), None)
    if not functions:
        raise ValueError(
            "There is no function to save: what shapes they take is not known. The usual fix: "
            "`@tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])`."
        )
    cells = {id(variable._module): variable._module for variable in getattr(obj, "variables", ())}
    folders.save_functions(functions, list(cells.values()), export_dir, default)


def _functions_of(obj) -> dict:
    found = {}
    for name in dir(type(obj)) + list(getattr(obj, "__dict__", ())):
        value = getattr(obj, name, None) if not name.startswith("__") or name == "__call__" else None
        signature = getattr(value, "input_signature", None)
        if signature is not None and callable(value):
            found[name] = (value, signature)
    return found


def load(export_dir, tags=None, options=None):
    """What is in a folder that `save`, `model.export` or `model.save` has written.

    Raises:
        OSError: there is none.
        NotImplementedError: it is a graph of TensorFlow's.
    """
    return import_module("keras._saved_model").Loaded(export_dir)


def contains_saved_model(export_dir) -> bool:
    return any(os.path.exists(os.path.join(export_dir, name)) for name in ("saved_model.json", "config.json", "saved_model.pb"))
