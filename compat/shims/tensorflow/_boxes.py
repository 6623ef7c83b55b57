"""Parts of images in boxes: `tf.image.crop_and_resize` and `tf.image.non_max_suppression`."""

from __future__ import annotations

import heapq
import math

import numpy as np
import torch
from torch.nn import functional as F

from torchkeras_lite import symbolic

from ._creation import given
from ._tensors import sizes


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=float("-inf"), name=None):
    """The numbers of the best boxes (y1, x1, y2, x2), none of which covers more than the threshold of a better one."""
    return non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold, score_threshold)[0]


def non_max_suppression_with_scores(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=float("-inf"), soft_nms_sigma=0.0, name=None
):  # fmt: skip
    """The numbers of the best boxes, and their scores.

    Args:
        soft_nms_sigma: above 0 a box that covers a better one is kept with a lower score, times exp(-iou^2 / (2 sigma)), unless
            that is below the threshold.
    """
    if symbolic.is_symbolic((boxes, scores), {}):
        op = symbolic.Op("tf.non_max_suppression", non_max_suppression_with_scores)
        return symbolic.record_op(op, (boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma), {})
    boxes, scores = given(boxes).float(), given(scores).float()
    overlaps, score_threshold = _overlaps(boxes), float(np.float32(score_threshold))  # as narrow as the scores
    waiting = [(-score, i, 0) for i, score in enumerate(scores.tolist()) if score > score_threshold]
    heapq.heapify(waiting)
    kept: list[int] = []
    found: list[float] = []
    while waiting and len(kept) < int(max_output_size):
        score, i, seen = heapq.heappop(waiting)
        now = -score
        for other in kept[seen:][::-1]:
            overlap = overlaps[other, i]
            if not soft_nms_sigma and overlap > iou_threshold:
                now = float("-inf")
            elif soft_nms_sigma:
                now *= math.exp(-0.5 / soft_nms_sigma * overlap * overlap)
            if now <= score_threshold:
                break
        else:
            if now == -score:
                kept.append(i)
                found.append(now)
            else:
                heapq.heappush(waiting, (-now, i, len(kept)))
    return torch.tensor(kept, dtype=torch.int32), torch.tensor(found, dtype=torch.float32)


def non_max_suppression_padded(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=float("-inf"), pad_to_max_output_size=False, name=None
):  # fmt: skip
    """The numbers of the best boxes, with zeros behind them if they are to be as many as asked for; and how many there are."""
    kept = non_max_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold)
    count = torch.tensor(len(kept), dtype=torch.int32)
    return F.pad(kept, (0, int(max_output_size) - len(kept))) if pad_to_max_output_size else kept, count


def _overlaps(boxes):
    """The share that each two boxes have in common."""
    low, high = torch.minimum(boxes[:, :2], boxes[:, 2:]), torch.maximum(boxes[:, :2], boxes[:, 2:])
    areas = (high - low).prod(-1)
    common = (torch.minimum(high[:, None], high) - torch.maximum(low[:, None], low)).clamp(min=0).prod(-1)
    whole = areas[:, None] + areas - common
    return torch.where(whole > 0, common / whole, torch.zeros_like(whole)).cpu().numpy()


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
