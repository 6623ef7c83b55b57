"""AWQ: weights of large activations are scaled up before they are rounded, and what comes out is scaled back.

(Lin et al., arXiv:2306.00978.)
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.quantizers.scaling import (
    compute_quantization_parameters,
    dequantize_with_sz_map,
    quantize_with_sz_map,
)


def awq_search_optimal_scales(weights, activation_magnitudes, *, num_grid_points=20, group_size=-1):
    """The scales of the inputs, of the form magnitude ** ratio, by which the rounding does least harm.

    Args:
        weights: (outputs, inputs).
        activation_magnitudes: the largest magnitude of each input, (inputs,).
        num_grid_points: how many ratios from 0 to 1 are tried, beside 0.
        group_size: how many inputs share a scale of the rounding; -1: all.

    Returns:
        Scales (inputs,). Harm is the mean squared change of a weight times its magnitude.
    """
    weights = to_tensor(weights)
    largest = to_tensor(activation_magnitudes).float()
    largest = torch.where(largest < 1e-8, 1.0, largest)
    best = least = None
    for point in range(num_grid_points + 1):
        scales = largest.pow(point / num_grid_points).clamp(min=1e-4)
        scales = scales / (scales.max() * scales.min()).sqrt().clamp(min=1e-8)
        integers, scale, zero, groups = _rounded(weights * scales, group_size)
        change = weights - dequantize_with_sz_map(integers, scale, zero, groups) / scales
        harm = (change.square() * largest.square()).mean()
        if best is None:
            best, least = scales, harm
        else:
            best, least = torch.where(harm < least, scales, best), torch.minimum(harm, least)
    return best


def awq_quantize_matrix(weights_transpose, activation_magnitudes, *, num_grid_points=20, group_size=-1):
    """A matrix in four bits; the arguments are those of `awq_search_optimal_scales`.

    Returns:
        The integers (outputs, inputs) as floats; scales and zero points (outputs, groups); the scales of the inputs; and for
        each input its group, as float32.
    """
    weights = to_tensor(weights_transpose)
    scales = awq_search_optimal_scales(
        weights, activation_magnitudes, num_grid_points=num_grid_points, group_size=group_size
    )
    integers, scale, zero, groups = _rounded(weights * scales, group_size)
    return integers, scale, zero, scales, groups.float()


def _rounded(weights, group_size):
    """The integers of a matrix (outputs, inputs), the scales and zero points of its groups, and the groups of the inputs."""
    outputs, inputs = weights.shape
    size = inputs if group_size == -1 else group_size
    groups = math.ceil(inputs / size)
    grouped = F.pad(weights, (0, groups * size - inputs)).reshape(outputs * groups, size)
    # Each with a zero, which has to be in the range: the zero point of weights of one sign would have a sign.
    scale, zero, largest = compute_quantization_parameters(F.pad(grouped, (0, 1)), bits=4, per_channel=True)
    scale, zero = scale.reshape(outputs, groups), zero.reshape(outputs, groups)
    places = torch.arange(inputs, device=weights.device) // size
    return quantize_with_sz_map(weights, scale, zero, places, largest), scale, zero, places
