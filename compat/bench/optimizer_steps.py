"""One step of each optimizer for a model of many small tensors, beside torch's own optimizer of that formula.

    python compat/bench/optimizer_steps.py [--only Adam Nadam] [--turns 15] [--steps 20] [--tensors 200] [--threads 1]

Both take turns in one process; a turn is some steps, and the ratio is that of the turns. torch's is made with `fused=True`
where it has that kernel for the device, else with `foreach=True`. Of formulas that torch has not, it is counted how many
operations reach torch for a few tensors and for many: as many for both, unless a loop goes over the parameters.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from figures import ratios
from torch.utils._python_dispatch import TorchDispatchMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from torchkeras_lite import optimizers

GOAL = 1.1
SHAPES = [(16, 16), (16,), (8, 24), (24,)]
FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}
PAIRS = {
    "SGD": (lambda: optimizers.SGD(0.01), ("SGD", {"lr": 0.01})),
    "SGD momentum": (lambda: optimizers.SGD(0.01, momentum=0.9), ("SGD", {"lr": 0.01, "momentum": 0.9})),
    "SGD Nesterov": (
        lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    ),
    "RMSprop": (lambda: optimizers.RMSprop(0.001), ("RMSprop", {"lr": 0.001})),
    "RMSprop centered": (
        lambda: optimizers.RMSprop(0.001, centered=True, momentum=0.5),
        ("RMSprop", {"lr": 0.001, "centered": True, "momentum": 0.5}),
    ),
    "Adam": (lambda: optimizers.Adam(0.001), ("Adam", {"lr": 0.001})),
    "Adam amsgrad": (lambda: optimizers.Adam(0.001, amsgrad=True), ("Adam", {"lr": 0.001, "amsgrad": True})),
    "AdamW": (lambda: optimizers.AdamW(0.001), ("AdamW", {"lr": 0.001})),
    "Adagrad": (lambda: optimizers.Adagrad(0.01), ("Adagrad", {"lr": 0.01})),
    "Adadelta": (lambda: optimizers.Adadelta(0.01), ("Adadelta", {"lr": 0.01})),
    "Adamax": (lambda: optimizers.Adamax(0.001), ("Adamax", {"lr": 0.001})),
    "Nadam": (lambda: optimizers.Nadam(0.001), ("NAdam", {"lr": 0.001})),
    "Adafactor": (lambda: optimizers.Adafactor(0.001), ("Adafactor", {"lr": 0.001})),
    "Muon": (lambda: optimizers.Muon(0.001), ("Muon", {"lr": 0.001})),
}
ALONE = {
    "Lamb": lambda: optimizers.Lamb(0.001),
    "Lion": lambda: optimizers.Lion(0.001),
    "Ftrl": lambda: optimizers.Ftrl(0.001),
    "ScheduleFreeAdamW": lambda: optimizers.ScheduleFreeAdamW(0.001),
}


def parameters(count, shapes=SHAPES, device=None):
    """`count` parameters with gradients."""
    torch.manual_seed(0)
    found = [torch.nn.Parameter(torch.randn(shapes[i % len(shapes)], device=device)) for i in range(count)]
    for param in found:
        param.grad = torch.randn_like(param)
    return found


class Operations(TorchDispatchMode):
    """Counts what reaches torch's kernels, by name; views are free."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if not func.is_view:
            self.found[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def operations(make, count):
    """{operation: how often} of one step for `count` parameters, after the first."""
    optimizer, params = make(), parameters(count)
    optimizer.step(params)
    with Operations() as counted:
        optimizer.step(params)
    return counted.found


def of_torch(name, settings, params):
    """torch's optimizer, by its quickest way; None where this torch has it not."""
    made = getattr(torch.optim, name, None)
    if made is None:
        return None
    way = {} if name == "Muon" else {"fused": True} if name in FUSED else {"foreach": True}
    return made(params, **settings, **way)


def measure(name, tensors, steps, turns, device=None, clock=time.process_time):
    """{"ours", "torch": medians in microseconds a step, "ratio": of the turns}; None where torch has no such optimizer."""
    make, (theirs, settings) = PAIRS[name]
    shapes = [shape for shape in SHAPES if len(shape) == 2] if name == "Muon" else SHAPES  # torch's takes matrices only
    params, others = parameters(tensors, shapes, device), parameters(tensors, shapes, device)
    ours, beside = make(), of_torch(theirs, settings, others)
    if beside is None:
        return None
    both = (lambda: ours.step(params), beside.step)

    def seconds(step):
        start = clock()
        for _ in range(steps):
            step()
        if device == "cuda":
            torch.cuda.synchronize()
        return (clock() - start) / steps * 1e6

    for step in both:
        seconds(step)  # unmeasured: what is made once
    rounds = [tuple(map(seconds, both)) for _ in range(turns)]
    above, below = map(list, zip(*rounds, strict=True))
    return {"ours": statistics.median(above), "torch": statistics.median(below), "ratio": ratios(above, below)}


def main(argv=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*PAIRS, *ALONE], default=[*PAIRS, *ALONE])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--tensors", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    clock = time.process_time if args.device == "cpu" else time.perf_counter
    for name in args.only:
        if name in ALONE:
            few, many = (sum(operations(ALONE[name], count).values()) for count in (8, args.tensors))
            print(f"{name:18} {few} operations for 8 tensors, {many} for {args.tensors}")
            continue
        row = measure(name, args.tensors, args.steps, args.turns, args.device, clock)
        if row is None:
            print(f"{name:18} torch {torch.__version__} has none")
            continue
        ratio = row["ratio"]
        print(
            f"{name:18} ours {row['ours']:8.1f} us  torch {row['torch']:8.1f} us  ratio {ratio['median']:.3f} "
            f"({ratio['min']:.3f} - {ratio['max']:.3f})  at most {GOAL}: {'yes' if ratio['median'] <= GOAL else 'NO'}"
        )


if __name__ == "__main__":
    main()
