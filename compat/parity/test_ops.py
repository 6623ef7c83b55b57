"""keras.ops beside Keras's: values, dtypes, gradients, symbolic shapes and files."""

import importlib
import pkgutil

import ops
import pytest
from ops import harness

FAMILIES = [module.name for module in pkgutil.iter_modules(ops.__path__) if module.name != "harness"]
ROWS = [
    pytest.param(row, id=f"{family}-{row}") for family in FAMILIES for row in importlib.import_module(f"ops.{family}").ROWS
]


@pytest.mark.parametrize("row", ROWS)
def test_values(row):
    harness.check_values(row)


@pytest.mark.parametrize("row", [param for param in ROWS if param.values[0].gradients])
def test_gradients(row):
    harness.check_gradients(row)


@pytest.mark.parametrize("row", [param for param in ROWS if param.values[0].symbolic is not False])
def test_symbolic(row):
    harness.check_symbolic(row)


@pytest.mark.parametrize("row", [param for param in ROWS if param.values[0].config])
def test_config(row):
    harness.check_config(row)
