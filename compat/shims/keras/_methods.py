"""Methods that Keras 3 no longer has."""

from __future__ import annotations

import itertools
import math
import weakref
from importlib import import_module

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import KerasTensor, layers, ops, symbolic
from torchkeras_lite.layers.recurrent_cells import GatedCell
from torchkeras_lite.models.entries import Entry

from . import _closed_over, _eras, _layer_losses
from ._arithmetic import Sizes
from ._words import by_name

# The arguments behind `generator`, in their order: Keras 1 counted samples, Keras 2 counts batches.
_FIT1 = (
    "samples_per_epoch nb_epoch verbose callbacks validation_data nb_val_samples class_weight max_q_size nb_worker "
    "pickle_safe initial_epoch"
).split()
_FIT2 = (
    "steps_per_epoch epochs verbose callbacks validation_data validation_steps class_weight max_queue_size workers "
    "use_multiprocessing shuffle initial_epoch"
).split()
_LOOK1 = "val_samples max_q_size nb_worker pickle_safe".split()
_LOOK2 = "steps max_queue_size workers use_multiprocessing verbose".split()


def fit_generator(self, generator, *args, **words):
    """`fit` on batches that `generator` gives, for ever.

    Args:
        generator: gives batches (x, y) or (x, y, weights).
        *args, **words: those of Keras 2 (`steps_per_epoch`, `epochs`, ...) or, if one word is of Keras 1, of Keras 1
            (`samples_per_epoch`, `nb_epoch`, ...); all others as in `fit`. Queues and workers are accepted, and not needed.
    """
    words = _settled(args, words, _FIT1, _FIT2, "fit_generator")
    if words.get("samples_per_epoch"):
        import_module("keras._eras").expect(words["samples_per_epoch"])
    generator = _counted(generator, words, "samples_per_epoch", "steps_per_epoch")
    if "nb_val_samples" in words:
        words["validation_data"] = _counted(words["validation_data"], words, "nb_val_samples", "validation_steps")
    return self.fit(generator, **words)


def evaluate_generator(self, generator, *args, **words):
    """`evaluate` on `steps` (Keras 1: `val_samples`) of what `generator` gives: batches (x, y) or (x, y, weights)."""
    words = {"verbose": 0, **_settled(args, words, _LOOK1, _LOOK2, "evaluate_generator")}
    generator = _counted(generator, words, "val_samples", "steps")
    return self.evaluate(generator, **words)


def predict_generator(self, generator, *args, **words):
    """`predict` on `steps` (Keras 1: `val_samples`) of what `generator` gives: batches x, (x, y) or (x, y, weights)."""
    words = {"verbose": 0, **_settled(args, words, _LOOK1, _LOOK2, "predict_generator")}
    generator = _counted(generator, words, "val_samples", "steps")
    return self.predict(generator, **words)


def _settled(args, words, keras1, keras2, what) -> dict:
    """All arguments by name. One word of Keras 1 tells that those given by position are Keras 1's too."""
    old = words.keys() & (set(keras1) - set(keras2))
    return by_name(args, keras1 if old else keras2, words, what)


def _counted(source, words, samples, steps):
    """Puts batches in the place of samples: as many as have at least so many rows, if all are like the first one."""
    wanted = words.pop(samples, None)
    if wanted is None or isinstance(source, (tuple, list)):  # arrays to validate on need no count
        return source
    running = iter(source)
    batch = next(running)
    words[steps] = math.ceil(wanted / _rows(batch))
    return itertools.chain([batch], running) if running is source else source


def _rows(batch) -> int:
    while isinstance(batch, (tuple, list, dict)):
        batch = next(iter(batch.values() if isinstance(batch, dict) else batch))
    return len(batch)


def predict_classes(self, x, batch_size=32, verbose=0):
    """The class of each row: the index of the largest output, or 0 and 1 where there is one output, a probability."""
    outputs = self.predict(x, batch_size=batch_size, verbose=verbose)
    return outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")


def predict_proba(self, x, batch_size=32, verbose=0):
    """`predict`, by another name."""
    return self.predict(x, batch_size=batch_size, verbose=verbose)


# ---------------------------------------------------------------- losses that are scaled


def get_scaled_loss(self, loss):
    """The loss times the scale (or a function that computes a loss, made to give that)."""
    return (lambda: self.scale_loss(loss())) if callable(loss) else self.scale_loss(loss)


def get_unscaled_gradients(self, grads):
    """The gradients as they are: `apply_gradients` divides them by the scale itself."""
    return grads


loss_scale = property(lambda self: self.dynamic_scale if self.built else self.initial_scale)


