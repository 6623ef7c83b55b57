import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # for `import oracle`; behind everything else

import oracle
import pytest


@pytest.fixture
def keras():
    """The real Keras."""
    return oracle.keras
