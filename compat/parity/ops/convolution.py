"""Convolutions: sizes that the strides divide and do not divide, windows of odd and even length, shorter and longer than the
strides."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

FIRST = {"data_format": "channels_first"}
FLOATS = ("float16", "bfloat16", "float32", "float64")
SEQUENCE, IMAGE, VOLUME = drawn((2, 7, 3)), drawn((2, 6, 5, 3)), drawn((2, 4, 5, 3, 2))
INTEGERS = (np.arange(2 * 4 * 3 * 2).reshape(2, 4, 3, 2) % 7).astype("int32")


def kernel(*shape):
    return drawn(shape, 1)


def whole(name, x, *kernels):
    """Rows of integers and truth values: Keras on torch has no kernels for some, Keras on JAX keeps the dtype."""
    # This is the same in float64 (compared with Keras by the rows of over_dtypes); of truth values: or of and.
    found = []
    for dtype in ("bool", "uint8", "int8", "int16", "int32", "int64"):
        x_one, *kernels_one = (np.asarray(each).astype(dtype) for each in (x, *kernels))
        expected = SUMS[name](x_one.astype(np.int64), *(each.astype(np.int64) for each in kernels_one)).astype(dtype)
        found.append(row(name, x_one, *kernels_one).but(expected=expected, config=False, batched=1))
    return found


def _conv(x, k):
    """By the definition, in whole numbers: (batch, height, width, in), (2, 2, in, out)."""
    h, w = x.shape[1] - 1, x.shape[2] - 1
    return sum(x[:, i : i + h, j : j + w] @ k[i, j] for i in (0, 1) for j in (0, 1))


def _transposed(x, k):
    y = np.zeros((len(x), x.shape[1] + 1, x.shape[2] + 1, k.shape[2]), np.int64)
    for i in (0, 1):
        for j in (0, 1):
            y[:, i : i + x.shape[1], j : j + x.shape[2]] += x @ k[i, j].T
    return y


def _depthwise(x, k):
    features = [_conv(x[..., [c]], k[:, :, [c]]) for c in range(x.shape[-1])]
    return np.concatenate(features, -1)


SUMS = {
    "conv": _conv,
    "conv_transpose": _transposed,
    "depthwise_conv": _depthwise,
    "separable_conv": lambda x, k, mix: _depthwise(x, k) @ mix[0, 0],
}
K = np.arange(16).reshape(2, 2, 2, 2) % 3
MIX = np.array([[1, 0, 2], [0, 1, 1], [1, 0, 0], [2, 0, 1]])[None, None]

CONV = [
    row("conv", SEQUENCE, kernel(3, 3, 4)),
    row("conv", SEQUENCE, kernel(2, 3, 4), padding="same"),
    row("conv", SEQUENCE, kernel(3, 3, 2), strides=2, padding="same", dilation_rate=1),
    row("conv", SEQUENCE, kernel(2, 3, 2), padding="valid", dilation_rate=(3,)),
    row("conv", drawn((2, 3, 7)), kernel(4, 3, 2), strides=3, padding="same", **FIRST),
    row("conv", IMAGE, kernel(3, 2, 3, 4)),
    row("conv", IMAGE, kernel(1, 1, 3, 2), 2),
    row("conv", IMAGE, kernel(6, 5, 3, 2)),
    row("conv", IMAGE, kernel(3, 3, 3, 2), strides=(2, 1), padding="same"),
    row("conv", IMAGE, kernel(2, 4, 3, 2), strides=[3, 2], padding="SAME"),
    row("conv", IMAGE, kernel(7, 2, 3, 2), padding="same"),
    row("conv", IMAGE, kernel(3, 2, 3, 2), padding="same", dilation_rate=(2, 3)),
    row("conv", IMAGE, kernel(2, 2, 3, 2), strides=2, dilation_rate=2, padding="same"),
    row("conv", drawn((2, 3, 6, 5)), kernel(3, 2, 3, 4), padding="same", **FIRST),
    row("conv", drawn((1, 3, 6, 5)), kernel(3, 2, 3, 4), (1, 2), "valid", "channels_first", (2, 1)),
    row("conv", VOLUME, kernel(2, 3, 1, 2, 3)),
    row("conv", VOLUME, kernel(3, 2, 2, 2, 3), strides=(1, 2, 3), padding="same"),
    row("conv", drawn((1, 2, 4, 5, 3)), kernel(2, 2, 2, 2, 1), padding="same", dilation_rate=(1, 2, 1), **FIRST),
]
# Groups: Keras takes no symbolic tensors then, though the layers with groups are made of this.
GROUPS = [
    row("conv", drawn((2, 7, 6)), kernel(3, 2, 3), padding="same"),
    row("conv", drawn((2, 6, 5, 4)), kernel(2, 3, 2, 6), strides=2),
    row("conv", drawn((2, 4, 6, 5)), kernel(2, 3, 1, 8), **FIRST),
]
DEPTHWISE = [
    row("depthwise_conv", SEQUENCE, kernel(3, 3, 2)),
    row("depthwise_conv", SEQUENCE, kernel(2, 3, 1), strides=2, padding="same"),
    row("depthwise_conv", IMAGE, kernel(3, 2, 3, 1)),
    row("depthwise_conv", IMAGE, kernel(2, 3, 3, 2), (2, 1), "same"),
    row("depthwise_conv", IMAGE, kernel(2, 2, 3, 2), padding="same", dilation_rate=2),
    row("depthwise_conv", drawn((2, 3, 6, 5)), kernel(3, 2, 3, 2), strides=2, padding="same", **FIRST),
]
SEPARABLE = [
    row("separable_conv", SEQUENCE, kernel(3, 3, 2), drawn((1, 6, 4), 2), padding="same"),
    row("separable_conv", IMAGE, kernel(3, 2, 3, 1), drawn((1, 1, 3, 4), 2)),
    row("separable_conv", IMAGE, kernel(2, 3, 3, 2), drawn((1, 1, 6, 4), 2), 2, "same"),
    row("separable_conv", IMAGE, kernel(2, 2, 3, 2), drawn((1, 1, 6, 1), 2), dilation_rate=(2, 1)),
    row("separable_conv", drawn((2, 3, 6, 5)), kernel(2, 2, 3, 2), drawn((1, 1, 6, 4), 2), padding="same", **FIRST),
]
TRANSPOSED = [
    row("conv_transpose", SEQUENCE, kernel(3, 4, 3)),
    row("conv_transpose", SEQUENCE, kernel(3, 4, 3), strides=2, padding="same"),
    row("conv_transpose", SEQUENCE, kernel(1, 4, 3), strides=4, padding="same", output_padding=3),
    row("conv_transpose", SEQUENCE, kernel(2, 4, 3), strides=4),
    row("conv_transpose", drawn((2, 3, 7)), kernel(4, 2, 3), 3, "same", **FIRST),
    row("conv_transpose", IMAGE, kernel(2, 3, 4, 3)),
    row("conv_transpose", IMAGE, kernel(4, 4, 2, 3), strides=2, padding="same"),
    row("conv_transpose", IMAGE, kernel(2, 5, 2, 3), strides=(4, 1), padding="SAME"),
    row("conv_transpose", IMAGE, kernel(2, 5, 2, 3), strides=[2, 3], padding="same", output_padding=[0, 1]),
    row("conv_transpose", IMAGE, kernel(4, 5, 2, 3), strides=(3, 2), output_padding=(2, 1)),
    row("conv_transpose", IMAGE, kernel(3, 2, 2, 3), output_padding=2),  # more than torch itself adds
    row("conv_transpose", IMAGE, kernel(2, 2, 2, 3), padding="same", output_padding=(4, 0)),
    row("conv_transpose", IMAGE, kernel(3, 2, 2, 3), padding="same", dilation_rate=2),
    row("conv_transpose", IMAGE, kernel(3, 2, 2, 3), strides=2, dilation_rate=(2, 3)),
    row("conv_transpose", drawn((1, 3, 4, 5)), kernel(3, 3, 2, 3), 2, "same", 1, **FIRST),
    row("conv_transpose", VOLUME, kernel(2, 3, 4, 3, 2), strides=2, padding="same"),
    row("conv_transpose", drawn((1, 2, 2, 3, 2)), kernel(2, 2, 2, 1, 2), (1, 2, 3), output_padding=(0, 1, 2), **FIRST),
]
ROWS = [
    *(one.but(batched=1) for one in (*CONV, *DEPTHWISE, *SEPARABLE)),
    *(one.but(batched=1, symbolic=None, config=False) for one in GROUPS),
    # Keras's operation hands its padding and output padding on in the wrong order: a model with it cannot be called.
    *(one.but(batched=1, config=False) for one in TRANSPOSED),
    # What is no tensor, and what is in another dtype than the kernel: Keras on JAX promotes, on torch it refuses.
    row("conv", INTEGERS, K.astype("float32")).but(
        expected=_conv(INTEGERS, K).astype("float32"), batched=1, config=False, gradients=False
    ),
    row("conv", [[[1.0], [2.0], [4.0]]], [[[1.0]], [[-1.0]]]).but(symbolic=False, config=False),
    *(
        one.but(batched=1)
        for name, shapes in {
            "conv": [(2, 2, 3, 4)],
            "conv_transpose": [(2, 2, 4, 3)],
            "depthwise_conv": [(2, 2, 3, 2)],
            "separable_conv": [(2, 2, 3, 2), (1, 1, 6, 2)],
        }.items()
        for one in over_dtypes(name, IMAGE, *(kernel(*shape) for shape in shapes), dtypes=FLOATS)
    ),
    *whole("conv", INTEGERS, K),
    *whole("conv_transpose", INTEGERS, K),
    *whole("depthwise_conv", INTEGERS, K),
    *whole("separable_conv", INTEGERS, K, MIX),
]
