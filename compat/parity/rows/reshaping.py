"""Layers that move, repeat, cut off or put around: Permute, RepeatVector, zero padding, cropping, upsampling."""

import numpy as np

SHAPES = {1: (2, 5, 3), 2: (2, 4, 5, 3), 3: (2, 4, 5, 3, 2)}
INTEGERS = {rank: np.random.default_rng(rank).integers(-50, 50, shape).astype("int32") for rank, shape in SHAPES.items()}
SEQUENCE, IMAGE, VOLUME = SHAPES.values()

ROWS = [
    ("Permute", {"dims": (1,)}, (5, 4)),
    ("Permute", {"dims": (2, 1)}, SEQUENCE),
    ("Permute", {"dims": [3, 1, 2]}, IMAGE),
    ("Permute", {"dims": (4, 2, 3, 1)}, VOLUME),
    ("Permute", {"dims": (2, 1)}, INTEGERS[1]),
    ("RepeatVector", {"n": 3}, (5, 4)),
    ("RepeatVector", {"n": 1}, (5, 4)),
    ("RepeatVector", {"n": 2}, INTEGERS[1][0]),
    *((f"ZeroPadding{rank}D", {}, SHAPES[rank]) for rank in SHAPES),
    *((f"ZeroPadding{rank}D", {"padding": 2}, INTEGERS[rank]) for rank in SHAPES),
    ("ZeroPadding1D", {"padding": (2, 1)}, SEQUENCE),
    ("ZeroPadding1D", {"padding": [0, 3]}, INTEGERS[1].astype("uint8")),
    ("ZeroPadding2D", {"padding": (2, 0)}, IMAGE),
    ("ZeroPadding2D", {"padding": ((1, 0), (0, 3))}, IMAGE),
    ("ZeroPadding2D", {"padding": [[0, 0], [0, 0]]}, IMAGE),
    ("ZeroPadding2D", {"padding": [2, (0, 1)], "dtype": "float64"}, IMAGE),
    ("ZeroPadding3D", {"padding": (2, 0, 1)}, VOLUME),
    ("ZeroPadding3D", {"padding": ((1, 0), (0, 3), (2, 2))}, VOLUME),
    *((f"Cropping{rank}D", {}, SHAPES[rank]) for rank in SHAPES),
    *((f"Cropping{rank}D", {"cropping": 1}, INTEGERS[rank]) for rank in SHAPES),
    ("Cropping1D", {"cropping": (2, 0)}, SEQUENCE),
    ("Cropping1D", {"cropping": [0, 4]}, SEQUENCE),
    ("Cropping2D", {"cropping": (1, 2)}, IMAGE),
    ("Cropping2D", {"cropping": ((1, 0), (0, 3))}, IMAGE),
    ("Cropping2D", {"cropping": [[0, 3], [2, 1]]}, IMAGE),
    ("Cropping3D", {"cropping": (1, 2, 0)}, VOLUME),
    ("Cropping3D", {"cropping": ((1, 0), (0, 3), (2, 0))}, VOLUME),
    *((f"UpSampling{rank}D", {}, SHAPES[rank]) for rank in (1, 2, 3)),
    *((f"UpSampling{rank}D", {"size": 3}, SHAPES[rank]) for rank in (1, 2, 3)),
    *((f"UpSampling{rank}D", {}, INTEGERS[rank]) for rank in (1, 2, 3)),
    ("UpSampling1D", {"size": 1}, SEQUENCE),
    ("UpSampling1D", {"size": 47}, (1, 3, 1)),  # a factor that "nearest" in torch gets wrong
    ("UpSampling2D", {"size": (1, 3)}, IMAGE),
    ("UpSampling2D", {"size": [41, 2]}, (1, 2, 3, 2)),  # a factor that "nearest" in torch gets wrong
    ("UpSampling2D", {"size": (3, 2)}, INTEGERS[2].astype("uint8")),
    ("UpSampling2D", {"size": (2, 1)}, INTEGERS[2] > 0),
    ("UpSampling2D", {"interpolation": "bilinear"}, IMAGE),
    ("UpSampling2D", {"size": (3, 4), "interpolation": "BILINEAR"}, IMAGE),
    ("UpSampling2D", {"size": (1, 5), "interpolation": "bilinear", "dtype": "float64"}, (1, 1, 2, 1)),
    ("UpSampling2D", {"size": 4, "interpolation": "bilinear"}, INTEGERS[2]),
    ("UpSampling2D", {"size": (3, 2), "interpolation": "bilinear"}, INTEGERS[2].astype("uint8")),
    ("UpSampling3D", {"size": (1, 3, 2)}, VOLUME),
]

# Keras on torch knows no Lanczos, and its cubic is torch's: a = -0.75, with the edge repeated.
_SIZES = {"bicubic": (2, 3), "lanczos3": (3, 2), "lanczos5": (2, 4)}
JAX_ROWS = [
    *(("UpSampling2D", {"size": size, "interpolation": method}, IMAGE) for method, size in _SIZES.items()),
    *(
        ("UpSampling2D", {"size": size, "interpolation": method, "data_format": "channels_first"}, (2, 3, 4, 5))
        for method, size in _SIZES.items()
    ),
    *(("UpSampling2D", {"size": 2, "interpolation": method}, (1, 1, 13, 2)) for method in _SIZES),
    ("UpSampling2D", {"size": (1, 5), "interpolation": "bicubic"}, IMAGE),
    ("UpSampling2D", {"size": 3, "interpolation": "lanczos5"}, INTEGERS[2]),
    ("UpSampling2D", {"size": 2, "interpolation": "lanczos3"}, INTEGERS[2].astype("uint8")),
    ("UpSampling2D", {"size": 2, "interpolation": "bicubic"}, INTEGERS[2] > 20),
]
