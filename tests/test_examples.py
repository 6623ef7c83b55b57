"""The examples run, say what they promise, and learn."""

import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
# What an example prints: a pattern, and the least number that may stand in it.
PROMISES = {
    "torch_citizen.py": [(r"accuracy (\S+)", 0.95), (r"state_dict: .*'0\.0\.linear\.weight'", None)],
    "residual.py": [
        (r"Test accuracy: (\S+)", 0.9),
        (r"own kind: (\S+)", 0.9),
        (r"conv2d_1 \(Conv2D\).*image\[0\]\[0\]", None),
        (r"conv2d_then_add_then_activation\(x1, x2\)", None),
    ],
}


@pytest.mark.parametrize("name", PROMISES)
def test_examples(name, fresh):
    out = fresh(EXAMPLES / name, cwd=EXAMPLES.parent, ok=True).out
    for pattern, least in PROMISES[name]:
        found = re.search(pattern, out)
        assert found, f"{pattern!r} is not in what {name} prints:\n{out}"
        assert least is None or float(found[1]) >= least


def test_every_example_is_run():
    # digits.py is the main job, which CI runs as the README says.
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*PROMISES, "digits.py"}
