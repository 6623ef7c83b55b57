"""What a program says, without running it: which names of Keras it uses, where, and how it calls them."""

from __future__ import annotations

import ast
import json
from typing import NamedTuple

# Other roots of Keras; names below them are told as names below `keras`.
_ROOTS = (
    "tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras", "tensorflow.python.keras", "tensorflow.contrib.keras",
    "tensorflow.keras", "tf_keras", "keras_core",
)  # fmt: skip


class Use(NamedTuple):
    """One use of something.

    Attributes:
        line: where, counted from 1.
        kind: "import" (a module or a name in it), "name", "call", "method" (a call of something's attribute), "attribute",
            "key" (`x['acc']`), "text".
        name: `keras.layers.LSTM`; of a method or an attribute its last word; of a key or a text the text.
        root: the root it was reached by (`tensorflow.keras`), or "".
        args: the arguments by position, as nodes.
        words: the arguments by name, as nodes.
    """

    line: int
    kind: str
    name: str
    root: str = ""
    args: tuple = ()
    words: dict = {}


def uses(source: str) -> list[Use]:
    """All uses in a program. Raises SyntaxError where it is none."""
    reader = _Reader()
    reader.visit(ast.parse(source))
    return reader.found


def plain_cell(text: str) -> str:
    """A cell of a notebook without what is no Python, line by line."""
    lines = text.splitlines()
    if lines and lines[0].startswith("%%"):
        return "\n" * (len(lines) - 1) if lines[0].split()[0] not in ("%%time", "%%timeit", "%%capture") else "\n".join(
            ["", *map(_plain, lines[1:])]
        )  # fmt: skip
    return "\n".join(map(_plain, lines))


def _plain(line: str) -> str:
    bare = line.lstrip()
    return line[: len(line) - len(bare)] + "pass" if bare[:1] in ("%", "!", "?") else line


def read(path: str) -> tuple[str, list[str]]:
    """The program in a file, and what to call each of its lines; of a notebook its cells, one after the other."""
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    if not path.endswith(".ipynb"):
        return text, [f"{path}:{i + 1}" for i in range(text.count("\n") + 1)]
    lines: list[str] = []
    places: list[str] = []
    for number, cell in enumerate((c for c in json.loads(text)["cells"] if c["cell_type"] == "code"), 1):
        body = cell["source"]
        code = plain_cell(body if isinstance(body, str) else "".join(body)).split("\n")
        try:
            ast.parse("\n".join(code))
        except (SyntaxError, ValueError):  # it would fail in the notebook too, or is in a language of its own
            code = [""] * len(code)
        lines += code
        places += [f"{path}:cell {number}:{i + 1}" for i in range(len(code))]
    return "\n".join(lines), places


class _Reader(ast.NodeVisitor):
    def __init__(self):
        self.found: list[Use] = []
        self.known: dict[str, str] = {}  # a name in the program -> the whole name of what it is
        self.stars: list[str] = []  # modules everything was taken from

    def _add(self, node, kind, name, args=(), words=None):
        root = next((root for root in _ROOTS if name == root or name.startswith(f"{root}.")), "")
        if root:
            name = f"keras{name[len(root):]}"
        elif name == "keras" or name.startswith("keras."):
            root = "keras"
        self.found.append(Use(node.lineno, kind, name, root, tuple(args), words or {}))

    def visit_Import(self, node):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self.known[alias.asname or top] = alias.name if alias.asname else top
            self._add(node, "import", alias.name)

    def visit_ImportFrom(self, node):
        if node.level or not node.module:
            return
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            if alias.name == "*":
                self.stars.append(node.module)
                self._add(node, "import", node.module)
            else:
                self.known[alias.asname or alias.name] = whole
                self._add(node, "import", whole)

    def visit_Assign(self, node):
        self.visit(node.value)
        whole = self._whole(node.value)
        if whole and whole.partition(".")[0] in ("keras", "tensorflow", "tf_keras", "keras_core"):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.known[target.id] = whole
        for target in node.targets:
            self.visit(target)

    def _whole(self, node) -> str | None:
        """`keras.layers.LSTM` for `layers.LSTM` where the program calls it so."""
        if isinstance(node, ast.Name):
            if node.id in self.known:
                return self.known[node.id]
            return f"{self.stars[-1]}.{node.id}" if self.stars and node.id[:1].isupper() and len(node.id) > 2 else None
        if isinstance(node, ast.Attribute):
            whole = self._whole(node.value)
            return whole and f"{whole}.{node.attr}"
        return None

    def visit_Call(self, node):
        whole = self._whole(node.func)
        words = {word.arg: word.value for word in node.keywords if word.arg}
        if whole:
            self._add(node, "call", whole, node.args, words)
        elif isinstance(node.func, ast.Attribute):
            self._add(node, "method", node.func.attr, node.args, words)
            self.visit(node.func.value)
        else:
            self.visit(node.func)
        for child in (*node.args, *(word.value for word in node.keywords)):
            self.visit(child)

    def visit_Attribute(self, node):
        whole = self._whole(node)
        if whole:
            self._add(node, "name", whole)
        else:
            self._add(node, "attribute", node.attr)
            self.visit(node.value)

    def visit_Name(self, node):
        whole = self._whole(node) if isinstance(node.ctx, ast.Load) else None
        if whole and "." in whole:
            self._add(node, "name", whole)

    def visit_Subscript(self, node):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            self._add(node, "key", node.slice.value)
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, str) and len(node.value) < 200:
            self.found.append(Use(node.lineno, "text", node.value))

    def visit_JoinedStr(self, node):
        self.found.append(Use(node.lineno, "attribute", "f-string"))
        self.generic_visit(node)
