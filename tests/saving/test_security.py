"""A file is data: what hostile configs, archives and arrays ask for does not happen, whatever door they come in by.

Each gadget has a twin that asks for something honest in the same place, and loads. The twin goes first, so that all that is
imported on first use has been; then the gadget goes in while Python's own audit events are watched.
"""

import base64
import contextlib
import copy
import io
import json
import marshal
import operator
import os
import pickle
import sys
import tarfile
import tempfile
import zipfile
import zlib

import h5py
import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import config as settings
from torchkeras_lite import datasets, files, layers
from torchkeras_lite.datasets import source
from torchkeras_lite.saving import heaps, packed, stores, trees

# ---------------------------------------------------------------- who is watching

REFUSALS = (ValueError, TypeError, OSError, NotImplementedError, EOFError)
EVENTS = (
    "os.", "subprocess.", "socket.", "ctypes.", "urllib.", "http.", "ftplib.", "shutil.", "marshal.", "pickle.", "import",
    "code.__new__", "function.__new__", "exec", "compile", "open", "tempfile.", "glob.", "webbrowser.", "sys.set", "sys.add",
)  # fmt: skip
HARMLESS = {"os.listdir", "os.scandir", "sys.setprofile", "sys.settrace", "os.fwalk", "os.walk"}


class _Watch:
    """What happened while it was on. An audit hook cannot be taken away again, so it looks here whether to look."""

    def __init__(self):
        self.on, self.seen, self.file = False, [], ""

    def __call__(self, event, args):
        if self.on and event.startswith(EVENTS) and event not in HARMLESS and not self.is_ours(event, args):
            self.seen.append((event, args))

    def is_ours(self, event, args) -> bool:
        if event == "open":  # the file itself, to read it; folders and files for what is unpacked
            where, scratch = str(args[0]), tempfile.gettempdir()
            return isinstance(args[0], int) or where == scratch or where.startswith((self.file, os.path.join(scratch, "tmp")))
        if event in ("exec", "compile"):  # a graph, written by us out of numbers and checked names
            name = str(getattr(args[0], "co_filename", args[1] if len(args) > 1 else ""))
            return name.startswith("<graph of ") or (event == "compile" and name == "<unknown>")  # numpy reads literals
        return event.startswith("tempfile.") or event in ("os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "os.chmod")


watch = _Watch()
sys.addaudithook(watch)


@pytest.fixture
def silence(monkeypatch, tmp_path):
    """`with silence(file): ...` fails where something beyond reading that file is done."""
    owners = ((torch, "load"), (torch.hub, "load"), (torch.jit, "load"), (np, "load"), (pickle, "loads"), (os, "system"))
    for owner, name in owners:
        monkeypatch.setattr(owner, name, lambda *args, name=name, **kwargs: watch.seen.append((name, args)))

    @contextlib.contextmanager
    def silent(file=""):
        watch.file, watch.seen, watch.on = str(file) or "/nowhere", [], True
        try:
            yield
        finally:
            watch.on = False
        assert watch.seen == []
        assert not (tmp_path / "PWNED").exists()
        assert not settings.is_unsafe_deserialization_enabled()

    return silent


def test_the_watch_sees(tmp_path, silence):
    """A watch that sees nothing would make all else here worthless."""
    script = [
        lambda: __import__("this"),
        lambda: open(tmp_path / "x", "w").close(),
        lambda: marshal.loads(marshal.dumps(1)),
        lambda: pickle.Unpickler(io.BytesIO(pickle.dumps(np.float32))).load(),
        lambda: torch.load("x"),
        lambda: eval("1"),
        lambda: __import__("socket").socket().close(),
        lambda: __import__("subprocess").run(["true"], check=True),
    ]
    for step in script:
        with pytest.raises(AssertionError), silence():
            step()


# ---------------------------------------------------------------- gadgets


def bad_code(path):
    code = compile(f"lambda x: __import__('os').system('touch {path}') or x", "<bad>", "eval").co_consts[0]
    return base64.encodebytes(marshal.dumps(code)).decode()


def bomb(path) -> bytes:
    """A pickle that calls `os.system`."""
    return f"c{os.name}\nsystem\n(S'touch {path}'\ntR.".encode()


def named(module, class_name, config=None, /, **more):
    return {"module": module, "class_name": class_name, "config": config or {}, "registered_name": class_name, **more}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def objects(path) -> dict[str, dict]:
    """Configs that name what no file may have done: called in any place where a config may stand."""
    touch = f"touch {path}"
    return {
        "os.system": named("os", "system", {"command": touch}),
        "os.system as a function": function("os", "system"),
        "posix.system": named("posix", "system", {"command": touch}),
        "subprocess.Popen": named("subprocess", "Popen", {"args": ["touch", str(path)]}),
        "subprocess.run": function("subprocess", "run"),
        "builtins.exec": named("builtins", "exec", {"source": f"open({str(path)!r}, 'w')"}),
        "builtins.eval": function("builtins", "eval"),
        "builtins.__import__": named("builtins", "__import__", {"name": "this"}),
        "builtins.open": named("builtins", "open", {"file": str(path), "mode": "w"}),
        "importlib": named("importlib", "import_module", {"name": "this"}),
        "a module to import": named("this", "Layer"),
        "get_file": named("keras.utils", "get_file", {"fname": "PWNED", "origin": f"file://{path}"}),
        "get_file as a function": function("keras.utils", "get_file"),
        "get_file inside": named("keras.src.utils.file_utils", "get_file", {"fname": "x", "origin": "http://127.0.0.1:9/x"}),
        "no more safe mode": named("keras.config", "enable_unsafe_deserialization"),
        "no more safe mode, as a function": function("keras.config", "enable_unsafe_deserialization"),
        "load_model": named("keras.models", "load_model", {"filepath": str(path), "safe_mode": False}),
        "load_model as a function": function("keras.saving", "load_model"),
        "save_img": named("keras.utils", "save_img", {"path": str(path)}),
        "torch.load": named("torch", "load", {"f": str(path), "weights_only": False}),
        "torch.load as a function": function("torch", "load"),
        "torch.hub.load": named("torch.hub", "load", {"repo_or_dir": "x", "model": "y"}),
        "numpy.load": named("numpy", "load", {"file": str(path), "allow_pickle": True}),
        "pickle.loads": named("pickle", "loads", {"data": "gASVAA=="}),
        "a name with a package": named("keras.layers", "os>system", {"command": touch}),
        "a dunder": named("keras.layers.Dense.__init__.__globals__", "os", {}),
        "a path of attributes": named("keras", "layers.core.os.system", {"command": touch}),
    }


def placeholders(path) -> dict[str, dict]:
    """Code in configs. It may come in as something that refuses to be called, and never runs."""
    code = bad_code(path)
    return {
        "code": {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}},
        "code, spelled otherwise": {"class_name": "__lambda__", "config": {"value": [code, None, None]}},
        "code in a module": named("builtins", "__lambda__", {"value": [code, None, None]}),
    }


def layer_gadgets(path) -> dict[str, dict]:
    """Layers of ours with a config that reaches out."""
    code, lam = bad_code(path), placeholders(path)["code"]
    base = {"name": "g", "trainable": True, "dtype": "float32"}
    pickled = base64.b64encode(bomb(path)).decode()
    return {
        "Lambda": named("keras.layers", "Lambda", {**base, "function": lam}),
        "Lambda of Keras 2": named(
            "keras.layers", "Lambda", {**base, "function": [code, None, None], "function_type": "lambda"}
        ),
        "Lambda with a shape": named("keras.layers", "Lambda", {**base, "function": "relu", "output_shape": lam}),
        "Lambda with a mask": named("keras.layers", "Lambda", {**base, "function": "relu", "mask": lam}),
        "Lambda of a module": named(
            "keras.layers", "Lambda", {**base, "function": "system", "function_type": "function", "module": "os"}
        ),
        "a pickled module": named("keras.layers", "TorchModuleWrapper", {**base, "module": pickled, "output_shape": None}),
        "a module of torch.save": named(
            "keras.layers", "TorchModuleWrapper", {**base, "module": PACKED_MODULE}
        ),
        "a module of bytes": named(
            "keras.layers", "TorchModuleWrapper", {**base, "module": {"class_name": "__bytes__", "config": pickled}}
        ),
        "a vocabulary file": named("keras.layers", "StringLookup", {"name": "g", "vocabulary": str(path.parent / "secret")}),
        "a vocabulary of integers": named("keras.layers", "IntegerLookup", {"name": "g", "vocabulary": "/etc/hostname"}),
        "a vocabulary at an address": named(
            "keras.layers", "TextVectorization", {"name": "g", "vocabulary": "http://127.0.0.1:9/v"}
        ),
        "a SavedModel": named("keras.layers", "TFSMLayer", {**base, "filepath": str(path.parent), "call_endpoint": "serve"}),
        "a function of JAX": named("keras.layers", "JaxLayer", {**base, "call_fn": lam}),
    }  # fmt: skip


def packed_module():
    packed = io.BytesIO()
    torch.save(torch.nn.Linear(4, 3), packed)
    return base64.b64encode(packed.getvalue()).decode()


PACKED_MODULE = packed_module()
KEYS = [*objects("x"), *placeholders("x")]


def gadget(key, path):
    return {**objects(path), **placeholders(path)}[key]


# ---------------------------------------------------------------- places in a model

def dense(**more):
    return named("keras.layers", "Dense", {"name": "d", "units": 4, **more}, registered_name=None)


def cell(**more):
    return named("keras.layers", "GRUCell", {"units": 3, **more}, registered_name=None)


