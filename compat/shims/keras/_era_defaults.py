"""What a name of Keras meant when nothing else was said, era by era. `_eras.py` puts it into the calls of a script.

A row holds for scripts of the era it names and of all before it, back to the next row: `{"1.2": 1e-8, "2.3": 1e-7}`. Values
are in today's words. What today's Keras does needs no row.
"""

from __future__ import annotations

import copy
import functools
import numbers
from importlib import import_module

from ._words import replace

ERAS = ("1.2", "2.2", "2.3", "tf2", "3")  # "2.2" is Keras 2.0 to 2.2, and tf.keras of TensorFlow 1


def of_era(rows: dict, era: str):
    """The value of the row that holds for `era`, in a list; an empty one if there is none."""
    here = ERAS.index(era)
    return next(([rows[e]] for e in ERAS[here:] if e in rows), [])


_HARD = {"recurrent_activation": {"2.2": "hard_sigmoid"}}
_CHANNELS_LAST = {"data_format": {"tf2": "channels_last"}}  # whatever the global setting

# A class below torchkeras_lite -> {argument: {era: what it was where it was left out}}.
DEFAULTS: dict[str, dict[str, dict]] = {
    "layers.LSTM": _HARD,
    "layers.LSTMCell": _HARD,
    "layers.GRU": {**_HARD, "reset_after": {"2.3": False}},
    "layers.GRUCell": {**_HARD, "reset_after": {"2.3": False}},
    **{f"layers.ConvLSTM{rank}D": {"recurrent_activation": {"tf2": "hard_sigmoid"}} for rank in (1, 2, 3)},
    **{f"layers.{name}1D": _CHANNELS_LAST for name in (
        "Conv", "SeparableConv", "MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling",
    )},
    "layers.Flatten": {"data_format": {"1.2": "channels_last"}},  # it did not turn the channels to the end
    "optimizers.Adam": {"epsilon": {"1.2": 1e-8}},
    "optimizers.RMSprop": {"epsilon": {"1.2": 1e-8}},
    "optimizers.Adagrad": {
        "epsilon": {"1.2": 1e-8}, "learning_rate": {"2.3": 0.01}, "initial_accumulator_value": {"2.3": 0.0},
    },
    "optimizers.Adadelta": {"epsilon": {"1.2": 1e-8}, "learning_rate": {"2.3": 1.0}},
    "optimizers.Adamax": {"epsilon": {"1.2": 1e-8}, "learning_rate": {"2.3": 0.002}},
    "optimizers.Nadam": {"epsilon": {"1.2": 1e-8}, "learning_rate": {"2.3": 0.002}},
    "losses.LogCosh": {"name": {"2.3": "logcosh"}},
    "losses.KLDivergence": {"name": {"2.3": "kullback_leibler_divergence"}},
    "metrics.KLDivergence": {"name": {"tf2": "kullback_leibler_divergence"}},
    # they counted in floats, so that rows may weigh less than 1
    **{f"metrics.{name}IoU": {"dtype": {"tf2": "float32"}} for name in ("", "Binary", "OneHot", "OneHotMean", "Mean")},
    "utils.Progbar": {"width": {"tf2": 30}},
}  # fmt: skip

# A method -> the same, for models that a script made by Keras's names.
METHODS: dict[str, dict[str, dict]] = {
    "models.Model.predict": {"verbose": {"2.3": 0}},
    "models.Model.fit": {"epochs": {"1.2": 10}},
}


# ---------------------------------------------------------------- values that meant something else


def made(module: str, cls: str, **settings):
    return lambda: getattr(import_module(f"torchkeras_lite.{module}"), cls)(**settings)


def initializer(cls: str, **settings):
    return made("initializers", cls, **settings)


def hard_sigmoid():
    """The old one. Files that name it are read where the stand-in is."""
    return import_module("keras._backend_nn").hard_sigmoid


# The kind of argument (the end of its name) -> {value: {era: (what it was, a function that gives today's value for it)}}.
WORDS: dict[str, dict[str, dict]] = {
    "activation": {"hard_sigmoid": {"tf2": ("0.2 x + 0.5 between 0 and 1", hard_sigmoid)}},
    "initializer": {
        "orthogonal": {"1.2": ("stretched by 1.1", initializer("Orthogonal", gain=1.1))},
        "glorot_normal": {"1.2": (
            "of the normal distribution as a whole",
            initializer("VarianceScaling", scale=1.0, mode="fan_avg", distribution="untruncated_normal"),
        )},
        "he_normal": {"1.2": (
            "of the normal distribution as a whole",
            initializer("VarianceScaling", scale=2.0, mode="fan_in", distribution="untruncated_normal"),
        )},
    },
    "regularizer": {
        "l1_l2": {"tf2": ("0.01 of each", made("regularizers", "L1L2", l1=0.01, l2=0.01))},
        "l1l2": {"1.2": ("0.01 of each", made("regularizers", "L1L2", l1=0.01, l2=0.01))},
        "activity_l1": {"1.2": ("l1 of what comes out", made("regularizers", "L1"))},
        "activity_l2": {"1.2": ("l2 of what comes out", made("regularizers", "L2"))},
    },
    "constraint": {
        "maxnorm": {"1.2": ("MaxNorm", made("constraints", "MaxNorm"))},
        "nonneg": {"1.2": ("NonNeg", made("constraints", "NonNeg"))},
        "unitnorm": {"1.2": ("UnitNorm", made("constraints", "UnitNorm", axis=0))},
    },
}  # fmt: skip


