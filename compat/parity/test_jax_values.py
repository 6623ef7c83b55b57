"""Where Keras on torch departs from Keras on JAX, ours agrees with JAX: with the values that `record_jax.py` wrote down."""

import json
from pathlib import Path

import numpy as np
import pytest
from harness import as_input, config, label, mine, pair, real, run, weights_like
from rows import JAX_ROWS

with np.load(Path(__file__).with_name("jax_values.npz")) as _file:
    RECORDED = dict(_file)
HEADER = json.loads(RECORDED.pop("header").item())
rows = pytest.mark.parametrize("row", JAX_ROWS, ids=label)


def recorded(row):
    start = f"{label(row)}|"
    return {key.removeprefix(start): value for key, value in RECORDED.items() if key.startswith(start)}


def agrees(layer, row):
    """Whether the layer, on the row's input, gives the recorded output and gradients."""
    x = as_input(row[2])
    layer(x)
    layer.set_weights(weights_like(layer))
    found = run(layer, x)
    for key, expected in recorded(row).items():
        actual = np.zeros_like(expected) if found[key] is None else found[key].detach().numpy()
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6, err_msg=key, strict=True)
    return True


@rows
def test_ours_agrees_with_jax(row):
    name, kwargs, x = row
    assert "output" in recorded(row), "there is no recorded value: run `python compat/parity/record_jax.py`"
    assert agrees(getattr(mine, name)(name="one", **kwargs), row)
    shape = [each.shape for each in as_input(x)] if isinstance(x, list) else as_input(x).shape
    assert getattr(mine, name)(**kwargs).compute_output_shape(shape) == recorded(row)["output"].shape


@rows
def test_keras_on_torch_departs(row):
    """Once it does not, the row belongs among ROWS."""
    name, kwargs, _ = row
    ours, theirs = pair(name, kwargs)
    assert config(ours) == config(theirs)
    with pytest.raises((AssertionError, ValueError, RuntimeError, TypeError, NotImplementedError)):
        agrees(theirs, row)


def test_the_record_is_of_these_rows():
    labels = [label(row) for row in JAX_ROWS]
    assert len(set(labels)) == len(labels)
    assert {key.rpartition("|")[0] for key in RECORDED} == set(labels), "run `python compat/parity/record_jax.py`"
    assert HEADER["backend"] == "jax"
    assert HEADER["keras"] == real.__version__, "another Keras is installed: run `python compat/parity/record_jax.py`"
