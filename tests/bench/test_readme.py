"""The README's table of timings: made from results, and the one in the README is made from the results that are kept."""

import json

import pytest


@pytest.fixture
def readme(script):
    return script("readme")


def made_up(**changes):
    """A result as bench.py writes it: tiny and cnn, one failed contender, samples that must not be taken over."""

    def ratio(value):
        return {"median": value, "min": value / 2, "max": value * 2}

    def workload(factor):
        return {
            "rounds": {"ours": [{"fit_s": 1.0}]},
            "medians": {"ours": {"row_over_ms": 0.061234 * factor, "import_over_s": 0.04 * factor}, "torch": {"fit_s": 2.0}},
            "ratios": {
                "ours/torch": {"fit_s": ratio(0.94321 * factor), "predict_s": ratio(5.06), "peak_mb": ratio(0.78)},
                "keras-torch/ours": {"fit_s": ratio(12.04)},
            },
            "troubles": {"keras-jax": "skipped"},
        }

    result = {
        "machine": {"python": "3.11.7", "system": "the-name-of-a-host", "cpus": 2, "load": 0.3,
                    "versions": {"torch": "2.13.0+cpu", "keras": "3.15.1"}},
        "threads": 1, "repeat": 3, "scale": 1.0, "clock": "wall",
        "workloads": {"cnn": workload(2), "tiny": workload(1)},
    }  # fmt: skip
    return result | changes


def test_medians_only_are_taken_over(readme):
    small = readme.merged([readme.reduced(made_up())])
    assert list(small["workloads"]) == ["tiny", "cnn"]
    assert small["workloads"]["tiny"]["ratios"]["ours/torch"]["fit_s"] == 0.9432
    assert small["machine"] == {"cpus": 2, "python": "3.11.7", "versions": {"torch": "2.13.0+cpu", "keras": "3.15.1"}}
    text = json.dumps(small)
    for word in ("the-name-of-a-host", "rounds", '"max"', '"load"', "troubles"):
        assert word not in text
    assert readme.reduced(small) == small


def test_block(readme):
    lines = readme.block(readme.merged([readme.reduced(made_up())])).splitlines()
    assert max(map(len, lines)) <= 128
    table = [line for line in lines if line.startswith("|")]
    assert table == [
        "| | tiny | mlp | cnn | resnet | lstm | transformer |",
        "|---|---|---|---|---|---|---|",
        "| `fit`, one epoch: this package / PyTorch by hand | 0.94 | - | 1.89 | - | - | - |",
        "| `fit`, one epoch: Keras on torch / this package | 12.0 | - | 12.0 | - | - | - |",
        "| `predict`, batches of 32: this package / PyTorch by hand | 5.1 | - | 5.1 | - | - | - |",
        "| `predict`, batches of 32: Keras on torch / this package | - | - | - | - | - | - |",
        "| `predict` of one row, above a bare forward pass | 0.06 ms | - | 0.12 ms | - | - | - |",
        "| peak memory: this package / PyTorch by hand | 0.78 | - | 0.78 | - | - | - |",
    ]
    text = " ".join(lines)
    assert text.startswith("CPU with 2 cores, 1 thread, medians of 3 rounds, Python 3.11.7, torch 2.13.0, Keras 3.15.1. ")
    assert "`tiny` is 768 x 8, Dense 12-8-1, batch 10;" in text
    assert "`mlp` is 60,000 x 784," in text
    assert "`resnet` is 640 x 32 x 32 x 3," in text
    assert "Importing adds 0.06 s to importing torch." in text
    assert "processor time" not in text
    assert ", processor time, medians" in readme.block(readme.reduced(made_up(clock="cpu")))


def test_a_later_file_wins_and_the_rest_stays(readme):
    later = made_up()
    later["workloads"] = {"mlp": later["workloads"]["cnn"], "tiny": later["workloads"]["cnn"]}
    small = readme.merged([readme.reduced(made_up()), readme.reduced(later)])
    found = {name: one["ratios"]["ours/torch"]["fit_s"] for name, one in small["workloads"].items()}
    assert found == {"tiny": 1.886, "mlp": 1.886, "cnn": 1.886}


@pytest.mark.parametrize("changes, message", [
    ({"threads": 2}, "threads is 1 in one and 2"),
    ({"repeat": 5}, "repeat is 3 in one and 5"),
    ({"machine": made_up()["machine"] | {"cpus": 64}}, "machine is"),
])  # fmt: skip
def test_unequal_runs_are_refused(readme, changes, message):
    with pytest.raises(ValueError, match=message):
        readme.merged([readme.reduced(made_up()), readme.reduced(made_up(**changes))])


def test_a_share_of_the_rows_is_refused(readme):
    with pytest.raises(ValueError, match=r"--scale was 0\.5"):
        readme.merged([readme.reduced(made_up(scale=0.5))])


def test_only_what_is_between_the_marks_changes(readme):
    text = f"a\n{readme.BEGIN}\nold \\1\n{readme.END}\nb\n"
    assert readme.put(text, "new \\2") == f"a\n{readme.BEGIN}\nnew \\2\n{readme.END}\nb\n"
    for wrong in ("a", text + text, f"{readme.END}{readme.BEGIN}"):
        with pytest.raises(ValueError, match="once each"):
            readme.put(wrong, "new")


def test_files_in_and_out(readme, tmp_path, monkeypatch):
    out, results, page = (tmp_path / name for name in ("out.json", "results.json", "README.md"))
    out.write_text(json.dumps(made_up()))
    page.write_text(f"# a\n{readme.BEGIN}\n{readme.END}\nz\n")
    monkeypatch.setattr(readme, "RESULTS", results)
    monkeypatch.setattr(readme, "README", page)
    readme.main([str(out)])
    first = page.read_text()
    assert readme.block(json.loads(results.read_text())) in first
    page.write_text(first.replace("0.94", "0.50"))
    readme.main([])
    assert page.read_text() == first


def test_the_readme_shows_the_results_that_are_kept(readme):
    kept = json.loads(readme.RESULTS.read_text())
    assert kept == readme.merged([readme.reduced(kept)])
    text = readme.README.read_text()
    fresh = readme.put(text, readme.block(kept))
    assert fresh == text, "run `python compat/bench/readme.py`, and edit nothing between the marks"
