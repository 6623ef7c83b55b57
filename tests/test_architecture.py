"""The order of dependence: a file imports only what stands above it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "torchkeras_lite"
NAME = PACKAGE.name
# The rooms, floor by floor. What is not listed may not exist.
ORDER = """
    notices config nested lambdas calls references shown registry pages loading dtype_policies dropin __main__
    flushing files texts sparse promotion modes variable tracking scopes tree symbolic graph seeds recomputing ops random
    initializers activations regularizers constraints quantizers
    logs losses metrics optimizers data callbacks saving distribution
    input_spec shapes weights drawn precise holding layer operation export
    layers
    models
    mixed_precision backend utils preprocessing visualization
    applications datasets wrappers distillation
    __init__
""".split()
LAZY = {"h5py", "tabulate", "pandas", "sklearn", "matplotlib", "PIL", "scipy", "onnx", "tensorboard", "IPython"}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree, own_folder):
    """(module path, is inside a function, line) of every import of our own package, and of others."""
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inside.update(id(child) for child in ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in inside, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                target = PACKAGE.parent / whole.replace(".", "/")
                is_module = target.is_dir() or target.with_suffix(".py").exists()
                yield (whole if is_module else node.module), id(node) in inside, node.lineno


def siblings(folder):
    """The files of a folder in the order in which its __init__ imports them."""
    order = []
    prefix = f"{NAME}.{folder.relative_to(PACKAGE).as_posix().replace('/', '.')}."
    for module, _, _ in imports(ast.parse((folder / "__init__.py").read_text()), folder):
        if module.startswith(prefix):
            name = module.removeprefix(prefix).split(".")[0]
            if name not in order:
                order.append(name)
    return order


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_run_downwards(path):
    tree = ast.parse(path.read_text())
    here = room(path)
    assert here in ORDER, f"{path} is in no room of the house"
    for module, in_function, line in imports(tree, path.parent):
        parts = module.split(".")
        where = f"{path.relative_to(PACKAGE)}:{line} imports {module}"
        if parts[0] in LAZY:
            assert in_function, f"{where} at import time"
        if parts[0] != NAME or here == "__init__" or (here == "__main__" and len(parts) == 1):
            continue
        assert not in_function, f"{where} inside a function"
        if len(parts) == 1:
            continue
        if parts[1] != here:
            assert ORDER.index(parts[1]) < ORDER.index(here), f"{where}, which stands below it"
        elif path.name != "__init__.py":
            order = siblings(path.parent)
            mine, other = path.stem, parts[2]
            if mine in order and other in order:
                assert order.index(other) < order.index(mine), f"{where}, which stands below it in __init__.py"


def test_no_circles():
    graph = {}
    for path in FILES:
        if path.name == "__init__.py":
            continue
        me = ".".join((NAME, *path.relative_to(PACKAGE).with_suffix("").parts))
        graph[me] = {m for m, _, _ in imports(ast.parse(path.read_text()), path.parent) if m.startswith(NAME) and m != NAME}
    done = set()

    def visit(node, trail):
        assert node not in trail, f"a circle of imports: {' -> '.join([*trail, node])}"
        if node in done:
            return
        for other in graph.get(node, ()):
            visit(other, [*trail, node])
        done.add(node)

    for node in graph:
        visit(node, [])


def test_old_words_stay_out():
    old = ("nb_epoch", "border_mode", "nb_filter", "W_regularizer", "output_dim=", "np_utils")
    reader = PACKAGE / "saving" / "keras1.py"  # of files that hold those words
    for path in FILES:
        text = path.read_text() if path != reader else ""
        for word in old:
            assert word not in text or word == "output_dim=", f"{word} in {path}"