PLACES = {  # where a config may stand: (what is around it, what honest thing stands there, shape of the input)
    "layer": (lambda it: it, dense(), (4,)),
    "activation": (lambda it: dense(activation=it), function("keras.activations", "relu"), (4,)),
    "initializer": (lambda it: dense(kernel_initializer=it), named("keras.initializers", "HeNormal"), (4,)),
    "regularizer": (lambda it: dense(bias_regularizer=it), named("keras.regularizers", "L2", {"l2": 0.1}), (4,)),
    "constraint": (lambda it: dense(kernel_constraint=it), named("keras.constraints", "NonNeg"), (4,)),
    "dtype": (lambda it: dense(dtype=it), named("keras", "DTypePolicy", {"name": "float32"}), (4,)),
    "an unknown setting": (lambda it: named("keras.layers", "Activation", {"name": "a", "activation": it}), "relu", (4,)),
    "TimeDistributed": (lambda it: named("keras.layers", "TimeDistributed", {"name": "t", "layer": it}), dense(), (2, 4)),
    "Bidirectional": (
        lambda it: named("keras.layers", "Bidirectional", {"name": "b", "layer": it}),
        named("keras.layers", "GRU", {"units": 2, "name": "r"}), (2, 4),
    ),
    "StackedRNNCells": (
        lambda it: named(
            "keras.layers", "RNN", {"name": "r", "cell": named("keras.layers", "StackedRNNCells", {"cells": [cell(), it]})}
        ),
        cell(), (2, 4),
    ),
    "deep inside": (
        lambda it: named("keras.layers", "TimeDistributed", {"name": "t", "layer": dense(kernel_initializer=it)}),
        named("keras.initializers", "HeNormal"), (2, 4),
    ),
}  # fmt: skip


def model_config(layer, shape=(4,)):
    entry = named("keras.layers", "InputLayer", {"batch_shape": [None, *shape], "name": "in"}, registered_name=None)
    layer = layer if isinstance(layer, dict) else {"module": "keras.layers", "class_name": layer, "config": {}}
    return named("keras", "Sequential", {"name": "s", "layers": [entry, layer]}, registered_name=None)


def graph_config(layer, shape=(4,)):
    entry = named("keras.layers", "InputLayer", {"batch_shape": [None, *shape], "name": "in"}, name="in", inbound_nodes=[])
    tensor = named("", "__keras_tensor__", {"shape": [None, *shape], "dtype": "float32", "keras_history": ["in", 0, 0]})
    layer = {**layer, "name": "g", "inbound_nodes": [{"args": [tensor], "kwargs": {}}]}
    inner = {"name": "f", "layers": [entry, layer], "input_layers": [["in", 0, 0]], "output_layers": [["g", 0, 0]]}
    return named("keras.src.models.functional", "Functional", inner, registered_name="Functional")


def archive(path, config, weights=None):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights or empty_weights(path))
    return path


def empty_weights(path):
    with h5py.File(f"{path}.tmp", "w") as file:
        file.create_group("layers")
    with open(f"{path}.tmp", "rb") as file:
        return file.read()


def folder(path, config):
    path.mkdir(exist_ok=True)
    (path / "config.json").write_text(json.dumps(config))
    (path / "model.weights.h5").write_bytes(empty_weights(path))
    return path


def old_file(path, config):
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = json.dumps(config)
        file.create_group("model_weights").attrs["layer_names"] = np.asarray([], "S1")
    return path


def load(how, path, config, **kwargs):
    """Takes a config in by one of the doors; afterwards the model is called, as a user would."""
    if how == "model_from_json":
        return keras.models.model_from_json(json.dumps(config))
    if how == "from_config":
        kind = keras.Sequential if config["class_name"] == "Sequential" else keras.Model
        return kind.from_config(config["config"])
    if how == "deserialize_keras_object":
        return keras.saving.deserialize_keras_object(config, **kwargs)
    if how == "layers.deserialize":
        return layers.deserialize(config)
    return keras.models.load_model(path, **kwargs)


def written(how, tmp_path, config):
    if how == "keras":
        return archive(tmp_path / "model.keras", config)
    if how == "folder":
        return folder(tmp_path / "model", config)
    return old_file(tmp_path / "model.h5", config) if how == "h5" else ""


SAFE = [{}, {"safe_mode": True}, {"safe_mode": None}]
DOORS = [(kind, kwargs) for kind in ("keras", "folder", "h5") for kwargs in SAFE]
DOORS += [("model_from_json", {}), ("from_config", {})]
DOORS += [("deserialize_keras_object", kwargs) for kwargs in SAFE] + [("layers.deserialize", {})]
doors = pytest.mark.parametrize(("door", "kwargs"), DOORS, ids=[f"{how}{list(kw.values()) or ''}" for how, kw in DOORS])


def go_in(silence, tmp_path, door, kwargs, config, shape):
    """The config goes in by the door. It is refused, or what it makes refuses to run."""
    path = written(door, tmp_path, config)
    with silence(path):
        try:
            model = load(door, path, config, **kwargs)
        except REFUSALS:
            return
        with contextlib.suppress(*REFUSALS):
            model(np.zeros((1, *shape), "float32"))


def twin(tmp_path, door, kwargs, config, shape):
    """The honest config goes in, and what comes out works. (Files here hold no weights: they are told apart by that.)"""
    if door in ("keras", "folder", "h5"):
        model = keras.models.model_from_json(json.dumps(config))
        ending = {"keras": "twin.keras", "folder": "twin", "h5": "twin.h5"}[door]
        model.save(tmp_path / ending)
        model = keras.models.load_model(tmp_path / ending, **kwargs)
    else:
        model = load(door, "", config, **kwargs)
    assert np.isfinite(model(np.zeros((1, *shape), "float32")).detach().numpy()).all()


@doors
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.filterwarnings("ignore:The model was loaded without being compiled")
def test_objects_in_models(place, door, kwargs, tmp_path, silence):
    around, honest, shape = PLACES[place]
    for make in (model_config, graph_config) if place == "layer" else (graph_config,):
        twin(tmp_path, door, kwargs, copy.deepcopy(make(around(honest), shape)), shape)
        for key in KEYS:
            go_in(silence, tmp_path, door, kwargs, make(around(gadget(key, tmp_path / "PWNED")), shape), shape)


@doors
def test_layers_that_reach_out(door, kwargs, tmp_path, silence):
    (tmp_path / "secret").write_text("secret\n")
    for make in (model_config, graph_config):
        twin(tmp_path, door, kwargs, make(named("keras.layers", "Dense", {"name": "g", "units": 3})), (4,))
        for config in layer_gadgets(tmp_path / "PWNED").values():
            go_in(silence, tmp_path, door, kwargs, make(config), (4,))


def in_bidirectional(it):
    recurrent = named("keras.layers", "GRU", {"units": 2, "name": "r", "go_backwards": False})
    return named("keras.layers", "Bidirectional", {"name": "g", "layer": recurrent, "backward_layer": it})


AROUND = {  # layers, and what else has layers, around one that reaches out
    "TimeDistributed": lambda it: named("keras.layers", "TimeDistributed", {"name": "g", "layer": it}),
    "SpectralNormalization": lambda it: named("keras.layers", "SpectralNormalization", {"name": "g", "layer": it}),
    "Bidirectional": in_bidirectional,
    "a cell": lambda it: named("keras.layers", "RNN", {"name": "g", "cell": it}),
    "cells": lambda it: named("keras.layers", "RNN", {"cell": named("keras.layers", "StackedRNNCells", {"cells": [it]})}),
    "Pipeline": lambda it: named("keras.layers", "Pipeline", {"name": "g", "layers": [it]}),
    "a chain": lambda it: named("keras", "Sequential", {"name": "g", "layers": [it]}),
    "an activation": lambda it: named("keras.layers", "Dense", {"name": "g", "units": 2, "activation": it}),
    "a teacher": lambda it: named(
        "keras.distillation", "Distiller",
        {"teacher": model_config(it), "student": model_config(dense()),
         "distillation_losses": [named("keras.distillation", "LogitsDistillation", {"loss": "kl_divergence"})]},
    ),
    "a feature": lambda it: named(
        "keras.utils", "FeatureSpace",
        {"features": {"a": named("keras.src.layers.preprocessing.feature_space", "Feature",
                                 {"dtype": "string", "preprocessor": it, "output_mode": "int"})}},
    ),
    "registered under another name": lambda it: {**it, "registered_name": "Custom>os.system"},
    "in another module": lambda it: {**it, "module": "builtins"},
    "in no module": lambda it: {**it, "module": None, "registered_name": None},
    "shared": lambda it: {**it, "shared_object_id": "../x", "build_config": {"input_shape": [None, 4]}, "bare": True},
}  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("door", ["keras", "h5", "deserialize_keras_object"])
def test_layers_that_reach_out_of_others(door, around, tmp_path, silence):
    (tmp_path / "secret").write_text("secret\n")
    twin(tmp_path, door, {}, model_config(dense()), (4,))
    for config in layer_gadgets(tmp_path / "PWNED").values():
        for make in (model_config, lambda it: it) if "deserialize" in door else (model_config,):
            go_in(silence, tmp_path, door, {}, make(AROUND[around](config)), (2, 4))


@pytest.mark.parametrize("name", ["Normalization", "StringLookup", "TextVectorization", "Discretization", "Embedding"])
def test_a_path_in_a_config_is_a_text(name, tmp_path, silence):
    """Wherever it stands, and whatever it is written as."""
    for path in ("/etc/hostname", "http://127.0.0.1:9/x"):
        for it in (path, [path], {"class_name": "__bytes__", "config": {"value": path}},
                   {"class_name": "__numpy__", "config": {"value": path, "dtype": "U20"}}):  # fmt: skip
            for key in ("mean", "idf_weights", "vocabulary", "bin_boundaries", "weights", "name", "embeddings_initializer"):
                with silence(), contextlib.suppress(*REFUSALS):
                    layers.deserialize(named("keras.layers", name, {"name": "g", key: it}))