# ---------------------------------------------------------------- calls of a layer, by number


def _call(layer, index: int):
    nodes = layer._nodes
    if not -len(nodes) <= index < len(nodes):
        raise ValueError(f"Layer {layer.name!r} has been called {len(nodes)} times on KerasTensors: there is no call {index}.")
    return nodes[index]


def get_output_at(self, node_index):
    """The KerasTensor that came out of the layer's call number `node_index`."""
    return _call(self, node_index).structure


def get_input_at(self, node_index):
    """The KerasTensor (or the list of them) that went into the layer's call number `node_index`."""
    tensors = list(_call(self, node_index).inputs)
    return tensors[0] if len(tensors) == 1 else tensors


def _shapes(tensors):
    return [tensor.shape for tensor in tensors] if isinstance(tensors, (list, tuple)) else tensors.shape


def get_output_shape_at(self, node_index):
    """The shape of `get_output_at(node_index)`."""
    return _shapes(get_output_at(self, node_index))


def get_input_shape_at(self, node_index):
    """The shape of `get_input_at(node_index)`."""
    return _shapes(get_input_at(self, node_index))


def get_output_shape_for(self, input_shape):
    """`compute_output_shape`, as Keras 1 called it."""
    return self.compute_output_shape(input_shape)


def _history(tensor):
    node = tensor.node
    calls = getattr(node.operation, "_nodes", [])
    return node.operation, next((i for i, one in enumerate(calls) if one is node), 0), tensor.index


# Of a KerasTensor; scripts read them though they were private: its shape; the layer, the number of its call, which output.
keras_shape = Sizes()
keras_history = property(_history)

def get_updates_for(self, inputs):
    """Nothing: see `updates`."""
    return []


def get_losses_for(self, inputs):
    """The losses that follow from the weights alone, for `inputs=None`; otherwise those that calls have added."""
    own = [weight.regularizer(weight) for weight in self.trainable_weights if weight.regularizer is not None]
    return own if inputs is None else self.losses[: max(len(self.losses) - len(own), 0)]


def add_update(self, updates, inputs=None):
    """Gives weights new values in training: pairs (weight, value). What `K.update` and its like gave is done already."""
    for update in updates if isinstance(updates, list) else [updates]:
        if isinstance(update, tuple) and self.training and not isinstance(update[1], KerasTensor):
            weight, value = update
            weight.assign(value.detach() if hasattr(value, "detach") else value)


# What a layer does to its own weights in a step (moving statistics) happens in its call: nothing is left to be run. Layers of
# Keras 1 set it: `self.updates = [(weight, value)]`.
updates = property(lambda layer: [], add_update)

# Where a layer stands is known since Keras 3 only; before, the word was free for what a user's own layers and models hold.
path = property(lambda layer: vars(layer).get("path", layer._path), lambda layer, value: vars(layer).update(path=value))


weights_of_metric = property(lambda metric: metric.variables)  # metrics were layers
stateful_metric = True  # of a function it was not


def get_weights_of_metric(self) -> list:
    """The state, as arrays."""
    return [variable.numpy() for variable in self.variables]


def set_weights_of_metric(self, weights) -> None:
    """Gives the state what `get_weights` gave.

    Raises:
        ValueError: it is of another length, or an array of another shape.
    """
    variables = self.variables
    if len(variables) != len(weights):
        raise ValueError(f"Metric {self.name!r} has {len(variables)} weights. Received a list of {len(weights)}.")
    for variable, value in zip(variables, weights, strict=True):
        variable.assign(value)


layer_of_both = property(lambda layer: layer.forward_layer)  # `Bidirectional.layer`


# ---------------------------------------------------------------- recurrent layers

_call_of_rnn = getattr(layers.RNN.__call__, "_todays", layers.RNN.__call__)


def call_of_rnn(self, *args, **kwargs):
    """The layer's call; of a list, `lstm([x, h, c])`, the first is the sequence and the others are its first states."""
    if "constants" in kwargs or "_num_constants" in self.__dict__:
        args, kwargs = import_module("keras._rnn_constants").given(self, args, kwargs)
    if args and type(args[0]) is list and len(args[0]) > 1:
        states = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        if len(args[0]) == 1 + len(states) and "initial_state" not in kwargs:
            args, kwargs = (args[0][0], *args[1:]), {**kwargs, "initial_state": args[0][1:]}
    if "time_major" in self.__dict__:
        return _with_time_in_front(self, *args, **kwargs)
    found = _call_of_rnn(self, *args, **kwargs)
    return list(found) if type(found) is tuple and _eras.now != "3" else found


