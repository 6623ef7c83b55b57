"""Optimizers that users wrote for Keras before 3, put on the base class as long as the stand-in is imported.

Three ways of writing one were taught, and each goes variable by variable in Keras's layout:

    get_updates(loss, params)                    Keras 1 and 2, with K.update; Variables made in it are its state
    _resource_apply_dense(grad, var)             tf.keras up to 2.10, with _create_slots, add_slot, _set_hyper
    update_step(gradient, variable)              tf.keras from 2.11 on, with add_variable_from_reference and _index_dict

The base does the rest as for any optimizer: clipping, averages, constraints, the step count, files.
"""

from __future__ import annotations

import functools
import inspect
import numbers
from importlib import import_module

import numpy as np
import torch

from torchkeras_lite import config, registry, symbolic
from torchkeras_lite.optimizers import Optimizer
from torchkeras_lite.optimizers.host import HostScalar
from torchkeras_lite.optimizers.schedules import LearningRateSchedule
from torchkeras_lite.variable import Variable, tensor_of

from . import _backend_state, _eras, _rates, _weight_names

_OLD = ("get_updates", "_resource_apply_dense", "_apply_dense")
_of_today = {name: vars(Optimizer)[name] for name in ("__init_subclass__", "build", "update", "update_step")}
_decays, _set_weights, _iterations = Optimizer._decays, Optimizer.set_weights, Optimizer.iterations
_add_reference, _add_variable = Optimizer.add_variable_from_reference, Optimizer.add_variable


def init_subclass(cls, **words):
    _of_today["__init_subclass__"].__get__(None, cls)(**words)
    if "update" not in vars(cls) and any(name in vars(cls) for name in _OLD):
        cls.update = Optimizer.update


init_subclass = classmethod(init_subclass)


initial_decay = 0.0  # the `decay=` that the base was given
use_locking = False


# ---------------------------------------------------------------- a step


def build(self, variables):
    """`build`, and then the slots of `_create_slots`."""
    if self.built:
        return
    _of_today["build"](self, variables)
    if hasattr(self, "_create_slots"):
        self._create_slots(self._targets)
    if _way(type(self)) == "get_updates":  # once for nothing, to have what it keeps: a file may be about to be read
        with torch.no_grad():
            _run_updates(self, self._targets, [torch.zeros_like(target.value) for target in self._targets], dry=True)


@functools.cache
def _way(cls) -> str | None:
    """How the formula of a class is written."""
    for one in cls.__mro__:
        if one is Optimizer:
            return None
        for name in _OLD:
            if name in vars(one):
                return name
        if "update_step" in vars(one):
            taken = list(inspect.signature(vars(one)["update_step"]).parameters.values())
            several = any(p.kind is p.VAR_POSITIONAL for p in taken)
            return "update_step" if len(taken) == 3 and not several else None
    return None


def update(self, params, grads, learning_rate, **slots):
    way = _way(type(self))
    if way is None:
        _of_today["update"](self, params, grads, learning_rate, **slots)
        return
    targets = [self._targets[self._get_variable_index(param)] for param in params]
    grads = [target.to_keras(grad) for target, grad in zip(targets, grads, strict=True)]
    if way == "get_updates":
        _run_updates(self, targets, grads)
        return
    if way == "update_step":
        for target, grad in zip(targets, grads, strict=True):
            self.update_step(grad, target)
        return
    targets = [Seen.of(target._module, target._key, target._layout, target.name, target.path) for target in targets]
    settings = {"apply_state": _prepared(self, targets)}
    apply = getattr(self, way)
    settings = {word: value for word, value in settings.items() if word in inspect.signature(apply).parameters}
    for target, grad in zip(targets, grads, strict=True):
        apply(grad, target, **settings)


def update_step(self, gradient, variable, learning_rate=None):
    """The formula for one variable; the rate could be left out."""
    _of_today["update_step"](self, gradient, variable, _rates.current(self) if learning_rate is None else learning_rate)


class Dtype(str):
    """The name of a dtype, with what TensorFlow's objects say of it."""

    base_dtype = property(lambda self: self)
    name = property(str)
    as_numpy_dtype = property(lambda self: np.dtype(str(self)).type)
    is_floating = property(lambda self: "float" in self)


