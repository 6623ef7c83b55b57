"""The anatomy of a step: its clocks add up, its floor counts what moves, and it leaves no trace in what it looked at."""

import functools
import os
import time

import numpy as np
import pytest
import torch

from torchkeras_lite.calls import careful


def test_clocks_count_each_second_once(script):
    clock = script("clocks").Clock()
    inner = clock.wrap("loss", lambda: time.sleep(0.02))

    def outer():
        time.sleep(0.01)
        inner(), inner()

    start = time.perf_counter()
    clock.wrap("forward", outer)()
    whole = time.perf_counter() - start
    assert 0.05 <= sum(clock.spent.values()) <= whole  # on a busy machine the rest may be long
    assert 0.04 <= clock.spent["loss"] <= whole - 0.01
    assert 0.01 <= clock.spent["forward"] <= whole - 0.04


def test_a_clock_passes_errors_on_and_goes_on(script):
    clock = script("clocks").Clock()
    with pytest.raises(ZeroDivisionError):
        clock.wrap("data", lambda: 1 / 0)()
    assert clock.inside == [pytest.approx(clock.spent["data"])]


@pytest.fixture
def runners(script):
    """The workload tiny, its data, and both contenders with the names of their seams."""
    clocks, keras_like = script("clocks"), script("keras_like")
    workload = script("workloads").WORKLOADS["tiny"]
    x, y = workload.data(80)
    pairs = {
        "ours": (keras_like.KerasLike(workload, keras_like.load("ours"), "ours"), clocks.seams_of_ours),
        "hand": (script("hand_torch").HandWritten(workload), clocks.seams_of_hand),
    }
    return clocks, pairs, x, y


@pytest.mark.parametrize("name", ["ours", "hand"])
def test_every_part_of_a_fit_is_seen_and_everything_is_put_back(runners, name):
    clocks, pairs, x, y = runners
    runner, seams = pairs[name]
    runner.fit(x, y)
    spots = [(owner, attribute) for owner, attribute, _ in seams(runner, clocks.Clock())]
    before = [vars(owner).get(attribute) for owner, attribute in spots]
    spent = clocks.clocked_fit(runner, seams, x, y)
    assert list(spent) == clocks.PARTS
    assert min(spent.values()) > 0
    assert [vars(owner).get(attribute) for owner, attribute in spots] == before


@pytest.mark.parametrize("name", ["ours", "hand"])
def test_calls_are_those_of_a_step(runners, name, request):
    request.addfinalizer(functools.partial(careful.__setitem__, 0, careful[0]))
    careful[0] = False  # as in a process in which no test before has made a mask
    clocks, pairs, x, y = runners
    runner, _ = pairs[name]
    runner.fit(x, y)
    calls = clocks.calls_per_step(runner, x, y, 10)
    into_c = calls.pop(None)

    def count(folder, ending):
        # Python 3.10 does not know the class of a method.
        return sum(number for label, number in calls.items() if label.startswith(folder) and label.endswith(ending))

    assert count("torch/_tensor", "backward") == 1
    if name == "ours":
        assert count("models/trainer", "train_step") == 1
        assert count("layers/core", "call") == 3
    assert count("models/trainer", " fit") == 0  # what happens once is no part of a step
    assert 10 < sum(calls.values()) < 400
    assert into_c > 10
    ops = clocks.op_times(runner, x, y, 8)
    assert ops["addmm"][1] == pytest.approx(3, abs=0.01)
    assert 0 < ops["addmm"][0] < 1


class TestTraffic:
    def moved(self, floor, function, *args):
        """Bytes by operation, in the order of calls."""
        found = []

        class Watch(floor.TorchDispatchMode):
            def __torch_dispatch__(self, op, types, args=(), kwargs=None):
                out = op(*args, **(kwargs or {}))
                found.append(floor.traffic(op, args, kwargs or {}, out))
                return out

        with Watch():
            function(*args)
        return found

    def test_reads_and_writes(self, script):
        floor, x = script("floor"), torch.rand(100)

        def of(function, *args):
            return sum(self.moved(floor, function, *args))

        assert of(torch.relu, x) == 800
        assert of(torch.relu_, x) == 800
        assert of(torch.add, x, torch.rand(100)) == 1200
        assert of(lambda: x.add_(1)) == 800
        assert of(lambda: x.zero_()) == 400
        assert of(lambda: x.copy_(torch.empty(100))) == 800
        assert of(lambda: torch.relu(x.view(10, 10)[:5])) == 400
        assert of(lambda: x.expand(50, 100).sum(0, keepdim=True)) == 800  # what is repeated is read once
        assert of(lambda: x.view(50, 2).index_select(0, torch.tensor([1, 2]))) == 16 * 2
        assert of(lambda: (x.t(), x.detach(), x[3:], torch.empty(5), torch.empty_like(x))) == 0

    def test_fused_adam_walks_over_everything_once(self, script):
        floor = script("floor")
        weight = torch.nn.Parameter(torch.rand(1000))
        optimizer = torch.optim.Adam([weight], fused=True)
        weight.grad = torch.rand(1000)
        optimizer.step()
        # The kernel writes the gradient argument too, in its signature at least: four read, four written.
        assert max(self.moved(floor, optimizer.step)) == pytest.approx(4000 * 8, abs=4000)


def test_floor_of_a_product(script):
    floor = script("floor")

    class Runner:
        def fit(self, x, y):
            for _ in range(4):
                hidden = torch.mm(x, y)
                hidden.relu_()

    x = torch.rand(64, 64)
    found = floor.floor(Runner(), x, x, 4)
    assert found["ops"] == 2
    assert found["moved"] == 2 * 64 * 64 * 4
    single = floor.least(lambda: torch.mm(x, x))
    assert found["products"] == pytest.approx(single, rel=1.0)
    assert 0 <= found["copies"] < 1e-3


def test_the_table_of_ops_has_the_longest_of_either_side(script):
    found = [{"ops": {"mm": (2e-6, 3.0), "t": (1e-6, 14.0)}}, {"ops": {"mm": (1e-6, 3.0), "step": (5e-6, 1.0)}}]
    rows = script("anatomy").ops_table(found, 2, 1e6)
    assert rows == [["step", "-", "-", "5.0", "1.0"], ["mm", "2.0", "3.0", "1.0", "3.0"]]


def test_the_page(script, monkeypatch, capsys):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    threads = torch.get_num_threads()
    try:
        script("anatomy").main(["tiny", "--steps", "4", "--fits", "2", "--top", "3"])
    finally:
        torch.set_num_threads(threads)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 50, "more than one screen"
    assert max(map(len, lines)) <= 128
    firsts = [line.split("  ")[0] for line in lines]
    parts = [*script("clocks").PARTS, "= a step with clocks on it", "a step without"]
    start = firsts.index("data")
    assert firsts[start : start + len(parts)] == parts
    shares = np.array([[float(cell.rstrip("%")) for cell in line.split()[2:5:2]] for line in lines[start : start + 7]])
    whole = lines[start + 7].split()
    assert shares.sum(0) == pytest.approx([float(whole[-4].rstrip("%")), float(whole[-2].rstrip("%"))], abs=5)
    for word in ("floor: products", "floor: bytes", "over the lower floor", "Python calls", "calls into C", "itself alone"):
        assert any(word in line for line in lines), word