class Meaning:
    """What an argument meant, given or left out, where that is more than another default.

    Args:
        was: in words, for the doctor; "" for what hardly a program does.
        read: a function (all arguments by today's words, defaults included) -> {word: value} that replaces them.
        given: whether it matters only where the script gives the argument.
    """

    def __init__(self, was: str, read, given: bool = False):
        self.was, self.read, self.given = was, read, given


def _outside_the_root(arguments) -> dict:
    value = arguments["epsilon"]
    return {"epsilon": value * value if isinstance(value, numbers.Real) else value}


def _of_all(arguments) -> dict:
    return {"global_clipnorm": arguments["clipnorm"], "clipnorm": None} if arguments.get("clipnorm") else {}


def _direction(rising):
    def read(arguments):
        if arguments["mode"] != "auto":
            return {}
        return {"mode": "max" if rising(arguments["monitor"]) else "min"}

    return read


_named_so = _direction(lambda name: "acc" in name or name.startswith("fmeasure"))
_ends_so = _direction(lambda name: name.endswith(("acc", "accuracy", "auc")))
_BY_NAME = "'auto' went by the name of the value"
_MODE = {"2.3": Meaning(_BY_NAME, _named_so), "tf2": Meaning(_BY_NAME, _ends_so)}


def _one_more(arguments) -> dict:
    return {"patience": arguments["patience"] + 1}


def _goes_on(arguments) -> dict:
    seed = arguments["seed"]
    if not isinstance(seed, numbers.Integral):
        return {}
    return {"seed": import_module("torchkeras_lite.random").SeedGenerator(int(seed))}


def _within(arguments) -> dict:
    rate = arguments["rate"]
    return {"rate": min(1.0, max(0.0, rate))} if isinstance(rate, numbers.Real) else {}


def _of_the_epoch(arguments) -> dict:
    schedule = arguments["schedule"]

    @functools.wraps(schedule)
    def of_the_epoch(epoch, _rate=None):
        return schedule(epoch)

    return {"schedule": of_the_epoch}


def _of_any_length(arguments) -> dict:
    said = {"input_length", "input_shape", "batch_input_shape", "batch_shape", "batch_size"}
    return {} if any(arguments.get(word) is not None for word in said) else {"input_shape": (None,)}


def _for_each_gate(arguments) -> dict:
    initializers = import_module("torchkeras_lite.initializers")
    given = arguments["recurrent_initializer"]
    given = initializers.get(given) if isinstance(given, (str, type)) else given
    return {"recurrent_initializer": _side_by_side()(given.gain)} if type(given) is initializers.Identity else {}


