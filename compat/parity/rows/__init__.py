"""Layers to compare with Keras, a row each: (class name, arguments, input).

A file here is a family of layers; files are found, not listed. Each has

- `ROWS`, which `test_layers.py` runs against Keras on torch. The input is a shape (floats are drawn for it), an array, or a
  list of those for a layer that takes several.
- `JAX_ROWS`, if Keras on torch departs there from Keras on JAX. These are compared with what JAX gave: run `record_jax.py`
  after adding one.
- `ELSEWHERE`, if there are layers that rows cannot call: their names. Tests of the family's own compare them.

The files import no Keras: they are read in the process of either backend.
"""

import importlib
import pkgutil

ROWS, JAX_ROWS, ELSEWHERE = [], [], set()
for _file in sorted(pkgutil.iter_modules(__path__), key=lambda file: file.name):
    _family = importlib.import_module(f"{__name__}.{_file.name}")
    ROWS += _family.ROWS
    JAX_ROWS += getattr(_family, "JAX_ROWS", [])
    ELSEWHERE |= getattr(_family, "ELSEWHERE", set())