class Seen(Variable):
    """A variable as tf.keras showed it to an optimizer: one of TensorFlow's."""

    @property
    def dtype(self):
        return Dtype(super().dtype)

    def assign(self, value, use_locking=False, name=None, read_value=True):
        return super().assign(value)

    def assign_add(self, value, use_locking=False, name=None, read_value=True):
        return super().assign_add(value)

    def assign_sub(self, value, use_locking=False, name=None, read_value=True):
        return super().assign_sub(value)


def decays(self, target):
    """Weight decay by the base: not in classes of an age when `weight_decay` was a word of their own."""
    return _way(type(self)) in (None, "update_step") and _decays(self, target)


# ---------------------------------------------------------------- get_updates


class Replay:
    """One run of `get_updates`: what it makes is what it made the first time, and updates wait until it is through.

    So it computes with the values from before the step, as the graph did in which it once ran.
    """

    def __init__(self, optimizer, variables: list, grads: list, dry: bool):
        self.optimizer, self.variables, self.grads, self.dry = optimizer, variables, grads, dry
        self.made = optimizer.__dict__.setdefault("_made_in_updates", [])
        self.updates: list[tuple] = []
        self._next = 0

    def variable(self, make):
        if self._next == len(self.made):
            self.made.append(make())
        self._next += 1
        return self.made[self._next - 1]

    def gradients(self, variables):
        places = {id(variable.raw): grad for variable, grad in zip(self.variables, self.grads, strict=True)}
        return [places.get(id(variable.raw)) for variable in variables]

    def __enter__(self):
        _backend_state.replays.append(self)
        return self

    def __exit__(self, *_):
        _backend_state.replays.remove(self)


def _run_updates(optimizer, variables, grads, dry=False):
    wanted = inspect.signature(optimizer.get_updates).parameters
    with Replay(optimizer, variables, grads, dry) as replay:
        given = {"loss": replay, "params": variables, "constraints": {}}
        found = optimizer.get_updates(**{word: value for word, value in given.items() if word in wanted})
    pairs = [each for each in found or () if isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], Variable)]
    for variable, value in () if dry else [*replay.updates, *pairs]:
        variable.assign(value)
    known = {id(variable) for variable in optimizer._store.variables}
    optimizer._store.variables += [one for one in replay.made if isinstance(one, Variable) and id(one) not in known]


class _Part:
    """One variable in a step that `K.function` makes: given its gradient; with the last one's the step is made."""

    def __init__(self, optimizer, params, found, place):
        self.optimizer, self.params, self.found, self.place = optimizer, params, found, place
        self.path = params[place].path

    def assign(self, gradient):
        self.found[self.place] = gradient
        if self.place == len(self.params) - 1:
            self.optimizer.apply(self.found, self.params)


def _updates_of_a_loss(optimizer, given) -> list:
    """What `K.function(updates=)` takes to make one step along the gradients of a loss; of real values it is made at once."""
    loss = next(one for one in given if isinstance(one, (symbolic.KerasTensor, torch.Tensor)))
    params = next(list(one) for one in given if isinstance(one, (list, tuple)) and one and isinstance(one[0], Variable))
    grads = import_module("keras.backend").gradients(loss, params)
    if not isinstance(loss, symbolic.KerasTensor):
        optimizer.apply(grads, params)
        return []
    found = [None] * len(params)
    return [(_Part(optimizer, params, found, place), grad) for place, grad in enumerate(grads)]


def get_updates(self, loss=None, params=None, *more, constraints=None):
    """One step by the formula of the class above: for a class of one's own, or one that holds an optimizer of ours.

    Called by a program itself, with a loss that it has drawn: the updates of such a step, for `K.function`. (Keras 1 had the
    arguments in the order params, constraints, loss.)
    """
    if not _backend_state.replays:
        return _updates_of_a_loss(self, (loss, params, *more))
    replay = _backend_state.replays[-1]
    if replay.dry:
        return []
    if not self.built:
        self.build(replay.variables)
    for gradient, variable in zip(get_gradients(self, loss, params), params, strict=True):
        _of_today["update_step"](self, gradient, variable, _rates.current(self))
    if self is not replay.optimizer:
        self._iterations.assign_add(1)
    return []


