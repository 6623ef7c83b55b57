"""Images read at other places."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, JAX, over_dtypes, row

X = drawn((2, 6, 7, 3))
FIRST = drawn((2, 3, 6, 7))
WHOLE = (np.arange(2 * 6 * 7 * 3) * 37 % 120).reshape(2, 6, 7, 3)
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
FLAT, CUBE, LINE = drawn((6, 7)), drawn((3, 4, 5)), drawn((6,))


def places(sizes, shape, seed=3):
    """Within, and up to three entries beyond the edges."""
    draw = np.random.default_rng(seed)
    return np.stack([draw.uniform(-3, size + 2, shape) for size in sizes]).astype("float32")


HALVES = np.stack(np.meshgrid(np.arange(-2, 7, 0.5), np.arange(-2, 8, 0.5))).astype("float32")
TURNED = np.array(
    [[0.913, -0.317, 1.237, 0.253, 1.117, -0.829, 0, 0], [1.319, 0.211, -1.523, 0.107, 0.719, 2.131, 0, 0]], "float32"
)
SHIFTED = np.array([1, 0, 1.5, 0, 1, -0.5, 0, 0], "float32")  # between pixels: halves are rounded, and have no derivatives
START = np.array([[[0, 0], [6, 0], [0, 5], [6, 5]], [[1, 0], [5, 1], [0, 4], [6, 5]]], "float32")
END = np.array([[[0.5, 0.3], [5.2, 0.1], [-0.4, 4.7], [6.3, 5.6]], [[0.1, 1.2], [5.7, 0.4], [1.3, 4.2], [4.8, 4.9]]], "float32")


def seen(images, transforms):
    """`affine_transform` with c0 and c1 as Keras describes it, as it is on TensorFlow; else they move channels."""
    result = np.zeros_like(images)
    for image, (a0, a1, a2, b0, b1, b2, c0, c1), out in zip(images, transforms.astype("float64"), result, strict=True):
        for y, x in np.ndindex(out.shape[:2]):
            k = c0 * x + c1 * y + 1
            down, across = (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k
            for i, j in np.ndindex(image.shape[:2]):
                out[y, x] += image[i, j] * max(0, 1 - abs(down - i)) * max(0, 1 - abs(across - j))
    return result


TILTED = TURNED + np.array([0, 0, 0, 0, 0, 0, 0.053, 0.097], "float32")

ROWS = [
    *[
        row("image.map_coordinates", inputs, places(inputs.shape, shape), order, fill_mode=mode)
        for inputs, shape in ((FLAT, (4, 5)), (CUBE, (30,)), (LINE, (2, 3, 4)))
        for order in (0, 1)
        for mode in MODES
    ],
    row("image.map_coordinates", FLAT, places(FLAT.shape, (8,)), 1, fill_value=-2.5),
    row("image.map_coordinates", WHOLE[0, ..., 0], places((6, 7), (8,)), 1, fill_value=7.6),
    row("image.map_coordinates", FLAT, np.array([[0, 1, 9], [3, -1, 2]], "int32"), 1),
    # Keras asks the list for its shape.
    row("image.map_coordinates", FLAT, [[0.4, 1.0], [2.3, 5.5]], 1).but(symbolic=None, config=False),
    # The dtypes of the image; coordinates are float32. What is partly true is true, but Keras on torch rounds.
    *[
        each._replace(args=(each.args[0], places((6, 7), (2, 9)), order))
        for order in (0, 1)
        for each in over_dtypes("image.map_coordinates", WHOLE[0, ..., 0], dtypes=DTYPES[order:])
    ],
    row("image.map_coordinates", WHOLE[0, ..., 0] % 2 > 0, places((6, 7), (2, 9)), 1).but(expected=JAX, config=False),
    # Halves, where there are no derivatives: Keras on torch rounds them to the even number.
    *[
        row("image.map_coordinates", WHOLE[0, ..., 0].astype(dtype), HALVES, order, mode).but(expected=JAX, gradients=False)
        for dtype, order, mode in (
            ("float32", 0, "constant"),
            ("int32", 0, "reflect"),
            ("uint8", 1, "wrap"),
            ("int32", 1, "mirror"),
        )
    ],
    # Keras on torch writes into its transform, which therefore can have no gradient; JAX says the same.
    *[
        row("image.affine_transform", X, TURNED, interpolation=interpolation, fill_mode=mode).but(expected=JAX)
        for interpolation in ("bilinear", "nearest")
        for mode in MODES
    ],
    row("image.affine_transform", X, TURNED, fill_value=1.5).but(expected=JAX),
    row("image.affine_transform", X[0], TURNED[0], fill_mode="reflect").but(expected=JAX, batched=0),
    row("image.affine_transform", X[0], TURNED[1:]).but(expected=JAX, batched=0),
    row("image.affine_transform", FIRST, TURNED, "bilinear", "wrap", data_format="channels_first").but(expected=JAX),
    row("image.affine_transform", FIRST[0], TURNED[0], data_format="channels_first").but(expected=JAX, batched=0),
    row("image.affine_transform", X, TILTED).but(expected=seen(X, TILTED)),
    *[
        row("image.affine_transform", WHOLE[0].astype(dtype), SHIFTED, interpolation).but(
            expected=JAX, gradients=False, config=False, batched=0
        )
        for dtype in ("uint8", "int8", "int32", "float16", "float32")
        for interpolation in ("bilinear", "nearest")
    ],
    *[
        row("image.perspective_transform", X, START, END, interpolation=interpolation, fill_value=fill_value)
        for interpolation in ("bilinear", "nearest")
        for fill_value in (0, -1.5)
    ],
    row("image.perspective_transform", X, START[0], END[0]).but(batched=1),
    row("image.perspective_transform", X[0], START[1], END[1]).but(batched=0),
    row("image.perspective_transform", FIRST, START, END, data_format="channels_first"),
    row("image.perspective_transform", FIRST[0], START[1], END[1], data_format="channels_first").but(batched=0),
    # Keras on torch computes the places in the dtype of the images.
    *[
        row("image.perspective_transform", WHOLE.astype(dtype), START, END).but(expected=JAX, config=False)
        for dtype in ("uint8", "int32", "float16")
    ],
    # Without a distance the noise does not matter.
    *[
        row("image.elastic_transform", images, 0.0, 2.0, interpolation=interpolation, seed=1, data_format=data_format)
        for images, data_format in ((X, None), (FIRST, "channels_first"))
        for interpolation in ("bilinear", "nearest")
    ],
    row("image.elastic_transform", X[0], alpha=0.0, sigma=1.0, fill_mode="wrap").but(batched=0),
    *over_dtypes("image.elastic_transform", X, alpha=0.0, sigma=1.0, dtypes=("float16", "float32", "float64")),
]
# Neither places nor what is looked up there have a batch.
ROWS = [each.but(batched=0) if each.name == "image.map_coordinates" else each for each in ROWS]
