"""Attention: what it refuses, and laws."""

import pytest
import torch

from torchkeras_lite import KerasTensor, ops

Q, K, V = torch.randn(2, 5, 4, 3), torch.randn(2, 6, 4, 3), torch.randn(2, 6, 4, 3)


@pytest.mark.parametrize("given", [(Q[0], K, V), (Q, K[0], V), (Q, K, V[0]), (KerasTensor((5, 4, 3)), K, V)])
def test_axes(given):
    with pytest.raises(
        ValueError, match=r"dot_product_attention: query, key and value must have 4 axes. Received: query.shape="
    ):
        ops.dot_product_attention(*given)


def test_heads():
    with pytest.raises(ValueError, match=r"the heads of the query \(axis 2\) must be a multiple of those of the key"):
        ops.dot_product_attention(Q, K[:, :, :3], V[:, :, :3])


def test_nobody_looks_ahead():
    q, k, v = Q, K[:, :5], V[:, :5]
    ahead = v.clone()
    ahead[:, 3:] = 100.0
    for options in ({}, {"mask": torch.ones(1, 1, 5, 5, dtype=torch.bool)}, {"attn_logits_soft_cap": 2.0}):
        before, after = (ops.dot_product_attention(q, k, each, is_causal=True, **options) for each in (v, ahead))
        torch.testing.assert_close(before[:, :3], after[:, :3])
        assert (before[:, 3:] != after[:, 3:]).any()
        torch.testing.assert_close(before[:, 0], v[:, 0])


def test_a_high_cap_changes_nothing():
    plain, capped = (ops.dot_product_attention(Q, K[:, :, :2], V[:, :, :2], attn_logits_soft_cap=cap) for cap in (None, 1e4))
    torch.testing.assert_close(plain, capped)


def test_arrays_stand_beside_tensors():
    mask = torch.rand(2, 1, 5, 6) > 0.3
    bias = torch.randn(1, 4, 5, 6)
    torch.testing.assert_close(
        ops.dot_product_attention(Q, K, V, bias, mask), ops.dot_product_attention(Q, K.numpy(), V, bias.numpy(), mask.numpy())
    )
