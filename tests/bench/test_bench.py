"""The bench: its arithmetic on given samples, its rules about search paths, and one small run of the real thing."""

import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "compat" / "bench"


def load(name):
    """A file of the bench, which is a folder of scripts and no package."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class TestFigures:
    figures = load("figures")

    def test_ratios_are_taken_round_by_round_before_the_median(self):
        # The ratio of the medians would be 4 / 2 = 2; the rounds say 2, 0.5, 4, 1, 3.
        found = self.figures.ratios([2.0, 1.0, 16.0, 4.0, 9.0], [1.0, 2.0, 4.0, 4.0, 3.0])
        assert found == {"median": 2.0, "min": 0.5, "max": 4.0}
        found = self.figures.ratios([10.0, 4.0, 6.0], [1.0, 4.0, 2.0])
        assert found == {"median": 3.0, "min": 1.0, "max": 10.0}

    def test_a_round_that_failed_is_left_out(self):
        assert self.figures.ratios([None, 4.0, 6.0], [1.0, 2.0, None]) == {"median": 2.0, "min": 2.0, "max": 2.0}
        assert self.figures.ratios([None], [1.0]) is None

    def test_summary_and_goals(self):
        rounds = {
            "ours": [{"fit_s": 1.1, "row_over_ms": 0.1}, {"fit_s": 3.3, "row_over_ms": 0.3}],
            "torch": [{"fit_s": 1.0}, {"fit_s": 3.0}],
            "keras-torch": [{"fit_s": 1.65}, None],
        }
        summary = self.figures.summarize(rounds)
        assert summary["medians"]["ours"] == pytest.approx({"fit_s": 2.2, "row_over_ms": 0.2})
        assert summary["medians"]["keras-torch"] == {"fit_s": 1.65}
        assert set(summary["ratios"]) == {"ours/torch", "keras-torch/ours", "keras-torch/torch"}
        assert summary["ratios"]["ours/torch"]["fit_s"]["median"] == pytest.approx(1.1)
        assert summary["ratios"]["keras-torch/ours"]["fit_s"]["max"] == pytest.approx(1.5)
        # A difference of milliseconds is no thing to divide.
        assert "row_over_ms" not in summary["ratios"]["ours/torch"]
        met = {what: answer for what, _, _, answer in self.figures.goals(summary, 1.3)}
        assert met == {
            "fit: ours / torch": "yes",
            "fit: keras-torch / ours": "NO",
            "one row over a bare forward [ms]": "NO",
        }
        assert self.figures.goals(summary, 1.05)[0][-1] == "NO"

    def test_page_names_who_is_missing(self):
        rounds = {"ours": [None], "torch": [{"fit_s": 1.0}]}
        page = self.figures.tables("tiny", self.figures.summarize(rounds), 1.3, {"ours": "failed in round 1: Oh"})
        assert "ours: failed in round 1: Oh" in page
        assert "goals" not in page


def test_children_get_one_thread_count_and_no_stand_in(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.setenv("PYTHONPATH", "compat/shims")
    env = load("bench").environment(1)
    assert "PYTHONPATH" not in env
    assert env["OMP_NUM_THREADS"] == env["MKL_NUM_THREADS"] == "1"
    assert env["NPROC"] == "1"


def test_a_child_that_fails_gives_its_last_line(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    bench = load("bench")
    assert bench.child("torch", "no-such", 1, 1, threads=1, timeout=120) == (None, "KeyError: 'no-such'")
    assert bench.child("torch", threads=1, timeout=0.01) == (None, "no result after 0.01 s")


def test_one_small_round(tmp_path):
    out = tmp_path / "bench.json"
    command = [sys.executable, str(BENCH / "bench.py"), "--workloads", "tiny", "--contenders", "torch", "ours"]
    command += ["--repeat", "1", "--scale", "0.05", "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert {"machine", "threads", "repeat", "scale", "workloads"} <= set(result)
    assert result["machine"]["versions"]["torch"] == importlib.metadata.version("torch")
    tiny = result["workloads"]["tiny"]
    assert tiny["troubles"] == {}
    keys = {"fit_s", "fit_long_s", "first_epoch_s", "predict_s", "predict_large_s", "row_ms", "bare_ms", "row_over_ms",
            "import_s", "import_over_s", "peak_mb", "work_mb", "cores", "loss", "accuracy"}
    for contender in ("torch", "ours"):
        assert set(tiny["rounds"][contender][0]) == keys
        assert tiny["medians"][contender]["fit_s"] > 0
    a, b = (tiny["rounds"][c][0]["fit_s"] for c in ("ours", "torch"))
    assert tiny["ratios"]["ours/torch"]["fit_s"]["median"] == pytest.approx(a / b)
    for word in ("tiny: medians", "tiny: ratios", "tiny: goals", "fit: ours / torch"):
        assert word in done.stdout
