"""Layers that only act in training, masks that are made, and the layer that does nothing."""

import numpy as np

STEPS = np.array([[[1.0, 2.0], [0.0, 0.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 0.0], [7.0, 7.0]]], "float32")

# (In training they draw, so that there is nothing to compare but laws: see test_noise.py.)
ROWS = [
    *((name, {"rate": rate}, (5, 4)) for name in ("GaussianDropout", "AlphaDropout") for rate in (0, 0.0, 0.3)),
    ("GaussianDropout", {"rate": 0.3, "seed": 2}, (5, 4)),
    ("AlphaDropout", {"rate": 0.3, "noise_shape": (None, 1), "seed": 2}, (5, 4)),
    ("AlphaDropout", {"rate": 0.3, "noise_shape": [5, 1]}, (5, 4)),
    ("GaussianNoise", {"stddev": 0.3}, (5, 4)),
    ("GaussianNoise", {"stddev": 0, "seed": 3}, (5, 4)),
    ("SpatialDropout1D", {"rate": 0.3}, (5, 4, 3)),
    ("SpatialDropout1D", {"rate": 0, "seed": 4, "dtype": "float64"}, (5, 4, 3)),
    ("SpatialDropout2D", {"rate": 0.3}, (5, 4, 2, 3)),
    ("SpatialDropout2D", {"rate": 0}, (5, 4, 2, 3)),
    ("SpatialDropout3D", {"rate": 0.3, "seed": 3}, (5, 4, 2, 1, 3)),
    ("ActivityRegularization", {}, (5, 4)),
    ("ActivityRegularization", {"l1": 0.1}, (5, 4)),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, (5, 4, 2)),
    ("Masking", {}, STEPS),
    ("Masking", {"mask_value": 7.0}, STEPS),
    ("Masking", {"mask_value": 0}, STEPS.astype("int32")),
    ("Masking", {"mask_value": 0}, STEPS[0]),
    ("Identity", {}, (5, 4)),
    ("Identity", {}, STEPS.astype("int32")),
    ("Identity", {}, [(5, 4), (5,)]),
]
