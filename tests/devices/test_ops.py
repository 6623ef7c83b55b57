"""Every operation on another device than the CPU: arrays go there, results lie there, and the numbers are the same."""

import importlib
import pkgutil

import numpy as np
import ops as rows_of_ops
import pytest
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, ops

pytestmark = pytest.mark.slow
ROWS = [
    row
    for file in sorted(pkgutil.iter_modules(rows_of_ops.__path__), key=lambda file: file.name)
    for row in getattr(importlib.import_module(f"ops.{file.name}"), "ROWS", [])
    if not any(map(callable, pytree.tree_leaves(row.args)))  # functions make what they like where they like
]
_ROOM = {torch.float16: (2e-3, 2e-3), torch.bfloat16: (2e-2, 2e-2)}


def find(name):
    found = ops
    for part in name.split("."):
        found = getattr(found, part)
    return found


def results(row, place, to_tensors):
    def given(leaf):
        if not isinstance(leaf, (np.ndarray, torch.Tensor)):
            return leaf
        tensor = torch.as_tensor(leaf)
        return tensor.to(place).clone() if to_tensors or tensor.dtype is torch.bfloat16 else tensor.numpy()

    args, kwargs = pytree.tree_map(given, (row.args, row.kwargs))
    torch.manual_seed(0)
    with config.device(place):
        return pytree.tree_leaves(find(row.name)(*args, **kwargs))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_operation(device, row):
    for to_tensors in (False, True):
        expected, actual = (results(row, place, to_tensors) for place in ("cpu", "simulated:0"))
        assert len(expected) == len(actual)
        for one, other in zip(actual, expected, strict=True):
            if isinstance(other, torch.Tensor):
                assert one.device.type == "simulated", f"{one.device}, of {'tensors' if to_tensors else 'arrays'}"
                rtol, atol = _ROOM.get(other.dtype, (1e-4, 1e-5))
                torch.testing.assert_close(one.cpu(), other, rtol=rtol, atol=atol, equal_nan=True, check_stride=False)
            else:
                assert one == other
