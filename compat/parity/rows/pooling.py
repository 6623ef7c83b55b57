"""Pooling. Where windows overlap, where they leave gaps, where they hang over the edge by an odd amount, and below zero."""

import itertools

import numpy as np

SHAPES = {1: (2, 7, 3), 2: (2, 6, 5, 3), 3: (2, 4, 5, 3, 2)}
BELOW = {rank: np.random.default_rng(rank).normal(-20, 5, shape).astype("float32") for rank, shape in SHAPES.items()}
INTEGERS = {rank: np.random.default_rng(rank).integers(-50, 50, shape).astype("int32") for rank, shape in SHAPES.items()}
SEQUENCE, IMAGE, VOLUME = SHAPES.values()

ROWS = [
    *((f"MaxPooling{rank}D", {}, BELOW[rank]) for rank in SHAPES),
    *((f"MaxPooling{rank}D", {"pool_size": 3, "strides": 2, "padding": "same"}, BELOW[rank]) for rank in SHAPES),
    *((f"MaxPooling{rank}D", {"pool_size": 2, "strides": 1, "padding": "same"}, BELOW[rank]) for rank in SHAPES),
    *((f"MaxPooling{rank}D", {"pool_size": 2, "strides": 3}, SHAPES[rank]) for rank in SHAPES),
    *((f"MaxPooling{rank}D", {"pool_size": 3, "strides": 1}, SHAPES[rank]) for rank in SHAPES),
    ("MaxPooling1D", {"pool_size": (3,), "strides": [2], "padding": "same"}, (2, 6, 3)),
    ("MaxPooling1D", {"pool_size": 4, "strides": 1, "padding": "same"}, (2, 3, 1)),
    ("MaxPooling1D", {"pool_size": 1}, SEQUENCE),
    ("MaxPooling1D", {"dtype": "float64"}, SEQUENCE),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": (3, 1), "padding": "same"}, BELOW[2]),
    ("MaxPooling2D", {"pool_size": [3, 2], "strides": [1, 2]}, IMAGE),
    ("MaxPooling2D", {"pool_size": 4, "strides": 1, "padding": "same"}, (1, 3, 7, 1)),
    ("MaxPooling2D", {}, INTEGERS[2]),
    ("MaxPooling2D", {}, INTEGERS[2].astype("uint8")),
    ("MaxPooling2D", {"pool_size": 3, "strides": 1}, np.zeros((1, 5, 5, 2), "float32")),  # ties
    ("MaxPooling3D", {"pool_size": (1, 2, 3), "strides": (1, 2, 1), "padding": "same"}, VOLUME),
    ("MaxPooling3D", {}, INTEGERS[3]),
    *((f"AveragePooling{rank}D", {"pool_size": 2}, SHAPES[rank]) for rank in SHAPES),
    *((f"AveragePooling{rank}D", {"pool_size": 2, "strides": 3}, SHAPES[rank]) for rank in SHAPES),
    *((f"AveragePooling{rank}D", {"pool_size": 3, "strides": 1}, SHAPES[rank]) for rank in SHAPES),
    *((f"AveragePooling{rank}D", {"pool_size": 3, "strides": 1, "padding": "same"}, SHAPES[rank]) for rank in SHAPES),
    *((f"AveragePooling{rank}D", {"pool_size": 2, "strides": 1, "padding": "same"}, SHAPES[rank]) for rank in SHAPES),
    ("AveragePooling1D", {"pool_size": (3,), "strides": 2, "padding": "same"}, (2, 5, 1)),
    ("AveragePooling2D", {"pool_size": (2, 3), "strides": (2, 1), "padding": "same"}, (2, 4, 3, 2)),
    ("AveragePooling2D", {"pool_size": [3, 2], "dtype": "float64"}, IMAGE),
    ("AveragePooling3D", {"pool_size": (1, 2, 3), "strides": (1, 2, 1)}, VOLUME),
    *(
        (f"Adaptive{kind}Pooling{rank}D", {"output_size": size}, SHAPES[rank])
        for kind, rank, size in itertools.product(("Average", "Max"), SHAPES, (1, 2, 3))
    ),
    *((f"Adaptive{kind}Pooling1D", {"output_size": (9,)}, SEQUENCE) for kind in ("Average", "Max")),
    *((f"Adaptive{kind}Pooling2D", {"output_size": [4, 5]}, IMAGE) for kind in ("Average", "Max")),
    *((f"Adaptive{kind}Pooling3D", {"output_size": (2, 7, 1)}, VOLUME) for kind in ("Average", "Max")),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, np.zeros((1, 3, 5, 4, 1), "float32")),  # ties
    *(
        (f"Global{kind}Pooling{rank}D", {"keepdims": keepdims}, x)
        for kind, rank, keepdims in itertools.product(("Average", "Max"), SHAPES, (False, True))
        for x in (SHAPES[rank], INTEGERS[rank])
    ),
    ("GlobalMaxPooling2D", {}, np.ones((2, 3, 2, 2), "float32")),  # ties
    ("GlobalMaxPooling1D", {}, INTEGERS[1] > 0),
    ("GlobalAveragePooling1D", {}, INTEGERS[1] > 0),
    ("GlobalAveragePooling2D", {"dtype": "float64"}, INTEGERS[2]),
    ("GlobalAveragePooling2D", {}, INTEGERS[2].astype("uint8")),
]

# Keras on torch repeats the edge for the odd rest of "same", and lets that count in the mean; of integers it pools few kinds,
# and the mean of some as an integer.
JAX_ROWS = [
    *((f"AveragePooling{rank}D", {"pool_size": 4, "strides": 1, "padding": "same"}, SHAPES[rank]) for rank in SHAPES),
    *((f"AveragePooling{rank}D", {"pool_size": 3, "strides": 2, "padding": "same"}, (2, *[6] * rank, 2)) for rank in SHAPES),
    ("AveragePooling1D", {"pool_size": 4, "strides": 1, "padding": "same"}, (2, 3, 1)),
    ("AveragePooling2D", {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"}, (2, 5, 4, 2)),
    (
        "AveragePooling2D",
        {"pool_size": (2, 3), "strides": (1, 2), "padding": "same", "data_format": "channels_first"},
        (2, 2, 5, 4),
    ),
    *((f"AveragePooling{rank}D", {"pool_size": 2}, INTEGERS[rank]) for rank in SHAPES),
    *((f"Adaptive{kind}Pooling2D", {"output_size": 2}, INTEGERS[2]) for kind in ("Average", "Max")),
    ("MaxPooling1D", {}, INTEGERS[1]),
    ("MaxPooling1D", {"padding": "same"}, INTEGERS[1].astype("uint8")),
]
