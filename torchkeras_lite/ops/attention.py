"""Attention: values averaged by how well their keys fit a query."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from torchkeras_lite.ops.dispatch import Tensor, family, promoted, to_tensor

op = family("nn")


@op("DotProductAttention", tensors=("query", "key", "value", "bias", "mask", "scale"))
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """softmax(query keyᵀ * scale + bias) value, for each head.

    Args:
        query: (B, T, N, H); key, value: (B, S, K, H), where N is a multiple of K. The result is (B, T, N, H).
        bias, mask: broadcast to (B, N, T, S); where the mask is False, a key is hidden.
        scale: None is 1 / sqrt(H).
        is_causal: the query at t sees keys up to t.
        flash_attention: True insists on torch's flash kernel; otherwise torch chooses.
        attn_logits_soft_cap: keeps the logits between -cap and cap, by cap * tanh(logits / cap), before bias and mask.
    """
    if not (
        isinstance(query, Tensor)
        and isinstance(key, Tensor)
        and isinstance(value, Tensor)
        and query.dtype is key.dtype is value.dtype
    ):
        settings = {"is_causal": is_causal, "flash_attention": flash_attention, "attn_logits_soft_cap": attn_logits_soft_cap}
        return promoted(dot_product_attention, query, key, value, bias=bias, mask=mask, scale=scale, **settings)
    _check_shapes(query, key, value)
    added = None
    if bias is not None or mask is not None or (is_causal and attn_logits_soft_cap is not None):
        added, is_causal = _added(query, key, bias, mask, is_causal), False
    query, key, value = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
    if attn_logits_soft_cap is not None:
        return _capped(query, key, value, added, scale, attn_logits_soft_cap).transpose(1, 2)
    return fused(query, key, value, added, 0.0, is_causal, scale, flash_attention).transpose(1, 2)


def fused(query, key, value, added=None, dropout=0.0, is_causal=False, scale=None, flash_attention=None):
    """Attention in one kernel of torch's, which chooses it.

    Args:
        query: (B, N, T, H); key, value: (B, K, S, H), where N is a multiple of K. The result is (B, N, T, H).
        added: what is added to the logits, broadcast to (B, N, T, S); not together with `is_causal`.
        dropout: the share of the weights set to 0.
    """
    groups = key.shape[1] != query.shape[1]
    if flash_attention:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return F.scaled_dot_product_attention(query, key, value, added, dropout, is_causal, scale=scale, enable_gqa=groups)
    return F.scaled_dot_product_attention(query, key, value, added, dropout, is_causal, scale=scale, enable_gqa=groups)


def _check_shapes(query, key, value):
    received = f"Received: query.shape={tuple(query.shape)}, key.shape={tuple(key.shape)}, value.shape={tuple(value.shape)}"
    if query.ndim != 4 or key.ndim != 4 or value.ndim != 4:
        raise ValueError(f"dot_product_attention: query, key and value must have 4 axes. {received}")
    if query.shape[2] % key.shape[2]:
        raise ValueError(
            f"dot_product_attention: the heads of the query (axis 2) must be a multiple of those of the key. {received}"
        )


def _added(query, key, bias, mask, is_causal):
    """What is added to the logits: the bias, and far below all else where a key is hidden."""
    if bias is not None:
        bias = to_tensor(bias, query.dtype, query.device)
    if mask is not None:
        mask = to_tensor(mask, torch.bool, query.device)
    if is_causal:
        seen = torch.ones(query.shape[1], key.shape[1], dtype=torch.bool, device=query.device).tril()
        mask = seen if mask is None else mask & seen
    return bias if mask is None else hiding(mask, query.new_zeros(()) if bias is None else bias)


def hiding(mask, bias):
    """The bias, and where the mask is False a number far below all else.

    It is finite, so that a query from which all keys are hidden gets the mean of the values, not NaN.
    """
    return torch.where(mask, bias, -4.5e4 if bias.dtype is torch.float16 else -2e38)


def _capped(query, key, value, added, scale, cap):
    """Attention with logits that are pressed together, which no kernel of torch's knows. (The formula is that of JAX's kernel,
    which Keras calls for this on TPUs.)"""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    logits = query @ key.transpose(2, 3) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    logits = cap * torch.tanh(logits / cap)
    return torch.softmax(logits if added is None else logits + added, -1) @ value
