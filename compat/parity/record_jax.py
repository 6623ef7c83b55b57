"""Writes jax_values.npz: what Keras on JAX makes of the `JAX_ROWS`, where Keras on torch departs from it. `test_jax_values.py`
compares ours with it, so that the tests need no JAX. Run it after adding such a row:

    python compat/parity/record_jax.py

Under `<row>|<what>` stand the output, the gradients of the inputs and those of the weights, named as in `harness.run`;
`header` names the versions.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"

import json
from pathlib import Path

import jax
import keras
import numpy as np
from rows import JAX_ROWS
from values import as_input, factors, label, weights_like

FILE = Path(__file__).with_name("jax_values.npz")


def values_of(row) -> dict[str, np.ndarray]:
    """All that one row records."""
    name, kwargs, x = row
    x = as_input(x)
    layer = getattr(keras.layers, name)(name="one", **kwargs)
    layer(x)
    layer.set_weights(weights_like(layer))
    assert not layer.losses, f"{label(row)}: penalties are compared in test_layers.py, not here"
    frozen = [v.value for v in layer.non_trainable_variables]
    inputs = dict(enumerate(x if isinstance(x, list) else [x]))
    floats = {i: each for i, each in inputs.items() if each.dtype.kind == "f"}

    def total(weights, floats):
        given = list({**inputs, **floats}.values())
        y, _ = layer.stateless_call(weights, frozen, given if isinstance(x, list) else given[0])
        return (y * factors(y.shape)).sum(), y

    weights = [v.value for v in layer.trainable_variables]
    (_, y), (of_weights, of_inputs) = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)(weights, floats)
    return {
        "output": y,
        **{f"input gradient {i}" if isinstance(x, list) else "input gradient": g for i, g in of_inputs.items()},
        **{f"gradient of {v.name}": g for v, g in zip(layer.trainable_variables, of_weights, strict=True)},
    }


def main():
    assert keras.backend.backend() == "jax" and "torchkeras_lite" not in keras.__file__
    header = {"keras": keras.__version__, "backend": "jax", "jax": jax.__version__, "numpy": np.__version__}
    values = {f"{label(row)}|{key}": np.asarray(value) for row in JAX_ROWS for key, value in values_of(row).items()}
    np.savez_compressed(FILE, header=json.dumps(header), **values)
    print(f"{len(JAX_ROWS)} rows, {len(values)} arrays, {FILE.stat().st_size} bytes: {header}")


if __name__ == "__main__":
    main()
