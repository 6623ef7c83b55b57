"""The classes that `keras.src.ops.<file>` keeps beside its functions (`Add` beside `add`), for code that makes them itself.

One is made from the function when it is first asked for: its constructor takes the settings, its call the tensors.
"""

from __future__ import annotations

import inspect
import operator

from torchkeras_lite import Operation, ops
from torchkeras_lite.models.graph_config import rejoined
from torchkeras_lite.symbolic import NAMED, is_symbolic

from . import _backend_today

__path__: list[str] = []


def _made(kind: str, function) -> type:
    named = NAMED[function]
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name not in named.tensors]
    signature = inspect.Signature([p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in parameters if p.kind is not p.VAR_KEYWORD])

    def __init__(self, *args, name=None, **settings):
        Operation.__init__(self, name)
        bound = signature.bind(*args, **settings)
        bound.apply_defaults()
        self._settings = bound.arguments
        self.__dict__.update(bound.arguments)

    def __call__(self, *tensors, **named_tensors):
        order = [*tensors, *(named_tensors.pop(n) for n in named.tensors[len(tensors) :] if n in named_tensors)]
        args, settings = rejoined(function, order, self._settings)
        return function(*args, **settings, **named_tensors)

    members = {"__init__": __init__, "__call__": __call__, "call": __call__, "symbolic_call": _symbolic_call}
    return type(kind, (Operation,), {**members, "__doc__": function.__doc__, "__module__": __name__})


def _symbolic_call(self, *args, **kwargs):
    """The KerasTensors that come out; of tensors with values too, whose outcome is not computed."""
    return self.call(*args, **kwargs) if is_symbolic(args, kwargs) else self.compute_output_spec(*args, **kwargs)


def _wrapped(kind: str, function) -> type:
    """Of a function that is no named operation."""

    def __call__(self, *args, **kwargs):
        return function(*args, **kwargs)

    members = {"__call__": __call__, "call": __call__, "symbolic_call": _symbolic_call}
    return type(kind, (Operation,), {**members, "__module__": __name__})


_ALIASES = {"Abs": "Absolute", "Conj": "Conjugate"}
_PLAIN = {"Arange": ops.arange, "GetItem": operator.getitem, "Ndim": ops.ndim}
shape_equal = _backend_today.shape_equal


def broadcast_shapes(shape1, shape2) -> list:
    """The shape that two shapes have together; None where it is not known. ValueError if they do not fit."""
    rank = max(len(shape1), len(shape2))
    pairs = zip(*([*[1] * (rank - len(shape)), *shape] for shape in (shape1, shape2)), strict=True)
    result = []
    for a, b in pairs:
        if None not in (a, b) and a != b and 1 not in (a, b):
            raise ValueError(f"Cannot broadcast shape, the failure dim has value {a} and {b}. Received: {shape1}, {shape2}")
        result.append(b if a == 1 else a if b in (1, None) else b)
    return result


_functions: dict[str, object] = {}
for _function, _named in NAMED.items():
    _functions.setdefault(_named.kind, _function)


def __getattr__(name: str):
    function = _functions.get(_ALIASES.get(name, name))
    if function is None and name not in _PLAIN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = _wrapped(name, _PLAIN[name]) if function is None else _made(name, function)
    return found
