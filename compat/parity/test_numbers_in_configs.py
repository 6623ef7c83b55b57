"""Numbers that nobody would write, in each place of each config: a model is loaded or refused, and that takes little memory.

Each object of the registry is described as it describes itself, in a file with one small array. Then each value in its config
is replaced in turn. All of that in a process of its own, whose memory is bounded.
"""

import copy
import inspect
import json
import os
import select
import signal
import traceback
import warnings

import h5py
import numpy as np
import pytest
import torch
from rows import ROWS

import torchkeras_lite as keras
from torchkeras_lite import layers, registry

resource = pytest.importorskip("resource")

REFUSALS = (ValueError, TypeError, NotImplementedError)
GIB = 3  # of memory beyond what the process has: what is bounded takes less, and what is not takes more
DEEP = [1]
for _ in range(300):
    DEEP = [DEEP]
VALUES = [
    -1, 0, 10**5, 3 * 10**7, 2**31, 10**12, 10**400, 1e308, float("nan"), float("inf"), "a" * 10**5, [10**9, 10**9],
    [10**5] * 4, [[2, 1]] * 2000, DEEP, {"a": 10**12},
]  # fmt: skip


# ---------------------------------------------------------------- honest configs, and where the values go


def around_layer(name, kwargs, x):
    several = x if isinstance(x, list) else [x]
    arrays = [one if isinstance(one, np.ndarray) else np.zeros(one, "float32") for one in several]
    tensors = [keras.Input(one.shape[1:], dtype=str(one.dtype), name=f"in_{i}") for i, one in enumerate(arrays)]
    layer = getattr(layers, name)(name="one", **kwargs)
    apart = name in ("MultiHeadAttention", "GroupQueryAttention")
    made = keras.Model(tensors if isinstance(x, list) else tensors[0], layer(*tensors) if apart else layer(_as(x, tensors)))
    return registry.serialize(made)


def _as(x, tensors):
    return tensors if isinstance(x, list) else tensors[0]


PLACES = np.zeros((2, 3), "int64")
IMAGES, SEQUENCE, BOXED = (2, 6, 5, 3), (2, 3, 4), {"value_range": (0, 1)}
MORE_ROWS = [  # what the rows of the comparison with Keras do not have
    ("RNN", {"cell": layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])}, SEQUENCE),
    ("Bidirectional", {"layer": layers.GRU(3)}, SEQUENCE), ("TimeDistributed", {"layer": layers.Dense(3)}, SEQUENCE),
    ("IntegerLookup", {"vocabulary": [1, 2], "output_mode": "multi_hot"}, PLACES), ("Hashing", {"num_bins": 5}, PLACES),
    ("HashedCrossing", {"num_bins": 5, "output_mode": "one_hot"}, [PLACES[:, 0], PLACES[:, 0]]),
    ("RandomBrightness", {"factor": 0.2}, IMAGES), ("RandomContrast", {"factor": 0.2}, IMAGES), ("RandomFlip", {}, IMAGES),
    ("RandomRotation", {"factor": 0.2}, IMAGES), ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1}, IMAGES),
    ("RandomZoom", {"height_factor": 0.2}, IMAGES), ("RandomPerspective", {"factor": 0.2}, IMAGES),
    ("RandomElasticTransform", {}, IMAGES), ("RandomErasing", BOXED, IMAGES), ("RandomGaussianBlur", BOXED, IMAGES),
    ("RandomHue", {"factor": 0.2, **BOXED}, IMAGES), ("RandomInvert", BOXED, IMAGES), ("RandAugment", BOXED, IMAGES),
    ("RandomPosterization", {"factor": 3, **BOXED}, IMAGES), ("RandomSaturation", {"factor": 0.2, **BOXED}, IMAGES),
    ("RandomSharpness", {"factor": 0.2, **BOXED}, IMAGES), ("RandomColorJitter", {"brightness_factor": 0.2, **BOXED}, IMAGES),
    ("RandomColorDegeneration", {"factor": 0.2, **BOXED}, IMAGES), ("AugMix", BOXED, IMAGES), ("Solarization", BOXED, IMAGES),
    ("RandomCrop", {"height": 3, "width": 2}, IMAGES), ("RandomShear", {"x_factor": 0.1}, IMAGES),
]  # fmt: skip


def of_layers(every):
    first = {}
    for name, kwargs, x in [*ROWS, *MORE_ROWS]:
        first.setdefault(name, (kwargs, x))
    for name, (kwargs, x) in list(first.items())[::every]:
        registry.reset_names()
        yield around_layer(name, kwargs, x), lambda found: found
    for name in ("StringLookup", "TextVectorization"):
        words = {"vocabulary": ["a", "b"], "output_mode": "tf_idf", "idf_weights": [0.1, 0.2], "max_tokens": 9}
        layer = getattr(layers, name)(name="one", pad_to_max_tokens=True, **words)
        yield registry.serialize(keras.Sequential([keras.Input((1,), dtype="string"), layer])), lambda found: found


