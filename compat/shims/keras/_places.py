"""Arguments by position in the orders of Keras 1 and 2, told from today's by the kinds of the values. Rows: PLACES."""

from __future__ import annotations

import inspect
import numbers
from importlib import import_module

from torchkeras_lite import callbacks, config
from torchkeras_lite.layer import Layer
from torchkeras_lite.metrics import Metric
from torchkeras_lite.symbolic import KerasTensor

from . import _era
from ._keras1_layers import ARGUMENTS


def _whole(value) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _kernel_sides(rank: int, cls: str):
    """Reads (filters, rows, columns, ...) where today a kernel size stands; and the words `nb_row` and `nb_col`."""
    spelled = ARGUMENTS[f"layers.{cls}"].keys()
    names = _SIDES[rank]

    def read(args, words):
        if names[0] in words:
            words = {**words, "kernel_size": tuple(words[name] for name in names)}
            return args, {word: value for word, value in words.items() if word not in names}
        sides = args[1 : rank + 1]
        if len(sides) < rank or not all(map(_whole, sides)):
            return args, words
        if spelled.isdisjoint(words) and not _era.is_old():
            return args, words
        written = ", ".join(map(str, sides))
        _era.tell(
            f"{cls}({args[0]}, {written}) is read as Keras 1 and 2 did: a kernel of ({written}). Today the third argument "
            f"is the strides; write {cls}({args[0]}, ({written}))."
        )
        return (args[0], tuple(sides), *args[rank + 1 :]), words

    return read


_SIDES = {2: ("nb_row", "nb_col"), 3: ("kernel_dim1", "kernel_dim2", "kernel_dim3")}
kernel_sides_2d = _kernel_sides(2, "Conv2D")
kernel_sides_3d = _kernel_sides(3, "Conv3D")
conv_lstm_sides = _kernel_sides(2, "ConvLSTM2D")
separable_sides = _kernel_sides(2, "SeparableConv2D")
transposed_sides = _kernel_sides(2, "Conv2DTranspose")


def in_one_dict(args, words):
    """Names of one's own in several dicts."""
    return ({name: own for each in args for name, own in each.items()},) if len(args) > 1 else args, words


def pool_of_two(args, words):
    """Windows of two where none is given: only average pooling asks for one today."""
    return args, words if args or {"pool_size", "pool_length"} & words.keys() else {"pool_size": 2, **words}


def compile_arguments(args, words):
    """(optimizer, loss, metrics, loss_weights, ...) where today the loss weights come first."""
    names = args[2] if len(args) > 2 else None
    if not _names_metrics(names) and not (len(args) > 3 and names is None and not _names_metrics(args[3])):
        return args, words
    if len(args) > 4:
        raise TypeError("compile() takes four arguments by position here: optimizer, loss, metrics, loss_weights.")
    settled = dict(zip(("metrics", "loss_weights"), args[2:], strict=False))
    return args[:2], {**settled, **words}


def name_of_weight(args, words):
    """(name, shape, dtype, initializer, regularizer, trainable, constraint), as in TensorFlow: the name is a string."""
    if not args or not isinstance(args[0], str):
        return args, words
    names = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
    return (), {**dict(zip(names, args, strict=False)), **words}


def weight_of_metric(args, words):
    """(name, shape, aggregation, synchronization, initializer, dtype), as in Keras 2; a shape of None is one number's."""
    if args and isinstance(args[0], str):
        names = ("name", "shape", "aggregation", "synchronization", "initializer", "dtype")
        args, words = (), {**dict(zip(names, args, strict=False)), **words}
    shape = words.get("shape", ())
    if shape is None or isinstance(shape, int):
        words["shape"] = () if shape is None else (shape,)
    return args, words


def rows_of_state(args, words):
    """The batch itself, as Keras 2 had it, where today its number of rows stands."""
    given = words.pop("inputs", None) if "inputs" in words else args[0] if args else None
    if getattr(given, "ndim", 0):
        return (given.shape[0],), words
    return args, words


