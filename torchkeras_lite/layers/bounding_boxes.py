"""Boxes in images: the ways in which four numbers say one, and what becomes of them when pixels move."""

from __future__ import annotations

import torch

from torchkeras_lite.ops.warping import homography
from torchkeras_lite.variable import tensor_of

FORMATS = (
    "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh",
)  # fmt: skip


def convert_format(boxes, source, target, height=None, width=None):
    """Boxes (..., 4) written in another way.

    Args:
        source, target: one of `FORMATS`: two corners (xyxy, yxyx), the upper left corner and the size (xywh), or the middle and
            the size; `rel_` means shares of the image's size, else they are pixels.
        height, width: the size of the image; needed between shares and pixels.

    Raises:
        ValueError: an unknown format, no size where one is needed, or a last axis that is not 4.
    """
    source, target = source.lower(), target.lower()
    for name in (source, target):
        if name not in FORMATS:
            raise ValueError(f"Unknown format of bounding boxes: {name!r}. Expected one of {FORMATS}.")
    if boxes.shape[-1] != 4:
        raise ValueError(f"Boxes are four numbers each. Received: boxes.shape={tuple(boxes.shape)}")
    if source == target:
        return boxes
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and (height is None or width is None):
        raise ValueError(f"The size of the image is needed to turn {source!r} into {target!r}: give `height` and `width`.")
    x1, y1, x2, y2 = _corners(boxes, source.removeprefix("rel_"))
    if relative == (True, False):
        x1, y1, x2, y2 = x1 * width, y1 * height, x2 * width, y2 * height
    elif relative == (False, True):
        x1, y1, x2, y2 = x1 / width, y1 / height, x2 / width, y2 / height
    return torch.stack(_written(x1, y1, x2, y2, target.removeprefix("rel_")), -1)


def _corners(boxes, source):
    a, b, c, d = boxes.unbind(-1)
    if source in ("yxyx", "center_yxhw"):
        a, b, c, d = b, a, d, c
    if source == "xywh":
        return a, b, a + c, b + d
    if source.startswith("center"):
        return a - c / 2, b - d / 2, a + c / 2, b + d / 2
    return a, b, c, d


def _written(x1, y1, x2, y2, target):
    parts = x1, y1, x2, y2
    if target == "xywh":
        parts = x1, y1, x2 - x1, y2 - y1
    elif target.startswith("center"):
        parts = x1 + (x2 - x1) / 2, y1 + (y2 - y1) / 2, x2 - x1, y2 - y1
    return (parts[1], parts[0], parts[3], parts[2]) if target in ("yxyx", "center_yxhw") else parts


def changed(bounding_boxes, box_format, before, after, change):
    """A dict of `boxes` (batch, count, 4), or those of one image, and `labels`, after a change of the images.

    Args:
        box_format: how the boxes are written.
        before, after: the (height, width) of the images, before and after it.
        change: the function of boxes (batch, count, 4) in the format "xyxy". What sticks out of the image afterwards is cut
            off; boxes of which nothing is left have the label -1.

    Raises:
        ValueError: `boxes` or `labels` are missing.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(f"`bounding_boxes` should be a dict with the keys 'boxes' and 'labels'. Received: {bounding_boxes!r}")
    boxes, labels = tensor_of(bounding_boxes["boxes"], torch.float32), tensor_of(bounding_boxes["labels"])
    if boxes.ndim not in (2, 3):
        raise ValueError(f"Boxes are of the shape (count, 4) or (batch, count, 4). Received: {tuple(boxes.shape)}")
    single = boxes.ndim == 2
    boxes = change(convert_format(boxes[None] if single else boxes, box_format, "xyxy", *before))
    height, width = after
    x1, y1, x2, y2 = boxes.unbind(-1)
    x1, x2, y1, y2 = x1.clamp(0, width), x2.clamp(0, width), y1.clamp(0, height), y2.clamp(0, height)
    left = (x2 - x1) * (y2 - y1) > 0
    boxes = convert_format(torch.stack((x1, y1, x2, y2), -1), "xyxy", box_format, *after)
    boxes, left = (boxes[0], left[0]) if single else (boxes, left)
    return {**bounding_boxes, "boxes": boxes, "labels": torch.where(left.reshape(labels.shape), labels, -1)}


def shifted(boxes, right, down, across=1.0, along=1.0):
    """Corners moved to the right and down, then scaled, by numbers or by tensors with one for each image."""
    x1, y1, x2, y2 = boxes.unbind(-1)
    return torch.stack(((x1 + right) * across, (y1 + down) * along, (x2 + right) * across, (y2 + down) * along), -1)


def through(boxes, matrix):
    """The boxes around where their corners come to lie, if pixels are read where `matrix` (batch, 8) says.

    The matrix leads from the new places to the old ones: see `ops.image.affine_transform`.
    """
    a0, a1, a2, b0, b1, b2 = (part[:, None] for part in matrix.reshape(-1, 8)[:, :6].unbind(1))
    x1, y1, x2, y2 = boxes.unbind(-1)
    determinant = a0 * b1 - a1 * b0
    xs, ys = [], []
    for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2)):
        xs.append((b1 * (x - a2) - a1 * (y - b2)) / determinant)
        ys.append((a0 * (y - b2) - b0 * (x - a2)) / determinant)
    xs, ys = torch.stack(xs), torch.stack(ys)
    return torch.stack((xs.amin(0), ys.amin(0), xs.amax(0), ys.amax(0)), -1)


def projected(points, start, end):
    """Points (batch, count, corners, 2) in the perspective that brings the points `start` (batch, 4, 2) to `end`."""
    a0, a1, a2, b0, b1, b2, c0, c1 = (part[:, None, None] for part in homography(end, start).unbind(1))
    x, y = points.unbind(-1)
    k = c0 * x + c1 * y + 1
    return torch.stack(((a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k), -1)
