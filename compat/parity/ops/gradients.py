"""Gradients that are stopped or taken forwards. (Those given by hand: tests/ops/test_gradients.py.)"""

import torch
from oracle import keras as real
from values import drawn

import torchkeras_lite as mine
from ops.harness import over_dtypes, row

X, Y = (torch.from_numpy(drawn((4, 3), seed)) for seed in (0, 1))  # Keras on torch makes no tensors of arrays here


def registered(f):
    for library in (mine, real):
        library.saving.register_keras_serializable("ops rows")(f)
    return f


@registered
def cube(x):
    return x * x * x


@registered
def product(x, y):
    return torch.tanh(x) * y


@registered
def product_and_sum(x, y):
    return x * y, x + y


mine.ops.jvp(cube, (X,), (Y,))  # torch loads rules the first time, and warns of itself; ours keeps that down, Keras does not
ALONG = [
    row("jvp", cube, (X,), (Y,)),
    row("linalg.jvp", cube, (X,), (Y,), False),
    row("jvp", product, (X, Y), (Y, X)),
    row("jvp", product_and_sum, (X, Y), (Y, X), has_aux=True),
]
ROWS = [
    row("stop_gradient", X),
    *over_dtypes("stop_gradient", X),
    *(one.but(config=False) for one in ALONG),  # Keras reads its tuples as lists, which torch then refuses
]