def without_itself(args, words):
    """`super().__init__(self)`, which Keras 2 took without a word."""
    return (args[1:] if args and isinstance(args[0], Layer) and "_modules" not in vars(args[0]) else args), words


def name_after_layers(args, words):
    """(layers, name), where today `trainable` stands second; one layer alone was a list of it."""
    if args and isinstance(args[0], Layer):
        args = ([args[0]], *args[1:])
    if len(args) == 2 and (args[1] is None or isinstance(args[1], str)):
        return args[:1], {"name": args[1], **words}
    return args, words


def sizes_as_tuple(args, words):
    """`Input(shape=(3))`, which Keras 2 took for `(3,)`; and `Input(tensor=values)`, which says a shape and a dtype."""
    given = args[6] if len(args) > 6 else words.get("input_tensor")
    shapes = (*args[:1], *map(words.get, ("shape", "batch_shape", "input_shape")))
    alone = given is not None and all(shape is None for shape in shapes)
    if alone and not isinstance(given, KerasTensor) and hasattr(given, "shape"):
        args = (None, None, config.dtype_name(given.dtype), None, None, tuple(given.shape), None, *args[7:])
        words = {word: value for word, value in words.items() if word != "input_tensor"}
    args = ((args[0],), *args[1:]) if args and isinstance(args[0], numbers.Integral) else args
    sizes = {word: (words[word],) for word in ("shape", "input_shape") if isinstance(words.get(word), numbers.Integral)}
    return args, {**words, **sizes}


def losses_alone(args, words):
    """(losses, inputs): of what the losses follow is known."""
    return args[:1], words


def _names_metrics(value) -> bool:
    if isinstance(value, dict):
        return any(map(_names_metrics, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_names_metrics, value))
    return isinstance(value, (str, Metric)) or callable(value)


def loss_scale(args, words):
    """(inner optimizer, loss scale): "dynamic", a number, or an object of TensorFlow's that says one of them."""
    if len(args) == 2:
        return args[:1], {"loss_scale": args[1], **words}
    return args, words


def optimizer(args, words):
    """(name, ...) without a learning rate, which a class of one's own sets itself."""
    if args and isinstance(args[0], str):
        args, words = args[1:], {"name": args[0], **words}
    if not args and not {"learning_rate", "lr"} & set(words):
        words = {"learning_rate": 0.0, **words}
    return args, words


def nothing(args, words):
    """Arguments by position that are nothing any more."""
    return (), words


def sgd(args, words):
    """(lr, momentum, decay, nesterov): a number, not a flag, in the third place."""
    return _optimizer(args, words, ("lr", "momentum", "decay", "nesterov"), 2)


def rmsprop(args, words):
    """(lr, rho, epsilon, decay), unless there is a fifth, or a flag."""
    return _optimizer(args, words, ("lr", "rho", "epsilon", "decay"), 2) if len(args) == 4 else (args, words)


def _optimizer(args, words, names, place):
    old = len(args) > place and isinstance(args[place], numbers.Real) and not isinstance(args[place], bool)
    return ((), {**dict(zip(names, args, strict=False)), **words}) if old else (args, words)


def _passing_over(name: str):
    """Callbacks of TensorFlow 2 that took any word: those that they did not know they passed over."""

    def read(args, words):
        eras = import_module("keras._eras")
        if not words or not (eras.now == "tf2" or eras.within_tensorflow):
            return args, words
        taking = getattr(callbacks, name).__init__
        known = inspect.signature(taking).parameters.keys() | taking._rows.keys()
        for word in words.keys() - known:
            _era.tell(f"{name} knows no `{word}`; it is passed over, as TensorFlow 2 passed it over.")
        return args, {word: value for word, value in words.items() if word in known}

    return read


words_of_checkpoint, words_of_plateau = _passing_over("ModelCheckpoint"), _passing_over("ReduceLROnPlateau")
