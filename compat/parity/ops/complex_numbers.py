"""Real numbers are complex ones too."""

import numpy as np
import torch
from values import drawn

from ops.harness import over_dtypes, plain, row, without_steps

X, COUNTS = drawn((2, 3)), np.array([[0, 1, 2], [3, 1, 5]])
Z = torch.complex(torch.as_tensor(X), torch.as_tensor(drawn((2, 3), 1)))

ROWS = [
    *[
        one
        for name in ("real", "conj", "conjugate", "angle")
        for one in [
            row(name, X),
            row(name, Z).but(config=False),  # no JSON of complex numbers
            row(name, Z.to(torch.complex128)).but(config=False),
            *without_steps(over_dtypes(name, COUNTS)),
        ]
    ],
    row("angle", np.array([-2, -0.0, 0.0, 2, np.nan], "float32")).but(gradients=False),  # jumps
    row("imag", Z).but(config=False),
    # Keras on torch refuses real numbers; Keras on JAX does not.
    row("imag", X).but(expected=np.zeros((2, 3), "float32"), config=False),
    row("imag", COUNTS).but(expected=np.zeros((2, 3), "int64"), config=False),
    # Keras on torch takes no lists and numbers here; Keras on JAX does.
    plain("real", [1.0, 2.0]).but(expected=np.array([1, 2], "float32")),
    plain("angle", [-1, 1]),
    row("isreal", X),
    row("isreal", torch.tensor([1 + 0j, 1 + 1j])).but(config=False),
    *over_dtypes("isreal", COUNTS),
]
