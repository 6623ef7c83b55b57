"""Writes ops/jax_values.npz: what Keras on JAX makes of the operations' rows that expect `JAX`, where Keras on torch departs
from it. The tests need no JAX. Run it after adding such a row:

    python compat/parity/record_jax_ops.py
"""

import os

os.environ["KERAS_BACKEND"] = "jax"

import importlib
import json
import pkgutil
import sys
import types
from pathlib import Path

import jax
import keras
import numpy as np
from torch.utils import _pytree as pytree

# The rows are made by the harness, whose oracle is Keras on torch. Here it is this one, and no test runs.
sys.modules["oracle"] = types.SimpleNamespace(keras=keras)
sys.path.append(str(Path(__file__).parents[2]))
ops, harness = (importlib.import_module(name) for name in ("ops", "ops.harness"))

FILE = Path(ops.__file__).with_name("jax_values.npz")


def value_of(row) -> np.ndarray:
    args, kwargs = pytree.tree_map(lambda leaf: np.asarray(leaf) if harness.is_tensor(leaf) else leaf, (row.args, row.kwargs))
    return np.asarray(harness.find(keras, row.name)(*args, **kwargs))


def main():
    assert keras.backend.backend() == "jax" and "torchkeras_lite" not in keras.__file__
    families = [module.name for module in pkgutil.iter_modules(ops.__path__) if module.name != "harness"]
    rows = [row for family in families for row in importlib.import_module(f"ops.{family}").ROWS if row.expected is harness.JAX]
    assert len(set(map(str, rows))) == len(rows), "two rows have one name: give one another shape"
    header = {"keras": keras.__version__, "backend": "jax", "jax": jax.__version__, "numpy": np.__version__}
    np.savez_compressed(FILE, header=json.dumps(header), **{str(row): value_of(row) for row in rows})
    print(f"{len(rows)} rows, {FILE.stat().st_size} bytes: {header}")


if __name__ == "__main__":
    main()
