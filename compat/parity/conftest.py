import os
import sys
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # see tests/conftest.py
sys.path.append(str(Path(__file__).parent))  # for `import oracle`; behind everything else

import oracle
import pytest

from torchkeras_lite import calls


@pytest.fixture
def keras():
    """The real Keras."""
    return oracle.keras


@pytest.fixture(scope="module")
def with_masks():
    """As in a process in which a layer makes masks: without one, outputs carry none."""
    before, calls.careful[0] = calls.careful[0], True
    yield
    calls.careful[0] = before
