"""Images in another size."""

import numpy as np
from values import drawn

from ops.harness import JAX, over_dtypes, row

X = drawn((2, 7, 9, 3))
FIRST = drawn((2, 3, 7, 9))
WHOLE = (np.arange(2 * 7 * 9 * 3) * 37 % 251).reshape(2, 7, 9, 3)
SMALL = np.minimum(WHOLE, 120)
LARGER, SMALLER, MIXED = (11, 13), (4, 5), (10, 4)
SIZES = (LARGER, SMALLER, MIXED)
ROOM = {"rtol": 1e-5, "atol": 1e-5}  # JAX has its weights from float32

ROWS = [
    *[row("image.resize", X, size) for size in (*SIZES, (7, 9), (7, 5), (14, 9), (1, 1))],
    *[row("image.resize", X, size, interpolation="nearest", antialias=True) for size in (*SIZES, (14, 3), (15, 20))],
    # Keras on torch goes by torch's antialiased bilinear and bicubic, which agree with JAX's.
    *[row("image.resize", X, size, interpolation="bilinear", antialias=True) for size in SIZES],
    *[row("image.resize", X, size, interpolation="bicubic", antialias=True) for size in SIZES],
    # Keras on torch has no Lanczos, and another bicubic: a = -0.75, and edges repeated.
    *[row("image.resize", X, size, interpolation="bicubic").but(expected=JAX, **ROOM) for size in SIZES],
    *[
        row("image.resize", X, size, interpolation=kernel, antialias=antialias).but(expected=JAX, **ROOM)
        for kernel in ("lanczos3", "lanczos5")
        for antialias in (False, True)
        for size in SIZES
    ],
    *[
        row("image.resize", images, size, interpolation=kernel, **{f"{verb}_to_aspect_ratio": True}, **more)
        for images, more in ((X, {}), (FIRST[0], {"data_format": "channels_first"}))
        for verb in ("crop", "pad")
        for size, kernel in ((LARGER, "bilinear"), ((3, 8), "nearest"), ((8, 3), "bilinear"))
    ],
    row("image.resize", X, (3, 8), pad_to_aspect_ratio=True, fill_value=0.5),
    row("image.resize", X[0], (8, 3), pad_to_aspect_ratio=True, fill_value=-2),
    row("image.resize", X[0], MIXED),
    row("image.resize", FIRST, MIXED, data_format="channels_first"),
    row("image.resize", FIRST, MIXED, interpolation="nearest", data_format="channels_first"),
    row("image.resize", FIRST[0], MIXED, "bicubic", True, data_format="channels_first"),
    row("image.resize", FIRST, MIXED, interpolation="lanczos3", data_format="channels_first").but(expected=JAX, **ROOM),
    row("image.resize", FIRST[0], MIXED, interpolation="bicubic", data_format="channels_first").but(expected=JAX, **ROOM),
    *over_dtypes("image.resize", SMALL, SMALLER),
    *over_dtypes("image.resize", SMALL, LARGER, interpolation="nearest"),
    *over_dtypes("image.resize", SMALL, (4, 12), pad_to_aspect_ratio=True, fill_value=3, dtypes=("uint8", "int32", "float16")),
    # Above and below the range: Keras on torch wraps around, where JAX stays at the end.
    *[
        each.but(expected=JAX)
        for each in over_dtypes("image.resize", WHOLE, LARGER, interpolation="bicubic", dtypes=("uint8", "int32"))
        + over_dtypes("image.resize", SMALL, LARGER, interpolation="lanczos3", dtypes=("bool", "int8", "float16"))
    ],
    *[
        row("image.scale_and_translate", X, shape, scale, shift, axes, method, antialias)
        for method in ("linear", "cubic", "lanczos3", "lanczos5")
        for shape, scale, shift, axes, antialias in (
            ((2, 8, 12, 3), np.array([1.3, 1.5], "float32"), np.array([0.4, -1.2], "float32"), (1, 2), True),
            ((2, 4, 9, 3), np.array([0.6], "float32"), np.array([0.3], "float32"), (-3,), True),
            ((2, 4, 6, 3), np.array([0.6, 0.45], "float32"), np.array([1.9, -0.7], "float32"), (1, 2), False),
        )
    ],
]
ROWS = [each.but(symbolic=None, rtol=1e-4, atol=1e-5) if "scale_and" in each.name else each for each in ROWS]
ROWS += [
    row("image.scale_and_translate", X, (2, 8, 9, 3), [1.3], [0.5], [1], method).but(symbolic=None)
    for method in ("bilinear", "trilinear", "bicubic", "tricubic")
]