def get_gradients(self, loss, params):
    """The gradients of the step, clipped; outside of one those of a loss that is a tensor (`model.total_loss`)."""
    if not _backend_state.replays:
        return import_module("keras.backend").gradients(loss, params)
    return _backend_state.replays[-1].gradients(params)


# ---------------------------------------------------------------- slots and settings


def add_slot(self, var, slot_name, initializer="zeros", shape=None):
    """A tensor to keep for a variable."""
    slots, key = self.__dict__.setdefault("_slots_of_variables", {}), (self._get_variable_index(var), slot_name)
    if key not in slots:
        if shape is None:
            slots[key] = add_variable_from_reference(self, var, slot_name, initializer)
        else:
            slots[key] = _add_variable(self, shape, initializer, var.dtype, name=f"{var.path.replace('/', '_')}_{slot_name}")
        slots[key].__class__ = Seen
    return slots[key]


def get_slot(self, var, slot_name):
    return self._slots_of_variables[self._get_variable_index(var), slot_name]


def get_slot_names(self):
    return sorted({name for _, name in self.__dict__.get("_slots_of_variables", {})})


def set_hyper(self, name, value):
    """A setting that may be changed while training: an attribute of that name."""
    self.__dict__.setdefault("_said", {})[name] = value
    if name == "learning_rate":
        build_learning_rate(self, value)
    elif callable(value) or isinstance(value, (torch.Tensor, Variable)):
        self.__dict__[name] = value
    else:
        self.__dict__[name] = HostScalar(value, _floatx(), name, f"{self.name}/{name}")


def get_hyper(self, name, dtype=None):
    value = self._rate if name == "learning_rate" and callable(self._rate) else getattr(self, name)
    if isinstance(value, LearningRateSchedule):
        return value
    value = value() if callable(value) else value
    return value if dtype is None else _as_tensor(value, dtype)


def decayed_lr(self, var_dtype):
    """The rate of this step, by a schedule or by `decay`."""
    rate, decay = _as_tensor(_rates.current(self), var_dtype), self.__dict__.get("decay", self._initial_decay)
    if isinstance(decay, Variable) or decay:
        rate = rate / (1.0 + _as_tensor(decay, var_dtype) * int(self._iterations.item()))
    return rate


def _floatx():
    return config.floatx() if config.floatx() != "bfloat16" else "float32"


def _as_tensor(value, dtype):
    return tensor_of(value, config.torch_dtype(getattr(dtype, "name", dtype)))


def _prepared(optimizer, targets):
    """What `_prepare_local` computes once for all variables of a device and dtype."""
    state = {}
    for key in dict.fromkeys((target.device, target.dtype) for target in targets):
        state[key] = {}
        optimizer._prepare_local(*key, state)
    return _State(state)


class _State(dict):
    """`apply_state`: those who ask by another spelling of a device or dtype get the only one there is."""

    def get(self, key, default=None):
        return self[key] if key in self or len(self) == 1 else default

    def __missing__(self, key):
        if len(self) != 1:
            raise KeyError(key)
        return next(iter(self.values()))


def prepare_local(self, var_device, var_dtype, apply_state):
    apply_state[var_device, var_dtype]["lr_t"] = rate = decayed_lr(self, var_dtype)
    apply_state[var_device, var_dtype]["neg_lr_t"] = -rate


def fallback_apply_state(self, var_device, var_dtype):
    state = {(var_device, var_dtype): {}}
    self._prepare_local(var_device, var_dtype, state)
    return state[var_device, var_dtype]


def resource_apply_dense(self, grad, var, apply_state=None):
    """The formula of the class above, for one variable."""
    _of_today["update_step"](self, grad, var, _rates.current(self))


def serialize_hyperparameter(self, hyperparameter):
    said = None
    if isinstance(hyperparameter, str):
        said = self.__dict__.get("_said", {}).get(hyperparameter)
        rate = hyperparameter == "learning_rate" and callable(self._rate)
        hyperparameter = self._rate if rate else getattr(self, hyperparameter)
    if isinstance(hyperparameter, LearningRateSchedule):
        return registry.serialize(hyperparameter)
    if isinstance(hyperparameter, (Variable, torch.Tensor)):
        value = float(hyperparameter)
        return said if isinstance(said, float) and np.float32(said) == np.float32(value) else value  # as it was written
    return hyperparameter() if callable(hyperparameter) else hyperparameter


