"""Images in other colours."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

X = np.abs(drawn((2, 5, 4, 3)))
FIRST = np.ascontiguousarray(np.moveaxis(X, -1, 1))
WHOLE = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
# Pure colours, mixtures of two, greys, black, and numbers as small as zero.
CORNERS = np.array([[[r, g, b] for r in (0, 0.5, 1) for g in (0, 0.5, 1) for b in (0, 1e-9, 1)]], "float32")
FLOATS = ("float16", "bfloat16", "float32", "float64")

ROWS = [
    row("image.rgb_to_grayscale", X),
    row("image.rgb_to_grayscale", X[0]),
    row("image.rgb_to_grayscale", X[..., :1]),
    row("image.rgb_to_grayscale", FIRST, data_format="channels_first"),
    row("image.rgb_to_grayscale", FIRST[0], data_format="channels_first").but(batched=0),
    *over_dtypes("image.rgb_to_grayscale", WHOLE),
    row("image.rgb_to_hsv", X),
    row("image.rgb_to_hsv", X[0]),
    row("image.rgb_to_hsv", -X),
    # Where two channels are equal, the hue has a kink: differences say something else than the derivative on one side.
    row("image.rgb_to_hsv", CORNERS).but(gradients=False),
    row("image.rgb_to_hsv", FIRST, data_format="channels_first"),
    row("image.rgb_to_hsv", FIRST[0], data_format="channels_first").but(batched=0),
    *over_dtypes("image.rgb_to_hsv", X, dtypes=FLOATS),
    row("image.hsv_to_rgb", X / X.max()),
    row("image.hsv_to_rgb", X[0]),
    row("image.hsv_to_rgb", -3 * X),
    row("image.hsv_to_rgb", CORNERS).but(gradients=False),  # kinks, as above
    row("image.hsv_to_rgb", FIRST, data_format="channels_first"),
    row("image.hsv_to_rgb", FIRST[0], data_format="channels_first").but(batched=0),
    *over_dtypes("image.hsv_to_rgb", X, dtypes=FLOATS),
]
