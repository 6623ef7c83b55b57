"""Images with other edges."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

X = drawn((2, 5, 6, 3))
FIRST = drawn((2, 3, 5, 6))
VOLUME = drawn((2, 4, 5, 6, 2))
WHOLE = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3) % 100
BORDERS = [
    {"top": 1, "bottom": 2, "left": 0, "right": 3},
    {"top": 2, "target_height": 8, "right": 1, "target_width": 9},
    {"bottom": 0, "target_height": 7, "left": 2, "target_width": 8},
]
EDGES = [
    {"top": 1, "bottom": 2, "left": 0, "right": 3},
    {"top": 2, "target_height": 3, "right": 1, "target_width": 4},
    {"bottom": 0, "target_height": 4, "left": 2, "target_width": 1},
]


def named(given, ending):
    return {key if key.startswith("target") else f"{key}_{ending}": value for key, value in given.items()}


ROWS = [
    *[
        row(f"image.{verb}_images", images, **named(given, ending), **more)
        for verb, ending, cases in (("pad", "padding", BORDERS), ("crop", "cropping", EDGES))
        for images, more in ((X, {}), (FIRST, {"data_format": "channels_first"}))
        for given in cases
    ],
    row("image.pad_images", X[0], 1, 2, 3, 4).but(batched=0),
    row("image.pad_images", FIRST[0], 1, 2, 3, 4, data_format="channels_first").but(batched=0),
    row("image.crop_images", X[0], 1, 2, 3, 1).but(batched=0),
    row("image.crop_images", FIRST[0], 1, 2, 3, 1, data_format="channels_first").but(batched=0),
    *over_dtypes("image.pad_images", WHOLE, 1, 2, 3, 4),
    *over_dtypes("image.crop_images", WHOLE, 1, 2, 1, 1),
    row("image.extract_patches", X, 2),
    row("image.extract_patches", X, (2, 3), padding="same"),
    row("image.extract_patches", X, (3, 2), strides=(1, 2)),
    row("image.extract_patches", X, (3, 2), strides=2, padding="same"),
    row("image.extract_patches", X, 2, strides=1, dilation_rate=2),
    row("image.extract_patches", X, 2, strides=1, dilation_rate=(2, 3), padding="same"),
    row("image.extract_patches", X[0], 2, strides=1).but(batched=0),
    row("image.extract_patches", FIRST, (2, 3), strides=1, data_format="channels_first"),
    row("image.extract_patches", FIRST[0], (2, 3), padding="same", data_format="channels_first").but(batched=0),
    row("image.extract_patches", VOLUME, (2, 3, 2), strides=1),
    *over_dtypes("image.extract_patches", WHOLE, 2, dtypes=("float16", "bfloat16", "float32", "float64")),
    row("image.extract_patches_3d", VOLUME, 2),
    row("image.extract_patches_3d", VOLUME, (3, 2, 4), strides=(1, 2, 3), padding="same"),
    row("image.extract_patches_3d", VOLUME, 2, strides=1, dilation_rate=2),
    row("image.extract_patches_3d", VOLUME[0], 2).but(batched=0),
    row("image.extract_patches_3d", np.moveaxis(VOLUME, -1, 1).copy(), 2, data_format="channels_first"),
]
