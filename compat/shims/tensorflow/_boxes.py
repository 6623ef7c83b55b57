"""Parts of images in boxes: `tf.image.crop_and_resize` and `tf.image.non_max_suppression`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ._creation import given
from ._tensors import sizes


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=float("-inf"), name=None):
    """The numbers of the best boxes (y1, x1, y2, x2), none of which covers more than the threshold of a better one."""
    boxes, scores = given(boxes).float(), given(scores).float()
    low, high = torch.minimum(boxes[:, :2], boxes[:, 2:]), torch.maximum(boxes[:, :2], boxes[:, 2:])
    areas = (high - low).prod(-1)
    kept: list[int] = []
    for i in torch.argsort(scores, descending=True, stable=True).tolist():
        if len(kept) >= int(max_output_size) or not scores[i] > score_threshold:
            break
        if kept:
            common = (torch.minimum(high[kept], high[i]) - torch.maximum(low[kept], low[i])).clamp(min=0).prod(-1)
            whole = areas[kept] + areas[i] - common
            if bool((torch.where(whole > 0, common / whole, torch.zeros_like(whole)) > iou_threshold).any()):
                continue
        kept.append(i)
    return torch.tensor(kept, dtype=torch.int32)


def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0, name=None):
    """The parts in boxes (y1, x1, y2, x2; 0 and 1 are the first and the last pixel), each of size `crop_size`.

    Args:
        image: shape (batch, height, width, channels). boxes: shape (n, 4). box_indices: shape (n,), which image of the batch.
    """
    x, boxes, (height, width) = given(image).float(), given(boxes).float(), sizes(crop_size)
    down = _line(boxes[:, 0], boxes[:, 2], height) * 2 - 1
    across = _line(boxes[:, 1], boxes[:, 3], width) * 2 - 1
    grid = torch.stack([across[:, None, :].expand(-1, height, -1), down[:, :, None].expand(-1, -1, width)], -1)
    chosen = x[given(box_indices).long()].movedim(-1, 1)
    found = F.grid_sample(chosen, grid, mode=method, padding_mode="border", align_corners=True).movedim(1, -1)
    inside = (grid.abs() <= 1 + 1e-6).all(-1, keepdim=True)
    return torch.where(inside, found, torch.full_like(found, extrapolation_value))


def _line(first, last, count):
    """`count` places from the first to the last; the middle, if there is one place."""
    steps = torch.linspace(0, 1, count, device=first.device) if count > 1 else torch.full((1,), 0.5, device=first.device)
    return first[:, None] + (last - first)[:, None] * steps