SETTINGS = [
    {}, {"num_classes": 3}, {"num_classes": 3, "target_class_ids": [1]}, {"recall": 0.5}, {"precision": 0.5},
    {"sensitivity": 0.5}, {"specificity": 0.5}, {"initial_learning_rate": 0.1, "decay_steps": 5}, {"name": "x"},
    {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}, {"boundaries": [1, 2], "values": [0.1, 0.2, 0.3]},
    {"initial_learning_rate": 0.1, "first_decay_steps": 5}, {"value": [[1.0] * 4] * 4}, {"factor": 0.1},
]  # fmt: skip


def of_kind(module, place, every):
    """The objects that a public module has, each in a model with one Dense layer, at a place in it or in what compiles it."""
    for (public, name), cls in sorted(registry._builtin.items(), key=lambda one: one[0])[::every]:
        if public != module or not inspect.isclass(cls) or name.startswith("_"):
            continue
        made = None
        for settings in SETTINGS:
            try:
                made = made or registry.serialize(cls(**settings))
            except (TypeError, ValueError, NotImplementedError, AttributeError):
                continue
        if made is not None:
            yield made, lambda found: in_model(place, found)


def in_model(place, found):
    config = registry.serialize(keras.Sequential([keras.Input((4,)), layers.Dense(4, name="d")]))
    if place.startswith("kernel"):
        config["config"]["layers"][1]["config"][place] = found
    else:
        if place == "learning_rate":
            place, found = "optimizer", {"module": "keras.optimizers", "class_name": "SGD", "config": {"learning_rate": found}}
        config["compile_config"] = {"optimizer": "sgd", "loss": "mse", place: [found] if place == "metrics" else found}
    return config


KINDS = {
    "layers": of_layers,
    "initializers": lambda every: of_kind("keras.initializers", "kernel_initializer", every),
    "regularizers": lambda every: of_kind("keras.regularizers", "kernel_regularizer", every),
    "constraints": lambda every: of_kind("keras.constraints", "kernel_constraint", every),
    "optimizers": lambda every: of_kind("keras.optimizers", "optimizer", every),
    "schedules": lambda every: of_kind("keras.optimizers.schedules", "learning_rate", every),
    "losses": lambda every: of_kind("keras.losses", "loss", every),
    "metrics": lambda every: of_kind("keras.metrics", "metrics", every),
}


def places(value, path=()):
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key not in ("class_name", "module", "registered_name"):
            yield (*path, key)
            yield from places(part, (*path, key))


def replaced(config, path, value):
    config = copy.deepcopy(config)
    parent = config
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return config


def cases(kind, every):
    """Each kind of setting of each class once: what it is called, and a function that makes the config of a model."""
    seen = set()
    for config, around in KINDS[kind](every):
        config = json.loads(json.dumps(config))
        for path in places(config):
            whose, parent = "", config
            for key in path:
                whose = parent.get("class_name", whose) if isinstance(parent, dict) else whose
                parent = parent[key]
            what = (str(whose), *(key for key in path[-2:] if isinstance(key, str)))
            if what in seen:
                continue
            seen.add(what)
            for i, value in enumerate(VALUES):
                yield (*what, i), lambda c=config, p=path, v=value, around=around: around(replaced(c, p, v))


# ---------------------------------------------------------------- the process


def try_all(kind, folder, most):
    todo = list(cases(kind, 1 if most is None else 4))
    todo = todo if most is None else [todo[i] for i in np.random.default_rng(0).permutation(len(todo))[:most]]
    (folder / "m").mkdir()
    with h5py.File(folder / "m" / "model.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((4, 3), "float32")
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: those of torch do nothing here
        child = os.fork()
    if child == 0:
        try:
            torch.set_num_threads(1)
            with open("/proc/self/statm") as file:
                used = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + (GIB << 30),) * 2)
            warnings.simplefilter("ignore")
            for what, make in todo:
                (folder / "m" / "config.json").write_text(json.dumps(make()))
                try:
                    keras.models.load_model(folder / "m")
                except REFUSALS as error:
                    if any(word in str(error) for word in ("allocate ", "bad_alloc", "MemoryError")):
                        os.write(writer, f"{what} took all the memory: {error}\n".encode())
                except BaseException:
                    os.write(writer, f"{what}: {traceback.format_exc()}\n".encode())
                os.write(writer, b".")
        finally:
            os._exit(0)
    os.close(writer)
    heard = b""
    while select.select([reader], [], [], 120)[0]:
        more = os.read(reader, 1 << 16)
        if not more:
            break
        heard += more
    else:
        os.kill(child, signal.SIGKILL)
    os.close(reader)
    os.waitpid(child, 0)
    return todo, heard.decode()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs to know how much memory a process has")
@pytest.mark.parametrize("kind", KINDS)
def test_some_values(kind, tmp_path):
    check(kind, tmp_path, 15)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs to know how much memory a process has")
@pytest.mark.parametrize("kind", KINDS)
def test_all_values(kind, tmp_path):
    check(kind, tmp_path, None)


def check(kind, folder, most):
    todo, heard = try_all(kind, folder, most)
    assert heard == "." * len(todo), heard.lstrip(".") or f"it stopped at {todo[len(heard)][0]}"
