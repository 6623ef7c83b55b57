"""What is not here says so: an error that names what was asked, what there is, and that this is not TensorFlow."""

from __future__ import annotations

import difflib
import importlib
import sys

# What to use in place of what scripts ask for most.
INSTEAD = {
    "estimator": "Estimators are `keras.Model` with `fit`, `evaluate` and `predict`.",
    "lite": "To run a model elsewhere, export it through torch: `torch.export`, `torch.onnx.export`.",
}

_FEW = 12  # names that are all told


def text(module: str, name: str) -> str:
    """The sentence for `module.name`, which the stand-in lacks."""
    has = sys.modules[module].__all__
    near = difflib.get_close_matches(name, has, n=3) or (has if len(has) <= _FEW else [])
    there = f"`{module}` has {', '.join(near)}." if near else f"`dir({module})` tells what there is."
    instead = INSTEAD.get(name, "Use `keras`, `torch` or `numpy` in its place, or run the script without the stand-in.")
    return (
        f"{module}.{name} does not exist here. This `tensorflow` is torchkeras_lite's stand-in, not TensorFlow: "
        f"{there} {instead}"
    )


def getattr_of(module: str, later: dict[str, str] | None = None):
    """The module-level `__getattr__` of a namespace of the stand-in.

    `later`: names that are looked for in a file beside it when somebody asks for them; the file's own name is the file.
    """

    def __getattr__(name: str):
        if name in (later or {}):
            root = module if hasattr(sys.modules[module], "__path__") else module.rpartition(".")[0]
            file = importlib.import_module(f"{root}.{later[name]}")
            found = file if name == later[name] else getattr(file, name)
            setattr(sys.modules[module], name, found)  # from now on it is there without a question
            return found
        if name.startswith("__"):  # probes of the import system, of inspect, of pickle: nobody reads a text
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise AttributeError(text(module, name), name=name, obj=sys.modules[module])

    return __getattr__


def asker() -> str:
    """The name of the module whose import statement, or whose call into importlib, led here."""
    frame = sys._getframe(1)
    while frame is not None and _name(frame).startswith(("importlib._bootstrap", "tensorflow")):
        frame = frame.f_back
    return _name(frame) if frame is not None else ""


def _name(frame) -> str:
    return frame.f_globals.get("__name__") or ""


class LastResort:
    """Stands last in `sys.meta_path`: an import below `tensorflow` that nobody else could answer ends here.

    The error carries no `name`, else `from tensorflow import data` would drop it for Python's own, which explains less.
    """

    def find_spec(self, fullname, path=None, target=None):
        parent, _, name = fullname.rpartition(".")
        ours = parent.partition(".")[0] == "tensorflow" and not fullname.startswith("tensorflow.keras.")
        if ours and asker() != "importlib.util":  # that one only asks whether there is such a module: None says no
            raise ModuleNotFoundError(text(parent, name))


def explain() -> None:
    """From now on failing imports below `tensorflow` say why."""
    if not any(isinstance(finder, LastResort) for finder in sys.meta_path):
        sys.meta_path.append(LastResort())
