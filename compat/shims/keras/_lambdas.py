"""Nameless functions in configs before Keras 3: `from_config` ran their code.

Here it runs the code that this very process has put into a config: copies of models are made, and no file can bring its own.
"""

from __future__ import annotations

from types import FunctionType

from torchkeras_lite import lambdas, layers, registry

from . import _eras

_dump = getattr(lambdas.dump, "_todays", lambdas.dump)
_of_today = vars(layers.Lambda)["from_config"]
_from_config = getattr(_of_today, "_todays", _of_today)
_written: dict[str, dict] = {}  # the text of a code -> the global names of its function


def dump(function) -> dict:
    made = _dump(function)
    _written[made["code"]] = function.__globals__
    return made


dump._todays = _dump


class FromConfig(classmethod):
    _todays = _from_config


def _read(cls, config, *args, **words):
    read, config = _from_config.__get__(None, cls), registry.config_of(cls, config)
    if _eras.now == "3" or _code(config.get("function")) not in _written:
        return read(config, *args, **words)
    with lambdas.safe_mode(False):
        layer = read(config, *args, **words)
    code = layer.function
    if lambdas.is_nameless(code):
        names = _written[_code(config["function"])]
        layer.function = FunctionType(code.__code__, names, code.__name__, code.__defaults__, code.__closure__)
    return layer


def _code(function):
    """The text of the code of a nameless function in a config; None for anything else."""
    if not isinstance(function, dict) or function.get("class_name") != "__lambda__":
        return None
    said = function.get("config") or {}
    value = said.get("value") or [said.get("code")]
    return value[0] if value and isinstance(value[0], str) else None


from_config = FromConfig(_read)