@functools.cache
def _side_by_side():
    """Identity matrices one beside the other, as many as fit."""
    import torch

    identity = import_module("torchkeras_lite.initializers").Identity

    def __call__(self, shape, dtype=None):
        rows, columns = shape
        return torch.cat([identity.__call__(self, (rows, rows), dtype)] * (columns // rows), dim=1)

    return _named_as(identity, __call__)


def _named_as(cls, call) -> type:
    """A subclass with another `__call__`; configs name the class itself, which is what they are read as."""
    made = type(cls.__name__, (cls,), {"__call__": call})
    made.__module__ = cls.__module__
    return made


# A class -> {argument: {era: Meaning}}, read after the defaults.
MEANINGS: dict[str, dict[str, dict[str, Meaning]]] = {
    **{f"layers.{name}": {"recurrent_initializer": {
        "2.3": Meaning("'identity' was that of each gate", _for_each_gate, given=True),
    }} for name in ("LSTM", "GRU", "LSTMCell", "GRUCell")},
    "layers.Embedding": {"input_dim": {"tf2": Meaning("", _of_any_length)}},
    "layers.Dropout": {"rate": {"2.3": Meaning("", _within, given=True)}},
    **{f"optimizers.{name}": {"clipnorm": {"2.3": Meaning("the norm of all gradients together", _of_all, given=True)}}
       for name in ("SGD", "RMSprop", "Adam", "Adamax", "Adadelta", "Adagrad", "Nadam")},
    **{f"initializers.{name}": {"seed": {"2.3": Meaning("each call drew other values", _goes_on, given=True)}}
       for name in ("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal", "GlorotNormal",
                    "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")},
    "callbacks.EarlyStopping": {
        "mode": _MODE,
        "baseline": {"2.3": Meaning("what the best value began with", lambda arguments: {}, given=True)},
        "patience": {"1.2": Meaning("training went on for one epoch more", _one_more)},
    },
    "callbacks.ReduceLROnPlateau": {"mode": _MODE},
    "callbacks.ModelCheckpoint": {"mode": {"tf2": Meaning(_BY_NAME, _named_so)}},
    "callbacks.LearningRateScheduler": {"schedule": {"1.2": Meaning("called with the epoch alone", _of_the_epoch)}},
}  # fmt: skip
for _name in ("RMSprop", "Adagrad"):
    MEANINGS[f"optimizers.{_name}"]["epsilon"] = {"2.3": Meaning("added to the root, not under it", _outside_the_root)}


# ---------------------------------------------------------------- what is done to the object then


def _gate_by_gate(gates: int):
    """Keras 1 drew the weights of each gate by themselves, as those of a layer with so many outputs."""

    def then(layer, words):
        if words.get("weights") is None:
            build = layer.build

            @functools.wraps(build)
            def build_and_draw(*args, **kwargs):
                del vars(layer)["build"]
                build(*args, **kwargs)
                _draw(getattr(layer, "cell", layer), gates)

            vars(layer)["build"] = build_and_draw

    return then


def _draw(cell, gates):
    import numpy as np

    for weight, initial in ((cell.kernel, cell.kernel_initializer), (cell.recurrent_kernel, cell.recurrent_initializer)):
        rows, columns = weight.shape
        drawn = [np.asarray(initial((rows, columns // gates)).cpu()) for _ in range(gates)]
        weight.assign(np.concatenate(drawn, axis=1))


def _waits_from_the_best(callback, words):
    """After an improvement Keras 1 let one epoch more pass before it began to count."""

    def on_epoch_end(callback, end, epoch, logs=None):
        best = callback.best
        end(epoch, logs)
        if callback.best != best:
            callback.wait = -1

    replace(callback, "on_epoch_end", on_epoch_end)


def _counts_from_zero(callback, words):
    replace(callback, "_get_file_path", lambda callback, path, epoch, batch, logs: path(epoch - 1, batch, logs))


def _begins_with_the_baseline(callback, words):
    def on_train_begin(callback, begin, logs=None):
        begin(logs)
        callback.best = callback.baseline

    if callback.baseline is not None:
        replace(callback, "on_train_begin", on_train_begin)


def sums_over_the_batch(layer, words):
    """Penalties on what comes out of a layer were not divided by the number of rows."""
    penalty = layer.activity_regularizer
    if penalty is None:
        return
    regularizers = import_module("torchkeras_lite.regularizers")
    if isinstance(penalty, regularizers.Regularizer):
        layer.activity_regularizer = copy.copy(penalty)
        layer.activity_regularizer.__class__ = _of_the_batch(type(penalty))
    elif callable(penalty):
        layer.activity_regularizer = functools.wraps(penalty)(lambda x: penalty(x) * len(x))


def _masked_by(how):
    return lambda layer, words: getattr(import_module("keras._merged_masks"), how)(layer, words)


def _goes_by_samples(layer, words):
    layer.of_samples = True


@functools.cache
def _of_the_batch(cls):
    def __call__(self, x):
        return cls.__call__(self, x) * len(x)

    return _named_as(cls, __call__)


# A class -> {era: (what was so, in words, or "" where a row above says it; a function (object, the words it was made with))}.
AFTER: dict[str, dict[str, tuple]] = {
    "layers.BatchNormalization": {"1.2": ("", lambda layer, words: None), "2.3": (
        "the moving variance followed that of a sample: n / (n - 1) times the batch's", _goes_by_samples,
    )},
    "layers.LSTM": {"1.2": ("the weights of each gate were drawn by themselves", _gate_by_gate(4))},
    "layers.GRU": {"1.2": ("the weights of each gate were drawn by themselves", _gate_by_gate(3))},
    **{f"layers.{name}": {"tf2": ("", _masked_by("of_all"))} for name in (
        "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
    )},
    "layers.Concatenate": {"tf2": ("", _masked_by("of_parts"))},
    "callbacks.EarlyStopping": {"2.3": ("", _begins_with_the_baseline)},
    "callbacks.ReduceLROnPlateau": {"1.2": ("waited for one epoch more after the best", _waits_from_the_best)},
    "callbacks.ModelCheckpoint": {"1.2": ("counted epochs from 0 in the names of files", _counts_from_zero)},
}

# What logs called a metric of compile(), by the name it was given.
METRIC_NAMES = {"2.2": {
    "accuracy": "acc", "mse": "mean_squared_error", "MSE": "mean_squared_error", "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error", "mape": "mean_absolute_percentage_error", "MAPE": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "MSLE": "mean_squared_logarithmic_error",
}}  # fmt: skip
# Targets (rows,) came to functions of one's own as (rows, 1).
TARGETS_ARE_COLUMNS = {"tf2": True}
# `fit` on arrays began with the line "Train on 60 samples, validate on 20 samples", and callbacks had `validation_data`.
SAYS_SAMPLES = {"2.3": True}
