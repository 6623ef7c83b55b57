"""What a tensor is, parts of tensors, single places."""

import numpy as np
import torch
from values import drawn

from ops.harness import DTYPES, over_dtypes, row

X = drawn((4, 3))
INDICES = np.array([[0, 1], [2, 0], [3, 2]])
TWICE = np.array([[1], [3], [1]])
EXTREME = np.array([-np.inf, -1e30, -70000.0, -300.0, -1.5, 0.0, 0.7, 255.4, 70000.0, 3e9, 1e20, np.inf], "float32")
FEW = np.array([0, 1, 100])
INTEGERS, FLOATS = DTYPES[1:6], DTYPES[6:]


def tensor(*shape, seed=0):
    """For operations that Keras on torch offers to tensors only."""
    return torch.from_numpy(drawn(shape, seed))


def saturated(x, dtype):
    """Keras on torch is wrong where a limit is no float32 (2**31 - 1), and on all backends from small integers to floats."""
    about = np.iinfo(dtype)
    return np.array([int(min(max(value, about.min), about.max)) for value in x.tolist()], dtype)


# What is no operation has no name in files and no gradient.
PLAIN = [row("shape", X), row("shape", np.array(2.0)), row("dtype", X), *over_dtypes("dtype", X)]

CASTS = [
    *(row("cast", X, dtype) for dtype in DTYPES if dtype not in ("float16", "bfloat16")),
    # No differences in 16 bits, and gradcheck wants real numbers.
    *(row("cast", X, dtype).but(gradients=False) for dtype in ("float16", "bfloat16", "complex64")),
    row("cast", X, torch.float64),
    row("cast", np.array([0, 200, 255], "uint8"), "int8"),
    row("cast", np.array([[1, 0], [3, 2]]), "bool"),
    row("saturate_cast", EXTREME, "uint8"),
    *(row("saturate_cast", EXTREME, dtype).but(expected=saturated(EXTREME, dtype)) for dtype in INTEGERS),
    *(row("saturate_cast", EXTREME, dtype).but(gradients=False) for dtype in FLOATS),  # of what is infinite
    row("saturate_cast", X.astype("float64"), "float64"),
    row("saturate_cast", EXTREME[3:8], "bool"),
    *over_dtypes("saturate_cast", FEW, "uint8"),
    *(one.but(expected=FEW) for one in over_dtypes("saturate_cast", FEW, "int64", dtypes=FLOATS)),
    *(
        one.but(expected=FEW.astype("float16"), gradients=False)
        for one in over_dtypes("saturate_cast", FEW, "float16", dtypes=DTYPES[1:])
    ),
    row("saturate_cast", np.array([True, False]), "float16"),
    *over_dtypes("saturate_cast", FEW, "bool", dtypes=DTYPES[1:]),
    row("saturate_cast", np.array([-(2**40), 2**40, 5]), "int32"),
    row("saturate_cast", np.array([-5, 2**40, 5]), "float16").but(expected=np.array([-5, 65504, 5], "float16")),
    row("convert_to_tensor", X),
    row("convert_to_tensor", X, "float16").but(gradients=False),  # no differences in 16 bits
    row("convert_to_tensor", X, dtype="int32"),
    row("convert_to_tensor", X, sparse=False),
    *over_dtypes("convert_to_tensor", X),
]
VALUES = (1, 1.5, True, 2**40, 1j, [1, 2], [1.5, 2], [[True], [False]], [1, 2.5], (1, 2))
WITHOUT_TENSORS = [
    row("cast", 3, "float32"),
    row("cast", [1, 2], "float16"),
    *(row("convert_to_tensor", value) for value in VALUES),
    *(row("convert_to_tensor", value, "float64") for value in VALUES if value != 1j),
]