call_of_rnn._todays = _call_of_rnn


def _with_time_in_front(layer, x, *args, **kwargs):
    """The call of an RNN with `time_major=True`: sequences are (time, batch, ...), there and back."""
    found = _call_of_rnn(layer, ops.swapaxes(x, 0, 1), *args, **kwargs)
    found = list(found) if isinstance(found, (list, tuple)) else [found]
    if layer.return_sequences:
        found[0] = ops.swapaxes(found[0], 0, 1)
    return found if layer.return_state else found[0]


stateful = False  # of a layer that keeps no states


_call_of_both = getattr(layers.Bidirectional.__call__, "_todays", layers.Bidirectional.__call__)


def call_of_both(self, *args, **kwargs):
    """The call of a Bidirectional: before Keras 3, several tensors came in a list."""
    found = _call_of_both(self, *args, **kwargs)
    return list(found) if type(found) is tuple and _eras.now != "3" else found


call_of_both._todays = _call_of_both


_state_of_cell = getattr(GatedCell.get_initial_state, "_todays", GatedCell.get_initial_state)


def state_of_cell(self, *args, **words):
    """Zeros as a cell's first states: `(batch_size)`, a list of them; or as Keras 2 had it, `(inputs, batch_size, dtype)`."""
    if len(args) < 2 and words.keys() <= {"batch_size"} and not (args and getattr(args[0], "ndim", 0)):
        return _state_of_cell(self, *args, **words)
    given = {**dict(zip(("inputs", "batch_size", "dtype"), args, strict=False)), **words}
    rows = given.get("batch_size")
    if given.get("inputs") is not None:
        rows = given["inputs"].shape[0]
    elif given.get("dtype") is None:
        rows = None
    if rows is None:
        raise ValueError("The first states of a cell need `inputs` with a number of rows, or a `batch_size` and a `dtype`.")
    found = _state_of_cell(self, batch_size=int(rows))
    return found[0] if len(found) == 1 else found


state_of_cell._todays = _state_of_cell


def reset_states_of_rnn(self, states=None):
    """Zeros as the states that a stateful layer keeps, or these values (an array, or a list of one for each state)."""
    self.reset_state()
    if states is None:
        return
    kept = pytree.tree_leaves(self.states)
    given = list(states) if isinstance(states, (list, tuple)) else [states]
    if len(given) != len(kept):
        raise ValueError(f"Layer {self.name} expects {len(kept)} states, but it received {len(given)} state values.")
    for state, value in zip(kept, given, strict=True):
        if tuple(state.shape) != tuple(np.shape(value)):
            raise ValueError(f"Layer {self.name} has states of {tuple(state.shape)}. Received one of {tuple(np.shape(value))}")
        state.assign(value)


# ---------------------------------------------------------------- weights by a letter


