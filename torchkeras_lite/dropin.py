"""From now on `import keras` and `import tensorflow.keras` mean torchkeras_lite.

    import torchkeras_lite.dropin as d; d.install()

as the first line of a script or notebook. `python -m torchkeras_lite script.py` does it for a script left as it is.
"""

from __future__ import annotations

import os
import re
import sys

__all__ = ["install", "uninstall"]

_NAMES = ("keras", "tensorflow", "tf_keras", "keras_core")
_PARTS = ("keras_preprocessing", "keras_applications")  # packages of their own in Keras 2's time, which may be installed

# What the stand-in asks for when it is imported: the era that was named, and the text of a program that is in no file.
era: str | None = None
source: str | None = None


def install(position: int = 0, era: str | None = None) -> None:
    """Puts the folder with the stand-ins on `sys.path` at `position`; doing it again changes nothing.

    Args:
        position: the place in `sys.path`.
        era: whose defaults the names of `keras` and `tensorflow` have: "1.2", "2.3", "tf2" or "3", or a version such as
            "2.1.6". None: that of the script, by what it says. It changes nothing of `torchkeras_lite` itself.

    Raises:
        RuntimeError: another `keras` or `tensorflow` is already imported; objects of two libraries would meet in one program.
        ValueError: an unknown era.
    """
    shims = _shims()
    for name in _NAMES:
        module = sys.modules.get(name)
        if module is not None and not _is_ours(module, shims):
            place = getattr(module, "__file__", None) or "no file"
            raise RuntimeError(
                f"`{name}` is already imported from {place}, so torchkeras_lite cannot stand in for it any more. "
                "Call torchkeras_lite.dropin.install() before the first import of keras, tensorflow or a library that "
                "imports them (in a notebook: restart the kernel and run it in the first cell), or run "
                "`python -m torchkeras_lite script.py`."
            )
    sys.path[:] = [entry for entry in sys.path if entry != shims]
    sys.path.insert(position, shims)
    if era is not None:
        globals()["era"] = check_era(era)
        eras = sys.modules.get("keras._eras")
        if eras is not None:  # imported already: what has been taken from it stays what it was
            eras.begin()


def check_era(era) -> str:
    """`era` as text, if it can be one; ValueError otherwise."""
    if not re.fullmatch(r"tf2|(tf)?\d+(\.\w+)*", str(era)):
        raise ValueError(
            f"Unknown era {era!r}. The eras are 1.2, 2.3, tf2 (tensorflow.keras) and 3; a version of Keras (2.1.6) will do."
        )
    return str(era)


def uninstall() -> None:
    """Takes the stand-ins away again: path, finders, modules. What a program still holds of them goes on working."""
    shims = _shims()
    globals()["era"] = None
    ours = [name for name in _NAMES if name in sys.modules and _is_ours(sys.modules[name], shims)]
    for finder in [f for f in sys.meta_path if type(f).__module__.partition(".")[0] in ours]:
        sys.meta_path.remove(finder)
        getattr(finder, "leave", lambda: None)()
    parts = [n for n in _PARTS if getattr(sys.modules.get(n), "__name__", n).partition(".")[0] in ours]
    for name in [n for n in sys.modules if n.partition(".")[0] in (*ours, *parts)]:
        del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if entry != shims]


def _shims() -> str:
    """The folder with the stand-ins: inside the package in a wheel, in compat/ beside it in a checkout."""
    package = os.path.dirname(os.path.realpath(__file__))
    for folder in (os.path.join(package, "_shims"), os.path.join(os.path.dirname(package), "compat", "shims")):
        if os.path.isdir(folder):
            return folder
    raise RuntimeError(f"torchkeras_lite at {package} lacks its stand-ins for keras and tensorflow. Install it again.")


def _is_ours(module, shims: str) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and os.path.realpath(file).startswith(os.path.realpath(shims) + os.sep)
