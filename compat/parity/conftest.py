import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # for `import oracle`; behind everything else

import oracle
import pytest
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

from torchkeras_lite import calls


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, None)  # what it draws is drawn anew: see the conftest.py above


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
