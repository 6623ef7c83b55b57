"""GPTQ: the columns of a matrix are rounded one after the other, and each error is made good by those that follow.

(Frantar et al., arXiv:2210.17323.)
"""

from __future__ import annotations

import torch

from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.quantizers.scaling import (
    compute_quantization_parameters,
    dequantize_with_zero_point,
    quantize_with_zero_point,
)


def gptq_quantize_matrix(
    weights_transpose,
    inv_hessian,
    *,
    blocksize=128,
    group_size=-1,
    activation_order=False,
    order_metric=None,
    compute_scale_zero=compute_quantization_parameters,
):
    """The integers that stand for a matrix so that its products with what it has seen change least.

    Args:
        weights_transpose: (outputs, inputs).
        inv_hessian: the inverse of the inputs' second moments, (inputs, inputs).
        blocksize: how many columns are done before the rest hears of their errors.
        group_size: how many inputs share a scale and a zero point; -1: all.
        activation_order: whether the inputs of the largest `order_metric` (by default 1 / the inverse's diagonal) come first.
        compute_scale_zero: gives scale, zero point and largest integer of a group's matrix.

    Returns:
        The integers (outputs, inputs) as int32; scales and zero points (outputs, groups); and for each input its group as
        float32, whose fraction says how far in the group it stands.
    """
    weights, inverse = to_tensor(weights_transpose), to_tensor(inv_hessian)
    outputs, inputs = weights.shape
    order = None
    if activation_order:
        order = _order(inverse.diagonal().add(1e-12).reciprocal() if order_metric is None else to_tensor(order_metric))
        weights, inverse = weights[:, order], inverse[order][:, order]
    rest = weights.clone()  # the columns that are still to come hear of errors here, a block at a time
    integers = torch.zeros(outputs, inputs, dtype=torch.int32, device=weights.device)
    group = inputs if group_size == -1 else group_size
    scales, zeros, known = [], [], None
    for begin in range(0, inputs, blocksize):
        end = min(begin + blocksize, inputs)
        block, errors = rest[:, begin:end].clone(), torch.zeros(outputs, end - begin, dtype=rest.dtype, device=rest.device)
        for column in range(begin, end):
            place, first = column - begin, column // group * group
            if known != first:
                scale, zero, largest = compute_scale_zero(rest[:, first : first + group])
                scales.append(scale)
                zeros.append(zero)
                known = first
            rounded = quantize_with_zero_point(block[:, place, None], scale, zero, largest)
            integers[:, column] = rounded[:, 0].to(torch.int32)
            influence = inverse[column, begin:end]
            error = (block[:, place] - dequantize_with_zero_point(rounded, scale, zero)[:, 0]) / influence[place]
            errors[:, place] = error
            block[:, place + 1 :] -= error[:, None] * influence[place + 1 :]
        rest[:, end:] -= errors @ inverse[begin:end, end:]
    groups = torch.arange(inputs, device=weights.device) / group
    if order is not None:
        back = torch.argsort(order)
        groups, integers = groups[back], integers[:, back]
    return integers, torch.cat(scales, 1), torch.cat(zeros, 1), groups.float()


def _order(metric):
    """The places of the largest first; of equal ones the first. What is no number counts as nothing."""
    metric = torch.where(torch.isfinite(metric), metric, 0).float()
    return torch.argsort(-metric, stable=True)
