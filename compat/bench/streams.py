"""Data that comes batch by batch, and evaluation: this package beside a loop written by hand over the same batches.

    python compat/bench/streams.py [--workloads tiny mlp cnn] [--turns 7] [--scale 0.1] [--clock cpu]

All take turns in one process, on the same DataLoader, on the same generator, or on the same arrays; each turn is an epoch. The
loop by hand is that of hand_torch.py with a `for x, y in batches` around it. Where that one does without modules (tiny, mlp),
it also runs over a model made of torch's modules, which is what such a loop is mostly written for, and what the goal is held
against.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from figures import ratios

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hand_torch import HandWritten
from keras_like import KerasLike, load
from workloads import WORKLOADS

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}
GOALS = {"fit, DataLoader": 1.1, "fit, generator": 1.1, "evaluate": 1.05, "evaluate, DataLoader": 1.05}


class ByHand(HandWritten):
    """`fit` and `evaluate` over batches, as somebody writes them who wants the loss and the accuracy of each epoch."""

    def fit_stream(self, batches):
        """One epoch of training; {"loss", "accuracy"}."""
        forward, loss_of, step, params, shared = self.net.train, self.loss, self.step, self.net.params, self.shared
        kept, labels = [], []
        self.net.mode(True)
        torch.set_flush_denormal(True)
        for x, y in batches:
            x, y = torch.as_tensor(x), torch.as_tensor(y).view(self.y_shape)
            logits = forward(x)
            loss = loss_of(logits, y)
            if shared is None:
                for p in params:
                    p.grad = None
            else:
                shared.zero_()
            loss.backward()
            step()
            kept.append(logits.detach())
            labels.append(y)
        torch.set_flush_denormal(False)
        return self._results(kept, labels)

    def evaluate(self, batches):
        """The loss and the accuracy over batches."""
        infer, kept, labels = self.net.infer, [], []
        self.net.mode(False)
        for x, y in batches:
            kept.append(infer(x))
            labels.append(y.view(self.y_shape))
        return self._results(kept, labels)

    def _results(self, kept, labels):
        logits, y = torch.cat(kept), torch.cat(labels)
        return {"loss": self.loss(logits, y).item(), "accuracy": self.hits(logits, y).item()}


def contenders(workload, ours, hands, x, y):
    """{what: (a function that runs ours, one that runs each of the loops by hand)}."""
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    size = workload.batch
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(a, b), batch_size=size, shuffle=True)
    model = ours.model

    def batches():
        for i in range(0, len(x), size):
            yield x[i : i + size], y[i : i + size]

    def by_hand(run):
        return [lambda hand=hand: run(hand) for hand in hands]

    return {
        "fit, DataLoader": (lambda: model.fit(loader, verbose=0), *by_hand(lambda hand: hand.fit_stream(loader))),
        "fit, generator": (lambda: model.fit(batches(), verbose=0), *by_hand(lambda hand: hand.fit_stream(batches()))),
        "evaluate": (
            lambda: model.evaluate(x, y, batch_size=size, verbose=0),
            *by_hand(lambda hand: hand.evaluate(zip(a.split(size), b.split(size), strict=True))),
        ),
        "evaluate, DataLoader": (lambda: model.evaluate(loader, verbose=0), *by_hand(lambda hand: hand.evaluate(loader))),
    }


def seconds(function, clock):
    """How long a call takes."""
    start = clock()
    function()
    return clock() - start


def measure(name, scale, turns, clock):
    """{what: {"ours", "hand", "modules": medians in seconds, "ratio", "to modules": of the turns, median, least and most}}."""
    workload = WORKLOADS[name]
    x, y = workload.data(max(2 * workload.batch, round(workload.rows * scale)))
    ours, hands = KerasLike(workload, load("ours"), "ours"), [ByHand(workload)]
    if workload.build_modules is not None:
        hands.append(ByHand(workload, modules=True))
    found = {}
    for what, functions in contenders(workload, ours, hands, x, y).items():
        for run in functions:
            run()  # unmeasured: what is made once
        rounds = [[seconds(run, clock) for run in functions] for _ in range(turns)]
        mine, *others = map(list, zip(*rounds, strict=True))
        row = found[what] = {"ours": statistics.median(mine)}
        for key, ratio, times in zip(("hand", "modules"), ("ratio", "to modules"), others, strict=False):
            row |= {key: statistics.median(times), ratio: ratios(mine, times)}
    return found


def main(argv=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=["tiny", "mlp", "cnn"])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows")
    parser.add_argument("--clock", choices=CLOCKS, default="cpu", help="cpu: for a machine that is busy")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    results = {}
    for name in args.workloads:
        results[name] = measure(name, args.scale, args.turns, CLOCKS[args.clock])
        for what, row in results[name].items():
            print(f"{name:12} {what:22} ours {row['ours'] * 1e3:9.2f} ms", end="")
            for key, ratio in (("hand", "ratio"), ("modules", "to modules")):
                if key in row:
                    least, middle, most = (row[ratio][part] for part in ("min", "median", "max"))
                    print(f"  {key} {row[key] * 1e3:9.2f} ms: {middle:.3f} ({least:.3f} - {most:.3f})", end="")
            met = row.get("to modules", row["ratio"])["median"] <= GOALS[what]
            print(f"  at most {GOALS[what]}: {'yes' if met else 'NO'}")
    return results


if __name__ == "__main__":
    main()
