"""One contender on one workload in a fresh process: prints one JSON line of figures.

python child.py CONTENDER WORKLOAD SCALE THREADS CLOCK, or python child.py CONTENDER for the import alone.
"""

import sys
import time

# Time on the wall is what a user waits. Time of the processor also holds on a machine that others keep busy.
CLOCK = time.process_time if sys.argv[5:] == ["cpu"] else time.perf_counter


def timed(function, *args, **kwargs):
    """Seconds that a call takes, and what it returns."""
    start = CLOCK()
    result = function(*args, **kwargs)
    return CLOCK() - start, result


def load(contender):
    """Import what the contender needs; (seconds for torch, seconds for the rest, its Keras namespace or None)."""
    torch_s = timed(__import__, "torch")[0] if contender != "keras-jax" else 0.0
    if contender.startswith("torch"):
        return torch_s, 0.0, None
    from keras_like import load as load_keras

    rest_s, keras = timed(load_keras, contender)
    return torch_s, rest_s, keras


def peak_mb():
    """Largest resident size so far, in MiB (ru_maxrss counts KiB on Linux, bytes on macOS)."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure(contender, keras, workload, x, y):
    """The figures of fit and predict, in seconds unless the name says otherwise."""
    from statistics import median

    from workloads import LARGE_BATCH, PREDICT_BATCH

    def start():
        if keras is None:
            from hand_torch import HandWritten

            runner = HandWritten(workload, floor=contender == "torch-floor")
        else:
            from keras_like import KerasLike

            runner = KerasLike(workload, keras, contender)
        runner.fit(x, y)
        return runner

    first_s, runner = timed(start)  # the model, compile and the epoch in which everything is met for the first time
    cpu = time.process_time()
    wall = time.perf_counter()
    singles = [timed(runner.fit, x, y)[0] for _ in range(workload.calls)]
    long_s, history = timed(runner.fit, x, y, epochs=workload.long)
    cores = (time.process_time() - cpu) / (time.perf_counter() - wall)

    def predict_all(batch_size, times=3):
        runner.predict(x[: 2 * batch_size], batch_size)  # a compiled step is not what is measured here
        seconds, out = zip(*(timed(runner.predict, x, batch_size) for _ in range(times)), strict=True)
        if not (len(out[0]) == len(x) and type(out[0]).__module__ == "numpy"):
            raise AssertionError(f"predict returned {type(out[0])} with {len(out[0])} rows for {len(x)}")
        return median(seconds)

    predict_s, predict_large_s = predict_all(PREDICT_BATCH), predict_all(LARGE_BATCH)

    row = x[:1]
    bare = runner.bare(row)
    for _ in range(30):
        runner.predict_row(row), bare()
    # Side by side, so that a change of the machine's mood meets both.
    rows, bares = zip(*((timed(runner.predict_row, row)[0], timed(bare)[0]) for _ in range(300)), strict=True)
    return {
        "first_epoch_s": first_s,
        "fit_s": median(singles),
        "fit_long_s": long_s / workload.long,
        "predict_s": predict_s,
        "predict_large_s": predict_large_s,
        "row_ms": median(rows) * 1e3,
        "bare_ms": median(bares) * 1e3,
        "row_over_ms": (median(rows) - median(bares)) * 1e3,
        "cores": cores,
        "loss": history["loss"][-1],
        "accuracy": history["accuracy"][-1],
    }


def main(contender, name=None, scale="1", threads="1", clock="wall"):
    """Measure and print."""
    torch_s, rest_s, keras = load(contender)
    import json

    figures = {"import_s": torch_s + rest_s}
    if contender != "keras-jax":
        figures["import_over_s"] = rest_s
    if name is not None:
        from workloads import WORKLOADS

        if contender != "keras-jax":
            import torch

            torch.set_num_threads(int(threads))
        workload = WORKLOADS[name]
        before = peak_mb()
        x, y = workload.data(max(2 * workload.batch, round(workload.rows * float(scale))))
        figures |= measure(contender, keras, workload, x, y)
        figures |= {"peak_mb": peak_mb(), "work_mb": peak_mb() - before}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
