"""Training with the rounding of quantization in place."""

from __future__ import annotations

import torch

from torchkeras_lite import symbolic
from torchkeras_lite.ops.dispatch import Tensor, lifted


class _FakeQuant(torch.autograd.Function):
    """Rounds onto the grid; the gradient passes where nothing was cut off, and goes to the ends where something was."""

    @staticmethod
    def forward(ctx, x, low, high, least, most, axis):
        bottom, top, scale, inverse = _nudged(low, high, least, most)
        ctx.save_for_backward(x, bottom, top)
        ctx.axis, ctx.shapes = axis, (low.shape, high.shape)
        zero = torch.floor(-bottom * inverse + 0.5)
        shifted = torch.clamp(x.to(bottom.dtype), bottom, top) - bottom
        return (torch.floor(shifted * inverse - zero + 0.5) * scale).to(x.dtype)

    @staticmethod
    def backward(ctx, upstream):
        x, bottom, top = ctx.saved_tensors
        axes = [i for i in range(x.ndim) if i != ctx.axis] if ctx.axis is not None else list(range(x.ndim))
        below, above = (torch.where(mask, upstream, 0).sum(axes) for mask in (x <= bottom, x >= top))
        inside = torch.where((x >= bottom) & (x <= top), upstream, 0)
        return inside, below.reshape(ctx.shapes[0]), above.reshape(ctx.shapes[1]), None, None, None


def _nudged(low, high, least, most):
    """The ends of the range moved so that zero lies on the grid; the grid's step, and one over it."""
    dtype = torch.promote_types(low.dtype, torch.float32)
    low, high = low.to(dtype), high.to(dtype)
    scale = (high - low) / (most - least)
    zero = torch.round(torch.clamp(least - low / scale, least, most))
    return (least - zero) * scale, (most - zero) * scale, scale, (most - least) / (high - low)


def fake_quant_with_min_max_vars(inputs, min_vals, max_vals, num_bits=8, narrow_range=False, axis=None):
    """`inputs` cut to [`min_vals`, `max_vals`] and rounded to 2**num_bits numbers in it, still as floats. Differentiable.

    Args:
        min_vals, max_vals: numbers, or with `axis` one for each place along it.
        narrow_range: without the lowest number of the grid.
    """
    if not (isinstance(inputs, Tensor) and isinstance(min_vals, Tensor) and isinstance(max_vals, Tensor)):
        return lifted(fake_quant_with_min_max_vars, inputs, min_vals, max_vals, num_bits, narrow_range, axis)
    axis = None if axis is None else axis % inputs.ndim
    shape = [-1 if i == axis else 1 for i in range(inputs.ndim)] if axis is not None else []
    least, most = int(narrow_range), 2 ** int(num_bits) - 1
    return _FakeQuant.apply(inputs, min_vals.reshape(shape), max_vals.reshape(shape), least, most, axis)


_TENSORS = ("inputs", "min_vals", "max_vals")
symbolic.name_op(fake_quant_with_min_max_vars, "FakeQuantWithMinMaxVars", "keras.src.quantizers.quantizers", _TENSORS)
