"""Tensors out of nothing, or like another one: filled, counted, evenly spaced, windows and grids."""

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, row

FLOATS = ("float16", "bfloat16", "float32", "float64")
INDEX = np.array([3, 1, 2], "int32")


def made(name, *args, **kwargs):
    """A row of a function that takes no tensors: there is nothing to differentiate or to draw."""
    return row(name, *args, **kwargs).but(gradients=False, symbolic=False, config=False)


ROWS = [
    row("array", drawn((2, 3))),
    row("array", drawn((2, 3)), dtype="float16").but(gradients=False),  # too coarse for differences
    row("array", INDEX, "float32"),
    *[made("array", value) for value in (3, 2.5, True, [1, 2], [1.0, 2], [[True], [False]], 2**40)],
    made("array", 0.1, "float64"),
    made("array", [3_000_000_000], "int64"),
    *over_dtypes("array", drawn((2, 3))),
    # filled
    *[made(name, shape) for name in ("zeros", "ones") for shape in (3, (2, 3), [2, 3], (), (0, 2))],
    *[made(name, (2,), dtype) for name in ("zeros", "ones") for dtype in DTYPES],
    made("zeros", (2,), torch.float16),
    made("full", (2, 3), 2),
    made("full", (2, 3), 2.7, "int32"),
    made("full", [2], True),
    made("full", (), 1.5, "float16"),
    row("full", (2, 3), INDEX),
    row("full", (2, 3), drawn((3,)), dtype="float64"),
    # Keras on torch reads a single number back from the device: no gradient
    row("full", (2, 3), np.array(1.5, "float32")).but(gradients=False),
    # Keras on torch repeats a tensor along new axes only: (2, 1) in place of (2, 3). numpy.full broadcasts.
    row("full", (2, 3), np.array([2], "int32")).but(expected=np.full((2, 3), 2, "float32"), config=False),
    *[row(name, drawn((2, 3))) for name in ("zeros_like", "ones_like")],
    *[row(name, drawn((2, 3)), dtype="int32") for name in ("zeros_like", "ones_like")],
    *[made(name, value) for name in ("zeros_like", "ones_like") for value in (3, 2.5, [1, 2])],
    *over_dtypes("zeros_like", drawn((2, 3))),
    *over_dtypes("ones_like", drawn((2, 3))),
    row("full_like", drawn((2, 3)), 2),
    row("full_like", drawn((2, 3)), 2, dtype="int8"),
    row("full_like", INDEX, 2.5),
    row("full_like", drawn((2, 3)), drawn((3,), 1)),
    *over_dtypes("full_like", drawn((2, 3)), 3),
    # matrices
    *[made(name, 3) for name in ("eye", "identity", "tri")],
    *[made(name, 3, dtype=dtype) for name in ("eye", "identity", "tri") for dtype in ("bool", "int32", "bfloat16")],
    *[made(name, 3, M=M) for name in ("eye", "tri") for M in (2, 5)],
    *[made(name, 3, 4, k) for name in ("eye", "tri") for k in (-4, -1, 2, 5)],
    made("eye", 2, 3, None),
    # Keras on torch takes M = 0 for None; numpy.tri does not
    made("tri", 2, 0).but(expected=np.zeros((2, 0), "float32")),
    # torch.vander, and so Keras on torch, has no gradient
    row("vander", drawn((3,))).but(expected=np.vander(drawn((3,))).astype("float32")),
    row("vander", drawn((3,)), N=5, increasing=True).but(expected=np.vander(drawn((3,)), 5, True).astype("float32")),
    row("vander", drawn((3,)), N=0).but(gradients=False),  # no numbers come out
    row("vander", INDEX, N=2),
    *over_dtypes("vander", INDEX, dtypes=("uint8", "int8", "int16", "float16", "bfloat16")),
    *over_wide("vander", np.vander, INDEX),
    # spaced
    *[made("arange", *args) for args in ((3,), (1, 4), (1, 10, 3), (5, 0, -2), (2.5,), (0, 1, 0.25), (1, 4.0))],
    made("arange", 3, 1).but(expected=np.arange(3, 1, dtype="int32")),  # Keras on torch raises
    made("arange", 1, 3, -1.0).but(expected=np.arange(1, 3, -1.0, dtype="float32")),
    *[made("arange", 5, dtype=dtype) for dtype in DTYPES[1:]],
    made("arange", np.float32(0), np.float32(1), np.float32(0.3)),
    made("linspace", 0, 1),
    made("linspace", 0, 1, 5),
    made("linspace", 2, -3, 4, endpoint=False),
    made("linspace", 0, 10, 4, retstep=True),
    made("linspace", 0, 10, 4, endpoint=False, retstep=True),
    made("linspace", 0, 10, 1),
    made("linspace", 0, 10, 0),
    made("linspace", 0, 10, 4, dtype="int32"),
    # Keras on torch rounds towards zero; numpy and JAX round down
    made("linspace", -10, 0, 4, dtype="int32").but(expected=np.linspace(-10, 0, 4, dtype="int32")),
    *[made("linspace", 0, 10, 7, dtype=dtype) for dtype in FLOATS],
    row("linspace", drawn((2, 3)), drawn((2, 3), 1), 4),
    row("linspace", drawn((2, 3)), drawn((2, 3), 1), num=4, endpoint=False).but(
        # Keras on torch divides by num - 1 all the same, and moves the end: twice the correction
        expected=np.linspace(drawn((2, 3)), drawn((2, 3), 1), 4, endpoint=False),
        config=False,
    ),
    row("linspace", drawn((2, 3)), drawn((3,), 1), 4),
    row("linspace", drawn((2, 3)), drawn((2, 3), 1), 4, retstep=True).but(
        config=False,  # Keras says that the step is None
        symbolic=None,
    ),
    *[
        # Keras on torch takes no axis
        row("linspace", drawn((2, 3)), drawn((2, 3), 1), 4, axis=axis).but(
            expected=np.linspace(drawn((2, 3)), drawn((2, 3), 1), 4, axis=axis), config=False
        )
        for axis in (1, -1)
    ],
    # Keras on torch divides by zero
    row("linspace", drawn((2,)), drawn((2,), 1), 1).but(expected=drawn((2,))[None], config=False),
    *over_dtypes("linspace", INDEX, INDEX * 3, 4, dtypes=("int32", "float16", "float32")),
    *over_wide("linspace", np.linspace, INDEX, INDEX * 3, 4, dtypes=("float64",)),
    made("logspace", 0, 2),
    made("logspace", 0, 2, 5),
    made("logspace", 0, 3, 4, endpoint=False, base=2),
    made("logspace", 0, 3, 4, dtype="int32"),
    *[made("logspace", 0, 2, 5, dtype=dtype) for dtype in FLOATS],
    row("logspace", drawn((2, 3)), drawn((2, 3), 1), 4, base=2),
    row("logspace", drawn((2, 3)), drawn((2, 3), 1), 4, axis=1).but(
        expected=np.logspace(drawn((2, 3)), drawn((2, 3), 1), 4, axis=1),
        config=False,  # Keras on torch takes no axis
    ),
    made("geomspace", 1, 1000),
    made("geomspace", 1, 1000, 4),
    made("geomspace", -1, -8, 4),
    made("geomspace", 256, 1, 5, endpoint=False),
    *[made("geomspace", 1, 64, 4, dtype=dtype) for dtype in FLOATS],
    row("geomspace", np.abs(drawn((2, 3))) + 1, np.abs(drawn((2, 3), 1)) + 5, 4),
    row("geomspace", np.array([[1.0, 2.0]], "float32"), np.array([[8.0, 6.0]], "float32"), 4, axis=-1).but(
        expected=np.geomspace([[1.0, 2.0]], [[8.0, 6.0]], 4, axis=-1).astype("float32"),
        config=False,  # no axis in Keras
    ),
    row("meshgrid", drawn((3,)), drawn((2,), 1)),
    row("meshgrid", drawn((3,)), drawn((2,), 1), drawn((4,), 2)),
    row("meshgrid", drawn((3,)), drawn((2,), 1), indexing="ij"),
    row("meshgrid", drawn((3,))).but(symbolic=None, config=False),  # Keras's shapes need two
    row("meshgrid", drawn((3,)), INDEX).but(
        # Keras on torch wants equal dtypes; numpy and JAX leave each its own
        expected=tuple(np.meshgrid(drawn((3,)), INDEX)),
        symbolic=None,
        config=False,
    ),
    made("meshgrid", [1, 2, 3], [4.0, 5.0, 6.0]).but(
        expected=(np.int32([[1, 2, 3]] * 3), np.float32([[4] * 3, [5] * 3, [6] * 3]))  # as above
    ),
    # windows
    *[made(name, points) for name in ("bartlett", "blackman", "hamming", "hanning") for points in (0, 1, 2, 7, 8)],
    *[made("kaiser", points, beta) for points in (0, 1, 8) for beta in (0.0, 2, 14.0)],
    made("hanning", np.int32(5)),
]
