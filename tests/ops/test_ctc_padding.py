"""Labels that are no class fill rows up behind those that count. Nobody reads or writes where they would stand."""

import torch

from torchkeras_lite import ops


def test_rows_filled_up_with_large_numbers():
    torch.manual_seed(0)
    logits = torch.randn(2, 8, 5, requires_grad=True)
    lengths, times = torch.tensor([2, 1]), torch.tensor([8, 7])
    plain = ops.ctc_loss(torch.tensor([[1, 2, 0], [3, 0, 0]]), logits, lengths, times, 4)
    filled = ops.ctc_loss(torch.tensor([[1, 2, 99], [3, 10**6, -1]]), logits, lengths, times, 4)
    torch.testing.assert_close(filled, plain)
    (wanted,) = torch.autograd.grad(plain.sum(), logits, retain_graph=True)
    (found,) = torch.autograd.grad(filled.sum(), logits)
    torch.testing.assert_close(found, wanted)


def test_labels_that_count_and_are_no_class():
    logits = torch.zeros(1, 8, 5, requires_grad=True)
    ops.ctc_loss(torch.full((1, 3), 10**6), logits, torch.tensor([3]), torch.tensor([8]), 4).sum().backward()
    assert logits.grad.shape == (1, 8, 5)
