"""`keras_applications`, the package that Keras 2 had its models from.

The installed one, if there is one, which takes `keras` as an argument of its functions; otherwise another root over
`keras.applications`.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

import keras.applications
from keras._tables import ROOTS

_shims = Path(__file__).resolve().parents[1]
_spec = PathFinder.find_spec(__name__, [entry for entry in sys.path if Path(entry or ".").resolve() != _shims])
if _spec is None or _spec.loader is None:
    ROOTS[__name__] = "keras.applications"
    sys.modules[__name__] = keras.applications
else:
    sys.modules[__name__] = module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[__name__])
