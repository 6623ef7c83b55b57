"""Numbers of eight bits with an exponent: scales that follow the largest magnitudes seen lately."""

from __future__ import annotations

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.quantizers.scaling import drawn_or_tensor


def compute_float8_scale(amax, scale, dtype_max, margin=0):
    """The scale (by which is divided) that lets `amax` reach `dtype_max` / 2**margin; the old one where `amax` says nothing."""
    amax, scale = to_tensor(amax), to_tensor(scale)
    wanted = amax / dtype_max * 2**margin
    return torch.where((amax > 0) & torch.isfinite(amax), wanted, scale)


def compute_float8_amax_history(x, amax_history):
    """The history moved on by one, with the largest magnitude of `x` in front."""
    history = torch.roll(to_tensor(amax_history), -1)
    return torch.cat([to_tensor(x).abs().max().to(history.dtype)[None], history[1:]])


def quantize_and_dequantize(inputs, scale, quantized_dtype, compute_dtype):
    """What is left of `inputs` / `scale` in `quantized_dtype`, times `scale`, in `compute_dtype`."""
    compute, narrow = config.torch_dtype(compute_dtype), _narrow(quantized_dtype)
    most = torch.finfo(narrow).max
    scale = to_tensor(scale).to(compute)
    return torch.clamp(drawn_or_tensor(inputs) / scale, -most, most).to(narrow).to(compute) * scale


def _narrow(dtype) -> torch.dtype:
    if isinstance(dtype, torch.dtype):
        return dtype
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    return getattr(torch, name)
