"""Connectionist temporal classification on probabilities, with the last class as the blank."""

from __future__ import annotations

import torch

from torchkeras_lite import config, ops
from torchkeras_lite.ops.dispatch import to_tensor

from ._backend_calls import drawn


@drawn
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """-log of the probability of the labels, summed over all alignments with the times: (batch, 1).

    Args:
        y_true: (batch, labels), classes; `label_length` (batch, 1) of them count.
        y_pred: (batch, times, classes), probabilities, the last one that of the blank; `input_length` (batch, 1) times count.
    """
    y_pred = to_tensor(y_pred)
    if not len(y_pred):
        return y_pred.new_zeros(0, 1)
    labels = to_tensor(y_true, torch.int64, y_pred.device)
    input_length, label_length = (
        to_tensor(length, torch.int64, y_pred.device).reshape(-1) for length in (input_length, label_length)
    )
    classes = (labels >= 0) & (labels < y_pred.shape[-1] - 1)
    label_length = torch.minimum(label_length, classes.cumprod(1).sum(1))  # what is no class fills a row up
    counts = torch.arange(labels.shape[1], device=labels.device) < label_length[:, None]
    labels = labels.masked_fill(~counts, 0)  # some of torch's kernels look classes up for what fills the rows too
    logs = (y_pred + config.epsilon()).log()
    return ops.ctc_loss(labels, logs, label_length, input_length, y_pred.shape[-1] - 1)[:, None]


@drawn
def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1, merge_repeated=False):
    """(readings, scores): a list of `top_paths` tensors (batch, times) of labels, -1 behind the last one; (batch, top_paths).

    Args:
        y_pred: (batch, times, classes), probabilities, the last one that of the blank; `input_length` (batch,) times count.
        greedy: the best class at each time, and minus the sum of their logarithms as the score; else a beam search, whose
            scores are the logarithms of the readings' probabilities.
        merge_repeated: of a beam search: equal labels in a row become one, even those that a blank had kept apart.
    """
    y_pred = to_tensor(y_pred)
    lengths = to_tensor(input_length, torch.int64, y_pred.device).reshape(-1)
    strategy = "greedy" if greedy else "beam_search"
    logs = (y_pred + config.epsilon()).log()
    labels, scores = ops.ctc_decode(logs, lengths, strategy, beam_width, top_paths, True, y_pred.shape[-1] - 1)
    if merge_repeated and not greedy:
        repeated = torch.zeros_like(labels, dtype=torch.bool)
        repeated[..., 1:] = labels[..., 1:] == labels[..., :-1]
        order = torch.argsort(repeated.to(torch.uint8), dim=-1, stable=True)  # what stays, to the front
        labels = labels.masked_fill(repeated, -1).gather(-1, order)
    return list(labels.long().unbind()), scores


def ctc_label_dense_to_sparse(labels, label_lengths):
    """A sparse tensor of the first `label_lengths` (batch,) labels of each row of `labels` (batch, n)."""
    labels = to_tensor(labels)
    lengths = to_tensor(label_lengths, None, labels.device)
    places = (torch.arange(labels.shape[1], device=labels.device) < lengths[:, None]).nonzero().T
    with torch.sparse.check_sparse_tensor_invariants():
        return torch.sparse_coo_tensor(places, labels[tuple(places)], labels.shape)
