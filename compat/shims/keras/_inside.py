"""What Keras 3's layers have inside, and programs use: `layer._tracker.locked = False`, `layer._untrack_variable(kernel)`."""

from __future__ import annotations

import functools
import inspect
import threading
from importlib import import_module

from torchkeras_lite import recomputing
from torchkeras_lite.references import Known
from torchkeras_lite.seeds import generators_of
from torchkeras_lite.shown import Shown


class Tracker:
    """The lock that Keras 3 puts on a built layer. There is none here: a layer takes weights at any time."""

    locked = False

    def lock(self, msg: str | None = None) -> None:
        self.locked = True

    def unlock(self) -> None:
        self.locked = False


@Shown
def tracker(self):
    return vars(self).setdefault("_tracker", Tracker())


@Shown
def trainable_variables(self):
    """The layer's own, frozen or not."""
    return [one for one in self._variables if one.is_parameter and one._wants_training]


@Shown
def non_trainable_variables(self):
    return [one for one in self._variables if not (one.is_parameter and one._wants_training)]


@Shown
def layers(self):
    """The layers directly inside, and the InputLayer that a Sequential begins with."""
    entry = vars(self).get("_entry")
    inside = self.layers if hasattr(self, "train_step") else self.layers_inside
    return inside if entry is None else [entry, *inside]


@Shown
def seed_generators(self):
    getattr(self, "seed_generator", None)  # of ours it is made when it is asked for
    return list(generators_of(self))


inputs_struct, outputs_struct = Shown(lambda model: model.input), Shown(lambda model: model.output)
dtype_policy = property(lambda self: self.dtype_policy, lambda self, policy: setattr(self, "dtype_policy", policy))


@Shown
def backend(self):
    """What layers that prepare data compute with: `self.backend.numpy.split(x, 2)`."""
    return import_module("keras._backend")


def build_at_init(self) -> None:
    """For a layer whose weights are made in its constructor: it is built, unless a `build` of its own is still to come."""
    if self.builds_nothing:
        self.built = True


def rematerialized_call(self, layer_call, *args, **words):
    """`layer_call` as the RematScope has it in which the layer was made: itself, where there was none."""
    made_in_one = getattr(vars(self).get("call"), "func", None) is recomputing._call
    return recomputing.remat(layer_call) if made_in_one else layer_call


# ---------------------------------------------------------------- words that go from layer to layer


class Around(threading.local):
    """The values of registered words in the calls around."""

    values: dict = {}


_around = Around()


@Shown
def call_context_args(self):
    return {"training"}


def register_call_context_args(self, *names) -> None:
    """From now on a call takes these words, and they go down to layers inside that take them, as `training` does."""
    vars(self)["_call_context_args"] = {*self._call_context_args, *names}
    vars(self)["call"] = functools.partial(_call, Known(self), inspect.signature(type(self).call))


def _call(known, signature, *args, **words):
    layer, before = known(), _around.values
    places = list(signature.parameters)[1:]
    values = dict(before)
    for name in layer._call_context_args - {"training"}:
        if name in places[: len(args)]:
            values[name] = args[places.index(name)]
            continue
        value = words.pop(name) if name in words else before.get(name)
        if value is None and name in places and signature.parameters[name].default is not inspect.Parameter.empty:
            value = signature.parameters[name].default
        if name in places and value is not None:
            words[name] = value
        values[name] = value
    _around.values = values
    try:
        return type(layer).call(layer, *args, **words)
    finally:
        _around.values = before
