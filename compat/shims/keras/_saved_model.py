"""SavedModels of the stand-in: folders that `tf.saved_model`, `model.export` and `TFSMLayer` write and read.

They hold what torch and Keras make of a model, and no graph of TensorFlow's: the parts of a `.keras` file, from which the model
comes again, and programs of `torch.export`, which run without its classes. `saved_model.json` says what is there.
"""

from __future__ import annotations

import contextlib
import json
import os

import torch
from torch.utils import _pytree as pytree

from keras import _programs
from torchkeras_lite import lambdas, saving, tree
from torchkeras_lite.export import export_model, program_of
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.variable import tensor_of

_CONTENTS = "saved_model.json"
_REFUSED = "Only TensorFlow can read the graph in it. The usual fix: save the model as .keras with TensorFlow, and load that."


def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs):
    """Writes the model for others to run: with "tf_saved_model" as a folder of this file's, else as torchkeras_lite does."""
    if format != "tf_saved_model":
        return export_model(self, filepath, format, verbose, input_signature, **kwargs)
    save_keras_model(self, filepath, input_signature)
    if verbose or verbose is None:
        print(f"Saved artifact at '{os.fspath(filepath)}'.")
    return os.fspath(filepath)


def save_keras_model(model, folder, signature=None) -> None:
    """The folder of a Keras model: its parts, if it can be made again from them, and its program, if torch can export it."""
    folder = os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    contents = {"endpoints": [], "model": False, "outputs": list(getattr(model, "output_names", None) or ())}
    if not model.built:
        raise ValueError(f"Model {model.name!r} is not built: it has no weights to save. Call it on some data first.")
    with contextlib.suppress(NotImplementedError, TypeError):
        saving.save_model(model, folder, zipped=False)
        contents["model"] = True
    try:
        if signature is None:
            export_program(model, folder)
        else:
            torch.export.save(program_of(model, specs_of(signature)), os.path.join(folder, "serve.pt2"))
        contents["endpoints"].append("serve")
    except (ValueError, RuntimeError, NotImplementedError, AttributeError):
        if not contents["model"]:
            raise
    _write(folder, contents)


def export_program(model, folder) -> None:
    export_model(model, os.path.join(folder, "serve.pt2"), "torch", verbose=False)


def save_functions(functions: dict, modules, folder, default=None) -> None:
    """The folder of functions.

    Args:
        functions: name -> (function, its input signature).
        modules: the torch modules that hold the weights in the functions.
        default: which of them is the signature "serving_default".
    """
    folder = os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    for name, (function, signature) in functions.items():
        program = program_of(_Holder(function, modules), specs_of(signature))
        torch.export.save(program, os.path.join(folder, f"{name}.pt2"))
    _write(folder, {"endpoints": list(functions), "model": False, "outputs": [], "default": default})


class _Holder(torch.nn.Module):
    def __init__(self, function, modules):
        super().__init__()
        self.function, self.held = function, torch.nn.ModuleList(modules)

    def forward(self, *args):
        return self.function(*args)


def specs_of(signature) -> list:
    """TensorSpecs, and what else has a shape and a dtype, as torchkeras_lite's InputSpecs."""
    signature = signature if isinstance(signature, (list, tuple)) else [signature]

    def spec(one):
        if isinstance(one, (torch.Tensor, InputSpec)) or not hasattr(one, "shape"):
            return one
        shape = () if one.shape is None else tuple(one.shape)  # of any rank: a number is the best guess
        return InputSpec(shape=shape, dtype=str(getattr(one.dtype, "name", one.dtype)).removeprefix("torch."))

    return [tree.map_structure(spec, part) for part in signature]


def _write(folder, contents) -> None:
    with open(os.path.join(folder, _CONTENTS), "w", encoding="utf-8") as file:
        json.dump(contents, file)


