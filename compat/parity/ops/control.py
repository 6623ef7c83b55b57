"""Control flow. The functions are registered in both libraries, so that files may name them."""

import numpy as np
import torch
from oracle import keras as real
from values import drawn

import torchkeras_lite as mine
from ops.harness import over_dtypes, row

X = torch.from_numpy(drawn((4, 3)))  # Keras on torch makes no tensors of arrays here
Y, Z = (torch.from_numpy(drawn(shape, 1)) for shape in ((4, 3), (4, 2)))


def registered(f):
    for library in (mine, real):
        library.saving.register_keras_serializable("ops rows")(f)
    return f


@registered
def squared(x):
    return x * x


@registered
def doubled(x):
    return x * 2


@registered
def both(x):
    return {"square": x * x, "sum": x.sum(-1)}


@registered
def of_two(pair):
    return pair[0] * pair[1].sum()


@registered
def running(carry, x):
    return carry + x, carry * x


@registered
def running_pair(carry, x):
    return (carry[0] + x[0], carry[1] * x[1]), carry[0] * x[1]


@registered
def powers(carry, _):
    return carry * 1.5, carry


@registered
def added(a, b):
    return a + b


@registered
def composed(a, b):
    """Affine functions, one after the other."""
    return a[0] * b[0], a[1] * b[0] + b[1]


@registered
def joined(a, b):
    return torch.matmul(a, b)


@registered
def below_100(x):
    return x.abs().sum() < 100


@registered
def below_3(i, x):
    return i < 3


@registered
def counted(i, x):
    return i + 1, x * 1.5


@registered
def with_index(i, x):
    return x * (i + 1)


@registered
def ones():
    return torch.ones(2)


@registered
def zeros():
    return torch.zeros(2)


@registered
def plus(x, y):
    return x + y


@registered
def minus(x, y):
    return x - y


MATRICES = drawn((5, 2, 2))
# Keras's class keeps the functions among its settings, and finds no way to write them: its models have no config.
UNWRITTEN = [
    row("while_loop", below_100, doubled, X),
    row("while_loop", below_100, doubled, X, maximum_iterations=2),
    row("while_loop", below_100, doubled, X, 0),
    row("while_loop", below_3, counted, (np.array(0), X)).but(symbolic=None),  # Keras gives shapes back as they came
    row("while_loop", below_3, counted, [np.array(1), X]).but(symbolic=None),
    row("fori_loop", 0, 3, with_index, X),
    row("fori_loop", 2, 2, with_index, X),
    row("fori_loop", 1, 4, with_index, torch.tensor([1, 2])),
]
ROWS = [
    row("cond", np.array(True), ones, zeros).but(batched=0),
    row("cond", np.array(False), ones, zeros).but(batched=0),
    row("cond", True, ones, zeros).but(symbolic=False, config=False),  # nothing to draw
    row("cond", 0, ones, zeros).but(symbolic=False, config=False),
    *(row("switch", index, [plus, minus], X, Y) for index in (0, 1, -3, 7)),
    row("switch", 1, [squared, doubled], X),
    *(one.but(config=False) for one in UNWRITTEN),
    row("map", squared, X),
    row("map", both, X),
    row("map", of_two, [X, Z]).but(symbolic=None),  # Keras asks a list for its shape
    *over_dtypes("map", doubled, X),
    row("vectorized_map", squared, X),
    row("vectorized_map", both, X),
    row("vectorized_map", of_two, [X, Z]),
    *over_dtypes("vectorized_map", doubled, X),
    row("scan", running, drawn((3,), 1), X).but(batched=0),
    row("scan", running, drawn((3,), 1), X, reverse=True),
    row("scan", running, drawn((3,), 1), X, 2),
    row("scan", running, drawn((3,), 1), X, length=2, reverse=True),
    row("scan", running, drawn((3,), 1), X, unroll=True),
    row("scan", powers, drawn((3,), 1), length=4),
    # Keras's symbolic shapes take xs for one tensor.
    row("scan", running_pair, (drawn((3,)), drawn((3,), 1)), (X, drawn((4, 3), 2))).but(symbolic=None, config=False),
    row("associative_scan", added, X),
    *(row("associative_scan", added, drawn((size, 2))) for size in (1, 2, 3, 5, 7, 8, 9)),
    row("associative_scan", added, X, reverse=True),
    row("associative_scan", added, X, axis=1),
    row("associative_scan", added, X, True, -1),
    row("associative_scan", joined, MATRICES).but(rtol=1e-4),
    row("associative_scan", joined, MATRICES, reverse=True),
    row("associative_scan", composed, (drawn((6, 2)), drawn((6, 2), 1))),
    row("associative_scan", composed, (drawn((2, 7)), drawn((2, 7), 1)), axis=1),
    # Keras on torch makes float32 of everything.
    *(
        one.but(expected=one.args[1].cumsum(0, dtype=one.args[1].dtype))
        for one in over_dtypes("associative_scan", added, X)[1:]
    ),
    row("associative_scan", added, X > 0.5).but(expected=np.logical_or.accumulate(X.numpy() > 0.5)),
]
