"""Boxes around things in images, (..., 4): written in other ways, moved, compared. See `FORMATS` for how they are written."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import config
from torchkeras_lite.layers import bounding_boxes as boxes_in_layers
from torchkeras_lite.layers.bounding_boxes import FORMATS as FORMATS
from torchkeras_lite.layers.bounding_boxes import shifted
from torchkeras_lite.variable import tensor_of

_CENTERED = ("center_xywh", "center_yxhw")


def convert_format(boxes, source, target, height=None, width=None, dtype="float32"):
    """Boxes (..., 4), or the `boxes` of a dict, written in another way.

    Args:
        source, target: one of `FORMATS`: two corners (xyxy, yxyx), the upper left corner and the size (xywh), or the middle and
            the size; `rel_` means shares of the image's size, else they are pixels.
        height, width: the size of the image, needed for shares.

    Raises:
        ValueError: an unknown format, no size where one is needed, or a last axis that is not 4.
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    boxes = _tensor(boxes).to(config.torch_dtype(dtype))
    return boxes_in_layers.convert_format(boxes, source, target, height, width)


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """A dict of `boxes` and perhaps `labels`, in which boxes end where the image ends.

    The labels of boxes of which nothing is left become -1.

    Raises:
        NotImplementedError: another format than "xyxy" and "rel_xyxy". ValueError: pixels, and no size of the image.
    """
    _only(bounding_box_format, "xyxy", "rel_xyxy")
    if bounding_box_format == "rel_xyxy":
        height = width = 1
    elif height is None or width is None:
        raise ValueError("`height` and `width` must be given if `bounding_box_format='xyxy'`.")
    boxes = _within(_tensor(bounding_boxes["boxes"]), height, width)
    clipped = {**bounding_boxes, "boxes": boxes}
    if bounding_boxes.get("labels") is not None:
        labels = _tensor(bounding_boxes["labels"])
        clipped["labels"] = torch.where(_area(boxes).to(labels.device) > 0, labels, -1)
    return clipped


def affine_transform(
    boxes,
    angle,
    translate_x,
    translate_y,
    scale,
    shear_x,
    shear_y,
    height,
    width,
    center_x=None,
    center_y=None,
    bounding_box_format="xyxy",
):
    """Boxes (batch, count, 4) around where they come to lie when images are turned, moved, scaled and sheared.

    Args:
        angle, shear_x, shear_y: in degrees, a number or one for each image (batch,), as are the next ones.
        translate_x, translate_y: in shares of the image's size.
        scale: how much larger things become.
        center_x, center_y: the point that stays, in shares; the middle, if it is not given.

    Raises:
        NotImplementedError: another format than "xyxy".
    """
    _only(bounding_box_format, "xyxy")
    settings = torch.broadcast_tensors(*(_float(v) for v in (angle, translate_x, translate_y, scale, shear_x, shear_y)))
    angle, move_x, move_y, scale, shear_x, shear_y = (v.reshape(-1) for v in settings)
    boxes = _float(boxes, angle.device)
    turned, slant_x, slant_y = (-v * (math.pi / 180) for v in (angle, shear_x, shear_y))
    middle_x = (0.5 if center_x is None else center_x) * (width - 1)
    middle_y = (0.5 if center_y is None else center_y) * (height - 1)
    to_x, to_y = middle_x - move_x * (width - 1), middle_y - move_y * (height - 1)
    # The rows of rotation times shear, whose determinant is 1, so that its inverse is these numbers in other places.
    a = (turned - slant_y).cos() / slant_y.cos()
    c = -(turned - slant_y).sin() / slant_y.cos()
    b, d = a * slant_x.tan() + turned.sin(), turned.cos() - c * slant_x.tan()
    a0, a1, b0, b1 = d * scale, -b * scale, -c * scale, a * scale
    a2, b2 = middle_x - a0 * to_x - a1 * to_y, middle_y - b0 * to_x - b1 * to_y
    a0, a1, a2, b0, b1, b2 = (v[:, None, None] for v in (a0, a1, a2, b0, b1, b2))
    x, y = boxes[..., [0, 2, 2, 0]], boxes[..., [1, 1, 3, 3]]
    x, y = a0 * x + a1 * y + a2, b0 * x + b1 * y + b2
    return torch.stack((x.amin(-1), y.amin(-1), x.amax(-1), y.amax(-1)), -1)


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Boxes in the part of an image that begins at (top, left), of the size (height, width).

    Raises:
        NotImplementedError: another format than "xyxy".
    """
    _only(bounding_box_format, "xyxy")
    return _within(shifted(_tensor(boxes), -left, -top, 1, 1), height, width)


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Boxes in an image to which `top` rows were added above and `left` columns at its left.

    Raises:
        NotImplementedError: another format than "xyxy".
    """
    _only(bounding_box_format, "xyxy")
    return shifted(_tensor(boxes), left, top, 1, 1)


def encode_box_to_deltas(
    anchors, boxes, anchor_format, box_format, encoding_format="center_yxhw", variance=None, image_shape=None
):
    """What leads from anchors to boxes: how far the middle moves, in sizes of the anchor, and the logarithm of how the size
    changes.

    Args:
        anchors: (count, 4). boxes: (count, 4) or (batch, count, 4).
        encoding_format: "center_yxhw" or "center_xywh": the order of the four numbers.
        variance: four numbers by which the result is divided.
        image_shape: (height, width, channels), needed for shares.

    Raises:
        ValueError: another `encoding_format`, or a `variance` that is not four numbers.
    """
    _choice("encoding_format", encoding_format)
    variance = _variance(variance)
    height, width = (None, None) if image_shape is None else image_shape[:2]
    anchors = convert_format(anchors, anchor_format, encoding_format, height, width)
    boxes = convert_format(boxes, box_format, encoding_format, height, width)
    sizes, wanted = anchors[..., 2:].clamp(min=config.epsilon()), boxes[..., 2:].clamp(min=config.epsilon())
    moved = (boxes[..., :2] - anchors[..., :2]) / sizes
    deltas = torch.cat((moved, (wanted / sizes).log()), -1)
    return deltas if variance is None else deltas / variance.to(deltas.device)


