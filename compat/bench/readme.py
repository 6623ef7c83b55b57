"""The table of timings in the README, from measured results.

    python compat/bench/readme.py OUT [OUT2 ...]    take over what `bench.py --json OUT` wrote; a later file wins
    python compat/bench/readme.py                   write the README's block anew from what was taken over before

What is taken over, the medians and no samples, goes to results.json beside this file. A test holds the README to it.
"""

import argparse
import json
import re
import textwrap
from pathlib import Path
from statistics import median

from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
RESULTS, README = HERE / "results.json", HERE.parents[1] / "README.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
SETTINGS = ["threads", "repeat", "scale", "clock"]

# what a row says, where its figure stands, how it is written
ROWS = [
    ("`fit`, one epoch: this package / PyTorch by hand", ("ratios", "ours/torch", "fit_s"), "ratio"),
    ("`fit`, one epoch: Keras on torch / this package", ("ratios", "keras-torch/ours", "fit_s"), "ratio"),
    ("`predict`, batches of 32: this package / PyTorch by hand", ("ratios", "ours/torch", "predict_s"), "ratio"),
    ("`predict`, batches of 32: Keras on torch / this package", ("ratios", "keras-torch/ours", "predict_s"), "ratio"),
    ("`predict` of one row, above a bare forward pass", ("medians", "ours", "row_over_ms"), "ms"),
    ("peak memory: this package / PyTorch by hand", ("ratios", "ours/torch", "peak_mb"), "ratio"),
]


def rounded(value):
    """A figure to four digits: more is noise."""
    return float(f"{value:.4g}")


def reduced(result):
    """The result of a bench without its samples: settings, machine, and per workload the medians of figures and ratios."""
    workloads = {}
    for name, one in result["workloads"].items():
        workloads[name] = {
            "medians": {who: {k: rounded(v) for k, v in found.items()} for who, found in one["medians"].items()},
            "ratios": {
                pair: {k: rounded(v["median"] if isinstance(v, dict) else v) for k, v in found.items()}
                for pair, found in one["ratios"].items()
            },
        }
    machine = {key: result["machine"][key] for key in ("cpus", "python", "versions")}
    return {"machine": machine, **{key: result[key] for key in SETTINGS}, "workloads": workloads}


def merged(results):
    """Results of several runs as one: the same machine, the same settings, all rows; of a workload the last counts.

    Raises:
        ValueError: the runs differ in more than their workloads, or were made on a share of the rows.
    """
    first = results[0]
    workloads = {}
    for result in results:
        for key in ("machine", *SETTINGS):
            if result[key] != first[key]:
                raise ValueError(
                    f"Results of one table must come from equal runs, but {key} is {first[key]!r} in one and {result[key]!r} "
                    "in another. The usual fix: run all workloads with one call of bench.py."
                )
        if result["scale"] != 1:
            raise ValueError(f"The table is of whole epochs, but --scale was {result['scale']}. Run bench.py without it.")
        workloads.update(result["workloads"])
    unknown = [name for name in workloads if name not in WORKLOADS]
    if unknown:
        raise ValueError(f"Unknown workloads {unknown}; there are {list(WORKLOADS)}.")
    return {**first, "workloads": {name: workloads[name] for name in WORKLOADS if name in workloads}}


def written(value, kind):
    """A figure as the table shows it; a dash for none."""
    if value is None:
        return "-"
    if kind == "ms":
        return f"{value:.2f} ms"
    return f"{value:.2f}" if value < 2 else f"{value:.1f}"


def counted(count, word):
    """"1 thread", "2 threads"."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def block(result):
    """What stands between the marks."""
    machine, versions = result["machine"], result["machine"]["versions"]
    shown = {"torch": "torch", "keras": "Keras"}
    libraries = [f"{word} {versions[name].partition('+')[0]}" for name, word in shown.items() if name in versions]
    clock = ", processor time" if result["clock"] == "cpu" else ""
    head = (
        f"CPU with {counted(machine['cpus'], 'core')}, {counted(result['threads'], 'thread')}{clock}, medians of "
        f"{counted(result['repeat'], 'round')}, Python {machine['python']}, {', '.join(libraries)}. "
    )
    columns = list(WORKLOADS)
    shapes = []
    for name in columns:
        work = WORKLOADS[name]
        shape = " x ".join(map(str, work.data(work.batch)[0].shape[1:]))
        shapes.append(f"`{name}` is {work.rows:,} x {shape}, {work.says}, batch {work.batch}")
    lines = [textwrap.fill(head + "; ".join(shapes) + ".", 128), ""]
    lines += ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for text, (kind, who, figure), style in ROWS:
        found = [result["workloads"].get(name, {}).get(kind, {}).get(who, {}).get(figure) for name in columns]
        lines.append(f"| {text} | " + " | ".join(written(value, style) for value in found) + " |")
    ours = [one["medians"].get("ours", {}) for one in result["workloads"].values()]
    if imports := [figures["import_over_s"] for figures in ours if "import_over_s" in figures]:
        lines += ["", f"Importing adds {median(imports):.2f} s to importing torch. No GPU has been measured yet."]
    return "\n".join(lines)


def put(text, new):
    """The text of a README with another block between the marks.

    Raises:
        ValueError: the marks do not stand there, once each and in order.
    """
    if not (text.count(BEGIN) == text.count(END) == 1 and text.index(BEGIN) < text.index(END)):
        raise ValueError(f"The README must hold {BEGIN!r} and {END!r} once each, in this order.")
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{new}\n{END}", text)


def main(argv=None):
    """Parse the command line, take results over, write the README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="*", metavar="OUT", help="files that bench.py --json wrote")
    args = parser.parse_args(argv)
    if args.results:
        result = merged([reduced(json.loads(Path(path).read_text())) for path in args.results])
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    else:
        result = json.loads(RESULTS.read_text())
    README.write_text(put(README.read_text(), block(result)))


if __name__ == "__main__":
    main()
