"""Boxes and masks, drawn into copies of images."""

from __future__ import annotations

import numpy as np

from torchkeras_lite import config
from torchkeras_lite.ops.core import convert_to_numpy
from torchkeras_lite.utils.bounding_boxes import convert_format

_PALETTE = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])


def draw_bounding_boxes(
    images,
    bounding_boxes,
    bounding_box_format,
    class_mapping=None,
    color=(128, 128, 128),
    line_thickness=2,
    text_thickness=1,
    font_scale=1.0,
    data_format=None,
):
    """Images (batch, height, width, channels) as an array of uint8, with frames around what is in boxes. It needs Pillow.

    Args:
        bounding_boxes: a dict of `boxes` (batch, count, 4), `labels` (batch, count), where -1 means no box, and perhaps
            `confidences` (batch, count).
        bounding_box_format: see `keras.utils.bounding_boxes.convert_format`.
        class_mapping: label -> what is written beside the box.
        color: red, green, blue, up to 255.
        line_thickness, text_thickness: in pixels. font_scale: the size of letters, 1 is about 22 pixels.

    Raises:
        ValueError: no batch of images; no boxes or no labels. TypeError: `bounding_boxes` is no dict.
        ImportError: Pillow is missing.
    """
    images = batch_of_images(images, data_format)
    if not isinstance(bounding_boxes, dict):
        raise TypeError(f"`bounding_boxes` should be a dict. Received: {bounding_boxes} of type {type(bounding_boxes)}")
    if not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(f"`bounding_boxes` should have the keys 'boxes' and 'labels'. Received: {bounding_boxes}")
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError("Drawing boxes needs the package Pillow: pip install pillow.") from error
    height, width = images.shape[1:3]
    boxes = convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width)
    boxes = convert_to_numpy(boxes).astype("int32")
    labels = convert_to_numpy(bounding_boxes["labels"]).astype("int32")
    sure = bounding_boxes.get("confidences")
    sure = None if sure is None else convert_to_numpy(sure)
    color, class_mapping = tuple(int(part) for part in color), class_mapping or {}
    font = ImageFont.load_default(22 * font_scale) if class_mapping else None
    drawn = []
    for i, pixels in enumerate(as_bytes(images)):
        image = Image.fromarray(pixels)
        draw = ImageDraw.Draw(image)
        for j, (box, label) in enumerate(zip(boxes[i].tolist(), labels[i].tolist(), strict=True)):
            if label == -1:
                continue
            x1, x2, y1, y2 = *sorted(box[::2]), *sorted(box[1::2])
            draw.rectangle((x1, y1, x2, y2), outline=color, width=line_thickness)
            if label in class_mapping:
                text = class_mapping[label] if sure is None else f"{class_mapping[label]} | {sure[i][j]:.2f}"
                above = y1 - int(24 * font_scale)
                place = (x1, above) if above > 0 else (x1 + 3, y1 + (text_thickness or line_thickness) + 3)
                draw.text(place, text, fill=color, font=font, stroke_width=max((text_thickness or line_thickness) - 1, 0))
        drawn.append(np.asarray(image))
    return np.stack(drawn) if drawn else as_bytes(images)


def draw_segmentation_masks(
    images,
    segmentation_masks,
    num_classes=None,
    color_mapping=None,
    alpha=0.8,
    blend=True,
    ignore_index=-1,
    data_format=None,
):
    """Images (batch, height, width, channels) as an array of uint8, on which each class of pixels has its colour.

    Args:
        segmentation_masks: the number of a class for each pixel: (batch, height, width) or (batch, height, width, 1).
        num_classes: how many classes there are; those from there on are not drawn. None: all that occur.
        color_mapping: class -> (red, green, blue), up to 255. None: a colour for each.
        alpha: how much of the colour there is, the rest is image.
        blend: False: the colours alone.
        ignore_index: the class that is not drawn, with `blend`.

    Raises:
        ValueError: no batch of images. TypeError: masks that are not integers.
    """
    images = batch_of_images(images, data_format).astype("float32")
    masks = convert_to_numpy(segmentation_masks)
    if masks.dtype.kind not in "iu":
        raise TypeError(f"`segmentation_masks` must be integers. Received: segmentation_masks.dtype={masks.dtype}")
    if masks.ndim == 4:
        masks = masks[:, 0] if (data_format or config.image_data_format()) == "channels_first" else masks[..., 0]
    if num_classes is None:
        num_classes = int(masks.max(initial=0)) + 1
    if color_mapping is None:
        color_mapping = {i: (i * _PALETTE) % 255 for i in range(num_classes)}
    coloured = images.copy()
    for i in range(num_classes):
        if i in color_mapping:
            coloured[masks == i] = np.asarray(color_mapping[i], dtype="float32")
    if blend:
        coloured = np.where((masks != ignore_index)[..., None], images * (1 - alpha) + coloured * alpha, images)
    return coloured.astype("uint8")


def batch_of_images(images, data_format) -> np.ndarray:
    """Images as an array (batch, height, width, channels).

    Raises:
        ValueError: they are no batch of images.
    """
    images = convert_to_numpy(images)
    if images.ndim != 4:
        raise ValueError(f"`images` must be a batch, with 4 axes. Received: images.shape={images.shape}")
    first = (data_format or config.image_data_format()) == "channels_first"
    return images.transpose(0, 2, 3, 1) if first else images


def as_bytes(images) -> np.ndarray:
    """Pixels from 0 to 255; floats of which none is above 1 are shares of that."""
    if images.dtype.kind == "f":
        images = (images * 255 if images.max(initial=0) <= 1 else images).clip(0, 255)
    return np.ascontiguousarray(images.astype("uint8"))