def decode_deltas_to_boxes(
    anchors, boxes_delta, anchor_format, box_format, encoded_format="center_yxhw", variance=None, image_shape=None
):
    """The boxes to which deltas lead from anchors: the opposite of `encode_box_to_deltas`; dicts of levels are taken too.

    Raises:
        ValueError: another `encoded_format`, or a `variance` that is not four numbers.
    """
    _choice("encoded_format", encoded_format)
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        settings = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {level: decode_deltas_to_boxes(anchors[level], boxes_delta[level], *settings) for level in anchors}
    variance = _variance(variance)
    height, width = (None, None) if image_shape is None else image_shape[:2]
    anchors, deltas = convert_format(anchors, anchor_format, encoded_format, height, width), _float(boxes_delta)
    deltas = deltas if variance is None else deltas * variance.to(deltas.device)
    sizes = anchors[..., 2:]
    boxes = torch.cat((deltas[..., :2] * sizes + anchors[..., :2], deltas[..., 2:].exp() * sizes), -1)
    return convert_format(boxes, encoded_format, box_format, height, width)


def compute_iou(boxes1, boxes2, bounding_box_format, use_masking=False, mask_val=-1, image_shape=None):
    """How much of two boxes together lies in both, for each pair: (count1, count2) or (batch, count1, count2).

    Args:
        boxes1, boxes2: (count, 4) or (batch, count, 4).
        use_masking: pairs with a box of negative numbers, which stands for none, get `mask_val`.
        image_shape: (height, width, channels), needed for shares.

    Raises:
        ValueError: boxes of other shapes; shares, and no `image_shape`.
    """
    for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2)):
        if len(boxes.shape if hasattr(boxes, "shape") else tensor_of(boxes).shape) not in (2, 3):
            raise ValueError(f"`{name}` must have the shape (count, 4) or (batch, count, 4). Received: {boxes}")
    if "rel" in bounding_box_format and image_shape is None:
        raise ValueError("Shares of an image's size (`rel_...`) need the `image_shape` argument.")
    height, width = (None, None) if image_shape is None else image_shape[:2]
    one, other = (convert_format(boxes, bounding_box_format, "xyxy", height, width) for boxes in (boxes1, boxes2))
    one, other = one.unsqueeze(-2), other.unsqueeze(-3)
    common = _common(one, other)
    iou = common / (_area(one) + _area(other) - common + config.epsilon())
    if use_masking:
        iou = torch.where((one.amax(-1) < 0) | (other.amax(-1) < 0), mask_val, iou)
    return iou


def compute_ciou(boxes1, boxes2, bounding_box_format, image_shape=None):
    """How well boxes (..., 4) agree with others of the same shape: what they share, less for middles that lie apart and for
    other proportions (Zheng et al. 2020).

    Raises:
        ValueError: shares of the image's size.
    """
    if "rel" in bounding_box_format:
        raise ValueError(f"Boxes in shares of the image's size are not supported. Received: {bounding_box_format!r}")
    small = config.epsilon()
    one, other = (convert_format(boxes, bounding_box_format, "xyxy") for boxes in (boxes1, boxes2))
    size1, size2 = one[..., 2:] - one[..., :2], other[..., 2:] - other[..., :2]
    (width1, height1), (width2, height2) = size1.unbind(-1), size2.unbind(-1)
    height1, height2 = height1 + small, height2 + small
    common = _common(one, other)
    iou = common / (width1 * height1 + width2 * height2 - common + 2 * small)
    around = torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
    apart = (one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2
    bent = (4 / math.pi**2) * ((width2 / height2).atan() - (width1 / height1).atan()).square()
    weight = bent / (bent - iou + 1 + small)
    return iou - (apart.square().sum(-1) / (around.square().sum(-1) + small) + bent * weight)


def _tensor(value) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else tensor_of(value, device=config.get_device())


def _float(value, device=None) -> torch.Tensor:
    value = _tensor(value)
    return value.to(device or value.device, value.dtype if value.is_floating_point() else config.torch_dtype(None))


def _area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _common(one, other):
    """The area that two boxes share."""
    first, last = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    return (last - first).clamp(min=0).prod(-1)


def _within(boxes, height, width):
    x1, y1, x2, y2 = boxes.unbind(-1)
    return torch.stack((x1.clamp(0, width), y1.clamp(0, height), x2.clamp(0, width), y2.clamp(0, height)), -1)


def _only(given, *known) -> None:
    if given not in known:
        raise NotImplementedError(f"Only for boxes in the formats {known}. Received: bounding_box_format={given!r}")


def _choice(name, given) -> None:
    if given not in _CENTERED:
        raise ValueError(f"`{name}` should be one of {_CENTERED}. Received: {name}={given!r}")


def _variance(variance):
    if variance is None:
        return None
    variance = _float(variance)
    if variance.shape[-1:] != (4,):
        raise ValueError(f"`variance` must be four numbers. Received: {variance.tolist()}")
    return variance
