"""Several test processes side by side (`pytest -n auto`) must not fight for the cores: each gets one thread.

torch reads this when it is imported, so it stands here, in front of everything else.
"""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
