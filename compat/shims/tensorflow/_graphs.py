"""TensorFlow 1: sessions, placeholders, graphs. Here values are there at once; what is symbolic is a KerasTensor.

A session computes those: `session.run(y, {x: value})`, with `x` of `tf.placeholder` or `keras.Input`. There is one graph, the
default one, whoever asks; collections are empty, and variables have their values from the beginning.
"""

from __future__ import annotations

import contextlib
import types

import keras.backend as K
import torch

from torchkeras_lite import ops, tree
from torchkeras_lite.symbolic import KerasTensor

from . import random
from ._control import name_scope
from ._tape import UnconnectedGradients
from ._variable import Variable, alive


class GPUOptions(types.SimpleNamespace):
    """Settings of TensorFlow's runtime, which mean nothing here."""


class RunOptions(types.SimpleNamespace):
    """Settings of TensorFlow's runtime, which mean nothing here."""

    FULL_TRACE, NO_TRACE = 3, 0


class RunMetadata(types.SimpleNamespace):
    """What TensorFlow's runtime would write of a run: nothing."""


class ConfigProto(types.SimpleNamespace):
    """Settings of TensorFlow's runtime, which mean nothing here."""

    def __init__(self, **settings):
        graph = types.SimpleNamespace(optimizer_options=types.SimpleNamespace(), rewrite_options=types.SimpleNamespace())
        super().__init__(**{"gpu_options": GPUOptions(), "graph_options": graph, "device_count": {}, **settings})


OptimizerOptions = types.SimpleNamespace(ON_1="ON_1", ON_2="ON_2", OFF="OFF")


class Graph:
    """The graph, of which there is one: nothing is kept in it."""

    seed = None

    @contextlib.contextmanager
    def as_default(self):
        yield self

    def finalize(self) -> None:
        pass

    def get_operations(self) -> list:
        return []

    def get_collection(self, name, scope=None) -> list:
        return []

    def device(self, device_name):
        return contextlib.nullcontext()

    @property
    def graph(self):
        return self


_graph = Graph()


def get_default_graph() -> Graph:
    return _graph


def reset_default_graph() -> None:
    """Names are counted from the beginning again."""
    K.clear_session()


class Session:
    """Computes symbolic tensors; everything else of a session is accepted and changes nothing."""

    def __init__(self, target="", graph=None, config=None):
        self.graph, self._config = graph or _graph, config

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """The values of tensors, Variables and KerasTensors, as arrays, in the structure of `fetches`.

        Args:
            fetches: one of them, or a list, tuple or dict; None is what an initializer leaves to do.
            feed_dict: values for the placeholders (KerasTensors) they follow from.
        """
        if isinstance(fetches, dict):
            return dict(zip(fetches, self.run(list(fetches.values()), feed_dict), strict=True))
        if not isinstance(fetches, (list, tuple)):
            return self._run([fetches], feed_dict)[0]
        if any(isinstance(one, (list, tuple, dict)) for one in fetches):
            return type(fetches)(self.run(one, feed_dict) for one in fetches)
        return self._run(fetches, feed_dict)

    def _run(self, fetches, feed_dict):
        values = K.get_session().run(list(fetches), feed_dict)  # and the steps are made
        return [one.numpy() if isinstance(one, torch.Tensor) else one for one in values]

    def as_default(self):
        return self

    def list_devices(self) -> list:
        return []

    def close(self) -> None:
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


InteractiveSession = Session
_session = Session()


def get_default_session() -> Session:
    return _session


class Step:
    """What `optimizer.minimize(loss)` or `apply_gradients` gives for what is symbolic: run, it changes the variables once.

    Args:
        optimizer: an Optimizer.
        slopes: KerasTensors, the gradients; None where nothing depends on a variable.
        variables: the Variables to change.
        counter: a Variable that counts the steps, if there is one.
    """

    def __init__(self, optimizer, slopes, variables, counter=None):
        self.optimizer, self.counter = optimizer, counter
        self.variables = [v for v, slope in zip(variables, slopes, strict=True) if slope is not None]
        self._slopes = [slope for slope in slopes if slope is not None]
        if not self.variables:
            raise ValueError("No variables to optimize: the loss follows from none.")

    def run(self, feed_dict=None, session=None) -> None:
        found = K.get_session().run(self._slopes, feed_dict)
        self.optimizer.apply_gradients([(torch.as_tensor(g), v) for g, v in zip(found, self.variables, strict=True)])
        if self.counter is not None:
            self.counter.assign_add(1)


def variables_behind(tensor: KerasTensor) -> list:
    """The trainable Variables of the layers from which a KerasTensor follows."""
    found, seen, todo, places = {}, set(), [tensor], set()
    while todo:
        node = todo.pop().node
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        places |= {_place(one) for one in tree.flatten((node.args, node.kwargs)) if isinstance(one, torch.Tensor)}
        found.update((id(v), v) for v in getattr(node.operation, "trainable_weights", ()))
        todo += node.inputs
    # A Variable goes into a graph as the tensor that it is.
    return [*found.values(), *(one for one in list(alive) if one.trainable and _place(one.raw) in places)]


