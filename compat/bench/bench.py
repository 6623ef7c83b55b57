"""Side-by-side timings of this package, hand-written PyTorch and the real Keras.

    python compat/bench/bench.py [--workloads tiny mlp cnn resnet] [--contenders ours torch torch-floor keras-torch keras-jax]
                                 [--repeat 5] [--threads 1] [--scale 1] [--clock wall] [--json OUT]

Every sample comes from a fresh process, contenders take turns (A B C D, A B C D, ...), all with the same number of
threads, on the CPU. Everybody trains on the same rows, shuffled, dropout active, verbose=0. See hand_torch.py for what
the hand-written contender does and why. readme.py puts the results into the README; anatomy.py shows where a step's time
goes.
"""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from figures import summarize, tables
from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
CONTENDERS = ["ours", "torch", "torch-floor", "keras-torch", "keras-jax"]
ERROR = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)\b")
NEEDS = {"keras-torch": ["keras"], "keras-jax": ["keras", "jax"]}


def environment(threads):
    """The children's environment: one thread count for every library, no accelerator, nobody's search path."""
    env = dict(os.environ, CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", TORCHKERAS_DEVICE="cpu")
    for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR"):
        env[f"{name}_NUM_THREADS"] = str(threads)
    # XLA sizes a pool of its own by this, whatever the flags say that are often quoted for it: with those alone it was
    # seen to keep two processors busy. The column "cores used" shows whether everybody kept to the rule.
    env["NPROC"] = str(threads)
    env.pop("XLA_FLAGS", None)
    # PYTHONPATH may hold the stand-in for keras. Without byte code the larger package pays for being parsed.
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "KERAS_BACKEND"):
        env.pop(name, None)
    return env


def child(contender, *args, threads, timeout):
    """Run child.py; (figures, None), or (None, the last line of what went wrong)."""
    command = [sys.executable, str(HERE / "child.py"), contender, *map(str, args)]
    try:
        done = subprocess.run(command, env=environment(threads), capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, f"no result after {timeout} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"ended with code {done.returncode} and no message"]
        # The line that names the error, if there is one: JAX prints advice below it, Keras more of its message.
        return None, next((line for line in reversed(lines) if ERROR.match(line)), lines[-1])
    return json.loads(done.stdout.strip().splitlines()[-1]), None


def missing(contender):
    """Why a contender cannot run here, or None."""
    lacking = [name for name in NEEDS.get(contender, []) if importlib.util.find_spec(name) is None]
    return f"skipped: {' and '.join(lacking)} not installed" if lacking else None


def machine():
    """What the figures were taken on."""
    versions = {}
    for name in ("torch", "keras", "jax"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count(),
            "versions": versions, "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None}


def run(args):
    """Measure and print, workload by workload; returns the whole result, as it is written to JSON."""
    contenders, threads, timeout = args.contenders, args.threads, args.timeout
    result = {"machine": machine()} | {k: getattr(args, k) for k in ("threads", "repeat", "scale", "clock")}
    result["workloads"] = {}
    absent = {c: why for c in contenders if (why := missing(c))}
    for contender in contenders:
        if contender not in absent:  # unmeasured: fills the disk cache and writes the byte code
            child(contender, threads=threads, timeout=timeout)
    for name in args.workloads:
        troubles = dict(absent)
        rounds = {c: [] for c in contenders if c not in absent}
        for turn in range(args.repeat):
            for contender, samples in rounds.items():
                if contender in troubles:
                    samples.append(None)
                    continue
                figures, error = child(
                    contender, name, args.scale, threads, args.clock, threads=threads, timeout=timeout
                )
                samples.append(figures)
                if error:
                    troubles[contender] = f"failed in round {turn + 1}: {error}"
            print(f"{name}: round {turn + 1} of {args.repeat} done", file=sys.stderr)
        summary = summarize(rounds)
        result["workloads"][name] = {"rounds": rounds, **summary, "troubles": troubles}
        print(tables(name, summary, WORKLOADS[name].goal, troubles) + "\n")
        if args.json:  # after each workload, so that an interrupted run leaves what it has
            Path(args.json).write_text(json.dumps(result, indent=1) + "\n")
    return result


def main(argv=None):
    """Parse the command line, run, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS)
    parser.add_argument("--repeat", type=int, default=5, help="rounds; each runs every contender once")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows, for a quick look")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that is busy")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that a process may take")
    parser.add_argument("--json", metavar="OUT", help="write all samples, medians and ratios here")
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    main()
