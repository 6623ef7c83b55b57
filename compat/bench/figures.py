"""From samples to tables. Pure functions: nothing here measures or imports a contender."""

from statistics import median

# figure, heading, may be divided
COLUMNS = [
    ("fit_s", "fit, one epoch [s]", True),
    ("fit_long_s", "fit, per epoch of several [s]", True),
    ("first_epoch_s", "build + first epoch [s]", True),
    ("predict_s", "predict, batch 32 [s]", True),
    ("predict_large_s", "predict, batch 1024 [s]", True),
    ("row_ms", "predict one row [ms]", True),
    ("bare_ms", "bare forward [ms]", False),
    ("row_over_ms", "row over bare [ms]", False),
    ("import_s", "import [s]", True),
    ("import_over_s", "import over torch [s]", False),
    ("peak_mb", "peak memory [MiB]", True),
    ("work_mb", "peak over imports [MiB]", False),
    ("cores", "cores used in fit", False),
    ("loss", "loss of last epoch", False),
    ("accuracy", "accuracy of last epoch", False),
]
PAIRS = [
    ("ours", "torch"),
    ("ours", "torch-floor"),
    ("keras-torch", "ours"),
    ("keras-jax", "ours"),
    ("keras-torch", "torch"),
    ("keras-jax", "torch"),
]
ROW_GOAL_MS, IMPORT_GOAL_S, KERAS_GOAL = 0.15, 0.3, 2.0


def spread(values):
    """{"median", "min", "max"} of a list, or None for an empty one."""
    return {"median": median(values), "min": min(values), "max": max(values)} if values else None


def ratios(above, below):
    """Ratios round by round: two lists in the order of rounds, None where a round gave nothing. Returns their spread.

    Dividing first keeps what both met in a round, a busy minute of the machine, out of the figure.
    """
    return spread([a / b for a, b in zip(above, below, strict=True) if a is not None and b])


def summarize(rounds):
    """{contender: [figures of round 1, ...]} (None for a failed round) -> medians by contender, ratios by pair."""
    names = [name for name, _, _ in COLUMNS]

    def series(contender, name):
        return [None if r is None else r.get(name) for r in rounds[contender]]

    medians = {
        contender: {
            name: median(values)
            for name in names
            if (values := [v for v in series(contender, name) if v is not None])
        }
        for contender in rounds
    }
    pairs = {
        f"{a}/{b}": {
            name: found
            for name, _, divide in COLUMNS
            if divide and (found := ratios(series(a, name), series(b, name)))
        }
        for a, b in PAIRS
        if a in rounds and b in rounds
    }
    return {"medians": medians, "ratios": {pair: found for pair, found in pairs.items() if found}}


def goals(summary, fit_goal):
    """Rows (what, measured, goal, met) for the figures this project promises; no row for what was not measured."""
    ours, found = summary["medians"].get("ours", {}), summary["ratios"]

    def of(pair):
        return found.get(pair, {}).get("fit_s", {}).get("median")

    rows = [
        ("fit: ours / torch", of("ours/torch"), fit_goal, "at most"),
        ("fit: keras-torch / ours", of("keras-torch/ours"), KERAS_GOAL, "at least"),
        ("one row over a bare forward [ms]", ours.get("row_over_ms"), ROW_GOAL_MS, "at most"),
        ("import over torch [s]", ours.get("import_over_s"), IMPORT_GOAL_S, "at most"),
    ]
    return [
        (what, value, f"{word} {goal}", "yes" if (value <= goal if word == "at most" else value >= goal) else "NO")
        for what, value, goal, word in rows
        if value is not None
    ]


def tables(name, summary, fit_goal, troubles):
    """The printed page of one workload: medians, ratios, goals, and who failed or was skipped."""
    from tabulate import tabulate

    medians, found = summary["medians"], summary["ratios"]
    short = {"tablefmt": "simple", "floatfmt": ".4g", "missingval": "-"}
    page = [f"== {name}: medians"]
    rows = [[heading, *(m.get(key) for m in medians.values())] for key, heading, _ in COLUMNS]
    page.append(tabulate(rows, headers=["", *medians], **short))
    if found:
        page.append(f"== {name}: ratios, median of the rounds (min - max)")
        rows = [
            [heading.split(" [")[0], *(f"{r[key]['median']:.3f} ({r[key]['min']:.3f} - {r[key]['max']:.3f})"
                                       if key in r else None for r in found.values())]
            for key, heading, divide in COLUMNS
            if divide
        ]
        page.append(tabulate(rows, headers=["", *found], **short))
    if promised := goals(summary, fit_goal):
        page.append(f"== {name}: goals")
        page.append(tabulate(promised, headers=["", "measured", "goal", "met"], **short))
    page += [f"{contender}: {why}" for contender, why in troubles.items()]
    return "\n".join(page)
