"""How long models take to files and back, against `torch.save` and `torch.load` of the same tensors; and how much memory more.

    python compat/bench/files.py [--megabytes 100] [--rounds 7] [--clock cpu]

One after the other in one process, in turns, so that what else the machine does meets both; the median of their ratios counts.
Memory is the peak of a fresh process for each, above what it had before. torch puts nothing on the disk for sure (no fsync) and
copies no axes round; a file of Keras has its kernels in Keras's order. `--clock cpu` counts time of the processor.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from statistics import median

FORMATS = ("m.keras", "m.h5", "m.weights.h5")


def model(kind, megabytes):
    """Weights of so many megabytes: in one table, in matrices, in kernels of images."""
    from torchkeras_lite import Input, Sequential, layers

    numbers = int(megabytes * 1e6 / 4)
    if kind == "embedding":
        return Sequential([Input((8,)), layers.Embedding(numbers // 256, 256)])
    if kind == "dense":
        units = int((numbers / 4) ** 0.5)
        return Sequential([Input((units,)), *(layers.Dense(units) for _ in range(4))])
    filters = int((numbers / 99) ** 0.5)
    return Sequential([Input((8, 8, filters)), *(layers.Conv2D(filters, 3, padding="same") for _ in range(11))])


KINDS = ("embedding", "dense", "conv")


def actions(made, folder, name):
    """(what torch does, what is done here) for saving, and for loading."""
    import torch

    import torchkeras_lite as keras

    path, other = os.path.join(folder, name), os.path.join(folder, "m.pt")
    tensors = made.state_dict()
    whole = "weights" not in name
    return {
        "save": (lambda: torch.save(tensors, other), lambda: made.save(path) if whole else made.save_weights(path)),
        "load": (
            lambda: torch.load(other, weights_only=True),
            lambda: keras.models.load_model(path) if whole else made.load_weights(path),
        ),
    }


def times(kind, megabytes, rounds, clock, folder):
    """Lines of (kind, format, what, seconds of torch, ratio)."""
    made = model(kind, megabytes)
    for name in FORMATS:
        for what, pair in actions(made, folder, name).items():
            for action in pair:
                action()  # what is met for the first time is not counted
            seconds = []
            for _ in range(rounds):
                taken = []
                for action in pair:
                    start = clock()
                    action()
                    taken.append(clock() - start)
                seconds.append(taken)
            yield kind, name[1:], what, median(one for one, _ in seconds), median(ours / one for one, ours in seconds)


def extra(kind, name, what, megabytes, folder):
    """Bytes at the peak beyond the model itself, in a process that does nothing else."""
    call = [sys.executable, __file__, "--child", kind, name, what, str(megabytes), folder]
    return json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def child(kind, name, what, megabytes, folder):
    import h5py  # noqa: F401  what importing takes is not what is asked

    import torchkeras_lite as keras

    small, path = model(kind, 0.1), os.path.join(folder, name)
    actions(small, folder, f"small.{name}")["save"][1]()
    if "weights" in name or what == "save":
        made = model(kind, float(megabytes))
        size = sum(tensor.nbytes for tensor in made.state_dict().values())
        before = _resident()
        actions(made, folder, name)[what][1]()
        more = _peak() - before
    else:
        actions(small, folder, f"small.{name}")["load"][1]()
        before = _resident()
        made = keras.models.load_model(path)
        size = sum(tensor.nbytes for tensor in made.state_dict().values())
        more = _peak() - before - size
    print(json.dumps([max(more, 0), size]))


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _resident():
    """Bytes in memory now; where the system does not say, the peak so far."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return _peak()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    given = parser.parse_args()
    clock = time.process_time if given.clock == "cpu" else time.perf_counter
    print("| weights | file | | torch, ms | ratio | extra memory / size |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for _, name, what, seconds, ratio in times(kind, given.megabytes, given.rounds, clock, folder):
                more, size = extra(kind, f"m{name}", what, given.megabytes, folder)
                line = f"| {kind} | `{name}` | {what} | {1000 * seconds:.0f} | {ratio:.2f} | {more / size:.2f} |"
                print(line, flush=True)


if __name__ == "__main__":
    child(*sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main()