class Loaded:
    """What a folder holds: callable, with `signatures`, and the endpoints as methods."""

    def __init__(self, folder):
        folder = os.fspath(folder)
        path = os.path.join(folder, _CONTENTS)
        if not os.path.exists(path):
            known = os.path.exists(os.path.join(folder, "config.json"))  # what `model.save("folder")` has written
            if not known and os.path.exists(os.path.join(folder, "saved_model.pb")):
                raise NotImplementedError(f"{folder!r} is a SavedModel of TensorFlow's. {_REFUSED}")
            if not known:
                raise OSError(f"SavedModel file does not exist at: {folder}")
            contents = {"endpoints": [], "model": True, "outputs": []}
        else:
            with open(path, encoding="utf-8") as file:
                contents = json.load(file)
        self._functions, self._outputs, self._model = {}, contents["outputs"], None
        if contents["model"]:
            try:
                self._model = saving.load_model(folder, compile=False)
            except (TypeError, ValueError):  # a class that is not known here: its program runs all the same
                if not contents["endpoints"]:
                    raise
        if self._model is None:
            for name in contents["endpoints"]:
                self._functions[name] = Program(os.path.join(folder, f"{os.path.basename(name)}.pt2"))
        default = contents.get("default", "serve")
        self.signatures = {} if default is None else {"serving_default": Signature(self._function(default), self._outputs)}

    def _function(self, name):
        if self._model is not None:
            return lambda *args, **kwargs: self._model(*args, **{"training": False, **kwargs})
        if name not in self._functions:
            raise AttributeError(f"There is no function {name!r} in this SavedModel, but {sorted(self._functions)}.")
        return self._functions[name]

    def __call__(self, *args, training=None, **kwargs):
        return self._function("__call__" if "__call__" in self._functions else "serve")(*args, **kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        model = self.__dict__.get("_model")
        if model is not None and name != "serve":
            return getattr(model, name)
        return self._function(name)

    @property
    def variables(self) -> list:
        if self._model is not None:
            return self._model.variables
        return [one for function in self._functions.values() for one in function.module.parameters()]

    @property
    def trainable_variables(self) -> list:
        return self.variables if self._model is None else self._model.trainable_variables


class Program:
    """A program of `torch.export` in a file, which takes its inputs in any structure, and arrays too."""

    def __init__(self, path):
        program = _programs.opened(path)
        self.module, self._spec = program.module(), program.call_spec.in_spec

    def __call__(self, *args, **kwargs):
        found = [tensor_of(leaf) for leaf in pytree.tree_leaves((args, kwargs))]
        args, kwargs = pytree.tree_unflatten(found, self._spec)
        return self.module(*args, **kwargs)


class Signature:
    """A function of a SavedModel that takes its inputs by position or name and gives a dict of outputs."""

    def __init__(self, function, outputs):
        self._function, self._names = function, outputs

    @property
    def structured_outputs(self) -> dict:
        return dict.fromkeys(self._names or ["output_0"])

    def __call__(self, *args, **kwargs):
        given = [*args, *kwargs.values()]
        made = self._function(given[0] if len(given) == 1 else given)
        if isinstance(made, dict):
            return made
        made = made if isinstance(made, (list, tuple)) else [made]
        return _Outputs({f"output_{i}": one for i, one in enumerate(made)}, self._names)


class _Outputs(dict):
    """Outputs under Keras 3's names, and under those that Keras 2 gave them: the names of the layers."""

    def __init__(self, outputs, names):
        super().__init__(outputs)
        self._names = names

    def __missing__(self, name):
        if name in self._names:
            return self[f"output_{self._names.index(name)}"]
        raise KeyError(name)


class TFSMLayer(Layer):
    """A folder of this file's as a layer.

    Args:
        filepath: the folder.
        call_endpoint, call_training_endpoint: "serve" gives what the model gives, "serving_default" a dict of it.
    """

    def __init__(self, filepath, call_endpoint="serve", call_training_endpoint=None, trainable=True, name=None, dtype=None):
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        self.filepath, self.call_endpoint = os.fspath(filepath), call_endpoint
        self.call_training_endpoint = call_training_endpoint
        loaded = Loaded(filepath)
        if call_endpoint not in ("serve", *loaded.signatures) and call_endpoint not in loaded._functions:
            raise ValueError(f"The endpoint {call_endpoint!r} is not in the SavedModel. It has: {sorted(loaded.signatures)}.")
        self.__dict__["_loaded"] = loaded
        if loaded._model is not None:
            self.inside = loaded._model
        self.built = True

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """The layer of a config that somebody trusts: it names a folder of this machine, and what lies there is run."""
        if safe_mode is not False and not lambdas.trusted():
            raise ValueError(
                f"The config of a TFSMLayer names a SavedModel, {config.get('filepath')!r}, which is run. If you trust where "
                "the config comes from, pass `safe_mode=False`."
            )
        return super().from_config(config)

    def call(self, inputs, training=False):
        loaded = self._loaded
        if self.call_endpoint in loaded.signatures:
            return dict(loaded.signatures[self.call_endpoint](*(inputs if isinstance(inputs, (list, tuple)) else [inputs])))
        return loaded._function(self.call_endpoint)(inputs)
