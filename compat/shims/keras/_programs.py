"""Programs of `torch.export` in files, looked at before torch opens them.

torch finds the functions of a program by their names, whatever these are, has sympy evaluate what stands for a size, and falls
back to a pickle that may do anything. So a file is opened only where all that it names is arithmetic, and pickles only as data.
"""

from __future__ import annotations

import contextlib
import json
import os
import re

import torch

from torchkeras_lite.files import zip_archive

_TEXT_LIMIT = 1 << 28  # bytes of what describes a program
_OPERATORS = "getitem|add|sub|mul|truediv|floordiv|mod|pow|neg|pos|abs|eq|ne|lt|le|gt|ge|and_|or_|xor|not_|invert|index"
_FUNCTION = re.compile(
    r"torch\.ops\.(aten|prims|higher_order|torchvision)\.(?!from_file|_?load)\w+(\.\w+)?|torch\._?sym_\w+|"
    rf"_operator\.({_OPERATORS})|math\.\w+"
)
_NAMED = ("target", "as_operator")  # where a program names a function
_FOUND = ("torch", "_operator", "math", "#")  # how the names begin for which torch looks
_WORDS = {
    "Symbol", "Integer", "Rational", "Float", "Add", "Mul", "Pow", "Max", "Min", "Mod", "Abs", "And", "Or", "Not", "Eq", "Ne",
    "Lt", "Le", "Gt", "Ge", "Equality", "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan",
    "PythonMod", "FloorDiv", "CleanDiv", "CeilDiv", "ModularIndexing", "Where", "TruncToInt", "IntTrueDiv", "FloatTrueDiv",
    "ToFloat", "FloorToInt", "CeilToInt", "RoundToInt", "PowByNatural", "Identity", "positive", "integer", "nonnegative",
    "real", "commutative", "precision", "True", "False", "true", "false", "oo", "int_oo",
}  # fmt: skip


def opened(path: str):
    """The ExportedProgram in a file.

    Raises:
        ValueError: something in it is no arithmetic.
    """
    check(path)
    with _pickles_as_data():
        return torch.export.load(path)


def check(path: str) -> None:
    """Looks at all names in a program."""
    with zip_archive(path) as archive:
        for info in archive.infolist():
            if not info.filename.endswith(".json"):
                continue
            with archive.open(info) as member:
                text = member.read(_TEXT_LIMIT + 1)
            if len(text) > _TEXT_LIMIT:
                raise ValueError(f"The program in {path!r} is described in more than {_TEXT_LIMIT} bytes.")
            _look(json.loads(text), path)


def _look(described, path: str) -> None:
    todo = [described]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
            for key in _NAMED:
                name = part.get(key)
                if isinstance(name, str) and name.startswith(_FOUND) and not _FUNCTION.fullmatch(name):
                    raise ValueError(f"The program in {path!r} is not opened: it calls {name!r}, which is no arithmetic.")
            _look_at_size(part.get("expr_str"), path)
        elif isinstance(part, str) and "default_factory" in part:
            raise ValueError(f"The program in {path!r} is not opened: it takes dicts that make what is not in them.")


def _look_at_size(text, path: str) -> None:
    if not isinstance(text, str):
        return
    rest = re.sub(r"'[a-z]+\d+'", " ", text)  # names of symbols
    plain = len(text) < 10_000 and re.fullmatch(r"[\w\s(),=*/+<>!&|~-]*", rest)
    if not plain or not {*re.findall(r"[A-Za-z_]\w*", rest)} - {*re.findall(r"\b[suf]\d+\b", rest)} <= _WORDS:
        raise ValueError(f"The program in {path!r} is not opened: {text!r} is no size.")


@contextlib.contextmanager
def _pickles_as_data():
    key = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(key)
    os.environ[key] = "1"
    try:
        yield
    finally:
        os.environ.pop(key) if before is None else os.environ.__setitem__(key, before)
