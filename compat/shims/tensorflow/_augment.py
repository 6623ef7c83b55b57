"""`tf.image.random_*`: changes of images by chance. `seed` makes one call repeat; the stateless ones are functions of it."""

from __future__ import annotations

import torch

from . import _drawn
from . import image as changes
from ._creation import given
from ._tensors import sizes


def _one(low, high, seed=None) -> float:
    return float(_drawn.uniform((), low, high, seed=seed))


def _flips(flip):
    """One image or none; in a batch each for itself."""

    def random_flip(image, seed=None):
        x = given(image)
        chance = _drawn.uniform(x.shape[:-3], seed=seed).to(x.device) < 0.5
        return torch.where(chance.reshape(*chance.shape, 1, 1, 1), flip(x), x)

    return random_flip


random_flip_left_right, random_flip_up_down = _flips(changes.flip_left_right), _flips(changes.flip_up_down)


def random_crop(value, size, seed=None, name=None):
    """A part of this shape, from anywhere."""
    x, size = given(value), sizes(size)
    room = [have - want for have, want in zip(x.shape, size, strict=True)]
    if min(room) < 0:
        raise ValueError(f"Need value.shape >= size, got {tuple(x.shape)} and {size}")
    drawn = _drawn.uniform((len(room),), seed=seed).tolist()
    first = [min(int(part * (more + 1)), more) for part, more in zip(drawn, room, strict=True)]
    return x[tuple(slice(start, start + length) for start, length in zip(first, size, strict=True))]


def random_brightness(image, max_delta, seed=None):
    """Brighter or darker by up to `max_delta`."""
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return changes.adjust_brightness(image, _one(-max_delta, max_delta, seed))


def random_contrast(image, lower, upper, seed=None):
    """The contrast times a factor from [lower, upper)."""
    _check(lower, upper)
    return changes.adjust_contrast(image, _one(lower, upper, seed))


def random_saturation(image, lower, upper, seed=None):
    """The saturation times a factor from [lower, upper)."""
    _check(lower, upper)
    return changes.adjust_saturation(image, _one(lower, upper, seed))


def random_hue(image, max_delta, seed=None):
    """The hue turned by up to `max_delta`, at most half a turn."""
    if not 0 <= max_delta <= 0.5:
        raise ValueError("max_delta must be in [0, 0.5].")
    return changes.adjust_hue(image, _one(-max_delta, max_delta, seed))


def sample_distorted_bounding_box(
    image_size, bounding_boxes, seed=None, min_object_covered=0.1, aspect_ratio_range=None, area_range=None,
    max_attempts=None, use_image_if_no_bounding_boxes=None, name=None,
):  # fmt: skip
    """A part of an image, from anywhere, that shows enough of one of the boxes; the whole image where none is found.

    Args:
        image_size: (height, width, channels).
        bounding_boxes: (..., boxes, 4), each (top, left, bottom, right) as shares of the image.
        min_object_covered: how much of a box has to be in the part.
        aspect_ratio_range: of width by height; None: 0.75 to 1.33.
        area_range: of the part, as shares of the image; None: 0.05 to 1.

    Returns:
        Where it begins (3,) and its size (3,), for `tf.slice`; and the part as a box (1, 1, 4).
    """
    height, width = sizes(image_size)[:2]
    boxes = given(bounding_boxes).float().reshape(-1, 4)
    if not len(boxes):
        if not use_image_if_no_bounding_boxes:
            raise ValueError("No bounding boxes provided as input. The usual fix: use_image_if_no_bounding_boxes=True.")
        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    boxes = boxes.cpu() * torch.tensor([height, width, height, width])
    ratios, areas = aspect_ratio_range or (0.75, 1.33), [share * height * width for share in area_range or (0.05, 1.0)]
    part = 0, 0, height, width
    for chances in _drawn.uniform((100 if max_attempts is None else max_attempts, 4), seed=seed or None).tolist():
        found = _part_of(height, width, ratios, areas, chances)
        if found is not None and _covered(boxes, found) >= min_object_covered:
            part = found
            break
    top, left, bottom, right = part
    box = torch.tensor([[[top / height, left / width, bottom / height, right / width]]])
    return torch.tensor([top, left, 0]), torch.tensor([bottom - top, right - left, -1]), box


def _part_of(height, width, ratios, areas, chances):
    """(top, left, bottom, right) of a part of such a shape and area; None if there is none of the ratio that was drawn."""
    ratio = ratios[0] + chances[0] * (ratios[1] - ratios[0])
    low, high = (round((area / ratio) ** 0.5) for area in areas)
    high = min(high, height, int((width + 0.499) / ratio))
    rows = min(low, high) + int(chances[1] * (max(high - low, 0) + 1))
    columns = round(rows * ratio)
    if not (0 < rows <= height and 0 < columns <= width and areas[0] <= (rows + 1) * (columns + 1)):
        return None
    top, left = int(chances[2] * (height - rows + 1)), int(chances[3] * (width - columns + 1))
    return top, left, top + rows, left + columns


def _covered(boxes, part) -> float:
    """How much of that box is in the part of which most is."""
    top, left, bottom, right = part
    rows = boxes[:, 2].clamp(max=bottom) - boxes[:, 0].clamp(min=top)
    columns = boxes[:, 3].clamp(max=right) - boxes[:, 1].clamp(min=left)
    whole = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return float((rows.clamp(min=0) * columns.clamp(min=0) / whole).max())


def _check(lower, upper):
    if upper <= lower or lower < 0:
        raise ValueError(f"Expected 0 <= lower < upper. Received: lower={lower}, upper={upper}")


def _stateless(function, *settings, seed):
    return function(*settings, seed=_drawn._mixed(seed))


def stateless_random_flip_left_right(image, seed):
    return _stateless(random_flip_left_right, image, seed=seed)


def stateless_random_flip_up_down(image, seed):
    return _stateless(random_flip_up_down, image, seed=seed)


def stateless_random_crop(value, size, seed, name=None):
    return _stateless(random_crop, value, size, seed=seed)


def stateless_random_brightness(image, max_delta, seed):
    return _stateless(random_brightness, image, max_delta, seed=seed)


def stateless_random_contrast(image, lower, upper, seed):
    return _stateless(random_contrast, image, lower, upper, seed=seed)


def stateless_random_saturation(image, lower, upper, seed=None):
    return _stateless(random_saturation, image, lower, upper, seed=seed)


def stateless_random_hue(image, max_delta, seed):
    return _stateless(random_hue, image, max_delta, seed=seed)


def stateless_sample_distorted_bounding_box(image_size, bounding_boxes, seed, *settings, **words):
    seed = _drawn._mixed(seed)
    return sample_distorted_bounding_box(image_size, bounding_boxes, seed, *settings, **words)
