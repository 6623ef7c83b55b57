"""Connectionist temporal classification: what it refuses, and that all readings together are certain."""

import pytest
import torch

from torchkeras_lite import ops

LOGITS = torch.randn(2, 4, 3)


def test_refusals():
    labels, sizes, times = torch.ones(2, 2), torch.tensor([2, 1]), torch.tensor([4, 3])
    for place, name in ((1, "output"), (2, "target_length"), (3, "output_length")):
        given = [labels, LOGITS, sizes, times]
        given[place] = given[place][:1]
        with pytest.raises(ValueError, match=f"ctc_loss: `target` and `{name}` must have the same number of samples"):
            ops.ctc_loss(*given)
    with pytest.raises(ValueError, match=r"Invalid strategy.* 'greedy' or 'beam_search'. Received: strategy='best'"):
        ops.ctc_decode(LOGITS, times, "best")
    with pytest.raises(ValueError, match=r"no more readings than it follows. Received: top_paths=3, beam_width=2"):
        ops.ctc_decode(LOGITS, times, "beam_search", beam_width=2, top_paths=3)


def test_readings_are_those_of_the_loss():
    """A reading's score is minus its loss, and all readings together have probability 1."""
    labels, scores = ops.ctc_decode(LOGITS, torch.tensor([4, 3]), "beam_search", beam_width=60, top_paths=40)
    assert labels.dtype is torch.int32 and labels.shape == (40, 2, 4)
    torch.testing.assert_close(scores.exp().sum(1), torch.ones(2))
    sizes = (labels >= 0).sum(-1)
    for reading, size, score in zip(labels, sizes, scores.T, strict=True):
        loss = ops.ctc_loss(reading.clamp(min=1), LOGITS, size, torch.tensor([4, 3]))
        there = score.isfinite()
        torch.testing.assert_close(-score[there], loss[there])
    assert sizes[~scores.T.isfinite()].sum() == 0


def test_padding_counts_for_nothing():
    longer = torch.cat([LOGITS, 9 * torch.randn(2, 3, 3)], 1)
    for strategy in ("greedy", "beam_search"):
        labels, scores = ops.ctc_decode(LOGITS, torch.tensor([4, 4]), strategy, top_paths=2)
        more, same = ops.ctc_decode(longer, torch.tensor([4, 4]), strategy, top_paths=2)
        torch.testing.assert_close(same, scores)
        assert torch.equal(more[..., :4], labels) and (more[..., 4:] == -1).all()
