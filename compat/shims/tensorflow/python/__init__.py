"""`tensorflow.python`: the inside of TensorFlow, from which scripts import a few modules. They show what is public."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

import keras as keras

from .._missing import getattr_of

# Path below tensorflow.python -> what is seen there, below tensorflow. Their parents are made for them.
_SHOWN = {
    **dict.fromkeys("""
        framework.ops framework.constant_op framework.tensor_shape framework.tensor_spec framework.random_seed ops.array_ops
        ops.math_ops ops.control_flow_ops ops.variables ops.variable_scope ops.state_ops
        ops.clip_ops ops.gen_math_ops ops.gen_array_ops ops.tensor_array_ops ops.gradients ops.gradients_impl
        ops.logging_ops ops.resource_variable_ops ops.script_ops ops.functional_ops ops.map_fn
        client.session eager.context eager.backprop eager.def_function ops.parsing_ops ops.random_ops
        """.split(), "compat.v1"),
    **dict.fromkeys("ops.nn ops.nn_ops ops.nn_impl ops.gen_nn_ops ops.embedding_ops ops.ctc_ops".split(), "nn"),
    "ops.stateless_random_ops": "random",
    **dict.fromkeys("""
        training.training training.optimizer training.adam training.gradient_descent training.rmsprop training.momentum
        training.adagrad training.training_util training.checkpoint_management
        """.split(), "train"),
    "client.device_lib": "_device_lib",
    "data": "data",
    "data.ops.dataset_ops": "data",
    "framework.dtypes": "dtypes",
    "framework.errors_impl": "errors",
    **dict.fromkeys(("framework.smart_cond", "ops.control_flow_util"), "_smart_cond"),
    "ops.check_ops": "debugging",
    "ops.custom_gradient": "_recording",
    "ops.image_ops": "image",
    "ops.image_ops_impl": "image",
    **dict.fromkeys(("ops.init_ops", "ops.init_ops_v2"), "_init_ops"),
    **dict.fromkeys(("ops.rnn_cell", "ops.rnn_cell_impl"), "_rnn_cells"),
    **dict.fromkeys(("ops.gen_sparse_ops", "ops.linalg.sparse.sparse"), "_sparse_inside"),
    "layers.utils": "keras.utils.conv_utils",
    "ops.io_ops": "io",
    "ops.linalg_ops": "linalg",
    "ops.lookup_ops": "lookup",
    "ops.string_ops": "strings",
    "ops.summary_ops_v2": "summary",
    "platform.gfile": "_gfile",
    "platform.test": "test",
    "platform.tf_logging": "compat.v1.logging",
    "training.moving_averages": "_averages",
    "ops.weights_broadcast_ops": "_weights_broadcast",
    "util.nest": "nest",
    "util.tf_export": "_tf_export",
    "util.tf_inspect": "_tf_inspect",
    "eager.tape": "_recording",
}  # fmt: skip
__all__ = ["keras", *sorted({path.partition(".")[0] for path in _SHOWN})]
_others = getattr_of(__name__)


class Shelf(ModuleType):
    """A module that holds others, each fetched when somebody asks."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        path = f"{self.__name__.partition('tensorflow.python.')[2]}.{name}"
        if path not in _SHOWN:
            raise AttributeError(f"{self.__name__}.{name} is not here: this `tensorflow` is torchkeras_lite's stand-in.")
        found = import_module(f"tensorflow.{_SHOWN[path]}")
        sys.modules[f"{self.__name__}.{name}"] = found
        setattr(self, name, found)
        return found


class Finder:
    """Answers for the modules below the shelves."""

    def find_spec(self, fullname, path=None, target=None):
        shown = fullname.startswith("tensorflow.python.") and fullname.partition("tensorflow.python.")[2] in _SHOWN
        return ModuleSpec(fullname, Loader(), is_package=True) if shown else None


class Loader:
    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__spec__.name
        sys.modules[name] = import_module(f"tensorflow.{_SHOWN[name.partition('tensorflow.python.')[2]]}")


def _shelves():
    for path in _SHOWN:
        parts = path.split(".")
        for i in range(1, len(parts)):
            name = ".".join(["tensorflow.python", *parts[:i]])
            if ".".join(parts[:i]) not in _SHOWN and name not in sys.modules:
                shelf = sys.modules[name] = Shelf(name, "A part of TensorFlow's inside.")
                shelf.__path__ = []
                shelf.__all__ = sorted({each[i] for each in (p.split(".") for p in _SHOWN) if each[:i] == parts[:i]} - {""})
                if i == 1:
                    globals()[parts[0]] = shelf


_shelves()
sys.meta_path.insert(0, Finder())


def __getattr__(name):
    if name in _SHOWN:
        return import_module(f"tensorflow.{_SHOWN[name]}")
    return _others(name)
