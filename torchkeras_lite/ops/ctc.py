"""Connectionist temporal classification: labels without times, from a probability per time. Graves et al. 2006."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from torchkeras_lite.ops.dispatch import Tensor, family, lifted

op = family("nn")

_STEP = 0x9E3779B97F4A7C15 - 2**64  # an odd number without pattern (2^64 over the golden ratio), for hashes modulo 2^64


@op("CTCLoss", tensors=4)
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """-log of the probability of the labels, summed over all alignments with the times: a value for each sample.

    Args:
        target: (B, L), integer labels; `target_length` (B,) of them count.
        output: (B, T, classes), logits; `output_length` (B,) times count.
        mask_index: the class that means no label.
    """
    if not all(isinstance(each, Tensor) for each in (target, output, target_length, output_length)):
        return lifted(ctc_loss, target, output, target_length, output_length, mask_index)
    for name, other in (("output", output), ("target_length", target_length), ("output_length", output_length)):
        if other.shape[:1] != target.shape[:1]:
            raise ValueError(
                f"ctc_loss: `target` and `{name}` must have the same number of samples. Received: "
                f"target.shape={tuple(target.shape)}, {name}.shape={tuple(other.shape)}"
            )
    logs = torch.log_softmax(_precise(output).transpose(0, 1), -1)
    target = target.clamp(0, logs.shape[-1] - 1)  # torch writes where a label that is no class would stand
    return F.ctc_loss(logs, target, output_length, target_length, blank=mask_index, reduction="none")


@op("CTCDecode", tensors=2)
def ctc_decode(inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True, mask_index=0):
    """(labels, scores) of the likeliest readings of `inputs`: (top_paths, B, T), -1 behind the last label, and (B, top_paths).

    Args:
        inputs: (B, T, classes), logits; `sequence_lengths` (B,) times of them count.
        strategy: `"greedy"` takes the best class at each time, the score is minus the sum of their logits; `"beam_search"`
            follows the `beam_width` best readings, the scores are the logarithms of their probabilities.
        top_paths: how many readings to return (1 if greedy).
        merge_repeated: greedy: a class at several times in a row is one label. (Beam search always takes it so.)
        mask_index: the class that means no label.
    """
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(f"ctc_decode: Invalid strategy: it must be 'greedy' or 'beam_search'. Received: strategy={strategy!r}")
    if not (isinstance(inputs, Tensor) and isinstance(sequence_lengths, Tensor)):
        more = (strategy, beam_width, top_paths, merge_repeated, mask_index)
        return lifted(ctc_decode, inputs, sequence_lengths, *more)
    inputs = _precise(inputs)
    if mask_index is None:
        mask_index = inputs.shape[-1] - 1
    if strategy == "greedy":
        return _greedy(inputs, sequence_lengths, merge_repeated, mask_index)
    if top_paths > beam_width:
        raise ValueError(
            "ctc_decode: a beam search finds no more readings than it follows. Received: "
            f"top_paths={top_paths}, beam_width={beam_width}"
        )
    return _beam_search(inputs.log_softmax(-1), sequence_lengths, beam_width, top_paths, mask_index)


def _precise(x):
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def _greedy(x, lengths, merge_repeated, blank):
    times = torch.arange(x.shape[1], device=x.device)
    counts = times < lengths[:, None]
    best, labels = x.max(-1)
    labels = torch.where(counts, labels, blank)
    is_label = labels != blank
    if merge_repeated:
        is_label[:, 1:] &= labels[:, 1:] != labels[:, :-1]
    order = torch.argsort((~is_label).to(torch.uint8), dim=1, stable=True)  # labels to the front
    labels = labels.masked_fill(~is_label, -1).gather(1, order)
    return labels.to(torch.int32)[None], -best.masked_fill(~counts, 0).sum(1, keepdim=True)


_NEVER = -1e30  # the logarithm of no probability; finite, for the sake of gradients


def _beam_search(x, lengths, width, top, blank):
    """Follows the `width` likeliest readings of log-probabilities x from time to time, all samples at once.

    A reading has two probabilities: that its last time was the blank, and that it was its last label. At each time it stays
    itself or gets one label longer; a longer one that is followed already is merged into that. Source: Hannun 2017,
    "Sequence Modeling with CTC", distill.pub.
    """
    samples, times, _ = x.shape
    labels = torch.full((samples, width, times), -1, dtype=torch.int32, device=x.device)
    last, size, key = (torch.zeros(samples, width, dtype=torch.int64, device=x.device) for _ in range(3))
    blanks, emits = x.new_full((samples, width), _NEVER), x.new_full((samples, width), _NEVER)
    blanks[:, 0] = 0.0  # the empty reading, which is certain
    state = (labels, last, size, key, blanks, emits)
    for time in range(times):
        after = _beam_step(x[:, time, None, :], blank, *state)
        if time:
            counts = time < lengths
            after = [torch.where(counts.reshape(-1, *[1] * (b.ndim - 1)), a, b) for a, b in zip(after, state, strict=True)]
        state = after
    labels, *_, blanks, emits = state
    scores, chosen = torch.logaddexp(blanks, emits).topk(top, 1)
    labels = labels.gather(1, chosen[..., None].expand(-1, -1, times))
    nothing = scores < _NEVER / 2
    return labels.masked_fill(nothing[..., None], -1).transpose(0, 1), scores.masked_fill(nothing, float("-inf"))


def _beam_step(now, blank, labels, last, size, key, blanks, emits):
    """The best readings one time later, when the classes have log-probabilities `now`, (B, 1, classes).

    All else is (B, width): the last label of each reading, its size (-2: there is none in this place), a hash of it, and the
    logarithms of its two probabilities. Readings are compared by their hashes, so a step costs the same for long ones.
    """
    width, classes = size.shape[1], now.shape[2]
    both = torch.logaddexp(blanks, emits)
    # A reading grows by its own last label only behind a blank.
    repeats = torch.arange(classes, device=now.device) == torch.where(size > 0, last, -1)[..., None]
    grown = now + torch.where(repeats, blanks[..., None], both[..., None])
    grown[..., blank] = _NEVER
    # Does reading i, grown by the last label of j, become j? Then that is one more way to j.
    becomes = (key[:, :, None] * _STEP + last[:, None, :] + 1 == key[:, None, :]) & (size[:, :, None] + 1 == size[:, None, :])
    by_last = last[:, None, :].expand(-1, width, -1)
    joining = grown.gather(2, by_last).masked_fill(~becomes, _NEVER).logsumexp(1)
    grown = grown.masked_fill(torch.zeros_like(grown).scatter_add(2, by_last, becomes.to(now.dtype)) > 0, _NEVER)
    again = now.expand(-1, width, -1).gather(2, last[..., None])[..., 0]
    stays_blank = both + now[..., blank]
    stays_emit = torch.logaddexp(emits + again, joining)

    best, chosen = torch.cat([torch.logaddexp(stays_blank, stays_emit), grown.flatten(1)], 1).topk(width, 1)
    grew = chosen >= width
    parent, label = torch.where(grew, (chosen - width) // classes, chosen), (chosen - width) % classes
    size, key, last = size.gather(1, parent), key.gather(1, parent), last.gather(1, parent)
    labels = labels.gather(1, parent[..., None].expand_as(labels))
    labels = labels.scatter(2, size.clamp(min=0)[..., None], torch.where(grew, label, -1).to(labels.dtype)[..., None])
    return (
        labels,
        torch.where(grew, label, last),
        torch.where(best > _NEVER / 2, size + grew, -2),
        torch.where(grew, key * _STEP + label + 1, key),
        stays_blank.gather(1, parent).masked_fill(grew, _NEVER),
        torch.cat([stays_emit, grown.flatten(1)], 1).gather(1, chosen),
    )
