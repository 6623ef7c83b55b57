"""The rows and settings of other tests serve here as well."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += map(str, (HERE, HERE.parents[1] / "compat" / "parity", HERE.parent / "optimizers"))

import simulated  # noqa: E402


@pytest.fixture(scope="session")
def device():
    """The simulated device, where it can be built."""
    if not simulated.can_be_built():
        pytest.skip("building the device takes g++ and ninja")
    return simulated.load()
