"""Freed memory that stays with the process while training goes on: seen in the page faults of a fresh process."""

import json
import os
import subprocess
import sys

import pytest

COUNT = """
import json, resource, torch
from torchkeras_lite.host_memory import keep_freed_memory
told = keep_freed_memory() if KEEP else False
def step():
    blocks = [torch.ones(1_000_000 * (i + 1)) for i in range(8)]  # 4 to 32 MB each
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(json.dumps([told, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before]))
"""
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about glibc")


def faults(keep, **environment):
    env = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "GLIBC_TUNABLES")}
    env = {name: value for name, value in env.items() if not name.startswith("MALLOC_")} | environment
    command = [sys.executable, "-c", COUNT.replace("KEEP", str(keep))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return json.loads(done.stdout)


def test_freed_memory_is_not_fetched_anew():
    told, kept = faults(True)
    if not told:
        pytest.skip("this C library cannot be told")
    _, usual = faults(False)
    assert kept < 0.2 * usual, (kept, usual)


def test_settings_of_the_user_count():
    assert faults(True, MALLOC_ARENA_MAX="2")[0] is False


def test_training_asks_for_it():
    code = """
import torch
from torchkeras_lite import Input, Sequential, host_memory, layers
asked = host_memory.keep_freed_memory.cache_info
model = Sequential([Input((2,)), layers.Dense(1)])
model.compile("sgd", "mse")
model.predict(torch.ones(3, 2), verbose=0)
assert asked().currsize == 0
model.fit(torch.ones(3, 2), torch.ones(3, 1), verbose=0)
assert asked().currsize == 1
"""
    subprocess.run([sys.executable, "-c", code], check=True)