def _place(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def placeholder(dtype="float32", shape=None, name=None):
    """A symbolic tensor, for whose value `session.run(..., feed_dict)` asks. `shape` includes the axis of the batch.

    Without a shape it is drawn as a single number: what adds and multiplies takes arrays in its place.
    """
    return K.placeholder(shape=None if shape is None else tuple(shape), dtype=str(getattr(dtype, "name", dtype)), name=name)


def placeholder_with_default(input, shape, name=None):
    """The default itself."""
    return input


def gradients(ys, xs, grad_ys=None, name="gradients", unconnected_gradients="none", **settings):
    """The gradients of the sum of `ys` with respect to each of `xs`; None where nothing depends on one.

    Args:
        grad_ys: what the gradients by `ys` are, one for each (None: ones), as actors learn from the gradients of their critics.
        unconnected_gradients: "zero" gives zeros instead of None.
    """
    ys = ys if isinstance(ys, (list, tuple)) else [ys]
    xs = xs if isinstance(xs, (list, tuple)) else [xs]
    if grad_ys is not None:
        slopes = grad_ys if isinstance(grad_ys, (list, tuple)) else [grad_ys]
        ys = [y if slope is None else y * ops.stop_gradient(slope) for y, slope in zip(ys, slopes, strict=True)]
    found = K.gradients(ys, xs)
    if UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO:
        found = [ops.zeros_like(x) if slope is None else slope for slope, x in zip(found, xs, strict=True)]
    return found


# ---------------------------------------------------------------- variables


class GraphKeys:
    """The names of collections, which are empty here."""

    GLOBAL_VARIABLES, LOCAL_VARIABLES, TRAINABLE_VARIABLES = "variables", "local_variables", "trainable_variables"
    REGULARIZATION_LOSSES, LOSSES, SUMMARIES, UPDATE_OPS = "regularization_losses", "losses", "summaries", "update_ops"


def get_collection(key, scope=None) -> list:
    return []


def add_to_collection(name, value) -> None:
    """Accepted: nobody asks for it again."""


def global_variables_initializer(name=None) -> None:
    """Nothing is left to do: variables have their values."""


initialize_all_variables = local_variables_initializer = tables_initializer = global_variables_initializer


def variables_initializer(var_list, name=None) -> None:
    """Nothing is left to do: variables have their values."""


_shared: dict[str, Variable] = {}
_scopes: list[str] = []


class variable_scope(name_scope):
    """A scope for the names of `get_variable`."""

    def __init__(self, name_or_scope=None, default_name=None, values=None, initializer=None, reuse=None, **settings):
        super().__init__(getattr(name_or_scope, "name", name_or_scope) or default_name)

    def __enter__(self):
        _scopes.append(self.name)
        return self

    def __exit__(self, *exc):
        _scopes.pop()

    def reuse_variables(self) -> None:
        """Accepted: a name that is known gives its variable."""


def get_variable(name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=True, **settings):
    """The Variable of this name in the scopes around; it is made if there is none.

    Args:
        shape: its shape, unless the `initializer` is a value.
        initializer: an initializer, a function of Keras's kind, or a value; None is Glorot's.
    """
    from torchkeras_lite import initializers

    full = "/".join([*_scopes, name])
    if full not in _shared:
        begin = initializer if initializer is not None else initializers.GlorotUniform()
        begin = begin() if isinstance(begin, type) else begin
        value = begin(tuple(shape), dtype=str(getattr(dtype, "name", dtype) or "float32")) if callable(begin) else begin
        _shared[full] = Variable(value, trainable=trainable, dtype=dtype, name=name)
        _shared[full]._full_name = f"{full}:0"
    return _shared[full]


def global_variables(scope=None) -> list:
    """Those of `get_variable`. The weights of a model are `model.weights`."""
    return list(_shared.values())


def trainable_variables(scope=None) -> list:
    """Those of `get_variable`. The weights of a model are `model.trainable_weights`."""
    return [one for one in _shared.values() if one.trainable]


def assign(ref, value, validate_shape=None, use_locking=None, name=None):
    ref.assign(value)
    return ref


def assign_add(ref, value, use_locking=None, name=None):
    ref.assign_add(value)
    return ref


def assign_sub(ref, value, use_locking=None, name=None):
    ref.assign_sub(value)
    return ref


def set_random_seed(seed) -> None:
    random.set_seed(seed)


def _nothing(*args) -> None:
    """Has no effect: what runs here is Python, with torch's tensors."""


disable_eager_execution = enable_eager_execution = disable_v2_behavior = enable_v2_behavior = _nothing
disable_resource_variables = enable_resource_variables = disable_v2_tensorshape = enable_v2_tensorshape = _nothing
disable_control_flow_v2 = enable_control_flow_v2 = disable_tensor_equality = enable_tensor_equality = _nothing
