"""Layers that make one tensor of several."""

import numpy as np

INTEGERS = np.array([[3, -2, 1], [0, 2, 4]])
SMALL = np.array([[3, 2, 1], [0, 2, 4]], "uint8")
FLOATS = np.random.default_rng(3).normal(size=(2, 3)).astype("float32")
ANY_NUMBER = ("Add", "Multiply", "Average", "Maximum", "Minimum")
INT64_STAYS = ("Add", "Subtract", "Multiply", "Average")  # Keras makes int32 of it in Maximum and Minimum
INPUTS = [
    [(5, 4), (5, 4)],
    [(2, 3, 4), (2, 3, 4)],
    [(2, 3, 4), (2, 1, 4)],
    [(2, 3, 1), (2, 1, 4)],
    [(2, 4), (2, 3, 4)],
    [(2, 3, 2, 4), (2, 4)],
    [(2, 2, 3, 4), (2, 3, 1)],
    [(5,), (5,)],
    [(3,), (3, 4)],
    [INTEGERS.astype("int32"), INTEGERS[::-1].astype("int32")],
    [INTEGERS, FLOATS],
    [FLOATS.astype("float64"), FLOATS],
    [INTEGERS.astype("int32"), SMALL],
]
MORE_INPUTS = [
    [(5, 4)],
    [(5, 4), (5, 4), (5, 4)],
    [(2, 4), (2, 3, 4), (2, 2, 1, 1), (2, 2, 3, 4)],
    [INTEGERS, FLOATS, SMALL],
    [(2, 3)] * 5,
]

ROWS = [
    *((name, {}, inputs) for name in (*ANY_NUMBER, "Subtract") for inputs in INPUTS),
    *((name, {}, inputs) for name in ANY_NUMBER for inputs in MORE_INPUTS),
    *((name, {}, [INTEGERS, INTEGERS[::-1].copy()]) for name in INT64_STAYS),
    ("Add", {"dtype": "float64"}, [FLOATS, FLOATS.astype("float64")]),
    ("Add", {"trainable": False, "activity_regularizer": "l2"}, [(5, 4), (5, 4)]),
    ("Multiply", {}, [INTEGERS > 0, INTEGERS > 1]),
    ("Maximum", {}, [INTEGERS > 0, INTEGERS > 1]),
    ("Average", {}, [SMALL, SMALL]),
    ("Concatenate", {}, [(5, 4), (5, 2)]),
    ("Concatenate", {}, [(5, 4)]),
    ("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4), (2, 2, 4)]),
    ("Concatenate", {"axis": -2}, [(2, 3, 4), (2, 1, 4)]),
    ("Concatenate", {"axis": 2}, [(2, 3, 2, 4), (2, 3, 5, 4)]),
    ("Concatenate", {"axis": 0}, [(2, 3), (4, 3)]),
    ("Concatenate", {}, [INTEGERS, FLOATS]),
    ("Concatenate", {}, [INTEGERS.astype("int32"), SMALL]),
    ("Dot", {"axes": 1}, [(5, 4), (5, 4)]),
    ("Dot", {"axes": -1}, [(5, 4), (5, 4)]),
    ("Dot", {"axes": -3}, [(5, 4), (5, 4)]),
    ("Dot", {"axes": (1, 2)}, [(2, 3), (2, 4, 3)]),
    ("Dot", {"axes": (2, 1)}, [(2, 4, 3), (2, 3)]),
    ("Dot", {"axes": 1}, [(2, 3, 4), (2, 3, 5)]),
    ("Dot", {"axes": 2}, [(2, 3, 4), (2, 5, 4)]),
    ("Dot", {"axes": [1, 2]}, [(2, 3, 4), (2, 5, 3)]),
    ("Dot", {"axes": (2, 1)}, [(2, 3, 4), (2, 4, 5)]),
    ("Dot", {"axes": (-2, -1)}, [(2, 3, 4), (2, 5, 3)]),
    ("Dot", {"axes": (2, 3)}, [(2, 3, 4, 5), (2, 2, 3, 4)]),
    ("Dot", {"axes": (3, 1)}, [(2, 3, 4, 5), (2, 5)]),
    ("Dot", {"axes": (1, 3)}, [(2, 3), (2, 4, 5, 3)]),
    ("Dot", {"axes": 1, "normalize": True}, [(5, 4), (5, 4)]),
    ("Dot", {"axes": (1, -1), "normalize": True}, [(2, 3, 4), (2, 5, 3)]),
    ("Dot", {"axes": 1}, [INTEGERS.astype("int32"), INTEGERS.astype("int32")]),
    ("Dot", {"axes": 1}, [INTEGERS.astype("int8"), INTEGERS.astype("int8")]),
    ("Dot", {"axes": 1}, [SMALL * 60, SMALL]),
    ("Dot", {"axes": 1}, [INTEGERS > 1, INTEGERS > 2]),
    ("Dot", {"axes": 1}, [INTEGERS, FLOATS]),
    ("Dot", {"axes": 1}, [INTEGERS[..., None], FLOATS[..., None]]),
    ("Dot", {"axes": 1, "normalize": True}, [INTEGERS, SMALL]),
]
