"""Activations that have layers of their own. (ReLU and Softmax stand in core.py.)"""

import numpy as np

INTEGERS = np.array([[3, 0, -1], [0, -2, 4]])

ROWS = [
    *(("LeakyReLU", kwargs, (5, 4)) for kwargs in ({}, {"negative_slope": 0.1}, {"negative_slope": 0})),
    *(("ELU", kwargs, (5, 4)) for kwargs in ({}, {"alpha": 0.5}, {"alpha": 0})),
    *(
        ("PReLU", {"shared_axes": axes}, (4, 5, 2, 3))
        for axes in (None, [1], [2], [3], [1, 2], (1, 3), [2, 3], [1, 2, 3], [-1, 1], 1, [])
    ),
    ("PReLU", {}, (5, 4)),
    ("PReLU", {}, INTEGERS),
    ("PReLU", {"alpha_initializer": "ones", "alpha_regularizer": "l2", "alpha_constraint": "non_neg"}, (5, 4)),
    ("PReLU", {"shared_axes": [1]}, (5, 4)),
    ("PReLU", {"shared_axes": [1, 2]}, (4, 1, 3, 1)),
]

# Torch has no such kernels for integers.
JAX_ROWS = [("LeakyReLU", {}, INTEGERS), ("ELU", {"alpha": 0.5}, INTEGERS)]
