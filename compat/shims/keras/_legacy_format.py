"""`serialize` and `deserialize` of each kind, which took `use_legacy_format` late in Keras 2. There is one format here."""

from importlib import import_module

from ._members import function_with

KINDS = "activations constraints initializers layers losses metrics optimizers regularizers".split()
FUNCTIONS = {f"{kind}_{name}": (kind, name) for kind in KINDS for name in ("serialize", "deserialize")}


def __getattr__(wanted):
    if wanted not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {wanted!r}")
    kind, name = FUNCTIONS[wanted]
    found = function_with(getattr(import_module(f"torchkeras_lite.{kind}"), name), {"use_legacy_format": None})
    globals()[wanted] = found
    return found
