"""The bench of optimizer steps: each pair is measured, and what torch has not is counted."""

import pytest


def test_each_pair_is_measured(script):
    steps = script("optimizer_steps")
    for name in ("SGD", "Adamax", "Muon"):
        found = steps.measure(name, 8, 1, 1)
        if found is not None:  # this torch has it
            assert found["ratio"]["median"] == pytest.approx(found["ours"] / found["torch"])


def test_no_optimizer_loops_over_its_parameters(script):
    """As many operations for twice as many tensors; but Muon and Adafactor lay matrices side by side, one at a time."""
    steps = script("optimizer_steps")
    for name, make in {**steps.ALONE, **{name: make for name, (make, _) in steps.PAIRS.items()}}.items():
        few, many = steps.operations(make, 8), steps.operations(make, 16)
        assert sum(few.values()) > 0
        if name == "Adafactor":
            few, many = ({k: v for k, v in found.items() if k.startswith("_")} for found in (few, many))
        assert few == many, name
