"""Gradients within bounds: `tf.clip_by_value` and its kin."""

from __future__ import annotations

import torch

from torchkeras_lite import ops

from ._creation import given
from .linalg import global_norm

__all__ = ["clip_by_global_norm", "clip_by_norm", "clip_by_value", "global_norm"]


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """The nearer bound for what lies outside."""
    return ops.clip(given(t), clip_value_min, clip_value_max)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """Shortened to this norm, of all numbers or along axes; what is shorter stays."""
    t = given(t)
    square = ops.sum(ops.square(t), axis=axes, keepdims=True)
    norm = ops.sqrt(ops.where(square > 0, square, ops.ones_like(square)))  # no gradient of sqrt at 0
    return ops.divide(ops.multiply(t, clip_norm), ops.maximum(norm, given(clip_norm, t.dtype)))


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """All tensors shortened by one factor, so that their common norm is at most this one: `(list, norm before)`."""
    norm = global_norm(t_list) if use_norm is None else given(use_norm)
    factor = clip_norm / torch.maximum(norm, given(clip_norm, norm.dtype))
    return [None if t is None else given(t) * factor for t in t_list], norm
