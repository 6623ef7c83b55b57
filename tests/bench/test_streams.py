"""The bench of data that comes batch by batch: both contenders see each row once in an epoch, and every pair is measured."""

import numpy as np
import pytest


def test_each_pair_is_measured(script):
    streams = script("streams")
    found = streams.measure("tiny", 0.1, 1, streams.CLOCKS["cpu"])
    assert set(found) == set(streams.GOALS)
    for row in found.values():
        assert row["ratio"]["median"] == pytest.approx(row["ours"] / row["hand"])
        assert row["to modules"]["median"] == pytest.approx(row["ours"] / row["modules"])


def test_the_loop_by_hand_counts_as_ours_does(script):
    """Over outputs that are all alike, loss and accuracy are known."""
    streams = script("streams")
    workload = streams.WORKLOADS["tiny"]
    x, y = workload.data(40)
    ours = streams.KerasLike(workload, streams.load("ours"), "ours")
    hands = [streams.ByHand(workload, modules=modules) for modules in (False, True)]
    with streams.torch.no_grad():
        for param in [*hands[0].net.params, *hands[1].net.params, *ours.model.parameters()]:
            param.zero_()
    contenders = streams.contenders(workload, ours, hands, x, y)
    for what in ("evaluate", "evaluate, DataLoader"):
        mine, *by_hand = (run() for run in contenders[what])
        for hand in by_hand:
            assert hand["loss"] == pytest.approx(mine[0], rel=1e-5) == pytest.approx(np.log(2), rel=1e-5)
            assert hand["accuracy"] == pytest.approx(mine[1], rel=1e-5) == pytest.approx(1 - y.mean(), rel=1e-5)
    mine, *by_hand = (run() for run in contenders["fit, generator"])
    for hand in by_hand:
        assert hand["loss"] == pytest.approx(np.log(2), rel=0.01) == pytest.approx(mine.history["loss"][0], rel=0.01)
