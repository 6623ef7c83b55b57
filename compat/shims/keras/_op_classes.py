"""The classes that `keras.src.ops.<file>` keeps beside its functions (`Add` beside `add`), for code that makes them itself.

One is made from the function when it is first asked for: its constructor takes the settings, its call the tensors.
"""

from __future__ import annotations

import inspect
import operator

from torchkeras_lite import Operation, ops
from torchkeras_lite.models.graph_config import rejoined
from torchkeras_lite.symbolic import NAMED

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

    calls = dict.fromkeys(("__call__", "call", "symbolic_call", "compute_output_spec"), __call__)
    return type(kind, (Operation,), {"__init__": __init__, **calls, "__doc__": function.__doc__, "__module__": __name__})


def _wrapped(kind: str, function) -> type:
    """Of a function that is no named operation."""

    def __call__(self, *args, **kwargs):
        return function(*args, **kwargs)

    return type(kind, (Operation,), {**dict.fromkeys(("__call__", "call", "symbolic_call"), __call__), "__module__": __name__})


_ALIASES = {"Abs": "Absolute", "Conj": "Conjugate"}
_PLAIN = {"GetItem": operator.getitem, "Ndim": ops.ndim}
_functions: dict[str, object] = {}
for _function, _named in NAMED.items():
    _functions.setdefault(_named.kind, _function)


def __getattr__(name: str):
    function = _functions.get(_ALIASES.get(name, name))
    if function is None and name not in _PLAIN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = _wrapped(name, _PLAIN[name]) if function is None else _made(name, function)
    return found
