"""Normalizations of every kind, with and without statistics of batches."""

import itertools

import numpy as np

INTEGERS = np.array([[3, 0, 1], [0, 2, 4]])
WEIGHTS = {
    "beta_initializer": "ones", "gamma_initializer": "he_normal", "beta_regularizer": "l1", "gamma_regularizer": "l2",
    "beta_constraint": "unit_norm", "gamma_constraint": "non_neg",
}  # fmt: skip

ROWS = [
    *(
        ("BatchNormalization", {"renorm": True, "renorm_clipping": bounds, "renorm_momentum": 0.8, **kwargs}, (6, 3, 4))
        for bounds, kwargs in itertools.product(
            (None, {"rmax": 1.5}, {"rmin": 0.4, "rmax": 2.0, "dmax": 0.1}, {"rmin": 0.9}, {"dmax": 0.5}),
            ({}, {"center": False}, {"scale": False, "momentum": 0.5}, {"center": False, "scale": False, "axis": 1}),
        )
    ),
    ("BatchNormalization", {"renorm": True}, (6, 4)),
    ("BatchNormalization", {"renorm": True, "axis": 1, "moving_variance_initializer": "zeros"}, (2, 4, 3, 3)),
    ("BatchNormalization", {"renorm_clipping": {"rmax": 2.0}}, (6, 4)),
    ("BatchNormalization", {"axis": np.int64(1)}, (6, 3, 4)),
    *(
        ("LayerNormalization", {"axis": axis}, (4, 5, 2, 3))
        for axis in (-1, 3, [3], [2, 3], [-1, -2], [1, 2, 3], [1, 3], [-1, 1], (1, -1), [-2, 1])
    ),
    ("LayerNormalization", {}, (4, 5)),
    ("LayerNormalization", {"epsilon": 0.1}, (4, 5)),
    ("LayerNormalization", {"center": False}, (4, 5)),
    ("LayerNormalization", {"scale": False, "axis": [1, 2]}, (4, 5, 3)),
    ("LayerNormalization", {"center": False, "scale": False}, (4, 5, 3)),
    ("LayerNormalization", WEIGHTS, (4, 5)),
    ("LayerNormalization", {"trainable": False}, (4, 5)),
    *(
        ("GroupNormalization", {"groups": groups, "axis": axis}, (2, 4, 6, 4))
        for groups, axis in itertools.product((1, 2, 4, -1), (-1, 1))
    ),
    ("GroupNormalization", {"groups": 3, "axis": 2}, (2, 4, 6, 4)),
    ("GroupNormalization", {"groups": 3, "axis": -2}, (2, 4, 6, 4)),
    ("GroupNormalization", {"groups": 2}, (5, 4)),
    ("GroupNormalization", {"groups": 4}, (5, 4)),
    ("GroupNormalization", {"groups": 2}, (2, 2, 3, 2, 4)),
    ("GroupNormalization", {}, (2, 3, 32)),
    ("GroupNormalization", {"groups": 2, "center": False, "epsilon": 0.1}, (2, 3, 4)),
    ("GroupNormalization", {"groups": 2, "scale": False}, (2, 3, 4)),
    ("GroupNormalization", {"groups": 2, "center": False, "scale": False}, (2, 3, 4)),
    ("GroupNormalization", {"groups": 2, **WEIGHTS}, (2, 3, 4)),
    *(("RMSNormalization", {"axis": axis}, (4, 5, 2, 3)) for axis in (-1, 3, [2, 3], [-1, -2], (1, 2, 3))),
    ("RMSNormalization", {}, (4, 5)),
    ("RMSNormalization", {"epsilon": 0.1}, (4, 5)),
    *(("UnitNormalization", {"axis": axis}, (4, 5, 2, 3)) for axis in (-1, 1, [2, 3], [1, 3], (1, 2, 3))),
    ("UnitNormalization", {}, (4, 5)),
    *(("Normalization", {"axis": axis}, (4, 5, 3)) for axis in (-1, 1, (1, 2), [-1, 1], None, ())),
    ("Normalization", {}, INTEGERS),
    ("Normalization", {"mean": 2.0, "variance": 3.0}, (4, 5)),
    ("Normalization", {"mean": 2.0, "variance": 3.0, "axis": None, "invert": True}, (4, 5)),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": np.array([1.0, 0.0, 4.0])}, (4, 3)),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 2.0, 4.0], "axis": (1, 2), "invert": True}, (2, 5, 3)),
    ("Normalization", {"mean": [[1.0, 2.0, 3.0]], "variance": [[1.0, 2.0, 4.0]], "axis": (1, 3)}, (2, 1, 5, 3)),
    ("Normalization", {"invert": True}, (4, 5)),
]

# Keras on torch takes neighbouring axes for the last ones.
JAX_ROWS = [("LayerNormalization", {"axis": axis}, (4, 5, 2, 3)) for axis in (1, 2, (1, 2))]
