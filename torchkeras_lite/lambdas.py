"""Functions without a name in configs and files: as compiled code, the way Keras writes them.

Code from a file may do anything, so it runs only where the caller says `safe_mode=False`. Elsewhere a function that refuses to
be called stands for it: the rest of the model can be looked at, and its weights read.
"""

from __future__ import annotations

import base64
import marshal
import sys
import threading
import types
from contextlib import contextmanager

from torchkeras_lite import config as settings

_scope = threading.local()


@contextmanager
def safe_mode(value: bool | None):
    """Inside, code in configs is not run (True, None) or is (False)."""
    before = dict(_scope.__dict__)
    _scope.safe = value is not False
    try:
        yield
    finally:
        del _scope.safe
        _scope.__dict__.update(before)


@contextmanager
def safe_mode_unless_said(value: bool | None):
    """As `safe_mode`, but what a load around it was told counts: a class in a file cannot take back what the caller wants."""
    with safe_mode(getattr(_scope, "safe", value)):
        yield


def is_nameless(function) -> bool:
    return isinstance(function, types.FunctionType) and function.__name__ == "<lambda>"


def dump(function) -> dict:
    """The code, defaults and closure of a function, as text and plain values."""
    closure = function.__closure__
    return {
        "code": base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii"),
        "defaults": function.__defaults__,
        "closure": None if closure is None else tuple(cell.cell_contents for cell in closure),
    }


def is_loading() -> bool:
    """Whether a file is being loaded, or somebody has said what the code in a config may do."""
    return hasattr(_scope, "safe")


def trusted() -> bool:
    """Whether what is being loaded may do what could be abused."""
    return not getattr(_scope, "safe", True) or settings.is_unsafe_deserialization_enabled()


def load(config: dict):
    """The function that `dump`, or Keras, wrote; its global names are those of the script that runs.

    Raises:
        ValueError: what is written is no code of this version of Python.
    """
    if not trusted():
        return refusing
    code, defaults, closure = config.get("value") or (config[part] for part in ("code", "defaults", "closure"))
    try:
        code = marshal.loads(base64.decodebytes(code.encode("ascii")))
        return types.FunctionType(
            code,
            sys.modules["__main__"].__dict__,
            code.co_name,
            None if defaults is None else tuple(defaults),
            None if closure is None else tuple(map(types.CellType, closure)),
        )
    except Exception as error:
        raise ValueError(
            f"A lambda in the file cannot be read: {error}. It holds compiled code, which only the version of Python that "
            "wrote it understands. Build the model in code, and load the weights only."
        ) from error


def refusing(*args, **kwargs):
    """Stands for a function whose code was not taken from the file."""
    raise ValueError(
        "Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda. Its code would come out of the "
        "file and could do anything (arbitrary code execution), so it does not run. If you trust the file, pass "
        "`safe_mode=False` to `load_model`."
    )
