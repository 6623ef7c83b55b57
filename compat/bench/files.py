"""How long models take to files and back, against `torch.save` and `torch.load` of the same tensors; and how much memory more.

    python compat/bench/files.py [--megabytes 100] [--rounds 7] [--clock cpu]

One after the other in one process, in turns, so that what else the machine does meets both; the median of their ratios counts.
Each load takes memory that is fresh, as it does in a new process. Extra memory is the peak of a process that does nothing else,
above what it had before. torch copies no axes round; a file of Keras has its kernels, and the gates of a GRU, in Keras's order.
What is written here is on the disk before it gets its name: `torch.save` does neither, so it is timed as it is, and with both.
`--clock cpu` counts time of the processor.
"""

import argparse
import gc
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
    """Weights of so many megabytes: in one table, in matrices, in kernels of images, in gates."""
    from torchkeras_lite import Input, Sequential, layers

    numbers = int(megabytes * 1e6 / 4)
    if kind == "embedding":
        return Sequential([Input((8,)), layers.Embedding(numbers // 256, 256)])
    if kind == "dense":
        units = int((numbers / 4) ** 0.5)
        return Sequential([Input((units,)), *(layers.Dense(units) for _ in range(4))])
    if kind == "recurrent":
        units = int((numbers / 18) ** 0.5)
        return Sequential([Input((4, units)), *(layers.GRU(units, return_sequences=True) for _ in range(3))])
    filters = int((numbers / 99) ** 0.5)
    return Sequential([Input((8, 8, filters)), *(layers.Conv2D(filters, 3, padding="same") for _ in range(11))])


KINDS = ("embedding", "dense", "conv", "recurrent")


def actions(made, folder, name):
    """What is done here, what torch does, and, for saving, what it does to be as safe: lists of functions."""
    import torch

    import torchkeras_lite as keras

    path, other = os.path.join(folder, name), os.path.join(folder, "m.pt")
    tensors = made.state_dict()
    whole = "weights" not in name

    def save_safely():
        with open(f"{other}.part", "wb") as file:
            torch.save(tensors, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{other}.part", other)

    return {
        "save": [
            lambda: made.save(path) if whole else made.save_weights(path), lambda: torch.save(tensors, other), save_safely
        ],
        "load": [
            lambda: keras.models.load_model(path) if whole else made.load_weights(path),
            lambda: torch.load(other, weights_only=True),
        ],
    }  # fmt: skip


def times(kind, megabytes, rounds, clock, folder):
    """Lines of (kind, format, what, seconds here, its ratios to those of torch)."""
    made, kept = model(kind, megabytes), []
    for name in FORMATS:
        for what, contenders in actions(made, folder, name).items():
            for action in contenders:
                action()  # what is met for the first time is not counted
            seconds = []
            for _ in range(rounds):
                taken = []
                for action in contenders:
                    start = clock()
                    kept.append(action())
                    taken.append(clock() - start)
                seconds.append(taken)
                kept.clear()
                gc.collect()
            ratios = [median(ours / other for ours, other in zip(*pair, strict=True)) for pair in _pairs(seconds)]
            yield kind, name[1:], what, median(taken[0] for taken in seconds), ratios


def _pairs(seconds):
    ours, *others = zip(*seconds, strict=True)
    return [(ours, other) for other in others]


def extra(kind, name, what, megabytes, folder):
    """Bytes at the peak beyond the model itself, in a process that does nothing else."""
    call = [sys.executable, __file__, "--child", kind, name, what, str(megabytes), folder]
    return json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def child(kind, name, what, megabytes, folder):
    import h5py  # noqa: F401  what importing takes is not what is asked

    import torchkeras_lite as keras

    small, path = model(kind, 0.1), os.path.join(folder, name)
    actions(small, folder, f"small.{name}")["save"][0]()
    if "weights" in name or what == "save":
        made = model(kind, float(megabytes))
        size = sum(tensor.nbytes for tensor in made.state_dict().values())
        before = _resident()
        actions(made, folder, name)[what][0]()
        more = _peak() - before
    else:
        actions(small, folder, f"small.{name}")["load"][0]()
        before = _resident()
        made = keras.models.load_model(path)
        size = sum(tensor.nbytes for tensor in made.state_dict().values())
        more = _peak() - before - size
    print(json.dumps([max(more, 0), size]))


def _peak():
    """Bytes at most since `_resident` was asked, or since the process began."""
    return _said("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _resident():
    """Bytes in memory now, from where the peak counts anew; where the system does not say, the peak so far."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass  # the peak that was counts too, which is more than it should be
    return _said("VmRSS") or _peak()


def _said(key):
    """What Linux says of this program. (The peak that `getrusage` tells is also that of what ran in its place before.)"""
    try:
        with open("/proc/self/status") as file:
            return next((1024 * int(line.split()[1]) for line in file if line.startswith(key)), None)
    except OSError:
        return None


def main():
    if "MALLOC_MMAP_THRESHOLD_" not in os.environ:  # glibc hands out again what it has, unless it is told
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(1 << 23)})
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    given = parser.parse_args()
    clock = time.process_time if given.clock == "cpu" else time.perf_counter
    print("| weights | file | | ms | / torch | / torch, as safe | extra memory / size |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for _, name, what, seconds, ratios in times(kind, given.megabytes, given.rounds, clock, folder):
                more, size = extra(kind, f"m{name}", what, given.megabytes, folder)
                plain, safe = (f"{ratio:.2f}" for ratio in (ratios * 2)[:2])
                line = f"| {kind} | `{name}` | {what} | {1000 * seconds:.0f} | {plain} | {safe} | {more / size:.2f} |"
                print(line, flush=True)


if __name__ == "__main__":
    child(*sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main()
