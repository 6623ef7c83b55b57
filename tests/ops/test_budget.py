"""What an operation costs in Python calls, counted in a fresh process."""

import json

import pytest

COUNT = """
import inspect, json, sys, torch
from torchkeras_lite import ops
from torchkeras_lite.symbolic import NAMED

def calls(function, *args):
    # The names of the Python functions that run.
    found = []
    sys.setprofile(lambda frame, event, argument: found.append(frame.f_code.co_name) if event == "call" else None)
    function(*args)
    sys.setprofile(None)
    return found

x, y, i = torch.rand(2, 3), torch.rand(2, 3) + 0.5, torch.ones(2, 3, dtype=torch.int32)
"""

EVERY_OPERATION = (
    COUNT
    + """
FILES = "elementwise exponential trigonometry special complex_numbers rounding bitwise comparison selection".split()
SPECIAL = {"clip": (x, 0.0, 1), "where": (x > 0.5, x, y), "ldexp": (x, i), "gcd": (i, i), "lcm": (i, i)}
result = {}
for function in NAMED:
    file, name = function.__module__.rpartition(".")[2], function.__name__
    if file in FILES:
        needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        result[name] = calls(function, *SPECIAL.get(name, ([i, i] if file == "bitwise" else [x, y])[:len(needed)]))
print(json.dumps(result))
"""
)

NUMBERS = (
    COUNT
    + """
both = "add subtract multiply divide true_divide floor_divide power".split()
right = "mod equal not_equal less less_equal greater greater_equal bitwise_and bitwise_left_shift".split()
result = {}
for name in both + right:
    tensor = i if "bitwise" in name else x
    result[name] = calls(getattr(ops, name), tensor, 2)
    if name in both:
        result[name + " from the left"] = calls(getattr(ops, name), 2, tensor)
result["where"] = calls(ops.where, x > 0.5, x, 0.0)
print(json.dumps(result))
"""
)


@pytest.fixture
def run(fresh):
    return lambda code: json.loads(fresh("-c", code, ok=True).out)


def test_on_tensors_an_operation_is_one_python_call(run):
    found = run(EVERY_OPERATION)
    assert len(found) > 90
    assert {name: calls for name, calls in found.items() if calls != [name]} == {}


def test_a_python_number_of_the_tensors_kind_goes_to_torch_as_it_is(run):
    for name, calls in run(NUMBERS).items():
        assert calls[0] in name
        assert set(calls[1:]) <= {"weak"}, (name, calls)


@pytest.mark.parametrize(("call", "limit"), [("ops.maximum(x, 0.0)", 14), ("ops.multiply(i, 2.5)", 16), ("ops.sin(i)", 12)])
def test_the_way_round_over_another_dtype(call, limit, run):
    once = run(COUNT + f"f = lambda: {call}; f(); print(json.dumps(calls(f)))")[1:]
    assert len(once) <= limit, once