COMPILED = {  # places in what `compile` was told, with an honest thing for each
    "optimizer": (lambda it: {"optimizer": it, "loss": "mse"}, named("keras.optimizers", "SGD", {"learning_rate": 0.1})),
    "schedule": (
        lambda it: {"optimizer": named("keras.optimizers", "SGD", {"learning_rate": it}), "loss": "mse"},
        named("keras.optimizers.schedules", "ExponentialDecay", dict(initial_learning_rate=0.1, decay_steps=1, decay_rate=0.5)),
    ),
    "loss": (lambda it: {"optimizer": "sgd", "loss": it}, named("keras.losses", "MeanSquaredError")),
    "losses": (lambda it: {"optimizer": "sgd", "loss": [it]}, function("keras.losses", "mean_squared_error")),
    "metrics": (lambda it: {"optimizer": "sgd", "loss": "mse", "metrics": [it]}, named("keras.metrics", "MeanSquaredError")),
    "weighted": (
        lambda it: {"optimizer": "sgd", "loss": "mse", "weighted_metrics": [it]},
        function("keras.losses", "mean_absolute_error"),
    ),
    "a metric's function": (
        lambda it: {
            "optimizer": "sgd", "loss": "mse",
            "metrics": [named("keras.metrics", "MeanMetricWrapper", {"name": "m", "dtype": "float32", "fn": it})],
        },
        "mean_absolute_error",
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", COMPILED)
@pytest.mark.parametrize("door", ["keras", "folder", "model_from_json", "deserialize_keras_object", "h5"])
@pytest.mark.filterwarnings("ignore:The model was loaded without being compiled")
def test_objects_in_what_compiles(place, door, tmp_path, silence):
    around, honest = COMPILED[place]
    for key in [None, *KEYS]:
        it = honest if key is None else gadget(key, tmp_path / "PWNED")
        config = model_config(named("keras.layers", "Flatten", {"name": "f"}))
        if door == "h5":
            path = old_file(tmp_path / "model.h5", config)
            told = around(it)
            told["optimizer_config"] = told.pop("optimizer")
            if isinstance(told["optimizer_config"], str):
                told["optimizer_config"] = named("keras.optimizers", "SGD")
            with h5py.File(path, "a") as file:
                file.attrs["training_config"] = json.dumps(told)
        else:
            config["compile_config"] = around(it)
            path = written(door, tmp_path, config)
        if key is None:
            assert load(door, path, config).compiled
            continue
        with silence(path):
            try:
                model = load(door, path, config)
                model.evaluate(np.zeros((2, 4), "float32"), np.zeros((2, 4), "float32"), verbose=0)
            except (*REFUSALS, RuntimeError):  # not compiled
                pass


GETTERS = [
    *((room, door) for room in ("losses", "metrics", "optimizers", "initializers", "regularizers", "constraints", "activations")
      for door in ("get", "deserialize")),
    ("dtype_policies", "get"), ("dtype_policies", "deserialize"), ("layers", "deserialize"), ("quantizers", "get"),
    ("quantizers", "deserialize"), ("optimizers.schedules", "deserialize"),
    ("saving", "deserialize_keras_object"), ("utils", "deserialize_keras_object"),
]  # fmt: skip
TWINS = {
    "losses": named("keras.losses", "MeanSquaredError"), "metrics": named("keras.metrics", "MeanSquaredError"),
    "optimizers": named("keras.optimizers", "Adam"), "initializers": named("keras.initializers", "HeNormal"),
    "regularizers": named("keras.regularizers", "L2"), "constraints": named("keras.constraints", "NonNeg"),
    "activations": function("keras.activations", "relu"), "dtype_policies": named("keras", "DTypePolicy", {"name": "float32"}),
    "layers": dense(), "saving": dense(), "utils": dense(),
    "quantizers": named("keras.quantizers", "AbsMaxQuantizer", {"axis": 0}),
    "optimizers.schedules": named("keras.optimizers.schedules", "CosineDecay", dict(initial_learning_rate=1.0, decay_steps=2)),
}  # fmt: skip


@pytest.mark.parametrize(("room", "door"), GETTERS, ids=[".".join(each) for each in GETTERS])
def test_getters(room, door, tmp_path, silence):
    found = operator.attrgetter(f"{room}.{door}")(keras)
    assert found(copy.deepcopy(TWINS[room])) is not None
    words = ["os.system", "subprocess.Popen", "__import__", "builtins.eval", "os>system", "torch.load", "../x", "__class__"]
    for key in KEYS:
        config = gadget(key, tmp_path / "PWNED")
        with silence():
            try:
                made = found(config)
            except REFUSALS:
                continue
            with pytest.raises(ValueError, match="safe_mode=False"):  # the placeholder of a lambda
                made(torch.zeros(1))
    for word in words if door == "get" else []:
        with silence(), pytest.raises(REFUSALS):
            found(word)


NONSENSE = [
    None, -1, 2.5, float("nan"), "x", "", [], {}, [[None]], 10**400, "\ud800", {"class_name": None}, {"class_name": ["x"]},
    {"class_name": "__numpy__"}, {"class_name": "__numpy__", "config": {"value": [1], "dtype": "zz"}},
    {"class_name": "__slice__", "config": {}}, {"class_name": "__bytes__", "config": 3}, {"class_name": "__lambda__"},
    {"class_name": "function", "config": []}, {"class_name": "function", "config": 2.5}, {"class_name": "L2", "config": 3},
    named("keras.regularizers", "L2", build_config={"a": 3}), named("keras.regularizers", "L2", compile_config={"a": 3}),
    named("keras.layers", "Dense", {"units": 2}, build_config=[3]), named(["x"], ["y"]), named("keras.optimizers", "SGD", [3]),
]  # fmt: skip


def changed(config):
    """The config with each part of it replaced by each of these, and taken away."""
    yield from NONSENSE
    for key, value in config.items():
        yield {other: part for other, part in config.items() if other != key}
        for new in changed(value) if isinstance(value, dict) else NONSENSE:
            yield {**config, key: new}


@pytest.mark.parametrize(("room", "door"), GETTERS, ids=[".".join(each) for each in GETTERS])
def test_getters_say_what_is_wrong(room, door):
    found, refused = operator.attrgetter(f"{room}.{door}")(keras), 0
    for config in changed(TWINS[room]):
        with contextlib.suppress(NotImplementedError):
            try:
                found(copy.deepcopy(config))
            except (ValueError, TypeError):
                refused += 1
    assert refused > len(NONSENSE)


@pytest.mark.parametrize("make", [model_config, graph_config])
@pytest.mark.parametrize("door", ["model_from_json", "from_config"])
def test_doors_of_models_say_what_is_wrong(door, make):
    for part in changed(dense()):
        with contextlib.suppress(ValueError, TypeError, NotImplementedError):
            load(door, "", make(part))
    whole, refused = make(dense())["config"], 0
    for config in changed(whole):
        if door == "from_config" and not isinstance(config, dict):
            continue
        try:
            load(door, "", named("keras", "Sequential" if make is model_config else "Functional", config))
        except (ValueError, TypeError):
            refused += 1
    assert refused > len(NONSENSE)


@pytest.mark.parametrize("key", KEYS)
def test_clone_model(key, tmp_path, silence):
    """A layer whose own `get_config` gives a gadget."""

    class Own(layers.Dense):
        def get_config(self):
            return {**super().get_config(), "kernel_initializer": given}

    given = named("keras.initializers", "HeNormal")
    model = keras.Sequential([layers.Input((4,)), Own(3)])
    with keras.saving.custom_object_scope({"Own": Own}):
        assert keras.models.clone_model(model)(np.zeros((1, 4))).shape == (1, 3)
        given = gadget(key, tmp_path / "PWNED")
        with silence(), contextlib.suppress(*REFUSALS):
            keras.models.clone_model(model)


@pytest.mark.parametrize(
    "name", ["torch.load", "torch.hub.load", "torch.ops.load_library", "torch.from_file", "torch.Tensor.__reduce_ex__",
             "torch.Tensor.__setstate__", "torch.Tensor.apply_", "torch.Tensor.register_hook", "torch.Tensor.set_", "os.system",
             "torch._dynamo.external_utils.os.system", "torch.Tensor.T.__get__", "torch._fw_primal"],
)  # fmt: skip
def test_functions_of_torch_in_graphs(name, tmp_path, silence):
    def config(name):
        return graph_config({"module": "torchkeras_lite.torch", "class_name": name, "config": {"name": "g"}})

    assert keras.models.model_from_json(json.dumps(config("torch.relu"))).predict(np.ones((1, 4)), verbose=0).shape == (1, 4)
    with silence(), pytest.raises(REFUSALS):
        keras.models.model_from_json(json.dumps(config(name)))


@pytest.mark.parametrize(
    "word", ["x=__import__('os').system('touch PWNED')", "x);import os;(", "None", "lambda", "x\n", "__class__", "ｘ", ""]
)
def test_no_word_of_a_config_becomes_code(word, silence):
    """Graphs become Python functions; the names in them are those of a file."""
    config = graph_config({"module": "torchkeras_lite.torch", "class_name": "torch.relu", "config": {"name": "g"}})
    text = json.dumps(config).replace('"g"', json.dumps(word)).replace('"in"', json.dumps(f"{word} in"))
    with silence(), contextlib.suppress(*REFUSALS):
        model = keras.models.model_from_json(text)
        model(torch.ones(1, 4))
    config["config"]["layers"][1]["inbound_nodes"][0]["kwargs"] = {word: 1}
    with silence(), contextlib.suppress(*REFUSALS):
        keras.models.model_from_json(json.dumps(config))(torch.ones(1, 4))


# ---------------------------------------------------------------- lambdas and modules, when the caller says so


@pytest.mark.parametrize("spelled", ["today", "by value"])
def test_a_placeholder_refuses_when_it_is_called_and_not_before(spelled, tmp_path, silence):
    code = bad_code(tmp_path / "PWNED")
    inner = {"code": code, "defaults": None, "closure": None} if spelled == "today" else {"value": [code, None, None]}
    with silence():
        config = {"name": "l", "function": {"class_name": "__lambda__", "config": inner}}
        with pytest.raises(ValueError, match=r"arbitrary code execution.*safe_mode=False"):  # alone: nothing else to see
            layers.deserialize(named("keras.layers", "Lambda", config))
        layer = keras.saving.deserialize_keras_object(named("keras.layers", "Lambda", config))
        assert layer.name == "l"
        with pytest.raises(ValueError, match="safe_mode=False"):
            layer(torch.ones(1))
    ours = layers.Lambda(lambda x: x + 1, name="l")
    config = keras.saving.serialize_keras_object(ours)
    assert keras.saving.deserialize_keras_object(config, safe_mode=False)(torch.ones(1)) == 2
    with pytest.raises(ValueError, match="safe_mode=False"):  # for that call only
        keras.saving.deserialize_keras_object(config)(torch.ones(1))


def test_what_the_caller_says_counts_inside_too(tmp_path, silence):
    """A class that a file leads to cannot switch the safe mode off."""

    class Sly(layers.Layer):
        def __init__(self, inner=None, **kwargs):
            super().__init__(**kwargs)

        @classmethod
        def from_config(cls, config):
            keras.saving.deserialize_keras_object(config.pop("inner"), safe_mode=False)(torch.ones(1))
            return cls(**config)

    lam = named("keras.layers", "Lambda", {"name": "l", "function": placeholders(tmp_path / "PWNED")["code"]})
    path = archive(tmp_path / "m.keras", model_config(named("x", "Sly", {"name": "s", "inner": lam})))
    with silence(path), pytest.raises(ValueError, match="safe_mode=False"):
        keras.models.load_model(path, custom_objects={"Sly": Sly})


# ---------------------------------------------------------------- arrays


def npz(path, content):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x_train.npy", content)
    return str(path)


def saved(array, **kwargs):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **kwargs)
    return buffer.getvalue()


def test_pickles_in_data_sets(tmp_path, silence):
    honest = np.empty(2, dtype=object)
    honest[:] = [[1, 2], [3]]
    found = source.arrays(npz(tmp_path / "good.npz", saved(honest, allow_pickle=True)))["x_train"]
    assert found.tolist() == [[1, 2], [3]]
    header = saved(honest, allow_pickle=True).split(b"\n")[0] + b"\n"
    for content in (header + bomb(tmp_path / "PWNED"), header + b"junk", header):
        path = npz(tmp_path / "bad.npz", content)
        with silence(path), pytest.raises(REFUSALS):
            # The event of a name in a pickle comes before it is refused; all that follows would be seen.
            try:
                source.arrays(path)
            finally:
                watch.seen = [one for one in watch.seen if one[0] != "pickle.find_class"]
    with open(tmp_path / "batch", "wb") as file:
        file.write(bomb(tmp_path / "PWNED"))
    with open(tmp_path / "batch", "rb") as file, pytest.raises(ValueError, match="system"):
        source.unpickled(file, encoding="bytes")
    assert not (tmp_path / "PWNED").exists()


class _Step:
    """In a pickle: a function that is called, and what the result is told to become."""

    def __init__(self, function, *args, state=None):
        self.reduced = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.reduced


def kind_of(name, itemsize=-1, flags=0, names=None, fields=None):
    return _Step(np.dtype, name, False, True, state=(3, "|", None, names, fields, itemsize, 1 if fields else -1, flags))


def array_of(kind, shape, content):
    begun = (np.ndarray, (0,), b"b")
    return _Step(np._core.multiarray._reconstruct, *begun, state=(1, shape, kind, False, content))


ADDRESSES = b"AAAAAAAA"
MADE_OF_ADDRESSES = {  # bytes of the file that numpy would follow as pointers, and memory that is not the file's
    "objects in a field": array_of(kind_of("V8", 8, 0, ("a",), {"a": (kind_of("O8", flags=63), 0)}), (1,), ADDRESSES),
    "objects that are said to be numbers": array_of(kind_of("O8"), (1,), ADDRESSES),
    "objects out of bytes": _Step(np.ndarray, (1,), "O", ADDRESSES),
    "a field beyond the end": array_of(kind_of("V8", 8, 0, ("a",), {"a": (kind_of("f8"), 1 << 40)}), (1,), ADDRESSES),
    "more than there is": array_of(kind_of("f8"), (1 << 40,), ADDRESSES),
    "less than nothing": array_of(kind_of("f8"), (-1, -1), ADDRESSES),
    "a number of elements that overflows": array_of(kind_of("f8"), (1 << 32, 1 << 32), b""),
    "an array out of nothing": _Step(np.ndarray, (1 << 45,), "f8"),
    "an array with no state": _Step(np.ndarray, (1 << 30,), "f8"),
    "an array of no kind": array_of("f8", (1,), ADDRESSES),
}


@pytest.mark.parametrize("gadget", MADE_OF_ADDRESSES)
def test_pickled_arrays_hold_what_the_file_holds(gadget):
    honest = {"a": [np.arange(6, dtype="<i2").reshape(2, 3, order="F"), np.array(["x", "yz"]), 3]}
    honest["b"] = np.empty(2, dtype=object)
    honest["b"][:] = [[1, 2], np.ones(2, ">f4")]
    found = source.unpickled(io.BytesIO(pickle.dumps(honest, 3)))
    np.testing.assert_array_equal(found["a"][0], honest["a"][0])
    assert found["a"][1].tolist() == ["x", "yz"] and found["b"][0] == [1, 2] and found["b"][1].tolist() == [1, 1]
    with pytest.raises(ValueError, match="not what it should be"):
        source.unpickled(io.BytesIO(pickle.dumps(MADE_OF_ADDRESSES[gadget], 3)))


def test_tuples_in_tuples_as_a_key(tmp_path):
    """Python goes down to the innermost to look for such a key, and its stack has an end."""
    honest = {"data": "t\x85\x86" * 30_000, "names": [(f"{i}", i) for i in range(1000)], "sizes": [2**70, 1.5, None]}
    for protocol in range(5):
        honest |= {"bytes": bytes(range(256)) * 1000} if protocol > 2 else {}
        content = pickle.dumps(honest, protocol)
        assert source.unpickled(io.BytesIO(content)) == honest
        hostile = content[:-1] + b"(}" + b")" + b"\x85" * 10**6 + b"K\x01s\x85."
        with pytest.raises(ValueError, match="more than 50000 tuples"):
            source.unpickled(io.BytesIO(hostile))
    many = np.empty(20_000, object)
    many[:] = [np.arange(i % 3, dtype="int8") for i in range(20_000)]  # tuples, and no keys
    assert source.unpickled(io.BytesIO(pickle.dumps(many, 3)))[5].tolist() == [0, 1]


def test_a_pickle_changes_nothing_here():
    """Attributes are given to what it makes, not to what it names."""
    for name in (b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n"):
        with pytest.raises(ValueError, match="not what it should be"):
            source.unpickled(io.BytesIO(name + b"(N(dU\x01xI1\nstb."))


def test_lists_that_unpack_to_much_more(tmp_path, monkeypatch):
    lists = np.empty(2, dtype=object)
    lists[:] = [[0] * 20_000, [1]]
    path = str(tmp_path / "d.npz")
    np.savez_compressed(path, x=lists)
    assert len(source.arrays(path)["x"][0]) == 20_000
    monkeypatch.setattr(source, "_LISTS", 1000)
    with pytest.raises(ValueError, match="take more than"):
        source.arrays(path)


@pytest.mark.parametrize("data", ["boston_housing", "california_housing", "mnist", "imdb", "reuters"])
def test_data_sets_from_the_cache(data, tmp_path, silence):
    path = tmp_path / "cached.npz"
    header = saved(np.array([None]), allow_pickle=True).split(b"\n")[0] + b"\n"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("x", "y", "x_train", "y_train", "x_test", "y_test"):
            file.writestr(f"{name}.npy", header + bomb(tmp_path / "PWNED"))
    with pytest.raises(ValueError, match="system"):
        getattr(datasets, data).load_data(path=str(path))
    assert not (tmp_path / "PWNED").exists()


ENDINGS = (".weights.h5", ".h5", ".weights.json", ".whole.h5", ".keras", ".folder")


def with_weights(tmp_path, change, honest=None):
    """Files of weights and of models, honest ones and ones in which `change(group, key, folder)` did something to an array.

    Args:
        honest: what is done to the honest ones in its place.
    """
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    files = []
    for name, alter in (("good", honest), ("bad", change)):
        for ending in ENDINGS:
            path = changed = tmp_path / f"{name}{ending}"
            if ending == ".weights.json":
                model.save_weights(path, max_shard_size=1)
                changed = tmp_path / f"{name}_00000.weights.h5"
            elif ending == ".folder":
                model.save(path, zipped=False)
                changed = path / "model.weights.h5"
            elif ending == ".keras":
                model.save(path)
                with zipfile.ZipFile(path) as file:
                    parts = {part: file.read(part) for part in file.namelist()}
                changed = tmp_path / f"{name}.inside.h5"
                changed.write_bytes(parts["model.weights.h5"])
            else:
                model.save(path) if "whole" in ending else model.save_weights(path)
            with h5py.File(changed, "a") as file:
                first = file.visititems(lambda _, found: found.name if isinstance(found, h5py.Dataset) else None)
                if alter is not None:
                    group, _, key = first.rpartition("/")
                    alter(file[group], key, tmp_path)
            if ending == ".keras":
                parts["model.weights.h5"] = changed.read_bytes()
                with zipfile.ZipFile(path, "w") as file:
                    for part, content in parts.items():
                        file.writestr(part, content)
            files.append(path)
    return model, files[: len(ENDINGS)], files[len(ENDINGS) :]


def opened(model, path):
    """The model with the weights of a file: itself, or the one in the file."""
    if path.suffix in (".keras", ".folder") or "whole" in path.name:
        return keras.models.load_model(path)
    model.load_weights(path)
    return model


def external(group, key, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros(group[key].shape, "float32")
    del group[key]
    group[key] = h5py.ExternalLink(str(tmp_path / "other.h5"), "secret")


def soft(group, key, tmp_path):
    group["elsewhere"] = group[key][()]
    del group[key]
    group[key] = h5py.SoftLink(f"{group.name}/elsewhere")


def virtual(group, key, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros(group[key].shape, "float32")
    layout = h5py.VirtualLayout(shape=group[key].shape, dtype="float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", shape=group[key].shape)
    del group[key]
    group.create_virtual_dataset(key, layout)


def stored_elsewhere(group, key, tmp_path):
    shape = group[key].shape
    (tmp_path / "raw").write_bytes(bytes(4 * int(np.prod(shape))))
    del group[key]
    group.create_dataset(key, shape, "float32", external=[(str(tmp_path / "raw"), 0, h5py.h5f.UNLIMITED)])


def never_written(group, key, tmp_path):
    del group[key]
    group.create_dataset(key, (1 << 20, 1 << 20), "float32", chunks=(1 << 10, 1 << 10), fillvalue=1.0)


def references(group, key, tmp_path):
    shape = group[key].shape
    del group[key]
    group.create_dataset(key, shape, h5py.ref_dtype)


def a_group(group, key, tmp_path):
    del group[key]
    group.create_group(key)


def more_than_numbers_count_to(group, key, tmp_path):
    del group[key]
    group.create_dataset(key, (1 << 32, 1 << 32), "float32", chunks=(1 << 10, 1 << 10))


def a_type(group, key, tmp_path):
    del group[key]
    group[key] = np.dtype("float32")


def packed_by(*filters):
    """The array packed by filters of these numbers; those that HDF5 does not have are left out when it writes."""

    def change(group, key, tmp_path):
        values = group[key][()]
        del group[key]
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk(values.shape)
        for number in filters:
            settings.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (values.itemsize,))
        space = h5py.h5s.create_simple(values.shape)
        made = h5py.h5d.create(group.id, key.encode(), h5py.h5t.NATIVE_FLOAT, space, settings)
        h5py.Dataset(made)[...] = values

    return change


def pieces_larger_than_the_array(group, key, tmp_path):
    shape = group[key].shape
    del group[key]
    pieces = (5_000_000,) if len(shape) == 1 else (2500, 2500)
    group.create_dataset(key, shape, "float32", maxshape=(None,) * len(shape), chunks=pieces, compression="gzip")


def piece_of(content, **how):
    """The array in one piece, for which this stands in the file."""

    def change(group, key, tmp_path):
        shape = group[key].shape
        del group[key]
        made = group.create_dataset(key, shape, "float32", chunks=shape, **how or {"compression": "gzip"})
        made.id.write_direct_chunk((0,) * len(shape), content)

    return change


def texts_in_a_damaged_heap(group, key, tmp_path):
    """Each text says that the next one is where it is itself."""
    shape = group[key].shape
    del group[key]
    group.create_dataset(key, data=np.full(shape, "abcdefgh", object), dtype=h5py.string_dtype())
    group.file.flush()
    with open(group.file.filename, "r+b") as file:
        content = file.read()
        at = content.find(b"abcdefgh") - 16
        file.seek(at)
        file.write(bytes(16))
    group.file.id.close()


def texts_longer_than_all(group, key, tmp_path):
    """A text whose length stands in the array as 2 GB."""
    shape = group[key].shape
    del group[key]
    made = group.create_dataset(key, data=np.full(shape, "abcdefgh", object), dtype=h5py.string_dtype())
    at = made.id.get_offset()
    group.file.flush()
    with open(group.file.filename, "r+b") as file:
        file.seek(at)
        file.write((1 << 31).to_bytes(4, "little"))
    group.file.id.close()


CHANGES = {
    "external": external, "soft": soft, "virtual": virtual, "stored elsewhere": stored_elsewhere, "references": references,
    "never written": never_written, "more than numbers count to": more_than_numbers_count_to, "a group": a_group,
    "a type": a_type, "LZ4": packed_by(32004),
    "Zstandard behind shuffle": packed_by(2, 32015), "a filter of one's own": packed_by(300),
    "a filter that believes what it reads": packed_by(6), "packed twice": packed_by(1, 32000),
    "pieces that are larger": pieces_larger_than_the_array,
    "a piece that unpacks to more": piece_of(zlib.compress(bytes(1 << 24))),
    "a piece that unpacks to less": piece_of(zlib.compress(bytes(7))),
    "a piece that LZF unpacks to less": piece_of(b"\3abcd", compression="lzf"),
    "a checksum of nothing": piece_of(b"xy", fletcher32=True),
    "a damaged heap": texts_in_a_damaged_heap, "texts longer than all": texts_longer_than_all,
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_arrays_lie_in_the_file(change, tmp_path, silence):
    model, good, bad = with_weights(tmp_path, CHANGES[change])
    before = model.get_weights()
    for path in good:
        for old, new in zip(before, opened(model, path).get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        if path.suffix == ".keras" or path.name.endswith(".weights.h5"):
            assert keras.saving.KerasFileEditor(path).compare(model)["status"] == "success"
    for path in bad:
        with silence(str(path).partition(".")[0]), pytest.raises(ValueError, match=r"not valid|do not fit|is damaged"):
            opened(model, path)
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        if path.suffix == ".keras" or path.name.endswith(".weights.h5"):
            if change == "a group":  # for the editor one as good as another
                continue
            with silence(str(path).partition(".")[0]), pytest.raises(ValueError, match=r"not valid|is damaged"):
                keras.saving.KerasFileEditor(path)


NO_NUMBERS = {
    "bytes": np.dtype("S4"), "voids": np.dtype("V4"), "texts": h5py.string_dtype(), "complex numbers": np.dtype("complex64"),
    "arrays": np.dtype(("float32", (2,))), "records": np.dtype([("a", "float32"), ("b", "int8")]),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_an_array_of_anything_but_numbers_changes_nothing(kind, tmp_path):
    """It is the last one, so that whoever finds out when he gets there has changed all the others."""

    def change(group, key, tmp_path):
        def last(name, found):
            return found.name if isinstance(found, h5py.Dataset) and found.shape == (2,) else None

        found = group.file[group.file.visititems(last)]
        place, name = found.parent, found.name.rpartition("/")[2]
        del place[name]
        place.create_dataset(name, (2,), NO_NUMBERS[kind])
        first = group[key]
        first[...] = first[...] + 1

    model, _, bad = with_weights(tmp_path, change)
    before = model.get_weights()
    for path in bad:
        with pytest.raises(ValueError, match=r"do not fit|not valid"):
            opened(model, path)
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("kind", [">f4", ">f8", "longdouble", ">i2", "uint16"])
def test_numbers_of_any_make_are_taken(kind, tmp_path):
    def change(group, key, tmp_path):
        values = group[key][()]
        del group[key]
        group.create_dataset(key, data=np.arange(values.size).reshape(values.shape).astype(kind))

    model, _, changed = with_weights(tmp_path, change)
    for path in changed:
        values = opened(model, path).get_weights()
        assert any(np.array_equal(value.ravel(), np.arange(value.size)) for value in values if value.any())


@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
@pytest.mark.parametrize("of_keras2", [False, True])
def test_the_state_of_an_optimizer_is_looked_at_before(of_keras2, ending, tmp_path, monkeypatch):
    """It does not fit: all else is loaded, and nothing is left half done. Nor is it read to find that out."""
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        state = file["optimizer/vars"]
        if of_keras2:  # which kept no learning rate
            del state["1"]
            for i in range(2, len(model.optimizer.variables)):
                state.move(str(i), str(i - 1))
        size = len(state)
        del state[str(size - 1)]
        state.create_dataset(str(size - 1), (1000, 1000), "float32", chunks=(1000, 1000), compression="gzip")[...] = 0
    if ending == "keras":
        model.save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
            for name in good.namelist():
                bad.writestr(name, path.read_bytes() if name.endswith(".h5") else good.read(name))
        path = tmp_path / "bad.keras"
    expected = model.get_weights()
    model.set_weights([value + 1 for value in expected])
    read = []
    monkeypatch.setattr(stores.Source, "__getitem__", lambda self, key: read.append(key))
    with pytest.warns(UserWarning, match="state of the optimizer in the file does not fit"):
        loaded = opened(model, path)
    for old, new in zip(expected, loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert read == []


def trees_in(content):
    at = content.find(b"TREE")
    while at >= 0:
        if content[at + 6] or content[at + 7]:  # something is in it
            yield at
        at = content.find(b"TREE", at + 1)


HOW = {  # what a node of a tree says: its level, where the first one below it is, where the one beside it is
    "below itself": lambda at, first: {5: b"\x01", first: at.to_bytes(8, "little")},
    "far below itself": lambda at, first: {5: b"\xff", first: at.to_bytes(8, "little")},
    "beside itself": lambda at, first: {16: at.to_bytes(8, "little")},
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("room", [0, 512])
def test_trees_that_lead_back_to_themselves(room, how, tmp_path):
    """The library would go down such a tree until its stack ends, and along it forever."""
    path = tmp_path / "m.h5"
    with h5py.File(path, "w", userblock_size=room) as file:
        for i in range(300):  # more than one node holds
            file[f"layers/dense_{i}/vars/0"] = np.ones(2)
        file["packed"] = np.ones(3)
        file.create_dataset("pieces", data=np.ones((40, 40)), chunks=(2, 2), compression="gzip")
    content = path.read_bytes()
    found = [*trees_in(content)]
    with stores.opened(path) as file:
        assert len(file["layers"]) == 300 and file["pieces"][()].sum() == 1600
    assert {content[at + 5] for at in found} >= {0, 1} and {content[at + 4] for at in found} == {0, 1}
    for at in found[:: len(found) // 5]:
        first = 24 + (8 if content[at + 4] == 0 else 8 + 8 * 3)
        changed = bytearray(content)
        for place, value in HOW[how](at - room, first).items():
            changed[at + place : at + place + len(value)] = value
        path.write_bytes(changed)
        with pytest.raises(ValueError, match="leads back to itself"):
            trees.check(path)
        with pytest.raises(ValueError, match="leads back to itself"), stores.opened(path):
            pass


@pytest.mark.parametrize("packed", [False, True])
def test_such_a_tree_in_an_archive(packed, tmp_path):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.save(tmp_path / "good.keras")
    way = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(tmp_path / "good.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w", way) as bad:
        for name in good.namelist():
            content = bytearray(good.read(name))
            if name.endswith(".h5"):
                (at, *_) = trees_in(content)
                content[at + 16 : at + 24] = at.to_bytes(8, "little")
            bad.writestr(name, bytes(content))
    for load in (keras.models.load_model, model.load_weights, keras.saving.KerasFileEditor):
        load(str(tmp_path / "good.keras"))
        with pytest.raises(ValueError, match="leads back to itself"):
            load(str(tmp_path / "bad.keras"))


def test_a_type_that_lies_in_itself(tmp_path):
    """Where an array has its type from another object, that may have its own from itself: the library asks on and on."""
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file["type"] = np.dtype("float32")
        file["plain"] = np.ones(3)
    trees.check(path)
    with h5py.File(path, "a") as file:
        file.create_dataset("a", data=np.ones(4), dtype=file["type"])
    with pytest.raises(ValueError, match="described by what no weights have"):
        trees.check(path)
    with h5py.File(path, "a") as file:
        del file["a"]
        file.attrs.create("a", 1.0, dtype=file["type"])
    with pytest.raises(ValueError, match="type of an attribute lies in another object"):
        trees.check(path)


def test_gaps_among_names_that_lead_back_to_themselves(tmp_path):
    """The library would take memory for each of them, for ever."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["a"] = np.ones(3)
    content = bytearray((tmp_path / "m.h5").read_bytes())
    at = content.find(b"HEAP") + 16
    gap, first = (int.from_bytes(content[place : place + 8], "little") for place in (at, at + 8))
    trees.check(tmp_path / "m.h5")
    content[first + gap : first + gap + 8] = gap.to_bytes(8, "little")
    (tmp_path / "m.h5").write_bytes(content)
    with pytest.raises(ValueError, match="leads back to itself"), stores.opened(tmp_path / "m.h5"):
        pass


NEWEST = {
    "many names": lambda file: [file.create_group(f"{i}") for i in range(9)],
    "many attributes": lambda file: [file.attrs.create(f"{i}", 1) for i in range(9)],
    "the pieces of an array": lambda file: file.create_dataset("a", data=np.ones((4, 4)), chunks=(2, 2), compression="gzip"),
}


@pytest.mark.parametrize("what", NEWEST)
def test_the_newest_form_is_read_where_it_is_plain(what, tmp_path):
    """What it has for many names leads back to itself as easily, and no file of Keras has it."""
    for form in ("earliest", "latest"):
        with h5py.File(tmp_path / "m.h5", "w", libver=form) as file:
            file["vars/0"], file["vars"].attrs["name"] = np.arange(3), "dense"
            file.create_dataset("packed", data=np.ones((4, 4)), chunks=(4, 4), compression="gzip")
            if form == "earliest":
                NEWEST[what](file)
        with stores.opened(tmp_path / "m.h5") as file:
            assert stores.Source(file, "vars")["0"].tolist() == [0, 1, 2]
            assert np.asarray(stores.dataset(file, "packed")).sum() == 16
            assert stores.attribute(file["vars"], "name") == "dense"
    with h5py.File(tmp_path / "m.h5", "a", libver="latest") as file:
        NEWEST[what](file)
    with pytest.raises(ValueError, match=f"{what} in HDF5's newest form.*without `libver"):
        trees.check(tmp_path / "m.h5")


@pytest.mark.parametrize("place", [13, 48])
def test_files_of_other_make(place, tmp_path):
    """With addresses of four bytes, or spread over several files: nothing writes weights like that."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["a"] = np.ones(3)
    content = bytearray((tmp_path / "m.h5").read_bytes())
    trees.check(tmp_path / "m.h5")
    content[place] = 4
    (tmp_path / "m.h5").write_bytes(content)
    with pytest.raises(ValueError, match="kept in a way in which no weights are"):
        trees.check(tmp_path / "m.h5")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("room", [0, 512])
def test_texts_are_found_in_any_form_of_head(libver, room, tmp_path):
    """Where an attribute lies is looked up in the head of its object, of which HDF5 has two forms, in several pieces."""
    with h5py.File(tmp_path / "m.h5", "w", libver=libver, userblock_size=room) as file:
        group = file.create_group("a/b")
        for i in range(7):
            group.attrs[f"key{i}"] = "x" * (100 * i + 1)
        group.attrs["many"] = ["a", "bcd", "ü" * 5000]
        file.attrs["long"] = "y" * 200_000
    with stores.opened(tmp_path / "m.h5") as file:
        assert [stores.attribute(file["a/b"], f"key{i}") for i in range(7)] == ["x" * (100 * i + 1) for i in range(7)]
        assert list(stores.attribute(file["a/b"], "many")) == ["a", "bcd", "ü" * 5000]
        assert stores.attribute(file, "long") == "y" * 200_000


@pytest.mark.parametrize("key", ["many", "one"])
def test_lengths_of_texts_are_not_believed(key, tmp_path):
    """The library takes memory for any length that stands in the file, before it looks whether there is such a text."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs[key] = ["abc", "defgh"] if key == "many" else "abc"
    content = (tmp_path / "m.h5").read_bytes()
    with stores.opened(tmp_path / "m.h5") as file:
        assert stores.attribute(file, key)[0][0] == "a"
    at = content.find(key.encode() + b"\0")
    at = content.find((3).to_bytes(4, "little"), at + 24)  # behind what kind it is: its length
    (tmp_path / "m.h5").write_bytes(content[:at] + (1 << 31).to_bytes(4, "little") + content[at + 4 :])
    with stores.opened(tmp_path / "m.h5") as file, pytest.raises(ValueError, match="longer than what lies in its place"):
        stores.attribute(file, key)


def test_one_text_a_thousand_times(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["names"] = ["x" * 1000] * 1000
    with stores.opened(tmp_path / "m.h5") as file:
        assert len(stores.attribute(file, "names")) == 1000
        monkeypatch.setattr(heaps, "_LIMIT", 1 << 19)
        with pytest.raises(ValueError, match="1000 texts, which are 1000000 bytes together"):
            stores.attribute(file, "names")


@pytest.mark.parametrize("filters", [(1,), (2, 1), (2, 32000), (3,), (2, 1, 3)])
def test_filters_of_hdf5_itself_are_read(filters, tmp_path):
    model, good, _ = with_weights(tmp_path, packed_by(*filters), packed_by(*filters))
    before = model.get_weights()
    for path in good:
        for old, new in zip(before, opened(model, path).get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("way", [None, "gzip", "lzf"])
def test_what_pieces_unpack_to_is_known(way, tmp_path):
    """As the library packs them: with every filter, and without where packing makes nothing less."""
    draw = np.random.default_rng(0)
    values = {"zeros": np.zeros((30, 17)), "noise": draw.random((30, 17)), "steps": draw.integers(0, 3, (30, 17)) // 2 * 1.0}
    with h5py.File(tmp_path / "m.h5", "w") as file:
        for key, value in values.items():
            for more in ({}, {"shuffle": True}, {"fletcher32": True}, {"shuffle": True, "fletcher32": True}):
                file.create_dataset(f"{key}{[*more]}", data=value, chunks=(7, 17), compression=way, **more)
    with stores.opened(tmp_path / "m.h5") as file:
        assert len(file) == 12
        for key in file:
            np.testing.assert_array_equal(packed.bounded(stores.dataset(file, key)), values[key.partition("[")[0]])


def test_a_group_that_lies_in_itself(tmp_path):
    def change(group, key, tmp_path):
        group["again"] = group.parent
        group.parent["above"] = group.file["/"]

    model, _, bad = with_weights(tmp_path, change)
    for path in bad:
        with contextlib.suppress(ValueError):  # one group too many
            opened(model, path)
        if path.suffix == ".keras" or path.name.endswith(".weights.h5"):
            with pytest.raises(ValueError, match="lies in itself"):
                keras.saving.KerasFileEditor(path)


def test_an_array_of_many_names_is_read_once_too_often(tmp_path):
    """The editor reads all there is: a small file with large arrays in it, or one array under many names, is refused."""
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        ones = np.ones((1 << 16, 32), "float32")
        file.create_dataset("layers/dense/vars/0", data=ones, compression="gzip", chunks=ones.shape)
        assert keras.saving.KerasFileEditor(path).weights_dict["layers"]["dense"]["0"].shape == (1 << 16, 32)
        for number in range(20):
            file[f"layers/dense/vars/again{number}"] = file["layers/dense/vars/0"]
    with pytest.raises(ValueError, match="much larger than the file"):
        keras.saving.KerasFileEditor(path)


@pytest.mark.parametrize("key", ["model_config", "layer_names"])
def test_attributes_that_are_too_large(key, tmp_path, monkeypatch):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3, name="d")])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        for number in range(1000):  # a head of an object as large as they come
            file.attrs[f"{number}"] = "x" * 1000
        place = file if key == "model_config" else file["model_weights"]
        value = place.attrs[key]
        assert keras.models.load_model(tmp_path / "m.h5").count_params() == 15
        place.attrs[key] = value + " " * 5000 if key == "model_config" else np.asarray([*value, *[b"x" * 50] * 100])
    monkeypatch.setattr(stores, "_ATTRIBUTE_LIMIT", 4000)
    with pytest.raises(ValueError, match=r"characters|bytes"):
        keras.models.load_model(tmp_path / "m.h5")


@pytest.mark.parametrize("name", ["../m_00000.weights.h5", "/m.weights.h5", "a/../m.weights.h5", "m.h5", "a\\m.weights.h5", 3])
def test_names_of_shards_are_no_paths(name, tmp_path, silence):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3)])
    (tmp_path / "a").mkdir()
    model.save_weights(tmp_path / "a" / "m.weights.json", max_shard_size=1)
    model.load_weights(tmp_path / "a" / "m.weights.json")
    (tmp_path / "m_00000.weights.h5").write_bytes((tmp_path / "a" / "m_00000.weights.h5").read_bytes())
    path = tmp_path / "a" / "m.weights.json"
    where = json.loads(path.read_text())
    for names in (name, [name]):
        path.write_text(json.dumps({**where, "weight_map": dict.fromkeys(where["weight_map"], names)}))
        with silence(path), pytest.raises(ValueError, match="weights are said to be in"):
            model.load_weights(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_among_the_shards(tmp_path):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=1)
    model.load_weights(tmp_path / "m.weights.json")
    os.remove(tmp_path / "m_00000.weights.h5")
    os.mkfifo(tmp_path / "m_00000.weights.h5")
    with pytest.raises(ValueError, match="is no file"):
        model.load_weights(tmp_path / "m.weights.json")


def test_a_damaged_array_changes_nothing(tmp_path):
    """Compressed arrays show only when they are read that they are damaged: what was read before goes back."""

    def compress(group, key, tmp_path):
        values = np.random.default_rng(0).normal(size=group[key].shape)
        del group[key]
        group.create_dataset(key, data=values.astype("float32"), compression="gzip", fletcher32=True)

    model, _, (path, *_) = with_weights(tmp_path, compress)
    with h5py.File(path, "a") as file:
        last = file["layers/dense_1/vars"]
        values = last["1"][()] + 1
        del last["1"]
        last.create_dataset("1", data=values, compression="gzip", chunks=values.shape)
        at = last["1"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[at : at + 8] = b"\xff" * 8
    path.write_bytes(bytes(content))
    before = model.get_weights()
    with pytest.raises(ValueError, match="does not unpack"):
        model.load_weights(path)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# ---------------------------------------------------------------- archives


NAMES = ["../PWNED", "/PWNED", "a/../../PWNED", "..\\PWNED", "C:\\PWNED", "./../PWNED"]


@pytest.mark.parametrize("name", NAMES)
def test_assets_stay_in_their_folder(name, tmp_path, silence):
    layer = layers.StringLookup(name="lookup")
    layer.adapt([["a", "b", "c"]])
    model = keras.Sequential([layers.Input((1,), dtype="string"), layer])
    model.save(tmp_path / "good.keras")
    loaded = keras.models.load_model(tmp_path / "good.keras")
    assert loaded.layers[0].get_vocabulary() == layer.get_vocabulary()
    with zipfile.ZipFile(tmp_path / "good.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
        prefix = next(one for one in good.namelist() if one.startswith("assets/")).rpartition("/")[0]
        for member in good.namelist():
            bad.writestr(member, good.read(member))
        bad.writestr(f"{prefix}/{name}", "x")
    with pytest.raises(ValueError, match="not valid"):
        keras.models.load_model(tmp_path / "bad.keras")
    assert not list(tmp_path.parent.rglob("*PWNED*"))


def tar(path, *members):
    with tarfile.open(path, "w") as file:
        for name, kind, target in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, target, 1 if kind == tarfile.REGTYPE else 0
            file.addfile(info, io.BytesIO(b"x") if info.size else None)
    return path


@pytest.mark.parametrize(
    "members",
    [
        [("../PWNED", tarfile.REGTYPE, "")],
        [("/tmp/PWNED_absolute", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "../../outside"), ("link/PWNED", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "/etc"), ("link/PWNED", tarfile.REGTYPE, "")],
        [("hard", tarfile.LNKTYPE, "../../secret")],
        [("device", tarfile.CHRTYPE, "")],
        [("pipe", tarfile.FIFOTYPE, "")],
        [("a", tarfile.SYMTYPE, "b"), ("b", tarfile.SYMTYPE, "../.."), ("a/PWNED", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "."), ("link/../PWNED", tarfile.REGTYPE, "")],
        [("deep/link", tarfile.SYMTYPE, ".."), ("deep/link/../PWNED", tarfile.REGTYPE, "")],
        [("x", tarfile.REGTYPE, ""), ("x", tarfile.SYMTYPE, "/etc/hostname"), ("x", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "x/../../bad_neighbour/PWNED")],
    ],
)
@pytest.mark.parametrize("here", ["/", "cache", "."])
def test_archives_from_the_network(here, members, tmp_path, monkeypatch):
    """Wherever the process stands: it is the folder that counts."""
    (tmp_path / "cache").mkdir()
    monkeypatch.chdir(tmp_path / here)
    for name, content in (("good", [("x", tarfile.REGTYPE, "")]), ("bad", members)):
        address = tar(tmp_path / f"{name}.tar", *content).as_uri()
        settings = {"cache_dir": str(tmp_path / "cache"), "cache_subdir": "", "extract": True}
        if name == "good":
            assert os.listdir(keras.utils.get_file(name, address, **settings)) == ["x"]
            continue
        with pytest.raises(REFUSALS):
            keras.utils.get_file(name, address, **settings)
    assert not list(tmp_path.rglob("*PWNED*")) and not os.path.exists("/tmp/PWNED_absolute")
    assert os.listdir(tmp_path / "cache" / "good") == ["x"] and not (tmp_path / "cache" / "bad").exists()


@pytest.mark.parametrize("name", NAMES if os.name == "nt" else [name for name in NAMES if "\\" not in name])
@pytest.mark.parametrize("here", ["/", "."])
def test_zips_from_the_network(here, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / here)
    for kind in ("good", "bad"):
        with zipfile.ZipFile(tmp_path / f"{kind}.zip", "w") as file:
            file.writestr("x" if kind == "good" else name, "x")
        settings = {"cache_dir": str(tmp_path / "cache"), "cache_subdir": "", "extract": True}
        with contextlib.nullcontext() if kind == "good" else pytest.raises(REFUSALS):
            keras.utils.get_file(kind, (tmp_path / f"{kind}.zip").as_uri(), **settings)
    assert os.listdir(tmp_path / "cache" / "good") == ["x"] and not (tmp_path / "cache" / "bad").exists()
    assert not list(tmp_path.rglob("*PWNED*"))


@pytest.mark.parametrize("name", ["..", "../PWNED", "/PWNED", "a/../../PWNED", "..\\PWNED"])
@pytest.mark.parametrize("zipped", [True, False])
def test_names_of_layers_are_no_paths(name, zipped, tmp_path):
    """Layers with assets write files; no name of theirs says where."""
    lookup = named("keras.layers", "StringLookup", {"name": name, "vocabulary": ["a", "b"]}, registered_name=None)
    inside = tmp_path / "here"
    inside.mkdir()
    with contextlib.suppress(*REFUSALS):
        config = json.dumps(model_config(lookup, (1,))).replace('"name": "in"', '"name": "in", "dtype": "string"')
        model = keras.models.model_from_json(config)
        model.save(inside / ("m.keras" if zipped else "m"))
        keras.models.load_model(inside / ("m.keras" if zipped else "m"))
    assert os.listdir(tmp_path) == ["here"] and set(os.listdir(inside)) <= {"m.keras", "m"}
    assert not list(tmp_path.rglob("*PWNED*"))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "..", "a\\..\\..\\b" if os.name == "nt" else "./x"])
def test_names_in_the_cache(name, tmp_path):
    with pytest.raises(ValueError, match="fname"):
        keras.utils.get_file(name, "http://127.0.0.1:9/x", cache_dir=str(tmp_path))


def test_bombs(tmp_path, silence, monkeypatch):
    from torchkeras_lite.saving import archive as archives

    monkeypatch.setattr(archives, "_TEXT_LIMIT", 1 << 20)
    config = model_config(dense())
    keras.models.model_from_json(json.dumps(config)).save(tmp_path / "good.keras")
    keras.models.load_model(tmp_path / "good.keras")
    for member, content in (("config.json", b" " * (2 << 20)), ("model.weights.h5", bytes(1 << 27))):
        packed = zipfile.ZipFile(tmp_path / "bad.keras", "w", zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(tmp_path / "good.keras") as good, packed as bad:
            for name in good.namelist():
                bad.writestr(name, good.read(name) + (content if name == member else b""))
        with silence(tmp_path / "bad.keras"), pytest.raises(ValueError, match="more than"):
            keras.models.load_model(tmp_path / "bad.keras")


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("member", ["config.json", "metadata.json", "model.weights.h5"])
def test_members_that_unpack_as_a_whole(way, member, tmp_path, silence):
    """zlib unpacks as much as it is asked for. The others unpack what they are given, however much that is."""
    model = keras.models.model_from_json(json.dumps(model_config(dense())))
    model.save(tmp_path / "good.keras")
    np.savez_compressed(tmp_path / "good.npz", x=[1])
    assert source.arrays(tmp_path / "good.npz")["x"] == [1]
    with zipfile.ZipFile(tmp_path / "good.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name), compress_type=way if name == member else None)
    for load in (keras.models.load_model, model.load_weights, keras.saving.KerasFileEditor, source.arrays):
        with silence(tmp_path / "bad.keras"), pytest.raises(ValueError, match="is packed in way"):
            load(str(tmp_path / "bad.keras"))


def test_two_members_of_one_name(tmp_path, silence):
    """Who looks through a file before it is loaded may look at the other one."""
    model = keras.models.model_from_json(json.dumps(model_config(dense())))
    path = tmp_path / "m.keras"
    model.save(path)
    assert keras.models.load_model(path).count_params() == 20
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("config.json", json.dumps(model_config(gadget("os.system", tmp_path / "PWNED"))))
    for load in (keras.models.load_model, model.load_weights, keras.saving.KerasFileEditor):
        with silence(path), pytest.raises(ValueError, match=r"two members called 'config\.json'"):
            load(str(path))


def test_very_many_members(tmp_path, monkeypatch):
    """Each takes seven times the bytes in which it is listed, whatever it is."""
    model = keras.models.model_from_json(json.dumps(model_config(dense())))
    path = tmp_path / "m.keras"
    model.save(path)
    with zipfile.ZipFile(path, "a") as file:
        for number in range(100):
            file.writestr(f"assets/{number}", "")
    for load in (keras.models.load_model, model.load_weights, keras.saving.KerasFileEditor):
        load(str(path))
        with monkeypatch.context() as patch:
            patch.setattr(files._Raw, "most", 5000)
            with pytest.raises(ValueError, match=r"its list of members has \d{4} bytes"):
                load(str(path))
    np.savez(tmp_path / "a.npz", **{str(number): 1 for number in range(100)})
    assert len(source.arrays(tmp_path / "a.npz")) == 100
    monkeypatch.setattr(files._Raw, "most", 5000)
    with pytest.raises(ValueError, match=r"its list of members has \d{4} bytes"):
        source.arrays(tmp_path / "a.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_among_the_assets(tmp_path):
    layer = layers.StringLookup(name="lookup")
    layer.adapt([["a", "b", "c"]])
    keras.Sequential([layers.Input((1,), dtype="string"), layer]).save(tmp_path / "m", zipped=False)
    assert keras.models.load_model(tmp_path / "m").layers[0].get_vocabulary() == layer.get_vocabulary()
    (vocabulary,) = (tmp_path / "m").rglob("vocabulary.txt")
    vocabulary.unlink()
    os.mkfifo(vocabulary)
    with pytest.raises(ValueError, match="is no file"):
        keras.models.load_model(tmp_path / "m")


def test_folders_of_other_formats_are_not_looked_into(tmp_path, silence):
    """A checkpoint of Orbax names where its assets go."""
    keras.models.model_from_json(json.dumps(model_config(dense()))).save(tmp_path / "m")
    assert keras.models.load_model(tmp_path / "m").count_params() == 20
    (tmp_path / "m" / "config.json").unlink()
    (tmp_path / "m" / "0").mkdir()
    (tmp_path / "m" / "0" / "_METADATA").write_text(json.dumps({"assets": {"../../PWNED": "x"}}))
    with silence(tmp_path / "m"), pytest.raises(ValueError, match=r"there is no 'config\.json'"):
        keras.models.load_model(tmp_path / "m")


BAD_ARRAYS = {
    "room for long texts": {"value": ["a"], "dtype": "U300000000"},
    "one long text and many short ones": {"value": ["a" * 10**5] + ["b"] * 10**4, "dtype": "U1"},
    "bytes of any size": {"value": [1], "dtype": "V1000000000"},
    "rows in rows": {"value": 1, "dtype": "(1000,1000)f4"},
    "records": {"value": [1], "dtype": "f8,f8"},
}


@pytest.mark.parametrize("key", BAD_ARRAYS)
def test_arrays_in_configs_are_as_large_as_what_is_written(key):
    good = {"class_name": "__numpy__", "config": {"value": ["a", "bcd"], "dtype": "<U3"}}
    assert keras.saving.deserialize_keras_object(good).tolist() == ["a", "bcd"]
    with pytest.raises(ValueError, match="there is an array of"):
        keras.saving.deserialize_keras_object({"class_name": "__numpy__", "config": BAD_ARRAYS[key]})


def test_a_vocabulary_that_unpacks_to_much_more_than_it_is(tmp_path, monkeypatch):
    from torchkeras_lite.saving import archive as archives

    layer = layers.StringLookup()
    layer.adapt([[f"word{number}"] for number in range(2000)])
    keras.Sequential([layers.Input((1,), dtype="string"), layer]).save(tmp_path / "good.keras")
    monkeypatch.setattr(archives, "_TEXT_FLOOR", 1 << 10)
    for words in (layer.get_vocabulary()[1:], ["a"] * (1 << 20)):
        packed = zipfile.ZipFile(tmp_path / "bad.keras", "w", zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(tmp_path / "good.keras") as good, packed as bad:
            for name in good.namelist():
                bad.writestr(name, "\n".join(words) if name.startswith("assets/") else good.read(name))
        if len(words) == 2000:
            assert keras.models.load_model(tmp_path / "bad.keras").layers[0].get_vocabulary() == layer.get_vocabulary()
            continue
        with pytest.raises(ValueError, match="more than such texts can"):
            keras.models.load_model(tmp_path / "bad.keras")


# ---------------------------------------------------------------- weights of a hostile model, and what goes on after a stop


@pytest.mark.parametrize("key", KEYS)
def test_load_weights_looks_at_no_config(key, tmp_path, silence):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(4)])
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
        for name in good.namelist():
            config = json.dumps(model_config(gadget(key, tmp_path / "PWNED")))
            bad.writestr(name, config if name == "config.json" else good.read(name))
    with silence(tmp_path / "bad.keras"):
        model.load_weights(tmp_path / "bad.keras")


def test_callbacks_that_restore(tmp_path):
    """What BackupAndRestore left in its folder is data as well: no pickle, and no attribute but those that callbacks name."""

    def fit():
        model = keras.Sequential([layers.Input((4,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        again = keras.callbacks.BackupAndRestore(str(tmp_path / "state"), delete_checkpoint=False)
        best = keras.callbacks.EarlyStopping("loss")
        model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0, epochs=2, callbacks=[again, best])
        return best

    fit()
    (path,) = [one for one in (tmp_path / "state").rglob("*") if one.is_file()]
    state = torch.load(path, weights_only=True)
    state["epoch"] = 1
    for known in state["callbacks"]:
        known["monitor"] = known["model"] = "PWNED"
    torch.save(state, path)
    best = fit()
    assert best.monitor == "loss" and best.model != "PWNED"
    for content in (bomb(tmp_path / "PWNED"), b"", b"PK"):
        path.write_bytes(content)
        with pytest.raises(OSError, match="cannot read"):
            fit()
    assert not (tmp_path / "PWNED").exists()


# ---------------------------------------------------------------- what has been found in Keras

# Flaws that were published, and the tests above that try what they did.
PUBLISHED = {
    "CVE-2021-37678": ["test_yaml_is_not_read"],
    "CVE-2024-3660": ["test_layers_that_reach_out"],
    "CVE-2025-1550": ["test_objects_in_models", "test_objects_in_what_compiles", "test_getters"],
    "CVE-2025-8747": ["test_objects_in_models"],
    "CVE-2025-9905": ["test_layers_that_reach_out"],
    "CVE-2025-9906": ["test_objects_in_models"],
    "CVE-2025-49655": ["test_layers_that_reach_out"],
    "CVE-2025-12058": ["test_layers_that_reach_out"],
    "CVE-2025-12060": ["test_archives_from_the_network"],
    "CVE-2026-0897": ["test_arrays_lie_in_the_file"],
    "CVE-2026-1462": ["test_layers_that_reach_out"],
    "CVE-2026-1669": ["test_arrays_lie_in_the_file"],
    "CVE-2026-9335": ["test_arrays_lie_in_the_file"],  # links out of the file, in the editor too
    "CVE-2026-11816": ["test_archives_from_the_network", "test_zips_from_the_network"],  # by a process that stands at /
    "CVE-2026-12479": ["test_names_of_layers_are_no_paths"],
    "CVE-2026-12480": ["test_arrays_lie_in_the_file"],  # virtual arrays
    "CVE-2026-12481": ["test_getters", "test_clone_model", "test_a_layer_alone"],
    "CVE-2026-12482": ["test_archives_from_the_network"],  # a link to the folder itself, and then up
    "CVE-2026-12484": ["test_layers_that_reach_out", "test_a_layer_alone"],  # a pickled module, outside of load_model
    "CVE-2026-12570": ["test_arrays_lie_in_the_file", "test_an_array_of_many_names_is_read_once_too_often"],  # false shapes
    "KERAS-MFV-001": ["test_folders_of_other_formats_are_not_looked_into"],  # paths of assets in checkpoints of Orbax
}


def test_each_published_flaw_has_its_test():
    assert all(name in globals() for names in PUBLISHED.values() for name in names)


def test_yaml_is_not_read():
    assert not hasattr(keras.models, "model_from_yaml")


@pytest.mark.parametrize("kwargs", SAFE)
def test_a_layer_alone(kwargs, tmp_path, silence):
    """`from_config` of single layers, with nothing around that says how safe it is to be."""
    for key, config in layer_gadgets(tmp_path / "PWNED").items():
        kind = getattr(layers, config["class_name"], None)
        if kind is None:
            continue
        with silence():
            try:
                layer = kind.from_config(copy.deepcopy(config["config"]))
                layer(torch.ones(1, 4))
            except REFUSALS:
                continue
            assert key == "an honest layer"
