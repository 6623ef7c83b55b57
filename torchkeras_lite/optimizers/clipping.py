"""Gradients made shorter: new tensors, the given ones stay as they are."""

from __future__ import annotations

import torch


def by_value(grads: list[torch.Tensor], limit: float) -> list[torch.Tensor]:
    """Each element between -limit and limit."""
    clipped = torch._foreach_clamp_max(grads, limit)
    torch._foreach_clamp_min_(clipped, -limit)
    return clipped


def by_norm(grads: list[torch.Tensor], limit: float) -> list[torch.Tensor]:
    """Each tensor on its own scaled so that its length (L2) is at most `limit`."""
    lengths = torch._foreach_norm(grads)
    torch._foreach_clamp_min_(lengths, limit)
    clipped = torch._foreach_mul(grads, limit)
    torch._foreach_div_(clipped, lengths)
    return clipped


def by_global_norm(grads: list[torch.Tensor], limit: float) -> list[torch.Tensor]:
    """All scaled by one factor, so that the length of all together is at most `limit`; all NaN where that is not finite."""
    length = torch.nn.utils.get_total_norm(grads)
    factor = limit / length.clamp_min(limit)
    factor = factor + (length - length)  # 0 for a finite length, and NaN, as in Keras, where one gradient has overflowed
    if all(grad.device == factor.device for grad in grads):
        return list(torch._foreach_mul(grads, factor))
    return [grad * factor.to(grad.device) for grad in grads]
