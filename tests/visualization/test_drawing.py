"""Boxes and masks in images, and galleries: pixels."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import visualization

pytest.importorskip("PIL")
BLACK = np.zeros((2, 40, 50, 3), "uint8")
RED, GREEN = (255, 0, 0), (0, 255, 0)


def boxes(labels=((1, -1), (0, 2))):
    return {"boxes": torch.tensor([[[5.0, 4, 20, 30], [0, 0, 9, 9]], [[1.0, 2, 8, 9], [30, 20, 45, 35]]]), "labels": labels}


def test_frames_of_boxes():
    drawn = visualization.draw_bounding_boxes(BLACK, boxes(), "xyxy", color=RED, line_thickness=2)
    assert drawn.shape == BLACK.shape and drawn.dtype == np.uint8 and not BLACK.any()
    red = (drawn == RED).all(-1)
    assert red[0, 4:31, 5].all() and red[0, 4:31, 20].all() and red[0, 4, 5:21].all() and red[0, 30, 5:21].all()
    assert red[0, 17, 5:21].sum() == 4  # two lines of two pixels
    assert not red[0, :4].any() and not red[0, :, 21:].any()  # outside, where the box without a label would be
    assert red[1, 2, 1] and red[1, 20, 30]


def test_boxes_in_shares_and_images_of_floats():
    shares = keras.utils.bounding_boxes.convert_format(boxes(), "xyxy", "rel_xywh", 40, 50)
    grey = np.full(BLACK.shape, 0.5, "float32")
    drawn = visualization.draw_bounding_boxes(grey, shares, "rel_xywh", color=RED)
    assert (drawn[0, 17, 5] == RED).all() and (drawn[0, 17, 12] == 127).all()
    first = visualization.draw_bounding_boxes(
        grey.transpose(0, 3, 1, 2), shares, "rel_xywh", color=RED, data_format="channels_first"
    )
    np.testing.assert_array_equal(first, drawn)


def test_names_and_confidences_are_written():
    plain = visualization.draw_bounding_boxes(BLACK, boxes(), "xyxy", color=RED)
    named = visualization.draw_bounding_boxes(BLACK, boxes(), "xyxy", {1: "cat"}, color=RED, font_scale=0.4)
    assert (named[0] != plain[0]).any() and (named[1] == plain[1]).all()
    sure = {**boxes(), "confidences": np.array([[0.25, 0.5], [0.5, 0.5]])}
    assert (visualization.draw_bounding_boxes(BLACK, sure, "xyxy", {1: "cat"}, color=RED, font_scale=0.4)[0] != named[0]).any()


def test_masks():
    images = np.full((1, 4, 4, 3), 100, "uint8")
    mask = np.zeros((1, 4, 4, 1), "int32")
    mask[0, 0], mask[0, 1] = 1, 2
    mask[0, 3] = -1
    drawn = visualization.draw_segmentation_masks(images, mask, color_mapping={1: RED, 2: GREEN}, alpha=0.5)
    assert drawn.dtype == np.uint8
    assert drawn[0, :, 0].tolist() == [[177, 50, 50], [50, 177, 50], [100] * 3, [100] * 3]
    flat = visualization.draw_segmentation_masks(images, mask[..., 0], 3, {1: RED, 2: GREEN}, 0.5)
    np.testing.assert_array_equal(drawn, flat)
    alone = visualization.draw_segmentation_masks(images, mask, color_mapping={1: RED, 2: GREEN}, blend=False)
    assert alone[0, :, 0].tolist() == [list(RED), list(GREEN), [100] * 3, [100] * 3]
    colours = visualization.draw_segmentation_masks(images, mask, blend=False)[0, :, 0].tolist()
    assert colours[:3] == [[1, 127, 31], [2, 254, 62], [0, 0, 0]]  # Keras's palette


@pytest.fixture
def shown(monkeypatch):
    """The titles and pixels of the figures that were shown."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    seen = []

    def show():
        figure = pyplot.gcf()
        legend = [text.get_text() for each in figure.legends for text in each.get_texts()]
        seen.append(([(axis.get_title(), [i.get_array() for i in axis.images]) for axis in figure.axes], legend))

    monkeypatch.setattr(pyplot, "show", show)
    return seen


def test_gallery(shown, tmp_path):
    images = np.linspace(-1, 1, 5 * 2 * 2 * 3, dtype="float32").reshape(5, 2, 2, 3)
    names, predicted = {0: "a", 1: "b"}, torch.tensor([1, 1, 1, 1, 0])
    visualization.plot_image_gallery(images, [0, 1, 0, 1, 9], predicted, names, value_range=(-1, 1))
    ((axes, _),) = shown
    assert [title for title, _ in axes] == [
        "Label: a  Pred: b", "Label: b  Pred: b", "Label: a  Pred: b", "Label: b  Pred: b", "Label: Unknown  Pred: a", "",
    ]  # fmt: skip
    assert axes[0][1][0][0, 0, 0] == 0 and axes[4][1][0][1, 1, 2] == 255 and axes[5][1] == []
    visualization.plot_image_gallery(images, rows=1, cols=2, path=tmp_path / "g.png")
    assert len(shown) == 1 and (tmp_path / "g.png").stat().st_size > 100


def test_galleries_of_boxes_and_masks(shown):
    visualization.plot_bounding_box_gallery(BLACK, "xyxy", y_true=boxes(), y_pred=boxes(((2, 1), (-1, -1))), legend=True)
    axes, legend = shown[0]
    assert legend == ["Ground Truth", "Prediction"]
    assert axes[0][1][0][17, 5].tolist() == [255, 235, 59] and axes[1][1][0][2, 1].tolist() == [0, 188, 212]
    masks = np.zeros((2, 40, 50, 1))
    masks[:, :5] = 1
    visualization.plot_segmentation_mask_gallery(BLACK, 2, y_true=masks, y_pred=torch.tensor(1 - masks), color_mapping={1: RED})
    axes, _ = shown[1]
    assert len(axes) == 6 and [axis[1][0][0, 0, 0] for axis in axes[:3]] == [0, 204, 0]
    assert [axis[1][0][9, 0, 0] for axis in axes[3:]] == [0, 0, 204]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: visualization.draw_bounding_boxes(BLACK[0], boxes(), "xyxy"), ValueError),
        (lambda: visualization.draw_bounding_boxes(BLACK, [1], "xyxy"), TypeError),
        (lambda: visualization.draw_bounding_boxes(BLACK, {"boxes": [1]}, "xyxy"), ValueError),
        (lambda: visualization.draw_segmentation_masks(BLACK[0], BLACK[0]), ValueError),
        (lambda: visualization.draw_segmentation_masks(BLACK, BLACK[..., :1] / 2), TypeError),
        (lambda: visualization.plot_image_gallery(BLACK, y_true=[1, 2]), ValueError),
        (lambda: visualization.plot_image_gallery(BLACK, path="x.png", show=True), ValueError),
        (lambda: visualization.plot_bounding_box_gallery(BLACK, "xyxy", legend=True, legend_handles=[1]), ValueError),
    ],
)
def test_errors(wrong, error):
    with pytest.raises(error):
        wrong()
