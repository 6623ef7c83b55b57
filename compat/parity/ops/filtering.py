"""Images seen through small windows."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, JAX, over_dtypes, row

X = drawn((2, 7, 9, 3))
FIRST = drawn((2, 3, 7, 9))
SMALL = np.minimum((np.arange(2 * 7 * 9 * 3) * 37 % 251).reshape(2, 7, 9, 3), 30)
A, B = (np.abs(drawn((2, 12, 13, 3), seed)) for seed in (1, 2))
FLOATS = ("float16", "bfloat16", "float32", "float64")

ROWS = [
    row("image.gaussian_blur", X, (3, 3), (1.0, 1.0), "channels_last"),
    row("image.gaussian_blur", X, (5, 5), (0.7, 2.5), data_format="channels_last"),
    row("image.gaussian_blur", X[0], (3, 3), (1.0, 1.0), data_format="channels_last").but(batched=0),
    row("image.gaussian_blur", FIRST, (5, 5), (2.0, 1.0), data_format="channels_first"),
    row("image.gaussian_blur", FIRST[0], data_format="channels_first").but(batched=0),
    # Keras on torch reads an oblong window in the wrong order, and puts around it what a square one would need.
    row("image.gaussian_blur", X, (3, 5), (1.0, 2.0), data_format="channels_last").but(expected=JAX),
    row("image.gaussian_blur", X, (4, 2), (1.0, 2.0), data_format="channels_last").but(expected=JAX),
    *over_dtypes("image.gaussian_blur", X, (3, 3), (1.0, 2.0), data_format="channels_last", dtypes=FLOATS),
    row("image.sobel_edges", X),
    row("image.sobel_edges", FIRST, data_format="channels_first"),
    *over_dtypes("image.sobel_edges", SMALL - 15, dtypes=("int8", "int16", "int32", "int64", *FLOATS)),
    row("image.ssim", A, B, filter_size=7),
    row("image.ssim", A, A + 0.1 * B),
    row("image.ssim", A, B, max_val=2.5, filter_size=5, filter_sigma=0.8, k1=0.05, k2=0.1),
    row("image.ssim", A[0], B[0], filter_size=7).but(batched=0),
    row("image.ssim", A[..., :1], B[..., :1], filter_size=7),
    row("image.ssim", A.transpose(0, 3, 1, 2).copy(), B.transpose(0, 3, 1, 2).copy(), data_format="channels_first"),
    # Keras on torch computes those of float64 in float32: test_filtering.py compares them with numpy's.
    *over_dtypes("image.ssim", 10 * A, 10 * B, max_val=40, filter_size=7, dtypes=[one for one in DTYPES if one != "float64"]),
]