def build_learning_rate(self, learning_rate):
    """The rate that the base works with: a Variable for a number, a schedule as it is."""
    if isinstance(learning_rate, dict):
        learning_rate = registry.deserialize(learning_rate)
    if isinstance(learning_rate, (int, np.number)):
        learning_rate = float(learning_rate)
    self._take_rate(self._made_rate(learning_rate))
    return self._rate


class _Index:
    """`_index_dict`: the position of a variable by what `_var_key` gives."""

    def __getitem__(self, key):
        return key.position

    def get(self, key, default=None):
        return key.position


class _Key(str):
    """A name for a variable that no other has."""


def var_key(self, variable):
    position = self._get_variable_index(variable)
    key = _Key(f"{self._targets[position].path}:{position}")
    key.position = position
    return key


index_dict = property(lambda self: _Index())


def add_variable_from_reference(
    self, reference_variable=None, name=None, initializer="zeros", *, model_variable=None, variable_name=None, shape=None,
    initial_value=None,
):  # fmt: skip
    """A variable of the optimizer with the shape and dtype of another, by the words of today or of 2.11."""
    target = reference_variable if model_variable is None else model_variable
    name, start = variable_name or name, initializer if initial_value is None else initial_value
    if shape is None or tuple(shape) == tuple(target.shape):
        slot = _add_reference(self, target, name, start)
        _weight_names.name_slot(slot, type(self).__name__, name, target)
        return slot
    return _add_variable(self, tuple(shape), start, target.dtype, name=f"{target.path.replace('/', '_')}_{name}")


# ---------------------------------------------------------------- state


def _set_iterations(self, variable):
    if not isinstance(variable, Variable):
        self._iterations.assign(variable)
        return
    self.__dict__["_own_iterations"] = variable


iterations = property(lambda self: self.__dict__.get("_own_iterations") or _iterations.fget(self), _set_iterations)


def _get_lr(self):
    given = self.__dict__.pop("lr", None)  # by `self.__dict__.update(locals())`, as Keras 1 wrote its own
    if given is not None:
        _set_lr(self, given)
    return _rates.lr.fget(self)


def _set_lr(self, value):
    if isinstance(value, Variable) or isinstance(self._rate, LearningRateSchedule):
        _rates.lr.fset(self, value)
    else:
        build_learning_rate(self, value)


lr = property(_get_lr, _set_lr)


_todays_made_rate = Optimizer._made_rate


def made_rate(self, rate):
    """What holds the rate; before Keras 3 that could be any kind of number."""
    whole = isinstance(rate, numbers.Real) and not isinstance(rate, float) and _eras.now != "3"
    return _todays_made_rate(self, float(rate) if whole else rate)


class _Called(list):
    """A list that may be called: `optimizer.variables` was a method, and then either."""

    def __call__(self) -> list:
        return self


_todays_variables = Optimizer.variables


variables = property(lambda self: _Called(_todays_variables.fget(self)))


def _own(self) -> list:
    return [variable for variable in self.variables if variable is not self._rate]


def _weights(self):
    return self.__dict__.get("_own_weights") or _own(self)


weights = property(_weights, lambda self, value: self.__dict__.__setitem__("_own_weights", list(value)))


def make_train_function(self, force=False):
    """Makes the state of the optimizer: programs called it before they set that state, from a file of their own."""
    if self.built and self.optimizer is not None:
        self._begin_training()
    return getattr(self, "train_function", None)


def get_weights(self) -> list:
    """The step count and what is kept per variable, as arrays. The rate is none of them."""
    return [variable.numpy() for variable in _own(self)]


def set_weights(self, weights) -> None:
    """Takes them back, with the learning rate among them or without."""
    weights, own = list(weights), _own(self)
    if self.built and len(weights) == len(own) != len(self.variables):
        for variable, weight in zip(own, weights, strict=True):
            variable.assign(weight)
    else:
        _set_weights(self, weights)
