"""The device `simulated`, which behaves as a GPU does and needs none. See simulated.cpp."""

import functools
import shutil
import types
from pathlib import Path

import torch


class _Scope:
    """`with torch.simulated.device(0):`, where there is one only."""

    def __init__(self, index=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@functools.cache
def load():
    """Builds the device, which takes a minute the first time, and names it; returns its module (`reads()`)."""
    from torch.utils import cpp_extension

    source = Path(__file__).with_suffix(".cpp")
    found = cpp_extension.load("simulated_device", [str(source)], extra_cflags=["-O1", "-std=c++20"])
    torch.utils.rename_privateuse1_backend("simulated")
    module = types.ModuleType("torch.simulated")
    module.device = _Scope
    module.is_available = lambda: True
    module.is_initialized = lambda: True
    module.device_count = lambda: 1
    module.current_device = lambda: 0
    module._is_in_bad_fork = lambda: False
    module.manual_seed_all = lambda seed: None  # its default generator is the CPU's, which is seeded as well
    module.get_amp_supported_dtype = lambda: [torch.float16, torch.bfloat16]
    torch._register_device_module("simulated", module)
    torch.utils.generate_methods_for_privateuse1_backend()
    return found


def can_be_built() -> bool:
    """Whether there is what it takes to build it."""
    return all(map(shutil.which, ("g++", "ninja")))
