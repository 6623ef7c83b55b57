"""The calls that are going on: which layers, under which names, and how careful they have to be."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from typing import Any


class Calls(threading.local):
    """The layers being called in this thread, outermost first, and the names of those being built."""

    def __init__(self):
        self.layers, self.names = [], []
        self.remat: list = []  # what the RematScopes around say, the innermost last
        self.narrow = False  # a layer with a mixed policy is being called, under autocast
        self.trying = False  # a layer is only tried out, to learn what shape comes out of it
        self.inferring = False  # a function runs on stand-ins: no generator may move
        self.forgetting = False  # a call only shows a shape, or builds: what it assigns to Variables is let go
        self.loading = None  # the Loading of the file that a model is being made from
        self.stateless = None  # the StatelessScope that takes what is assigned to Variables


going_on = Calls()
careful = [False]  # becomes True once a layer makes masks or adds losses: from then on no call takes the short cut


def require_care() -> None:
    """Called by what needs the bookkeeping of the careful path (masks, `add_loss`). Models without it never pay for it."""
    careful[0] = True


def is_careful() -> bool:
    return careful[0]


class Signature:
    """What the `call` of a class takes, read once."""

    def __init__(self, call):
        parameters = list(inspect.signature(call).parameters.values())[1:]
        names = [p.name for p in parameters]
        fixed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        self.training = "training" in names and not getattr(call, "_regardless_of_training", False)
        # `call(self, x, training=True)`: what counts where nobody says whether it trains; None: the class says nothing.
        default = next((p.default for p in fixed if p.name == "training"), None)
        self.trains_by_itself = default if isinstance(default, bool) else None
        self.training_position = names.index("training") if self.training else len(names)
        self.mask = "mask" in names
        self.mask_required = any(p.name == "mask" and p.default is p.empty for p in fixed)
        self.tensors = [p.name for p in fixed if p.name not in ("training", "mask")]
        self.required = any(p.default is p.empty and p.name in self.tensors for p in fixed)
        # `call(self, x, y, x_mask=None)`: the mask that x carries is handed over (our own layers look for it themselves)
        ours = call.__module__.partition(".")[0] == __name__.partition(".")[0]
        self.masks_of = [] if ours else [name for name in names if name.endswith("_mask") and name[:-5] in names]
        self.position = {name: i for i, name in enumerate(names)}
        self.open_ended = not self.tensors and any(p.kind is p.VAR_KEYWORD for p in parameters)
        if not self.tensors and any(p.kind is p.VAR_POSITIONAL for p in parameters):
            self.tensors = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]


def regardless_of_training(call):
    """Marks a `call` that takes `training` for subclasses that hand it on, and computes the same either way: it is not told."""
    call._regardless_of_training = True
    return call


class ScopeName(str):
    """A name in front of the paths of new variables, and who has put it there: a layer, for its own."""

    caller: Any = None


class NameScope:
    """Weights made inside have the name of this layer in their path; entered twice in a row, it counts once."""

    def __init__(self, layer):
        self.layer = layer
        self.entered = going_on.names[-1:] != [layer.name]

    def __enter__(self):
        if self.entered:
            name = ScopeName(self.layer.name)
            name.caller = self.layer
            going_on.names.append(name)

    def __exit__(self, *exc):
        if self.entered:
            going_on.names.pop()


def arguments_of(function, first: int = 0) -> list[inspect.Parameter]:
    """The parameters of a function from `first` on, or of a method: found out once."""
    if inspect.ismethod(function):
        function, first = function.__func__, first + 1
    known = getattr(function, "_known_arguments", None)
    if known is None:
        known = [*inspect.signature(function).parameters.values()]
        with contextlib.suppress(AttributeError):  # something else that can be called
            function._known_arguments = known
    return known[first:]


def building(build):
    """`build` with what surrounds it: the name scope, the record of the shapes, and the flag at the end."""

    @functools.wraps(build)
    def wrapped(self, *args, **kwargs):
        if self.__dict__.get("_in_build"):  # super().build(...)
            return build(self, *args, **kwargs)
        self.__dict__["_in_build"] = True
        inferring, forgetting = going_on.inferring, going_on.forgetting
        going_on.inferring = going_on.forgetting = False  # first values count, whatever the call is for
        before = len(self._variables)
        tables = [(table, set(table)) for table in (self._parameters, self._buffers, self._modules)]
        try:
            with NameScope(self):
                self.__dict__["_path"] = path = "/".join(going_on.names)
                policy = self.dtype_policy
                if policy is not (mine := policy.of_layer(path)):  # one of a map, which layers made in `build` are given whole
                    self.__dict__.update(_policy=mine, _policy_map=policy)
                    self._choose_call()
                build(self, *args, **kwargs)
        except BaseException:
            del self._variables[before:]  # nothing half-built stays
            for table, known in tables:
                for key in set(table) - known:
                    del table[key]
            raise
        finally:
            del self.__dict__["_in_build"]
            going_on.inferring, going_on.forgetting = inferring, forgetting
        if self._build_shapes is None:
            by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            plain = [one.name for one in arguments_of(wrapped, 1) if one.kind in by_place]
            if kwargs or len(args) > len(plain):
                shapes = dict([*inspect.signature(build).bind(self, *args, **kwargs).arguments.items()][1:])
            else:
                shapes = dict(zip(plain, args, strict=False))
            self.__dict__["_build_shapes"] = shapes
        self.built = True
        return None

    return wrapped


class away_from_losses:
    """Trying a layer out to learn its output shape must leave no losses behind."""

    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        # A call that is going on is not the caller's affair here: the trial counts as nested, so nothing is cleared.
        going_on.layers.append(self.layer)
        self.before, going_on.trying = going_on.trying, True

    def __exit__(self, *exc):
        going_on.layers.pop()
        going_on.trying = self.before
        if careful[0]:
            self.layer._clear_losses()
