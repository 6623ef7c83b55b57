"""Where the time and the calls of a step go: clocks on the seams of a running `fit`, and a count of its calls.

Nothing of the package is changed for it: the methods that `fit` and `train_step` call are replaced on the one model that is
looked at, and put back.
"""

import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch

PARTS = ["data", "forward", "loss", "backward", "optimizer", "metrics", "rest"]


class Clock:
    """Seconds by part. A part inside another is counted once: as what it is, and not in what is around it."""

    def __init__(self):
        self.spent = dict.fromkeys(PARTS, 0.0)
        self.inside = [0.0]  # seconds of clocked calls in each of the calls that are going on

    def wrap(self, part, function):
        """The function with a clock on it: about half a microsecond a call, a part of which falls to its surroundings."""
        inside, spent, now = self.inside, self.spent, time.perf_counter

        def clocked(*args, **kwargs):
            inside.append(0.0)
            start = now()
            try:
                return function(*args, **kwargs)
            finally:
                took = now() - start
                spent[part] += took - inside.pop()
                inside[-1] += took

        return clocked


@contextmanager
def replaced(spots):
    """Attributes of objects or classes with other values for a while: (owner, name, value) each."""
    with ExitStack() as undo:
        for owner, name, value in spots:
            kind = type if isinstance(owner, type) else object  # a layer's own __setattr__ would take it for a weight's
            if name in vars(owner):
                undo.callback(kind.__setattr__, owner, name, vars(owner)[name])
            else:
                undo.callback(kind.__delattr__, owner, name)
            kind.__setattr__(owner, name, value)
        yield


class Feed:
    """Batches, with a clock on the fetching of each."""

    def __init__(self, batches, clock):
        self.batches, self.clock = batches, clock

    def __getattr__(self, name):
        return getattr(self.batches, name)

    def __iter__(self):
        turn = iter(self.batches)
        return iter(self.clock.wrap("data", lambda: next(turn, None)), None)


def seams_of_ours(runner, clock):
    """The spots of a model of this package, by what `Trainer.fit` and `Trainer.train_step` call."""
    model, adapted = runner.model, runner.model._adapted
    spots = [
        ("data", model, "_batches"),
        ("forward", type(model), "__call__"),
        ("loss", model, "compute_loss"),
        ("backward", torch.Tensor, "backward"),
        ("optimizer", model.optimizer, "step"),
        ("metrics", model, "reset_metrics"),
        ("metrics", model, "compute_metrics"),
        ("metrics", model, "_epoch_logs"),
        ("metrics", model._tally, "add_loss"),
        ("metrics", model._tally, "count"),
    ]
    feed = clock.wrap("data", lambda *args, **kwargs: Feed(adapted(*args, **kwargs), clock))
    return [*((owner, name, clock.wrap(part, getattr(owner, name))) for part, owner, name in spots), (model, "_adapted", feed)]


def seams_of_hand(runner, clock):
    """The spots of the hand-written loop."""
    loss, again = clock.wrap("loss", runner.loss), clock.wrap("metrics", runner.loss)
    spots = [
        ("data", torch, "randperm"),
        ("data", torch.Tensor, "split"),
        ("data", torch.Tensor, "index_select"),
        ("forward", runner.net, "train"),
        ("backward", torch.Tensor, "backward"),
        ("optimizer", runner, "step"),
        ("metrics", runner, "hits"),
    ]
    return [
        *((owner, name, clock.wrap(part, getattr(owner, name))) for part, owner, name in spots),
        # At the end of an epoch the loss of all its logits is taken: without gradients, for the history.
        (runner, "loss", lambda logits, y: (loss if logits.requires_grad else again)(logits, y)),
    ]


def clocked_fit(runner, seams, x, y):
    """One fit with clocks on it: seconds by part, which add up to the whole."""
    clock = Clock()
    with replaced(seams(runner, clock)):
        clock.wrap("rest", runner.fit)(x, y)
    return clock.spent


def plain_fit(runner, x, y):
    """Seconds of one fit."""
    start = time.perf_counter()
    runner.fit(x, y)
    return time.perf_counter() - start


def label(code):
    """Where a function stands and what it is called: "layers/core Dense.call"."""
    path = Path(code.co_filename)
    name = getattr(code, "co_qualname", code.co_name).replace("<locals>.", "")  # Python 3.10 knows the plain name only
    return f"{path.parent.name}/{path.stem} {name}"


def calls_of(runner, x, y):
    """The calls of one fit, as a Counter by Python function, with what was called in C under None."""
    found = Counter()

    def watch(frame, event, _):
        if event == "call":
            found[frame.f_code] += 1
        elif event == "c_call":
            found[None] += 1

    sys.setprofile(watch)
    try:
        runner.fit(x, y)
    finally:
        sys.setprofile(None)
    return found


def calls_per_step(runner, x, y, batch):
    """Calls of one step by label (None: into C): a fit of all the batches less one of half, so nothing that is done once."""
    steps = len(x) // batch
    half = steps // 2
    more, less = calls_of(runner, x, y), calls_of(runner, x[: half * batch], y[: half * batch])
    found = Counter()
    for code, count in more.items():
        found[None if code is None else label(code)] += (count - less[code]) / (steps - half)
    return found


def op_times(runner, x, y, steps):
    """Seconds and calls of one step by torch op, itself alone: {name: (seconds, calls)}, by torch's own profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], acc_events=True) as profile:
        runner.fit(x, y)
    return {
        event.key.removeprefix("aten::"): (event.self_cpu_time_total / 1e6 / steps, event.count / steps)
        for event in profile.key_averages()
    }
