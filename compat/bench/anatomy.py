"""The anatomy of a training step: its floor, its parts and its calls, for this package and the hand-written loop.

    python compat/bench/anatomy.py tiny|mlp|cnn|resnet [--steps 100] [--fits 7] [--threads 1] [--top 9]

Both train in this one process, taking turns; of the fits of each kind the fastest counts. What stands under "rest" is the loop
itself, dropping the gradients, callbacks, and what is done once in a fit, divided by its steps.
"""

import argparse
import os

from bench import environment
from workloads import WORKLOADS

NAMES = ["ours", "by hand"]


def examine(workload, steps, fits):
    """All figures of both contenders: a dict for each, seconds and calls per step."""
    import clocks
    from floor import floor
    from hand_torch import HandWritten
    from keras_like import KerasLike, load

    runners = [KerasLike(workload, load("ours"), "ours"), HandWritten(workload)]
    seams = [clocks.seams_of_ours, clocks.seams_of_hand]
    x, y = workload.data(steps * workload.batch)
    few = min(steps, 16)
    x_few, y_few = x[: few * workload.batch], y[: few * workload.batch]
    plain, clocked = ([], []), ([], [])
    for runner in runners:
        runner.fit(x_few, y_few)
    for _ in range(fits):
        for samples, runner in zip(plain, runners, strict=True):
            samples.append(clocks.plain_fit(runner, x, y))
        for samples, runner, seam in zip(clocked, runners, seams, strict=True):
            samples.append(clocks.clocked_fit(runner, seam, x, y))
    return [
        {
            "step": min(plain[i]) / steps,
            "parts": {part: s / steps for part, s in min(clocked[i], key=lambda spent: sum(spent.values())).items()},
            "floor": floor(runner, x_few, y_few, few),
            "calls": clocks.calls_per_step(runner, x_few, y_few, workload.batch),
            "ops": clocks.op_times(runner, x, y, steps),
        }
        for i, runner in enumerate(runners)
    ]


def parts_table(found, scale):
    """Rows of the first table: parts, the step, the floor, what is above it; then plain numbers."""
    lowest = min(f["floor"]["products"] + f["floor"]["copies"] for f in found)
    digits = 1 if scale == 1e6 else 3

    def times(name, seconds):
        cells = []
        for f, s in zip(found, seconds, strict=True):
            cells += [f"{s * scale:.{digits}f}", f"{s / f['step']:.0%}"]
        return [name, *cells, f"{(seconds[0] - seconds[1]) * scale:+.{digits}f}"]

    def plain(name, numbers):
        return [name, f"{numbers[0]:.1f}", "", f"{numbers[1]:.1f}", "", f"{numbers[0] - numbers[1]:+.1f}"]

    return [
        *(times(part, [f["parts"][part] for f in found]) for part in found[0]["parts"]),
        times("= a step with clocks on it", [sum(f["parts"].values()) for f in found]),
        times("a step without", [f["step"] for f in found]),
        times("floor: products, convolutions", [f["floor"]["products"] for f in found]),
        times("floor: bytes of all else, copied", [f["floor"]["copies"] for f in found]),
        times("a step over the lower floor", [f["step"] - lowest for f in found]),
        plain("MB moved, products left out", [f["floor"]["moved"] / 1e6 for f in found]),
        plain("kernels asked for", [f["floor"]["ops"] for f in found]),
        plain("Python calls", [sum(n for name, n in f["calls"].items() if name) for f in found]),
        plain("calls into C", [f["calls"][None] for f in found]),
    ]


def ops_table(found, top, scale):
    """Rows of the second table: the torch ops that take most, for one or the other."""
    ops = [f["ops"] for f in found]
    digits = 1 if scale == 1e6 else 3
    rows = []
    for name in sorted(set().union(*ops), key=lambda name: -max(one.get(name, (0, 0))[0] for one in ops))[:top]:
        cells = []
        for one in ops:
            seconds, calls = one.get(name, (0, 0))
            cells += [f"{seconds * scale:.{digits}f}", f"{calls:.1f}"] if calls else ["-", "-"]
        rows.append([name.replace("autograd::engine::evaluate_function:", "engine:"), *cells])
    return rows


def calls_table(found, top):
    """Rows of the third table: the Python functions called most often, each contender's own list."""
    lists = [[(name, count) for name, count in f["calls"].most_common() if name and count > 0][:top] for f in found]
    return [[cell for one in lists for cell in call_cells(one, i)] for i in range(max(map(len, lists)))]


def call_cells(calls, index):
    """Name, shortened to what two columns of them leave, and number of a call."""
    if index >= len(calls):
        return "", ""
    name, count = calls[index]
    return (name if len(name) <= 50 else name[:49] + "…"), f"{count:.1f}"


def page(title, found, top):
    """The whole page, in microseconds if both take less than a millisecond."""
    from tabulate import tabulate

    scale, unit = (1e6, "us") if max(f["step"] for f in found) < 1e-3 else (1e3, "ms")
    style = {"tablefmt": "simple", "disable_numparse": True}
    ours, hand = NAMES
    return "\n".join([
        title,
        tabulate(
            parts_table(found, scale), headers=[f"a step [{unit}]", ours, "", hand, "", "more"],
            colalign=("left", *["right"] * 5), **style,
        ),
        "",
        tabulate(
            ops_table(found, top, scale), headers=[f"torch op, itself alone [{unit}]", ours, "calls", hand, "calls"],
            colalign=("left", *["right"] * 4), **style,
        ),
        "",
        tabulate(
            calls_table(found, top), headers=[f"Python calls: {ours}", "a step", f"Python calls: {hand}", "a step"],
            colalign=("left", "right") * 2, **style,
        ),
    ])  # fmt: skip


def main(argv=None):
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--steps", type=int, default=100, help="of a fit, at most those of an epoch, at least 2")
    parser.add_argument("--fits", type=int, default=7, help="of each kind and contender")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--top", type=int, default=9, help="lines of the lower tables")
    args = parser.parse_args(argv)
    os.environ.update(environment(args.threads), KINETO_LOG_LEVEL="99")  # before torch is loaded; its profiler talks
    import torch

    torch.set_num_threads(args.threads)
    workload = WORKLOADS[args.workload]
    steps = max(2, min(args.steps, workload.rows // workload.batch))
    found = examine(workload, steps, args.fits)
    print(page(
        f"{args.workload}: one step of {workload.batch} rows, {args.threads} thread(s), torch {torch.__version__}, the fastest "
        f"of {args.fits} fits of {steps} steps", found, args.top,
    ))  # fmt: skip


if __name__ == "__main__":
    main()
