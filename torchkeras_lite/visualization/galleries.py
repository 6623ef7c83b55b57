"""Images side by side, by matplotlib."""

from __future__ import annotations

import math

import numpy as np

from torchkeras_lite.ops.core import convert_to_numpy
from torchkeras_lite.visualization.drawing import batch_of_images, draw_bounding_boxes, draw_segmentation_masks


def plot_image_gallery(
    images,
    y_true=None,
    y_pred=None,
    label_map=None,
    rows=None,
    cols=None,
    value_range=(0, 255),
    scale=2,
    path=None,
    show=None,
    transparent=True,
    dpi=60,
    legend_handles=None,
    data_format=None,
):
    """Shows images (batch, height, width, channels), or writes the picture of them to a file.

    Args:
        y_true, y_pred: numbers of classes (batch,), written above with the names from `label_map`, a dict.
        rows, cols: how many there are; as square as can be, if left out.
        value_range: the values of black and white.
        scale: the size of an image, in inches.
        path: the file; then nothing is shown. show: False: neither shown nor closed.
        legend_handles: matplotlib patches for a legend.

    Raises:
        ValueError: `path` and `show` together; labels without `label_map`; no batch of images.
        ImportError: matplotlib is missing.
    """
    plt = _matplotlib()
    if path is not None and show:
        raise ValueError("Give either `path` or `show=True`, not both.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("With `y_true` or `y_pred` there must be a `label_map`: a dict from their numbers to names.")
    show = path is None if show is None else show
    images = batch_of_images(images, data_format)
    low, high = value_range
    images = ((images.astype("float32") - low) * (255 / (high - low))).clip(0, 255).astype("uint8")
    rows = rows or math.ceil(math.sqrt(len(images)))
    cols = cols or math.ceil(len(images) / rows)
    titles = [(word, convert_to_numpy(y)) for word, y in (("Label", y_true), ("Pred", y_pred)) if y is not None]
    figure, axes = plt.subplots(
        nrows=rows, ncols=cols, figsize=(cols * scale, rows * scale), frameon=False, layout="tight", squeeze=False,
        sharex="row", sharey="col",
    )  # fmt: skip
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    for i, axis in enumerate(axes.ravel()):
        axis.axis("off")
        if i >= len(images):
            continue
        axis.imshow(images[i] if images.shape[-1] != 1 else images[i, ..., 0], **_grey(images))
        axis.margins(x=0, y=0)
        words = [f"{word}: {label_map.get(y[i].item(), 'Unknown')}" for word, y in titles if i < len(y)]
        if words:
            axis.set_title("  ".join(words), fontsize=8)
    if path is not None:
        figure.savefig(fname=path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
        plt.close(figure)
    elif show:
        plt.show()
        plt.close(figure)


def plot_bounding_box_gallery(
    images,
    bounding_box_format,
    y_true=None,
    y_pred=None,
    value_range=(0, 255),
    true_color=(0, 188, 212),
    pred_color=(255, 235, 59),
    line_thickness=2,
    font_scale=1.0,
    text_thickness=None,
    class_mapping=None,
    ground_truth_mapping=None,
    prediction_mapping=None,
    legend=False,
    legend_handles=None,
    rows=None,
    cols=None,
    data_format=None,
    **kwargs,
):
    """Shows images with the boxes in `y_true` and `y_pred`, which are as those of `draw_bounding_boxes`.

    Args:
        ground_truth_mapping, prediction_mapping: the names of labels in each; `class_mapping`, if left out.
        legend: say which colour is which. kwargs, and the others: see `draw_bounding_boxes` and `plot_image_gallery`.

    Raises:
        ValueError: `legend` and `legend_handles` together; no batch of images. ImportError: matplotlib is missing.
    """
    _matplotlib()
    from matplotlib import patches

    images = batch_of_images(images, data_format)
    if legend and legend_handles:
        raise ValueError("Give either `legend` or `legend_handles`, not both.")
    for boxes, color, names in ((y_true, true_color, ground_truth_mapping), (y_pred, pred_color, prediction_mapping)):
        if boxes is not None:
            images = draw_bounding_boxes(
                images, boxes, bounding_box_format, names or class_mapping, color, line_thickness, text_thickness, font_scale,
                "channels_last",
            )  # fmt: skip
            value_range = (0, 255)
    if legend:
        colors = (("Ground Truth", true_color), ("Prediction", pred_color))
        legend_handles = [patches.Patch(color=np.array(color) / 255.0, label=label) for label, color in colors]
    plot_image_gallery(
        images, value_range=value_range, legend_handles=legend_handles, rows=rows, cols=cols, data_format="channels_last",
        **kwargs,
    )  # fmt: skip


def plot_segmentation_mask_gallery(
    images,
    num_classes,
    value_range=(0, 255),
    y_true=None,
    y_pred=None,
    color_mapping=None,
    blend=True,
    alpha=0.8,
    ignore_index=-1,
    data_format=None,
    **kwargs,
):
    """Shows images, each beside itself with the masks in `y_true` and in `y_pred`: see `draw_segmentation_masks`.

    Raises:
        ValueError: no batch of images. ImportError: matplotlib is missing.
    """
    columns = [batch_of_images(images, data_format)]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = convert_to_numpy(masks).astype("int32")
            if masks.ndim == 4:
                masks = batch_of_images(masks, data_format)
            columns.append(
                draw_segmentation_masks(
                    columns[0], masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
                )
            )
    together = np.stack([column.astype("float32") for column in columns], 1)
    plot_image_gallery(
        together.reshape(-1, *together.shape[2:]), value_range=value_range, rows=len(together), cols=len(columns),
        data_format="channels_last", **kwargs,
    )  # fmt: skip


def _grey(images) -> dict:
    return {"cmap": "gray", "vmin": 0, "vmax": 255} if images.shape[-1] == 1 else {}


def _matplotlib():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("Galleries of images need the package matplotlib: pip install matplotlib.") from error
    return pyplot
