"""Statistics along axes, and what is normalized by them."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

X = drawn((4, 3, 5)) + 0.5
GAMMA, BETA = drawn((5,), 1), drawn((5,), 2)
MEAN, VARIANCE = drawn((5,), 3), np.abs(drawn((5,), 4)) + 0.2
FLOATS = ("float16", "bfloat16", "float32", "float64")
WHOLE = np.array([[0, 1, 2, 3], [4, 5, 6, 1]], "float32")
TURNED = WHOLE[::-1].copy()


def normed(x, axes, gamma=1.0, beta=0.0, centered=True):
    wide = x.astype("float64")
    wide = wide - wide.mean(axes, keepdims=True) if centered else wide
    return (gamma * wide / np.sqrt((wide**2).mean(axes, keepdims=True) + 1e-7) + beta).astype(x.dtype)


ROWS = [
    row("moments", X, 0),
    row("moments", X, axes=(0, 2)),
    row("moments", X, axes=[-1], keepdims=True),
    row("moments", X, axes=(0, 1, 2), keepdims=True),
    row("moments", X, axes=-2),
    *over_dtypes("moments", X, axes=(0, 1), dtypes=FLOATS),
    # Keras on torch refuses integers (JAX gives floats), and subtracts the mean's square from the mean of squares.
    row("moments", WHOLE.astype("int32"), 1).but(expected=(WHOLE.mean(1), WHOLE.var(1)), config=False),
    row("moments", 1000 + WHOLE, 1).but(expected=(1000 + WHOLE.mean(1), WHOLE.var(1)), config=False),
    row("batch_normalization", X, MEAN, VARIANCE, -1),
    row("batch_normalization", X, MEAN, VARIANCE, 2, BETA, GAMMA),
    # Drawing it without a scale, Keras asks None for its shape.
    row("batch_normalization", X, MEAN[:3], VARIANCE[:3], axis=1, offset=BETA[:3], epsilon=0.1).but(
        symbolic=None, config=False
    ),
    row("batch_normalization", X, MEAN[:3], VARIANCE[:3], axis=-2, scale=GAMMA[:3]),
    row("batch_normalization", X[0, 0], MEAN, VARIANCE, 0),
    *over_dtypes("batch_normalization", X, MEAN, VARIANCE, -1, BETA, GAMMA, dtypes=FLOATS),
    row("batch_normalization", X.astype("float16"), MEAN, VARIANCE, -1).but(gradients=False, config=False),
    row("batch_normalization", WHOLE.astype("int32"), MEAN[:4], VARIANCE[:4], -1).but(config=False),
    row("layer_normalization", X),
    row("layer_normalization", X, GAMMA, BETA),
    row("layer_normalization", X, GAMMA, BETA, axis=2, epsilon=0.1),
    row("layer_normalization", X, gamma=GAMMA),
    row("layer_normalization", X, beta=BETA),
    row("layer_normalization", X, drawn((3, 5), 1), drawn((3, 5), 2), axis=(-2, -1)).but(batched=1),
    row("layer_normalization", X, drawn((4, 5), 1), drawn((4, 5), 2), axis=[0, 2]).but(config=False),
    # Keras on torch takes any one axis, or neighbours, for the last: it raises, or normalizes others where the sizes are equal.
    row("layer_normalization", X, GAMMA[:3], BETA[:3], axis=1).but(
        expected=normed(X, 1, GAMMA[:3, None], BETA[:3, None]), config=False
    ),
    row("layer_normalization", X[:3, :3, :3], axis=(0, 1)).but(expected=normed(X[:3, :3, :3], (0, 1)), config=False),
    row("layer_normalization", X[:3, :3, :3], axis=0).but(expected=normed(X[:3, :3, :3], 0), config=False),
    # It computes float64 in float32 (here and in rms_normalization and normalize).
    *over_dtypes("layer_normalization", X, GAMMA, BETA, dtypes=FLOATS[:3]),
    row("layer_normalization", X.astype("float64")).but(expected=normed(X.astype("float64"), -1), config=False),
    *over_dtypes("layer_normalization", WHOLE, dtypes=("int8", "int32", "int64", "uint8")),
    row("layer_normalization", X.astype("float16"), GAMMA, BETA).but(gradients=False, config=False),
    row("rms_normalization", X),
    row("rms_normalization", X, GAMMA),
    row("rms_normalization", X, scale=GAMMA, axis=2, epsilon=0.1),
    row("rms_normalization", X, drawn((3, 5), 1), axis=(-2, -1)).but(batched=1),
    row("rms_normalization", X, axis=(0, 2)).but(config=False),
    row("rms_normalization", X, GAMMA[:3], axis=1).but(expected=normed(X, 1, GAMMA[:3, None], centered=False), config=False),
    row("rms_normalization", X[:3, :3, :3], axis=0).but(expected=normed(X[:3, :3, :3], 0, centered=False), config=False),
    row("rms_normalization", X.astype("float16"), GAMMA).but(gradients=False, config=False),
    *over_dtypes("rms_normalization", X, GAMMA, dtypes=FLOATS[:3]),
    *over_dtypes("rms_normalization", WHOLE, dtypes=("int8", "int32", "int64", "uint8")),
    row("normalize", X),
    row("normalize", X, axis=0),
    row("normalize", X, axis=(0, -1)),
    row("normalize", X, axis=None),
    row("normalize", X, order=1),
    row("normalize", X, axis=1, order=3),
    row("normalize", X, axis=(1, 2), order=1),
    row("normalize", X, epsilon=10.0),
    row("normalize", X[0, 0] * 1e-9).but(gradients=False),  # too small for differences
    row("normalize", [3.0, 4.0]).but(symbolic=False, config=False),
    row("normalize", 3.0).but(symbolic=False, config=False),
    *over_dtypes("normalize", WHOLE, dtypes=("int8", "int32", "int64", *FLOATS[:3])),
    # Keras on torch gives NaN as the gradient at zero.
    row("normalize", np.zeros((2, 3), "float32")).but(gradients=False),
    row("psnr", X, X + 0.1, 2.0),
    row("psnr", X, X + 0.1, max_val=255),
    *over_dtypes("psnr", X, X + 0.5, 1.0, dtypes=FLOATS),
    # Keras on torch refuses integers (and loses the sign of unsigned differences).
    row("psnr", WHOLE.astype("uint8"), TURNED.astype("uint8"), 255).but(
        expected=np.array(20 * np.log10(255) - 10 * np.log10(np.mean((WHOLE - TURNED) ** 2)), "float32"), config=False
    ),
    row("polar", np.abs(X), drawn((4, 3, 5), 5)),
    row("polar", X, drawn((5,), 5)).but(symbolic=None),
    row("polar", X, 0.5).but(config=False),
    *over_dtypes("polar", WHOLE, TURNED, dtypes=("int32", "uint8", "float32", "float64")),
]
