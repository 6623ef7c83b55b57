"""Images with what is known about them, drawn and shown."""

from torchkeras_lite.visualization.drawing import draw_bounding_boxes, draw_segmentation_masks
from torchkeras_lite.visualization.galleries import (
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)