PARTS = [
    row("unstack", tensor(4, 3)).but(symbolic=None),  # an open first axis needs `num`
    row("unstack", tensor(4, 3), axis=1),
    row("unstack", tensor(4, 3), axis=-1),
    row("unstack", tensor(4, 3), num=4),
    row("unstack", tensor(4, 3), 3, 1),
    row("unstack", tensor(2, 3, 1), axis=-1),
    *over_dtypes("unstack", X, axis=1),
    row("slice", X, (1, 0), (2, 2)),
    row("slice", X, [1, 0], [2, 3]),
    row("slice", X, (0, 1), (4, 1)),
    row("slice", X, np.array([1, 0]), (2, 2)),
    row("slice", X, torch.tensor([2, 1]), (2, 2)),
    row("slice", X, torch.tensor([2, 1], dtype=torch.int32), (1, 2)),
    row("slice", drawn((5,)), (2,), (3,)),
    # Keras on torch reads -1 as a size; its own symbolic shapes, and TensorFlow, as "up to the end".
    row("slice", X, (1, 0), (-1, 2)).but(expected=X[1:, :2], config=False),
    *over_dtypes("slice", X, (1, 0), (2, 2)),
    row("slice_update", X, (1, 0), drawn((2, 2), 1)),
    row("slice_update", X, [2, 1], drawn((1, 2), 1)),
    row("slice_update", X, np.array([2, 1]), drawn((1, 2), 1)),
    row("slice_update", X, torch.tensor([2, 1]), drawn((2, 2), 1)),
    row("slice_update", drawn((5,)), (2,), drawn((3,), 1)),
    *over_dtypes("slice_update", X, (1, 0), drawn((2, 2), 1)),
]

UFUNCS = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def reduced(x, indices, updates, reduction):
    x = x.copy()
    UFUNCS[reduction.lower()].at(x, tuple(indices.T), updates)
    return x


PLACES = [
    row("scatter", INDICES, drawn((3,)), (4, 3)),
    row("scatter", TWICE, drawn((3, 2)), (4, 2)),
    row("scatter", TWICE, drawn((3, 2, 2)), shape=(5, 2, 2)),
    row("scatter", [[0], [1], [0]], drawn((3, 2)), (4, 2)),
    row("scatter", INDICES.astype("int32"), np.array([1, 2, 3]), (4, 3)),
    row("scatter", np.array([[[0], [1]], [[2], [0]]]), drawn((2, 2, 3)), (3, 3)),
    *over_dtypes("scatter", INDICES.tolist(), drawn((3,)), (4, 3)),
    row("scatter_update", X, INDICES, drawn((3,), 1)),
    row("scatter_update", X, INDICES.tolist(), drawn((3,), 1)),
    row("scatter_update", X, INDICES.astype("int32"), np.array([1, 2, 3])),
    row("scatter_update", X, TWICE[:2], drawn((2, 3), 1)),
    row("scatter_update", drawn((4, 3, 2)), INDICES, drawn((3, 2), 1)),
    row("scatter_update", X, -INDICES, drawn((3,), 1)),
    *(
        # The gradient of Keras on torch fails, except for "add": it changes in place what it needs.
        row("scatter_update", x, indices, updates, reduction).but(expected=reduced(x, indices, updates, reduction))
        for reduction in ("add", "max", "min", "mul", "ADD")
        for x, indices, updates in (
            (X, INDICES, drawn((3,), 1)),
            (X, TWICE, drawn((3, 3), 1)),
            (X, -TWICE.astype("int32"), drawn((3, 3), 2)),
            (drawn((4, 3, 2)), INDICES, drawn((3, 2), 1)),
        )
    ),
    *over_dtypes("scatter_update", X, INDICES.tolist(), drawn((3,), 1)),
    *over_dtypes("scatter_update", X, INDICES.tolist(), drawn((3,), 1), "add"),
    *(
        one.but(gradients=False)  # see above
        for reduction in ("max", "mul")
        for one in over_dtypes(
            "scatter_update", np.abs(X), INDICES.tolist(), np.abs(drawn((3,), 1)), reduction, dtypes=DTYPES[1:]
        )
    ),
]

ROWS = [
    *(one.but(symbolic=False, config=False, gradients=False) for one in PLAIN),
    *(one.but(symbolic=False, config=False) for one in WITHOUT_TENSORS),
    *CASTS,
    *PARTS,
    *PLACES,
]
