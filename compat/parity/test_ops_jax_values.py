"""The values recorded from Keras on JAX are of the rows that expect them, and Keras on torch gives others, or no gradients."""

import json

import pytest
from ops import harness
from test_ops import ROWS

JAX_ROWS = [param for param in ROWS if param.values[0].expected is harness.JAX]


def test_the_record_is_of_these_rows():
    recorded = dict(harness.recorded())
    header = json.loads(recorded.pop("header").item())
    assert set(recorded) == {str(param.values[0]) for param in JAX_ROWS}, "run `python compat/parity/record_jax_ops.py`"
    assert header["backend"] == "jax"
    assert header["keras"] == harness.real.__version__, "another Keras: run `python compat/parity/record_jax_ops.py`"


@pytest.mark.parametrize("row", JAX_ROWS)
def test_keras_on_torch_departs(row):
    """Once it does not, the row can do without `JAX`."""
    (args, kwargs), theirs = harness.fresh(row), harness.find(harness.real, row.name)
    with pytest.raises((AssertionError, ValueError, RuntimeError, TypeError, NotImplementedError)):
        harness.same(theirs(*args, **kwargs), harness.truth(row), row)
        harness.gradients(theirs, row)
