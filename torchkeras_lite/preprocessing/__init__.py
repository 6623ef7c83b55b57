"""Preparing data: what Keras still shows of its older helpers."""

from torchkeras_lite.preprocessing import image, sequence
from torchkeras_lite.utils.datasets_from_folders import (
    image_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
