"""What old values are today: functions for rows of ARGUMENTS.

Those that take `given`, the arguments by today's words with the defaults of those left out, return arguments by their words.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import numbers
from importlib import import_module


class After:
    """The meaning of a word that is nothing to the constructor, but something to do once it is through.

    Args:
        then: a function (object, value).
    """

    def __init__(self, then):
        self.then = then


class Around:
    """The meaning of a word of a method that is nothing to today's method, but something that holds while it runs.

    Args:
        within: a function (object, value) -> context manager.
    """

    def __init__(self, within):
        self.within = within


def num_constants(layer, count) -> None:
    """How many constants an RNN out of a config is given behind its first states, in one list."""
    vars(layer)["_num_constants"] = count


def time_major(layer, value) -> None:
    """That the sequences of an RNN have their time in front of their rows."""
    if value:
        vars(layer)["time_major"] = True


def curve(value, given) -> dict:
    """The name of a curve of AUC, which late Keras 2 wrote in two words."""
    return {"curve": value.replace("_", "") if isinstance(value, str) else value}


def steps_per_execution(value, given) -> dict:
    """None was one."""
    return {"steps_per_execution": 1 if value is None else value}


def by_name(args: tuple, names: list[str], words: dict, what: str) -> dict:
    """The arguments of a call by name: `args` under the first of `names`, beside `words`."""
    if len(args) > len(names):
        raise TypeError(f"{what} takes at most {len(names)} arguments by position ({', '.join(names)}). Received: {len(args)}")
    twice = [name for name in names[: len(args)] if name in words]
    if twice:
        raise TypeError(f"{what} got `{twice[0]}` twice: by position and by name.")
    return {**dict(zip(names, args, strict=False)), **words}


def data_format(value):
    """Where the channels are: in Theano's order, TensorFlow's, or that of the global setting."""
    known = {"th": "channels_first", "tf": "channels_last", "default": None}
    if value not in known:
        raise ValueError(f"`dim_ordering` must be 'tf' (channels last), 'th' (first) or 'default'. Received: {value!r}")
    return known[value]


def initializer(value):
    """A function of Keras 1 takes a shape and a name, and returns a variable; today one takes a shape and a dtype."""
    if isinstance(value, (str, dict)) or not callable(value) or "name" not in inspect.signature(value).parameters:
        return value

    @functools.wraps(value)
    def initialize(shape, dtype=None):
        made = value(shape, name=None)
        return getattr(made, "value", made)

    return initialize


def sequence_input(value, given):
    """The features of each step of a sequence, which may be of any length."""
    return {"input_shape": (None, value), "input_dim": None}


def sequence_length(value, given):
    """The number of steps of a sequence whose features are known from the rows above."""
    dim = given.get("input_dim") or (given.get("input_shape") or (None,))[-1]
    return {"input_shape": (value, dim), "input_dim": None} if dim else {}


def _sides(value, *known):
    unknown = [name for name in value if name not in known]
    if unknown:
        raise ValueError(f"`padding` has the sides {', '.join(known)}. Received: {unknown[0]!r}")
    return tuple(value.get(name, 0) for name in known)


def ends(value, given):
    """Zeros at each end by name, `{"left_pad": 1}`; what is left out is 0."""
    return {"padding": _sides(value, "left_pad", "right_pad") if isinstance(value, dict) else value}


def sides(value, given):
    """Zeros on each side by name, `{"left_pad": 1, "top_pad": 2}`; what is left out is 0."""
    if not isinstance(value, dict):
        if isinstance(value, (tuple, list)) and len(value) == 4:  # top, bottom, left, right
            value = (tuple(value[:2]), tuple(value[2:]))
        return {"padding": value}
    top, bottom, left, right = _sides(value, "top_pad", "bottom_pad", "left_pad", "right_pad")
    return {"padding": ((top, bottom), (left, right))}


def forget_bias(value, given):
    """How the bias of the forget gate began: at one, or as the others."""
    begins = {"one": True, "ones": True, "zero": False, "zeros": False}
    if value not in begins:
        raise ValueError(f"`forget_bias_init` must be 'one' or 'zero'. Received: {value!r}")
    return {"unit_forget_bias": begins[value]}


def initial_weights(layer, values):
    """Sets the weights as soon as the layer is built."""
    if values is None:
        return
    build = layer.build

    @functools.wraps(build)
    def build_and_set(*args, **kwargs):
        del vars(layer)["build"]
        build(*args, **kwargs)
        layer.set_weights(values)

    vars(layer)["build"] = build_and_set


@contextlib.contextmanager
def counting_accuracy(model, wanted):
    """Where that is wanted, the model counts how often it is right, besides what it was compiled to count."""
    if not wanted or not model.compiled:
        yield
        return
    before = {**model._compile_arguments, "optimizer": model.optimizer}
    metrics = before["metrics"] or []
    model.compile(**{**before, "metrics": ["accuracy", *(metrics if isinstance(metrics, (list, tuple)) else [metrics])]})
    try:
        yield
    finally:
        model.compile(**before)


def replace(one, name: str, function) -> None:
    """From now on `one.name(...)` is `function(one, what it was, ...)`. (What is kept in an object is not to hold it.)"""
    from torchkeras_lite.references import Known

    vars(one)[name] = functools.partial(_called, Known(one), name, vars(one).get(name), function)


def _called(known, name, before, function, *args, **kwargs):
    one = known()
    return function(one, before or getattr(type(one), name).__get__(one), *args, **kwargs)


def drop_words(embedding, rate):
    """In training an Embedding leaves out this share of its words, wherever they stand in a batch."""

    def call_and_drop(embedding, call, inputs):
        vectors = call(inputs)
        if not embedding.training:
            return vectors
        kept = (vectors.new_empty(embedding.input_dim, 1).uniform_() >= rate) / (1 - rate)
        return vectors * kept[inputs.long()].to(vectors.dtype)

    if rate:
        replace(embedding, "call", call_and_drop)


def sees_backwards(attention, causal):
    """Each query sees the values up to its own place only, unless a call says otherwise."""
    if causal:
        replace(attention, "call", lambda one, call, *args, **kwargs: call(*args, **{"use_causal_mask": True, **kwargs}))


def every_so_many_epochs(checkpoint, period):
    """A ModelCheckpoint saves after each `period`th epoch only."""
    passed = 0

    def on_epoch_end(checkpoint, end, epoch, logs=None):
        nonlocal passed
        passed += 1
        if passed >= period:
            passed = 0
            end(epoch, logs)

    if period != 1:
        replace(checkpoint, "on_epoch_end", on_epoch_end)


def no_targets(value, given):
    """Tensors of TensorFlow as targets cannot be: targets are what `fit` is given."""
    if value is not None:
        raise ValueError("`target_tensors` of compile() is not supported: pass the targets to fit(), or a loss to add_loss().")
    return {}


def batchnorm_mode(layer, mode):
    """Mode 0 is what there is today; for the others the layer becomes one of another class."""
    from torchkeras_lite.layers import BatchNormalization

    if mode not in (0, 1, 2) or (mode and type(layer) is not BatchNormalization):
        raise ValueError(f"`mode` of BatchNormalization is 0, 1 or 2, and 0 in subclasses. Received: mode={mode!r}")
    if mode:
        layer.__class__ = import_module("keras._dead_layers").BatchNormalizationOfMode
        layer.mode = mode


def rate(value):
    """A learning rate, which could be any kind of number."""
    return float(value) if isinstance(value, numbers.Real) else value


def decay(value, given):
    """`lr / (1 + decay * iterations)`, counted in batches: a schedule of that formula in the place of the rate."""
    if not value:
        return {}
    from torchkeras_lite.optimizers.schedules import InverseTimeDecay

    rate = given["learning_rate"]
    if not isinstance(rate, numbers.Real):
        raise ValueError(
            f"`decay={value!r}` goes with a learning rate that is a number. Received: {rate!r}. A schedule decays by itself."
        )
    schedule = InverseTimeDecay(float(rate), decay_steps=1, decay_rate=float(value))
    schedule.by_word = True
    return {"learning_rate": schedule}


def initial_decay(optimizer, value):
    """A decay that a class of one's own applies itself."""
    optimizer._initial_decay = value or 0.0


def also_by_value(optimizer, value):
    """`clipvalue`, which until TensorFlow 2.10 could stand beside `clipnorm`."""
    optimizer.clipvalue = value
    if import_module("keras._eras").now == "3":
        optimizer._check_settings()


def loss_scale(value, given):
    """The number by which losses are multiplied, to begin with; "dynamic" left it to the optimizer, as today."""
    return {"initial_scale": float(value)} if isinstance(value, numbers.Real) else {}


def epsilon(value, given):
    """None stood for the default."""
    return {} if value is None else {"epsilon": value}
