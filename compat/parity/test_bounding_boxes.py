"""Boxes in images beside the real Keras."""

import itertools

import numpy as np
import pytest
import torch
from oracle import keras as real

import torchkeras_lite as mine

RNG = np.random.default_rng(4)
CORNERS = RNG.uniform(0, 40, (2, 5, 2))
BOXES = np.concatenate((CORNERS, CORNERS + RNG.uniform(3, 50, (2, 5, 2))), -1).astype("float32")
FORMATS = mine.utils.bounding_boxes.FORMATS
SIZE = {"height": 60, "width": 80}


def both(name, *args, **kwargs):
    """What ours and the real one give."""
    return [getattr(k.utils.bounding_boxes, name)(*args, **kwargs) for k in (mine, real)]


def same(found, rtol=1e-5):
    np.testing.assert_allclose(*(np.asarray(x.detach()) for x in found), rtol=rtol, atol=1e-5)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(FORMATS, FORMATS)))
def test_formats(source, target):
    boxes = real.utils.bounding_boxes.convert_format(BOXES, "xyxy", source, **SIZE)
    same(both("convert_format", boxes, source, target, **SIZE))


def test_formats_of_a_dict_and_of_integers():
    found = both("convert_format", {"boxes": BOXES.astype("int64"), "labels": [1]}, "xyxy", "xywh")
    same([each["boxes"] for each in found])
    assert found[0]["boxes"].dtype is torch.float32 and found[0]["labels"] == [1]


@pytest.mark.parametrize("name", ["xyxy", "rel_xyxy"])
def test_clipping(name):
    boxes = torch.tensor([[-3.0, 2, 100, 30], [90, 10, 99, 20], [3, 4, 5, 6]])
    boxes = boxes if name == "xyxy" else boxes / 60
    found = both("clip_to_image_size", {"boxes": boxes, "labels": torch.tensor([1, 2, 3])}, **SIZE, bounding_box_format=name)
    same([each["boxes"] for each in found])
    assert found[0]["labels"].tolist() == found[1]["labels"].tolist() == [1, -1, 3]


def test_cropping_and_padding():
    same(both("crop", torch.tensor(BOXES), 5, 7, 30, 40))
    same(both("pad", torch.tensor(BOXES), 5, 7))


@pytest.mark.parametrize("center", [{}, {"center_x": 0.2, "center_y": 0.7}])
def test_affine(center):
    values = [torch.tensor(v) for v in ([30.0, -50.0], [0.1, 0.0], [-0.2, 0.3], [1.0, 1.5], [0.0, 12.0], [7.0, -5.0])]
    same(both("affine_transform", torch.tensor(BOXES), *values, **SIZE, **center))


@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
@pytest.mark.parametrize(("anchor_format", "box_format"), [("xyxy", "xywh"), ("rel_yxyx", "rel_center_xywh")])
def test_deltas(encoding, variance, anchor_format, box_format):
    anchors = real.utils.bounding_boxes.convert_format(BOXES[1], "xyxy", anchor_format, **SIZE)
    boxes = real.utils.bounding_boxes.convert_format(BOXES, "xyxy", box_format, **SIZE)
    shape = {"variance": variance, "image_shape": (60, 80, 3)}
    found = both("encode_box_to_deltas", anchors, boxes, anchor_format, box_format, encoding_format=encoding, **shape)
    same(found)
    back = both("decode_deltas_to_boxes", anchors, found[1], anchor_format, box_format, encoded_format=encoding, **shape)
    same(back)
    same([back[0], boxes], rtol=1e-4)
    levels = [{"P3": anchors}, {"P3": found[1]}]
    leveled = mine.utils.bounding_boxes.decode_deltas_to_boxes(
        *levels, anchor_format, box_format, encoded_format=encoding, **shape
    )
    same([leveled["P3"], back[1]])


@pytest.mark.parametrize(("one", "other"), list(itertools.product((2, 3), (2, 3))))
@pytest.mark.parametrize("box_format", ["xyxy", "center_xywh", "rel_yxyx"])
def test_iou(one, other, box_format):
    shift = BOXES[:, :4] + 6
    boxes = [real.utils.bounding_boxes.convert_format(b, "xyxy", box_format, **SIZE) for b in (BOXES, shift)]
    boxes = [b if rank == 3 else b[0] for b, rank in zip(boxes, (one, other), strict=True)]
    found = both("compute_iou", *boxes, box_format, image_shape=(60, 80, 3))
    same(found)
    assert found[0].max() > 0.3


def test_iou_without_what_stands_for_nothing():
    boxes = torch.tensor(BOXES[0]).clone()
    boxes[1] = -1
    same(both("compute_iou", boxes, boxes, "xyxy", use_masking=True, mask_val=-7))


def test_ciou():
    boxes = [torch.tensor(BOXES, requires_grad=True) for _ in range(2)]
    shift = torch.tensor(BOXES + RNG.uniform(0, 5, BOXES.shape).astype("float32"))
    found = [k.utils.bounding_boxes.compute_ciou(b, shift, "xyxy") for k, b in zip((mine, real), boxes, strict=True)]
    same(found)
    for each in found:
        each.sum().backward()
    same([b.grad for b in boxes], rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("convert_format", (BOXES, "xyxy", "nope"), ValueError),
        ("convert_format", (BOXES, "xyxy", "rel_xyxy"), ValueError),
        ("convert_format", (BOXES[..., :3], "xyxy", "xywh"), ValueError),
        ("crop", (BOXES, 1, 1, 5, 5, "xywh"), NotImplementedError),
        ("pad", (BOXES, 1, 1, 5, 5, "xywh"), NotImplementedError),
        ("clip_to_image_size", ({"boxes": BOXES},), ValueError),
        ("encode_box_to_deltas", (BOXES, BOXES, "xyxy", "xyxy", "xyxy"), ValueError),
        ("encode_box_to_deltas", (BOXES, BOXES, "xyxy", "xyxy", "center_xywh", [1.0]), ValueError),
        ("decode_deltas_to_boxes", (BOXES, BOXES, "xyxy", "xyxy", "xyxy"), ValueError),
        ("compute_iou", (BOXES[0, 0], BOXES, "xyxy"), ValueError),
        ("compute_iou", (BOXES, BOXES, "rel_xyxy"), ValueError),
        ("compute_ciou", (BOXES, BOXES, "rel_xyxy"), ValueError),
    ],
)
def test_errors(name, args, error):
    for k in (mine, real):
        with pytest.raises(error):
            getattr(k.utils.bounding_boxes, name)(*args)
