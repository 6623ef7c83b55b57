"""`tf.nn.ctc_loss` and the decoders of such outputs, and `tf.edit_distance`."""

from __future__ import annotations

import torch

from torchkeras_lite import ops

from ._creation import given
from .sparse import SparseTensor, to_dense

__all__ = ["ctc_beam_search_decoder", "ctc_greedy_decoder", "ctc_loss", "edit_distance"]


def ctc_loss(
    labels, logits=None, label_length=None, logit_length=None, logits_time_major=True, unique=None, blank_index=None, name=None,
    inputs=None, sequence_length=None, time_major=None, **kwargs,
):  # fmt: skip
    """-log of the probability of the labels, summed over all alignments with the times: (batch,).

    Args:
        labels: (batch, labels), of which `label_length` (batch,) count, or a SparseTensor.
        logits: (times, batch, classes), or, if not `logits_time_major`, (batch, times, classes); `logit_length` times count.
        blank_index: the class that is no label; counted from the end, if negative. 0, but the last one for sparse labels.
    """
    x = given(logits if inputs is None else inputs)
    x = x.transpose(0, 1) if (logits_time_major if time_major is None else time_major) else x
    if logit_length is None:  # TensorFlow 1 has it in the place of the other, and calls it so
        logit_length = label_length if sequence_length is None else sequence_length
    logit_length = given(logit_length).long()
    if isinstance(labels, SparseTensor):
        blank_index = -1 if blank_index is None else blank_index
        rows = labels.indices[:, 0]
        label_length = torch.bincount(rows, minlength=len(x))
        labels = to_dense(labels)
    blank = (blank_index or 0) % x.shape[-1]
    labels, label_length = given(labels).long().to(x.device), given(label_length).long().to(x.device)
    unread = torch.arange(labels.shape[1], device=x.device) >= label_length[:, None]
    return ops.ctc_loss(labels.masked_fill(unread, 0), x, label_length, logit_length.to(x.device), blank)


def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True, blank_index=None, name=None):
    """The best class at each time of logits (times, batch, classes): ([SparseTensor of labels], (batch, 1))."""
    x = given(inputs)
    blank = (-1 if blank_index is None else blank_index) % x.shape[-1]
    return _decoded(x, sequence_length, "greedy", 1, 1, merge_repeated, blank)


def ctc_beam_search_decoder(inputs, sequence_length, beam_width=100, top_paths=1, merge_repeated=None, name=None):
    """The likeliest readings of logits (times, batch, classes), the last class the blank: (SparseTensors, (batch, paths))."""
    x = given(inputs)
    return _decoded(x, sequence_length, "beam_search", beam_width, top_paths, True, x.shape[-1] - 1)


def _decoded(x, lengths, *settings):
    labels, scores = ops.ctc_decode(x.transpose(0, 1), given(lengths).long().to(x.device), *settings)
    found = []
    for path in labels.long().unbind():
        there = path >= 0
        width = int(there.sum(1).max()) if len(there) else 0
        found.append(SparseTensor(there.nonzero(), path[there], (len(path), width)))
    return found, scores


def edit_distance(hypothesis, truth, normalize=True, name="edit_distance"):
    """How many insertions, deletions and changes lead from the rows of one SparseTensor to those of another.

    Rows run along the last axis. `normalize`: in lengths of the true row (an infinite one, if it is empty and the other not).
    """
    shape = [max(a, b) for a, b in zip(hypothesis.shape, truth.shape, strict=True)][:-1]
    rows: dict = {}
    for side, sparse in enumerate((hypothesis, truth)):
        values = sparse.values.tolist()
        for place, value in zip(sparse.indices.tolist(), values, strict=True):
            rows.setdefault(tuple(place[:-1]), ([], []))[side].append(value)
    distances = torch.zeros(shape)
    for place, (found, wanted) in rows.items():
        distance = _steps(found, wanted)
        distances[place] = distance / len(wanted) if normalize and wanted else float("inf") if normalize else distance
    return distances


def _steps(one, other) -> int:
    """Levenshtein's distance."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
