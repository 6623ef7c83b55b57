"""The nonlinear functions of networks."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

X = 3 * drawn((4, 2, 6))
EDGES = np.array([-7, -3, -1, -0.5, 0, 0.5, 1, 3, 6, 7], "float32")
SMALL = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], "float32")  # fits into every dtype
FLOATS = ("float16", "bfloat16", "float32", "float64")
NUMBERS = ("uint8", "int8", "int16", "int32", "int64", *FLOATS)

# What each function takes beside x, and the dtypes that Keras on torch takes.
FUNCTIONS = {
    "celu": ([{"alpha": 0.3}], FLOATS),
    "elu": ([{"alpha": 0.3}], FLOATS),
    "gelu": ([{"approximate": False}], FLOATS),
    "glu": ([{"axis": 0}, {"axis": -2}], FLOATS),
    "hard_shrink": ([{"threshold": 1.0}], FLOATS),
    "hard_sigmoid": ([], FLOATS),
    "hard_silu": ([], FLOATS),
    "hard_tanh": ([], NUMBERS[1:]),
    "leaky_relu": ([{"negative_slope": 0.5}], FLOATS),
    "log_sigmoid": ([], FLOATS),
    "log_softmax": ([{"axis": 1}, {"axis": -3}, {"axis": None}], FLOATS),
    "relu": ([], NUMBERS),
    "relu6": ([], NUMBERS),
    "selu": ([], FLOATS),
    "sigmoid": ([], ("bool", *NUMBERS)),
    "silu": ([], FLOATS),
    "soft_shrink": ([{"threshold": 1.0}], FLOATS),
    "softmax": ([{"axis": 1}, {"axis": -3}, {"axis": None}], FLOATS),
    "softplus": ([], FLOATS),
    "softsign": ([], NUMBERS),
    "sparse_plus": ([], NUMBERS[1:]),
    "sparse_sigmoid": ([], NUMBERS[1:]),
    "squareplus": ([{"b": 1}, {"b": 2.5}], NUMBERS),
    "tanh_shrink": ([], NUMBERS),
}


def softmax(x, axes):
    e = np.exp(x.astype("float64"))
    return (e / e.sum(axes, keepdims=True)).astype("float32")


TIES = np.array([[0.1, 0.3, 0.2, -1.0], [5.0, 0.0, 0.0, 4.9]], "float32")
NEAREST = np.array([[0.7 / 3, 1.3 / 3, 1.0 / 3, 0.0], [0.55, 0.0, 0.0, 0.45]], "float32")

ROWS = [
    *(row(name, X, **kwargs) for name, (settings, _) in FUNCTIONS.items() for kwargs in [{}, *settings]),
    # At corners there are no differences to compare gradients with; Keras's are compared in compat/parity/test_activations.py.
    *(row(name, EDGES).but(gradients=False, config=False) for name in FUNCTIONS),
    *(one.but(gradients=False) for name, (_, dtypes) in FUNCTIONS.items() for one in over_dtypes(name, SMALL, dtypes=dtypes)),
    *(one.but(gradients=False) for one in over_dtypes("threshold", SMALL, 2, 1, dtypes=NUMBERS)),
    row("hard_swish", X),
    row("swish", X),
    row("threshold", X, 0.3, 2.0),
    row("threshold", X, threshold=-1, default_value=0),
    # Keras on torch computes several axes together when it is called, but not when a model with them is.
    row("softmax", X, axis=(0, 2)).but(config=False),
    row("log_softmax", X, axis=(0, 2)).but(config=False),
    # It takes negative ones among several for others.
    row("softmax", X, axis=(-1, 0)).but(config=False, expected=softmax(X, (-1, 0))),
    row("log_softmax", X, axis=(-1, 0)).but(config=False, expected=np.log(softmax(X, (-1, 0)))),
    # It has sparsemax right only where a single output is not zero; these were computed by hand.
    row("sparsemax", np.linspace(-80, 80, 48, dtype="float32").reshape(4, 2, 6)),
    row("sparsemax", TIES).but(expected=NEAREST, config=False),
    row("sparsemax", TIES.T, axis=0).but(expected=NEAREST.T, config=False),
    # It compares unsigned numbers with -1, which is 255 for them.
    row("sparse_sigmoid", SMALL.astype("uint8")).but(config=False, expected=np.clip((SMALL + 1) / 2, 0, 1)),
    row("sparse_plus", SMALL.astype("uint8")).but(config=False, expected=np.where(SMALL < 1, 0.25, SMALL).astype("float32")),
    # Without a tensor among the arguments there is nothing symbolic.
    row("relu", -2.5).but(symbolic=False, config=False),
    row("relu", [[-1, 2], [3, -4]]).but(symbolic=False, config=False),
    row("sigmoid", 0.5).but(symbolic=False, config=False),
    # Keras asks the list for its shape.
    row("softmax", [1.0, 2.0, 3.0]).but(symbolic=False, config=False, expected=softmax(np.array([1.0, 2.0, 3.0]), -1)),
    row("softmax", np.zeros((0, 3), "float32")).but(gradients=False),
    row("relu", np.zeros((0,), "float32")).but(gradients=False),
]
