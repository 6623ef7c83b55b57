"""Pooling. Where windows overlap, where they leave gaps, where they hang over the edge by an odd amount, and below zero."""

import itertools

import numpy as np
import torch
from values import drawn

from ops.harness import over_dtypes, row

FIRST = {"data_format": "channels_first"}
FLOATS = ("float16", "bfloat16", "float32", "float64")
WHOLE = ("bool", "uint8", "int8", "int16", "int32", "int64")
SHAPES = {1: (2, 7, 3), 2: (2, 6, 5, 3), 3: (2, 4, 5, 3, 2)}
SEQUENCE, IMAGE, VOLUME = (drawn(shape) for shape in SHAPES.values())
BELOW = {rank: drawn(shape) - 20 for rank, shape in SHAPES.items()}
SMALL = np.arange(2 * 4 * 3 * 2).reshape(2, 4, 3, 2) % 11
CLOSED = {"symbolic": None, "config": False}


def hanging(x, window, strides, reduce):
    """By the definition of padding="same": what lies inside each window, reduced. (batch, *sizes, channels)."""
    rank = x.ndim - 2
    sizes = [-(-size // stride) for size, stride in zip(x.shape[1:-1], strides, strict=True)]
    y = np.empty((len(x), *sizes, x.shape[-1]), x.dtype)
    for place in itertools.product(*map(range, sizes)):
        inside = [slice(None)]
        for step, size, side, stride, n in zip(place, x.shape[1:-1], window, strides, sizes, strict=True):
            start = step * stride - max((n - 1) * stride + side - size, 0) // 2
            inside.append(slice(max(start, 0), start + side))
        y[(slice(None), *place)] = reduce(x[tuple(inside)], axis=tuple(range(1, rank + 1)))
    return y


def mean_of_inside(x, window, strides):
    """Keras on torch repeats the edge for the odd rest of "same", and lets that count in the mean; on JAX it does not."""
    one = row("average_pool", x, window, strides, padding="same")
    return one.but(expected=hanging(x, window, strides, np.mean), config=False)


def whole(name, *settings, over, dtype=None):
    """Rows of integers and truth values, which Keras on torch mostly refuses. On JAX maxima keep their dtype, and means are
    float32; ours as in float64."""
    for each in WHOLE:
        x = SMALL.astype(each)
        yield row(name, x, *settings).but(expected=over(x.astype("float64")).astype(dtype or each), config=False)


def quarters(reduce):
    """The four quarters of an image (batch, 4, 3, channels), where the middle column belongs to both sides."""
    return lambda x: np.stack(
        [np.stack([reduce(x[:, i : i + 2, j : j + 2], axis=(1, 2)) for j in (0, 1)], 1) for i in (0, 2)], 1
    )


MAX = [
    *(row("max_pool", BELOW[rank], 2) for rank in SHAPES),
    *(row("max_pool", BELOW[rank], 3, 2, "same") for rank in SHAPES),
    *(row("max_pool", BELOW[rank], 2, strides=1, padding="same") for rank in SHAPES),
    *(row("max_pool", BELOW[rank], pool_size=2, strides=3) for rank in SHAPES),
    row("max_pool", SEQUENCE, (3,), strides=[2], padding="SAME"),
    row("max_pool", drawn((2, 3, 1)), 4, strides=1, padding="same"),
    row("max_pool", IMAGE, (2, 3), (3, 1), padding="same"),
    row("max_pool", IMAGE, [3, 2], strides=[1, 2]),
    row("max_pool", VOLUME, (1, 2, 3), (1, 2, 1), "same"),
    row("max_pool", drawn((2, 3, 7)), 2, **FIRST),
    row("max_pool", drawn((2, 3, 6, 5)), (3, 2), 1, "same", "channels_first"),
    row("max_pool", drawn((1, 2, 4, 5, 3)), 2, **FIRST),
]
AVERAGE = [
    *(row("average_pool", drawn(SHAPES[rank]), 2) for rank in SHAPES),
    *(row("average_pool", drawn(SHAPES[rank]), 2, strides=3) for rank in SHAPES),
    *(row("average_pool", drawn(SHAPES[rank]), 3, strides=1, padding="same") for rank in SHAPES),
    row("average_pool", SEQUENCE, (3,), 2, "SAME"),
    row("average_pool", IMAGE, [3, 2], strides=[1, 2]),
    row("average_pool", VOLUME, (1, 2, 3), (1, 2, 1)),
    row("average_pool", drawn((2, 3, 7)), 2, **FIRST),
    row("average_pool", drawn((2, 3, 6, 5)), 3, 1, "same", "channels_first"),
    row("average_pool", drawn((1, 2, 4, 5, 3)), 2, **FIRST),
    mean_of_inside(SEQUENCE, (4,), (1,)),
    mean_of_inside(drawn((2, 6, 3)), (3,), (2,)),
    mean_of_inside(IMAGE, (2, 3), (1, 2)),
    mean_of_inside(drawn((2, 6, 6, 2)), (3, 3), (2, 2)),
    mean_of_inside(VOLUME, (4, 2, 3), (1, 2, 1)),
]
# Keras finds an output shape for tuples only (files know lists), and with channels_last a wrong one.
ADAPTIVE = [
    *(
        row(f"adaptive_{kind}_pool", drawn(SHAPES[rank]), size).but(**CLOSED)
        for kind, rank, size in itertools.product(("average", "max"), SHAPES, (1, 3))
    ),
    *(
        one
        for kind in ("average", "max")
        for one in (
            row(f"adaptive_{kind}_pool", SEQUENCE, (9,)).but(**CLOSED),
            row(f"adaptive_{kind}_pool", IMAGE, [4, 5]).but(**CLOSED),
            row(f"adaptive_{kind}_pool", VOLUME, output_size=(2, 7, 1)).but(**CLOSED),
            row(f"adaptive_{kind}_pool", drawn((2, 3, 7)), (2,), **FIRST).but(config=False),
            row(f"adaptive_{kind}_pool", drawn((2, 3, 6, 5)), (4, 3), **FIRST).but(config=False),
            row(f"adaptive_{kind}_pool", drawn((1, 2, 4, 5, 3)), (2, 7, 1), **FIRST).but(config=False),
        )
    ),
]
ROWS = [
    *MAX,
    *AVERAGE,
    *ADAPTIVE,
    *over_dtypes("max_pool", IMAGE, 2, dtypes=FLOATS),
    *over_dtypes("average_pool", IMAGE, 2, dtypes=FLOATS),
    # Keras on torch has no 3-D means of halves.
    *over_dtypes("average_pool", VOLUME, 2, dtypes=("float32", "float64")),
    *(
        one.but(symbolic=None)
        for kind in ("average", "max")
        for one in over_dtypes(f"adaptive_{kind}_pool", IMAGE, 2, dtypes=FLOATS)
    ),
    row("average_pool", torch.ones(1, 2, 2, 2, 1, dtype=torch.bfloat16), 2).but(
        expected=torch.ones(1, 1, 1, 1, 1, dtype=torch.bfloat16), config=False
    ),
    row("max_pool", [[[1.0], [3.0], [2.0], [0.0]]], 2).but(symbolic=False, config=False),
    *whole("max_pool", (2, 2), (2, 1), over=quarters(np.max)),
    *whole("average_pool", (2, 2), (2, 1), over=quarters(np.mean), dtype="float32"),
    *(one.but(symbolic=None) for one in whole("adaptive_max_pool", 2, over=quarters(np.max))),
    *(one.but(symbolic=None) for one in whole("adaptive_average_pool", 2, over=quarters(np.mean), dtype="float32")),
]
