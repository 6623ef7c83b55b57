"""Metrics over several processes of torch.distributed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.distributed as dist

from torchkeras_lite import metrics


def kinds():
    return metrics.CategoricalAccuracy(), metrics.AUC(), metrics.F1Score()


def data(rows):
    generator = torch.Generator().manual_seed(0)
    y_true = torch.eye(3)[torch.randint(0, 3, (20,), generator=generator)]
    return y_true[rows], torch.rand(20, 3, generator=generator)[rows]


SHARES = slice(0, 6), slice(6, 20)


def fed(rank):
    """The metrics of a process. The second has an F1Score that has seen nothing."""
    found = kinds()
    for metric in found if rank == 0 else found[:2]:
        metric.update_state(*data(SHARES[rank]))
    return found


def check(metric, result):
    whole = type(metric)()
    whole.update_state(*data(SHARES[0] if isinstance(metric, metrics.F1Score) else slice(0, 20)))
    np.testing.assert_allclose(np.ravel(result), whole.result().flatten(), rtol=1e-6)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_takes_in_what_the_others_send(monkeypatch, rank):
    for mine, theirs in zip(fed(rank), fed(1 - rank), strict=True):
        sent = [(variable.name, variable.value) for variable in theirs.variables]

        def gather(found, own, group, sent=sent):
            found[rank], found[1 - rank] = own, sent

        monkeypatch.setattr(dist, "get_world_size", lambda group: 2)
        monkeypatch.setattr(dist, "get_rank", lambda group: rank)
        monkeypatch.setattr(dist, "all_gather_object", gather)
        mine.merge_over_processes()
        check(mine, mine.result())


@pytest.mark.slow
@pytest.mark.skipif(not dist.is_available(), reason="needs torch.distributed")
def test_two_processes(tmp_path):
    call = [sys.executable, __file__, str(tmp_path / "meeting")]
    processes = [subprocess.Popen([*call, str(rank)], stdout=subprocess.PIPE, env=dict(os.environ)) for rank in (0, 1)]
    outs = [process.communicate(timeout=120)[0] for process in processes]
    assert outs[0] == outs[1] and all(process.returncode == 0 for process in processes)
    for metric, result in zip(kinds(), json.loads(outs[0]), strict=True):
        check(metric, result)


if __name__ == "__main__":
    place, number = sys.argv[1], int(sys.argv[2])
    dist.init_process_group("gloo", init_method=f"file://{place}", rank=number, world_size=2)
    merged = fed(number)
    for one in merged:
        one.merge_over_processes()
    print(json.dumps([one.result().flatten().tolist() for one in merged]))
    dist.destroy_process_group()