class Weight:
    """A weight, or another attribute, under an older name. An attribute of that name in the layer itself comes before it."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, layer, owner=None):
        return self if layer is None else getattr(layer, self.name)


kernel, bias, embeddings = Weight("kernel"), Weight("bias"), Weight("embeddings")
# Other attributes that had other names.
units, filters, strides, padding, rate, stddev, kernel_initializer, recurrent_initializer, recurrent_activation = map(
    Weight,
    "units filters strides padding rate stddev kernel_initializer recurrent_initializer recurrent_activation".split(),
)


# ---------------------------------------------------------------- models


def reset_state_of_metric(self):
    """`reset_state` under its older name, which scripts call."""
    return self.reset_state()


def reset_states(self):
    """Forgets the states of all stateful layers inside."""
    for layer in self._flatten_layers():
        if layer is not self and hasattr(type(layer), "reset_states") and getattr(layer, "stateful", True):
            layer.reset_states()


def to_yaml(self, **_):
    raise RuntimeError(
        "Models are not written as YAML any more: reading YAML could run any code. Use `model.to_json()` and "
        "`keras.models.model_from_json()`."
    )


def make_predict_function(self, force=False):
    """A function of an iterator: what the model says of its next batch, which is x or a tuple that begins with it."""

    def predict_function(iterator):
        with torch.no_grad():
            return self.predict_step(next(iterator))

    return predict_function


def make_test_function(self, force=False):
    """A function of an iterator: the logs of its next batch, (x, y) or (x, y, sample_weight)."""
    return lambda iterator: self.test_on_batch(*next(iterator), return_dict=True)


def ready(model) -> None:
    """Nothing: what programs called before they predicted in another thread (`_make_predict_function`)."""


def track_trackable(layer, trackable, name, overwrite=False):
    """What is there already: attributes are tracked."""
    return trackable


class Answer:
    """An attribute that is a function of the object, unless a program has set it."""

    def __init__(self, function):
        self.function = function

    def __get__(self, one, owner=None):
        return self if one is None else self.function(one)


def _batch_input_shape(layer) -> tuple:
    """The shape that was told to the first layer of a model, with the batch axis."""
    shape = getattr(layer, "_input_shape_arg", None)
    if shape is None:
        raise AttributeError(f"Layer {layer.name!r} was not told the shape of its input.")
    return tuple(shape)


def _knows_phases(model) -> bool:
    return any(layer._signature.training for layer in model._flatten_layers() if layer is not model)


def _keeps_states(model) -> bool:
    return any(getattr(layer, "stateful", False) for layer in model._flatten_layers() if layer is not model)


stateful_model = Answer(_keeps_states)
itself = Answer(lambda model: model)  # a Sequential had a `model` inside
feed_inputs = Answer(lambda model: list(model.inputs))
is_compiled = Answer(lambda model: model.compiled)
compute_dtype = Answer(lambda layer: layer.compute_dtype)
name_of_optimizer = Answer(lambda optimizer: optimizer.name)
input_names, state_updates = Answer(lambda model: list(model.input_names)), Answer(lambda model: [])
batch_input_shape, uses_learning_phase = Answer(_batch_input_shape), Answer(_knows_phases)
calls = Answer(lambda layer: list(layer._nodes))  # `inbound_nodes`: one for each call on KerasTensors
inbound_layers = Answer(lambda node: [tensor.node.operation for tensor in node.inputs])
outbound_layer = Answer(lambda node: node.operation)
input_tensors, input_masks = Answer(_layer_losses.input_tensors), Answer(_layer_losses.input_masks)
output_tensors = Answer(lambda node: list(node.outputs))


_readers = weakref.WeakKeyDictionary()  # what was called -> references to the calls that take what came out of it
_node_init = getattr(symbolic.Node.__init__, "_todays", symbolic.Node.__init__)


def drawn_node(self, operation, args, kwargs, structure, makes_outputs=True):
    """A call remembers itself with those whose outputs it takes."""
    _node_init(self, operation, args, kwargs, structure, makes_outputs)
    if makes_outputs:
        for giver in {tensor.node.operation: None for tensor in self.inputs if tensor.node is not None}:
            _readers.setdefault(giver, []).append(weakref.ref(self))


drawn_node._todays = _node_init


# `outbound_nodes`: the calls of other layers on what came out of this one.
read_by = Answer(lambda layer: [node for known in _readers.get(layer, ()) if (node := known()) is not None])


# ---------------------------------------------------------------- what shapes and lists were allowed

_standardized, _call_of_lambda = (getattr(method, "_todays", method) for method in (Entry.standardized, layers.Lambda.call))


def standardized(self, x, model):
    """The tensor as the Input wants it; an axis of size 1 behind the batch axis is one that Keras 2 let pass."""
    if x.ndim == len(self.shape) + 1 and x.shape[1] == 1 and x.shape[-1] != 1:
        x = x.squeeze(1)
    return _standardized(self, x, model)


standardized._todays = _standardized


def call_of_lambda(self, *args, **kwargs):
    """What the function returns; of a list of one (`K.gradients` returns such) the one."""
    value = _call_of_lambda(self, *args, **kwargs)
    return value[0] if isinstance(value, list) and len(value) == 1 else value


call_of_lambda._todays = _call_of_lambda

asked_for_gradients = 0  # how often `K.gradients` was, of values that stand in for others
_call_symbolic = getattr(layers.Layer._call_symbolic, "_todays", layers.Layer._call_symbolic)


def call_symbolic(self, args, kwargs):
    """Draws the layer. One without weights that differentiates, a Lambda or of the script's own, is drawn by what it calls.

    So it is known what is differentiated, and what led there is recorded.
    """
    if isinstance(self, layers.Lambda):
        args = _closed_over.opened(self, args, kwargs)
    before = asked_for_gradients
    outputs = _call_symbolic(self, args, kwargs)
    ours = type(self).__module__.partition(".")[0] == "torchkeras_lite" and not isinstance(self, layers.Lambda)
    if asked_for_gradients == before or ours or self.weights or self.layers_inside:
        return outputs
    try:
        return self.call(*args, **kwargs)
    except Exception:
        return outputs  # it does what cannot be drawn; while training there are records of values all the same


call_symbolic._todays = _call_symbolic
