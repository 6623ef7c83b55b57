"""Numbers on a grid of integers: scales, zero points, and the way there and back.

A group of weights shares a scale (and a zero point). A matrix of groups has a column for each.
"""

from __future__ import annotations

import math

import torch

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.symbolic import KerasTensor

_EPSILON = 1e-7


def drawn_or_tensor(x):
    """A KerasTensor as it is, anything else as a tensor."""
    return x if isinstance(x, KerasTensor) else to_tensor(x)


def abs_max_quantize(inputs, axis, value_range=(-127, 127), dtype="int8", epsilon=_EPSILON, to_numpy=False):
    """round(inputs * scale) within `value_range`, where the largest magnitude along `axis` meets the end of the range.

    Args:
        axis: the axes that share a scale: an integer or several.
        to_numpy: on the CPU, which spares the device's memory.

    Returns:
        The integers, in `dtype`, and the scale, whose shape has a 1 in place of each of `axis`.
    """
    x = drawn_or_tensor(inputs)
    if to_numpy:
        device, x = x.device, x.detach().cpu()
        outputs, scale = _abs_max(x, axis, value_range, dtype, epsilon)
        return outputs.to(device), scale.to(device)
    return _abs_max(x, axis, value_range, dtype, epsilon)


def _abs_max(x, axis, value_range, dtype, epsilon):
    largest = torch.amax(torch.abs(x), dim=axis if isinstance(axis, int) else tuple(axis), keepdim=True)
    kind = config.torch_dtype(x.dtype)
    # A number divided by a tensor would be torch's reciprocal times the number: rounded twice.
    scale = torch.div(torch.scalar_tensor(value_range[1], dtype=torch.float64), largest + epsilon).to(kind)
    return torch.clamp(torch.round(x * scale), *value_range).to(config.torch_dtype(dtype)), scale


def abs_max_quantize_grouped_with_zero_point(
    inputs, block_size, value_range=(-8, 7), dtype="int8", epsilon=_EPSILON, to_numpy=False
):
    """A matrix (rows, columns) quantized in blocks of `block_size` rows, each with a scale and a zero point for each column.

    Returns:
        The integers (rows, columns) in `dtype`; the scales and the zero points (int8), each (blocks, columns).
    """
    x = to_tensor(inputs)
    device = x.device
    low, high = value_range
    rows, columns = x.shape
    blocks = math.ceil(rows / block_size)
    if to_numpy:
        x = x.detach().cpu()
    grouped = torch.nn.functional.pad(x, (0, 0, 0, blocks * block_size - rows)).reshape(blocks, block_size, columns)
    if to_numpy:
        least, most = grouped.amin(1), grouped.amax(1)
        scale = (most - least + epsilon) / (high - low)
        zero = torch.clamp(torch.round(-least / scale) + low, low, high)
    else:
        kind = config.dtype_name(x.dtype)
        scale, zero, _ = compute_quantization_parameters(
            x.T, bits=int(math.log2(high - low + 1)), per_channel=True, group_size=block_size, compute_dtype=kind,
            epsilon=epsilon, signed=True,
        )  # fmt: skip
        scale, zero = scale.T, zero.T
    outputs = torch.clamp(torch.round(grouped / scale[:, None]) + zero[:, None], low, high)
    outputs = outputs.reshape(blocks * block_size, columns)[:rows].to(config.torch_dtype(dtype))
    return outputs.to(device), scale.to(x.dtype).to(device), zero.to(torch.int8).to(device)


def compute_quantization_parameters(
    x, *, bits, symmetric=False, per_channel=False, group_size=-1, compute_dtype="float32", epsilon=0.0, signed=False
):
    """The scale and zero point with which a matrix (outputs, inputs) is quantized to `bits` bits.

    Args:
        symmetric: a range around zero.
        per_channel: a scale for each output, not one for all.
        group_size: with `per_channel`, a scale for each group of so many inputs; -1: one group.
        epsilon: added to the range before it is divided.
        signed: whether the integers begin at -2**(bits - 1), not at 0.

    Returns:
        scale and zero (int8 if signed, else uint8), both (outputs, groups), and the largest integer as a scalar.

    Raises:
        ValueError: what is None, empty, or no matrix.
    """
    if x is None:
        raise ValueError("Input tensor `x` cannot be None.")
    x = to_tensor(x)
    if x.ndim < 2:
        raise ValueError(f"Input weight tensor must have a rank of at least 2, but got rank {x.ndim}.")
    if x.numel() == 0:
        raise ValueError("Input tensor 'x' cannot be empty.")
    outputs, inputs = x.shape[:2]
    groups = math.ceil(inputs / group_size) if per_channel and group_size > 0 else 1
    if groups > 1:
        x = torch.nn.functional.pad(x, (0, groups * group_size - inputs)).reshape(outputs, groups, group_size)
    else:
        x = x.reshape(outputs if per_channel else 1, 1, -1)
    least, most = x.amin(-1), x.amax(-1)
    if symmetric:
        most = torch.maximum(least.abs(), most)
        least = torch.where(least < 0, -most, least)
    same = least == most
    least, most = torch.where(same, least - 1, least), torch.where(same, most + 1, most)
    largest = torch.tensor(2**bits - 1, dtype=config.torch_dtype(compute_dtype), device=x.device)
    scale = (most - least + epsilon) / largest
    scale = torch.where(scale <= 0, 1e-8, scale)
    middle, first = 2 ** (bits - 1), -(2 ** (bits - 1)) if signed else 0
    zero = torch.full_like(scale, middle + first) if symmetric else torch.round(-least / scale) + first
    if signed:
        zero = torch.clamp(zero, first, first + 2**bits - 1)
    zero = zero.to(torch.int8 if signed else torch.uint8)
    return scale.expand(outputs, groups).clone(), zero.expand(outputs, groups).clone(), largest


def quantize_with_zero_point(input_tensor, scale, zero, maxq):
    """round(x / scale + zero) within 0 ... `maxq`, as floats."""
    x, scale, zero = to_tensor(input_tensor), to_tensor(scale), to_tensor(zero)
    scale = torch.where(scale == 0, 1e-8, scale)
    return torch.clamp(torch.round(x / scale + zero.to(scale.dtype)), min=0).minimum(to_tensor(maxq).to(scale.dtype))


def dequantize_with_zero_point(input_tensor, scale, zero):
    """scale * (x - zero)."""
    scale = to_tensor(scale)
    return scale * (to_tensor(input_tensor) - to_tensor(zero).to(scale.dtype))


def quantize_with_sz_map(weights_matrix, scale, zero, g_idx, maxq, group_axis=-1):
    """As `quantize_with_zero_point`, where `g_idx` says of each place along an axis which group it belongs to.

    Args:
        scale, zero: with the groups along `group_axis`.
        g_idx: (places,), integers.
    """
    return quantize_with_zero_point(weights_matrix, *_spread(scale, zero, g_idx, group_axis), maxq)


def dequantize_with_sz_map(weights_matrix, scale, zero, g_idx, group_axis=-1):
    """The way back from `quantize_with_sz_map`."""
    return dequantize_with_zero_point(weights_matrix, *_spread(scale, zero, g_idx, group_axis))


def _spread(scale, zero, g_idx, axis):
    places = to_tensor(g_idx).long()
    return [torch.index_select(to_tensor(part), axis, places) for part in (scale, zero)]
