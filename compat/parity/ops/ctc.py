"""Connectionist temporal classification."""

import itertools

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

LOGITS = 2 * drawn((3, 9, 5))
LABELS = np.array([[1, 2, 2, 3], [4, 1, 0, 0], [3, 3, 1, 0]], "int32")
SIZES, TIMES = np.array([4, 2, 3], "int32"), np.array([9, 6, 7], "int32")
# Sure of a few classes that repeat, as trained models are.
SURE = np.repeat(4 * np.eye(5, dtype="float32")[[1, 1, 0, 1, 2, 2, 0, 0, 3]][None], 2, 0) + 0.3 * drawn((2, 9, 5))


def readings(logits, top):
    """The likeliest readings, by adding up the probabilities of all alignments; the blank is 0."""
    logs = logits.astype("float64")
    logs -= np.log(np.exp(logs).sum(-1, keepdims=True))
    labels, scores = np.full((top, *logits.shape[:2]), -1, "int32"), np.zeros((len(logits), top), "float32")
    for sample, log in enumerate(logs):
        found = {}
        for alignment in itertools.product(range(log.shape[1]), repeat=len(log)):
            reading = tuple(label for label, _ in itertools.groupby(alignment) if label)
            found[reading] = found.get(reading, 0.0) + np.exp(sum(log[time, label] for time, label in enumerate(alignment)))
        best = sorted(found.items(), key=lambda each: -each[1])[:top]
        for place, (reading, chance) in enumerate(best):
            labels[place, sample, : len(reading)], scores[sample, place] = reading, np.log(chance)
    return labels, scores


BRIEF = LOGITS[:, :5, :3]
LOSSES = [
    row("ctc_loss", LABELS, LOGITS, SIZES, TIMES),
    row("ctc_loss", LABELS % 4, LOGITS, SIZES, TIMES, mask_index=4),
    *over_dtypes("ctc_loss", LABELS.tolist(), LOGITS, SIZES.tolist(), TIMES.tolist(), dtypes=("float16", "float32")),
]
GREEDY = [
    row("ctc_decode", LOGITS, TIMES),
    row("ctc_decode", SURE, TIMES[:2]),
    row("ctc_decode", SURE, TIMES[:2], merge_repeated=False),
    row("ctc_decode", LOGITS, TIMES, "greedy", mask_index=2),
    row("ctc_decode", LOGITS, TIMES, mask_index=None),
    *over_dtypes("ctc_decode", LOGITS, TIMES.tolist(), dtypes=("float16", "float32")),
]
BEAMS = [
    row("ctc_decode", SURE, TIMES[:2], strategy="beam_search", beam_width=8, top_paths=3),
    row("ctc_decode", LOGITS, TIMES, strategy="beam_search", beam_width=4, top_paths=2, mask_index=4),
    row("ctc_decode", LOGITS, TIMES, strategy="beam_search", top_paths=5),
    # More readings than there are: two classes at two times.
    row("ctc_decode", LOGITS[:, :2, :2], TIMES // 9 + 1, strategy="beam_search", beam_width=8, top_paths=6),
]
EXACT = row("ctc_decode", BRIEF, np.array([5, 5, 5], "int32"), strategy="beam_search", top_paths=4)

# Of the lengths, with their one axis, the harness leaves no batch open.
ROWS = [one.but(symbolic=None) for one in LOSSES + GREEDY]
ROWS += [one.but(symbolic=None, gradients=False) for one in BEAMS]  # Keras on torch gives NaN
ROWS += [EXACT.but(symbolic=None, expected=readings(BRIEF, 4))]
